"""`GET jupyter-2i2c/done`: what administrators did to this server's owner, and why. Called by the panel beside the session."""

from __future__ import annotations

import json
from dataclasses import asdict

from jupyter_server.auth.decorator import authorized
from tornado import web

from .intents import OwnersHandler


class DoneHandler(OwnersHandler):
    """What was done to the owner."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what is known; nothing for a visitor, whom it does not concern.

        Returns:
            ``{"done": [{"time": …, "actor": …, "action": …, "text": …, "reason": …}]}``, the
            latest first. Example: ``tests/data/done.json``.
        """
        done = (await self.extension.standing.look()).done if self.is_owner else ()
        self.finish(json.dumps({"done": [asdict(each) for each in done]}))
