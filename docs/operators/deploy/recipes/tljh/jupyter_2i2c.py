# /opt/tljh/config/jupyterhub_config.d/jupyter_2i2c.py
from jupyter_2i2c import setup_hub

c.HubInformation.name = "Coast"
c.HubInformation.operated_by = {"name": "Your university", "url": "https://university.example/"}
c.HubInformation.contacts = [
    {"role": "community", "name": "Hub team", "email": "hub@university.example"}
]

# Where Traefik answers on this machine. With https, write the hub's own address instead:
# "https://hub.university.example/services/2i2c/"
setup_hub(c, service_url="http://127.0.0.1/services/2i2c/")
