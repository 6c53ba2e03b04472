"""The example community's hub. Read by JupyterHub when `jupyter 2i2c demo` starts it.

It doubles as an example of a configuration: what an operator writes is at the top, what makes a
hub run on one machine without root or certificates is below it.
"""

import os
import sys
from pathlib import Path

from jupyter_2i2c import setup_hub

c = get_config()  # noqa: F821

setup_hub(
    c,
    url=f"http://127.0.0.1:{os.environ['DEMO_SERVICE_PORT']}",
    config_file=Path(os.environ["DEMO_STATE"]) / "jupyter_2i2c.json",
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

# One machine, one port, no root, no certificates.

state = Path(os.environ["DEMO_STATE"])
port = os.environ["DEMO_PORT"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['DEMO_HUB_PORT']}"
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['DEMO_PROXY_API_PORT']}"
c.ConfigurableHTTPProxy.command = [os.environ["DEMO_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.HubService.metrics_bind = f"127.0.0.1:{os.environ['DEMO_METRICS_PORT']}"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["DEMO_PASSWORD"]
c.Authenticator.admin_users = {"admin"}
c.Authenticator.allowed_users = {"ada", "grace", "katherine"}

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(state / "home" / "{username}")
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab"
c.Spawner.mem_limit = "2G"
c.Spawner.cpu_limit = 2
c.Spawner.environment = {"JUPYTER_IMAGE": "example/coastal-notebook:2026.11"}
# servers of the same user share this user's configuration, but not the machine's own
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
