"""`GET jupyter-2i2c/session`, `DELETE jupyter-2i2c/server`: what this session runs on and uses, and its end. Called by the panel."""

from __future__ import annotations

import json
from contextlib import suppress

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from .base import HubPanelHandler

ELSEWHERE = "stop the server on the hub's own page instead"


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
        self.finish(session[:-1] + b',"you":' + json.dumps(you).encode() + b"}")


class ServerHandler(HubPanelHandler):
    """This server itself."""

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Have the hub stop this server; 202 before it does, because nothing can be said after.

        Raises:
            web.HTTPError: 403 for anybody but the server's owner, or if the server's token may
                not stop it; 404 without a hub; 503 if the hub does not answer.
        """
        from .hub_client import HubError

        hub = self.extension.hub
        if hub.on_hub and self.visitor.get("name") != hub.user:
            raise web.HTTPError(403, "only its owner can stop this server from here")
        try:
            allowed = await self.extension.observation.may_stop()
        except HubError as error:
            status = 404 if error.state == "no-hub" else 503
            raise web.HTTPError(status, f"{error.message}; {ELSEWHERE}") from None
        if not allowed:
            raise web.HTTPError(403, f"this hub does not let a server stop itself; {ELSEWHERE}")
        self.set_status(202)
        with suppress(StreamClosedError):
            await self.finish("{}")
        try:
            await hub.ask_hub(hub.server_path, "DELETE")
        except HubError as error:
            self.log.error("the hub did not stop this server: %s", error.message)
