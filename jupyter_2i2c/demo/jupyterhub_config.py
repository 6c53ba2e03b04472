"""The example community's hub, as an operator would describe it. Read by JupyterHub when `jupyter 2i2c demo` starts it."""

import os
import sys
from pathlib import Path

from jupyter_2i2c import setup_hub

load_subconfig(str(Path(__file__).with_name("one_machine.py")))
c = get_config()

setup_hub(
    c,
    url=f"http://127.0.0.1:{os.environ['LOCAL_HUB_SERVICE_PORT']}",
    console_url=f"http://127.0.0.1:{os.environ['LOCAL_HUB_CONSOLE_PORT']}",
)

c.HubInformation.name = "Coastal Ocean Hub"
c.HubInformation.org = "Example University · Coastal Lab"
c.HubInformation.description = (
    "Sea level, currents and models of them, for the Coastal Lab and its classes."
)
c.HubInformation.logo = str(Path(__file__).with_name("logo.svg"))
c.HubInformation.operated_by = {"name": "Example Operator", "url": "https://operator.example/"}
c.HubInformation.designed_by = {"name": "2i2c", "url": "https://2i2c.org/"}
c.HubInformation.funded_by = [
    {"name": "National Ocean Fund", "url": "https://fund.example/"},
    {"name": "Example University", "url": "https://university.example/"},
]
c.HubInformation.provider = "Example Cloud"
c.HubInformation.region = "north-1"
c.HubInformation.audience = "Everybody at the Coastal Lab, its students and its guests."
c.HubInformation.docs_url = "https://lab.university.example/hub/"
c.HubInformation.status_url = "https://status.operator.example/"
c.HubInformation.configuration_url = "https://git.operator.example/hubs/coastal"
c.HubInformation.contacts = [
    {
        "role": "community",
        "name": "Coastal Lab support",
        "purpose": "access, teaching, packages",
        "email": "help@lab.university.example",
    },
    {
        "role": "representative",
        "name": "Community representative",
        "purpose": "changes to the hub, events",
        "url": "https://lab.university.example/hub/people",
    },
    {
        "role": "operator",
        "name": "Example Operator",
        "purpose": "outages",
        "audience": "representatives",
        "email": "support@operator.example",
    },
]

c.Authenticator.admin_users = {"admin"}
c.Authenticator.allowed_users = {"ada", "grace", "katherine"}
c.Spawner.mem_limit = "2G"
c.Spawner.cpu_limit = 2
c.Spawner.environment = {"JUPYTER_IMAGE": "example/coastal-notebook:2026.11"}

HOUR = 3600
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            f"--timeout={HOUR}",
            f"--max-age={12 * HOUR}",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
