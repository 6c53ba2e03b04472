"""`GET jupyter-2i2c/info`: the hub's facts. Called by the panel when it is shown."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import HubPanelHandler


class InfoHandler(HubPanelHandler):
    """The hub's facts as they are known here."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the facts; with ``?refresh=1`` after asking the hub's service again.

        Returns:
            ``{"facts": {…}, "provenance": {field: {"layer": …, "source": …}}, "problems": [{…}],
            "service": {"state": "ok" | "no-hub" | "no-service" | "restart" | "unavailable",
            "message": …, "age": seconds or null}}``. Example: ``tests/data/info.json``.
        """
        refresh = self.get_query_argument("refresh", "") == "1"
        self.finish(await self.extension.information.answer(refresh))
