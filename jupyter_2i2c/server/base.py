"""What every route of the extension shares. The handlers beside it inherit from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler

if TYPE_CHECKING:
    from .app import Jupyter2i2cApp

SETTING = "jupyter_2i2c"
"""The key of the extension among the web application's settings."""


class HubPanelHandler(APIHandler):
    """A route that the panel asks by itself.

    Such a request is nobody's work: it must not keep a server alive that its user has left.
    """

    auth_resource = "jupyter_2i2c"
    _track_activity = False

    @property
    def extension(self) -> Jupyter2i2cApp:
        """The extension that this route belongs to."""
        app: Jupyter2i2cApp = self.settings[SETTING]
        return app

    def update_api_activity(self) -> None:
        """Not an activity, whichever way the server decides it."""

    @property
    def visitor(self) -> dict[str, Any]:
        """The person who asks, as the hub describes them; empty without a hub.

        On somebody else's server this is not the server's owner.
        """
        return getattr(self.current_user, "hub_user", None) or {}
