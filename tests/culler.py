"""A real culler, which begins when a test says so. Called by the tests that wait for idle servers to stop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_2i2c.demo.local_hub import LocalHub, clean_environment

TOKEN = "c" * 32

CULLER = f"""
c.JupyterHub.last_activity_interval = 1
c.JupyterHub.services = [{{"name": "culler", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [
    {{
        "name": "culler",
        "services": ["culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }}
]
"""
"""What a hub's configuration needs for it."""


@contextmanager
def culler(hub: LocalHub, timeout: int) -> Iterator[None]:
    """The culler, from now on: what still starts on a busy machine must not be taken for idle.

    Args:
        hub: configured with `CULLER`.
        timeout: seconds after which a server is idle.
    """
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterhub_idle_culler"),
            *(f"--timeout={timeout}", "--cull-every=1"),
        ],
        env={
            **clean_environment(),
            "JUPYTERHUB_API_URL": f"{hub.url}hub/api",
            "JUPYTERHUB_API_TOKEN": TOKEN,
        },
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
