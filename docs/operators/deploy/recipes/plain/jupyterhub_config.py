# Lines for the jupyterhub_config.py that you have, anywhere in it.
from jupyter_2i2c import setup_hub

c.HubInformation.name = "Coast"
c.HubInformation.operated_by = {"name": "Your university", "url": "https://university.example/"}
c.HubInformation.contacts = [
    {"role": "community", "name": "Hub team", "email": "hub@university.example"}
]

setup_hub(c)
