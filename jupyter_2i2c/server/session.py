"""`GET jupyter-2i2c/session`, `DELETE jupyter-2i2c/server`: what this session runs on and uses, and its end. Called by the panel."""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import HubPanelHandler


class SessionHandler(HubPanelHandler):
    """What this session runs on and uses."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what is known; what is not known is null.

        Returns:
            the JSON form of `jupyter_2i2c.server.observation.Session`, with ``you``, the person
            who asks. Example: ``tests/data/session.json``.
        """
        visitor = self.visitor
        owner = self.extension.hub.user
        you = {
            "name": visitor.get("name") or "",
            "admin": visitor.get("admin") is True,
            "owner": not owner or visitor.get("name") == owner,
        }
        session = await self.extension.observation.session()
        await self.finish(session[:-1] + b',"you":' + json.dumps(you).encode() + b"}")


class ServerHandler(HubPanelHandler):
    """This server itself."""

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Ask the hub to stop this server; 202 when the hub has begun.

        Raises:
            web.HTTPError: 403 for anybody but the server's owner, or if the server's token may
                not; 503 if the hub does not answer.
        """
        from .hub_client import HubError

        hub = self.extension.hub
        if hub.on_hub and self.visitor.get("name") != hub.user:
            raise web.HTTPError(403, "only its owner can stop this server from here")
        try:
            await hub.ask_hub(hub.server_path, "DELETE")
        except HubError as error:
            status = 404 if error.state == "no-hub" else 503
            raise web.HTTPError(
                status, f"{error.message}; stop the server on the hub's own page instead"
            ) from None
        self.set_status(202)
        await self.finish("{}")
