"""What is known about the hub on this machine, outside of any server. Called by `jupyter 2i2c info`."""

from __future__ import annotations

import asyncio
import logging
import sys

from traitlets.config import Application, Config

from .config import read
from .sources import Stated, from_service


def this_machine() -> tuple[Stated, Stated, Stated]:
    """What the hub's service, the configuration files and the service's defaults say.

    Without a service, or where it does not answer, the first and the last are empty; why is said
    on the standard error.
    """
    stated, filled_in = _from_service()
    return stated, read(_configuration(), "local", "this machine's configuration"), filled_in


def _configuration() -> Config:
    """The configuration that a Jupyter server would find here."""
    try:
        from jupyter_core.application import JupyterApp
    except ImportError:  # beside a hub
        return Config()

    reader = JupyterApp(log_level=logging.ERROR)
    for name in ("jupyter_server_config", "jupyter_2i2c_config"):
        # what JupyterApp does itself, for its own name only
        Application.load_config_file(reader, name, path=reader.config_file_paths)
    return reader.config


def _from_service() -> tuple[Stated, Stated]:
    from .server.hub_client import HubClient, HubError

    client = HubClient.from_environment()
    if not client.on_hub:
        return Stated(), Stated()
    try:
        return from_service(asyncio.run(client.ask_service("v1/info")).body)
    except (HubError, ValueError) as error:
        print(f"jupyter 2i2c info: {error}; showing what is known here", file=sys.stderr)
        return Stated(), Stated()
