"""`GET jupyter-2i2c/replica`: when it was last proven that this hub starts elsewhere. Called by the panel while that section is open."""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import HubPanelHandler


class ReplicaHandler(HubPanelHandler):
    """The last drill, as the hub's service tells everybody."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what is known.

        Returns:
            ``{"replica": {"at", "highest", "holds", "blockers", "overdue"} or null, "configured":
            bool, "limit_days": days or 0, "age": seconds or null}``, where ``replica`` is null
            if there was no drill, or the service cannot say. Example: ``tests/data/replica.json``.
        """
        self.finish(json.dumps(await self.extension.last_replica.look()))
