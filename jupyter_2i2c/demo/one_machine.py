"""What makes a hub run on one machine without root, certificates or containers. Read by the example hub and by the tests.

`local_hub.py` starts the hub and says in the environment which ports and which directory are its own.
"""

import os
import sys
from pathlib import Path

c = get_config()

state = Path(os.environ["LOCAL_HUB_STATE"])


def _at(name: str) -> str:
    return f"http://127.0.0.1:{os.environ[f'LOCAL_HUB_{name}']}"


c.JupyterHub.bind_url = _at("PORT") + os.environ["LOCAL_HUB_BASE_URL"]
c.JupyterHub.subdomain_host = os.environ.get("LOCAL_HUB_SUBDOMAINS", "")
c.JupyterHub.hub_bind_url = _at("HUB_PORT")
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = _at("PROXY_API_PORT")
c.ConfigurableHTTPProxy.command = [os.environ["LOCAL_HUB_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.HubService.metrics_bind = f"127.0.0.1:{os.environ['LOCAL_HUB_METRICS_PORT']}"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["LOCAL_HUB_PASSWORD"]

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(state / "home" / "{username}")
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab"
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
