"""`GET jupyter-2i2c/evidence`: what of this hub and this environment is open. Called by the panel while that section is open."""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import HubPanelHandler


class EvidenceHandler(HubPanelHandler):
    """The four layers, as far as they are known here."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what is known.

        Returns:
            ``{"version": 1, "at": ISO time, "layers": [{"key", "items": [{"id", "what", "found",
            "status": "open" | "own-licence" | "tied" | "unpinned" | "not-known", "count", "names",
            "source", "way_out"}]}]}``. Example: ``tests/data/evidence.json``.
        """
        self.finish(json.dumps(await self.extension.layers_here.answer()))
