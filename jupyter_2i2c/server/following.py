"""What was approved and takes long, followed while somebody looks, and told to Lab as it goes on. Called by intents.py.

The browser looks once a minute and is told in between, through the server's events. What is told is
numbers and a step's name: an operator may record events.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .hub_client import HubClient, HubError

RUNNING = "running"
"""The state of an intent that takes long, such as an export of the hub."""

JITTER = 0.2
"""By which part of an interval a question may come later."""

LONGEST = 30.0
"""Seconds between two questions to a service that does not answer."""

LEASE = 150.0
"""Seconds for which a look is enough to go on asking; browsers look once a minute while they show it."""

MAX_STEP = 200
"""Characters of a step's name."""

MOST = 20
"""Intents that are followed at a time; the browser lists fewer."""


@dataclass
class _Followed:
    until: float
    told: dict[str, Any]
    etag: str = field(default="")


class Following:
    """Asks the service how far things are, in one task for all browsers.

    Args:
        hub: the way to the service.
        tell: called with an event's data when something has changed.
    """

    INTERVAL = 2.0
    """Seconds between two questions about one thing."""

    def __init__(self, hub: HubClient, tell: Callable[[dict[str, Any]], None]) -> None:
        self._hub = hub
        self._tell = tell
        self._followed: dict[str, _Followed] = {}
        self._failures = 0
        self._running: asyncio.Task[None] | None = None

    def looked(self, intent: Mapping[str, Any]) -> None:
        """Somebody has looked at an intent: follow it from now on, if it goes on.

        Args:
            intent: as the service has just told it.
        """
        id_ = intent["id"]
        if intent.get("state") != RUNNING:
            self._followed.pop(id_, None)
            return
        followed = self._followed.setdefault(id_, _Followed(0.0, {}))
        followed.told = _progress(intent)
        followed.until = time.monotonic() + LEASE
        while len(self._followed) > MOST:
            del self._followed[next(iter(self._followed))]
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Ask no more."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        while self._followed:
            wait = min(self.INTERVAL * 2.0 ** min(self._failures, 10), LONGEST)
            await asyncio.sleep(wait * random.uniform(1, 1 + JITTER))
            failed = False
            for id_, followed in list(self._followed.items()):
                if time.monotonic() >= followed.until:
                    self._followed.pop(id_, None)
                else:
                    failed = not await self._ask(id_, followed) or failed
            self._failures = self._failures + 1 if failed else 0

    async def _ask(self, id_: str, followed: _Followed) -> bool:
        """Ask once about one of them; False if the service does not answer."""
        try:
            answer = await self._hub.ask_service(f"v1/intents/{id_}", followed.etag)
        except HubError as error:
            if error.status != 404:
                return False
            self._followed.pop(id_, None)
            self._tell({**followed.told, "state": "gone"})
            return True
        if answer.body is None:
            return True
        if not isinstance(answer.body, Mapping) or answer.body.get("id") != id_:
            return False
        followed.etag = answer.etag
        told = _progress(answer.body)
        if told["state"] != RUNNING:
            self._followed.pop(id_, None)
        if told != followed.told:
            followed.told = told
            self._tell(told)
        return True


def _progress(intent: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an event."""
    told = intent.get("export")
    export = told if isinstance(told, Mapping) else {}
    step = export.get("step")
    return {
        "intent": intent["id"],
        "state": str(intent.get("state"))[:MAX_STEP],
        "step": step[:MAX_STEP] if isinstance(step, str) else "",
        "done": _count(export.get("done")),
        "total": _count(export.get("total")),
    }


def _count(told: Any) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else 0
