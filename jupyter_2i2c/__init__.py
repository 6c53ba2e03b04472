"""The front door: what Jupyter, JupyterLab and a hub's configuration call. Imports nothing heavy.

The hub's pod need not have jupyter_server and the user's image need not have jupyterhub, so
each hook imports its own side when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["__version__", "setup_hub"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab and Notebook 7 find the panel."""
    return [{"src": "labextension", "dest": "jupyter-2i2c"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where each user's server finds its extension."""
    from .server.app import Jupyter2i2cApp

    return [{"module": "jupyter_2i2c", "app": Jupyter2i2cApp}]


def setup_hub(c: Config, **options: Any) -> None:
    """Add the hub's side of jupyter_2i2c to a JupyterHub: one line in ``jupyterhub_config.py``.

    See `jupyter_2i2c.hub.setup.setup_hub` for the options.
    """
    from .hub.setup import setup_hub as setup

    setup(c, **options)
