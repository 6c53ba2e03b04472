"""The last proof that this hub starts elsewhere, as the service tells it: kept, with its age. Called by replica.py."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .hub_client import HubClient, HubError

MAX_AGE = 600.0
"""Seconds after which it is asked for again, once somebody looks; a drill is news of months."""

MAX_TEXT = 100
"""Characters of the highest rung, which says how much was not run, too."""


@dataclass(frozen=True)
class Replica:
    """What the last drill said.

    Attributes:
        at: when it began, ISO 8601 in UTC.
        highest: the highest rung, such as ``V4 with 2 items not run (V2)``; empty if it reached none.
        holds: whether nothing failed.
        blockers: how many things failed.
        overdue: whether it is older than the operator's limit, or failed.
    """

    at: str
    highest: str
    holds: bool
    blockers: int
    overdue: bool


@dataclass(frozen=True)
class Told:
    """What the service says about drills.

    Attributes:
        replica: the last one; None where there was none.
        configured: whether there should have been one; False from a service that does not tell it.
        limit_days: days after which a drill is overdue; 0 from a service that does not tell it.
    """

    replica: Replica | None = None
    configured: bool = False
    limit_days: int = 0


class LastReplica:
    """Asks the service when somebody looks and what is known has grown old; never by itself.

    Args:
        hub: the way to the service.
    """

    def __init__(self, hub: HubClient) -> None:
        self._hub = hub
        self._known = Told()
        self._etag = ""
        self._since: float | None = None
        self._ask_again = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def look(self) -> dict[str, Any]:
        """What is known; only the first look waits for the service.

        Returns:
            ``{"replica": {…} or null, "configured": bool, "limit_days": days, "age": seconds or
            null}``.
        """
        if time.monotonic() >= self._ask_again or self._asking:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            if self._since is None:
                await asyncio.shield(self._asking)
        age = None if self._since is None else int(time.monotonic() - self._since)
        return {**asdict(self._known), "age": age}

    async def _ask(self) -> None:
        wait = MAX_AGE
        try:
            answer = await self._hub.ask_service("v1/replica", self._etag)
            if answer.body is not None:
                self._known, self._etag = _told(answer.body), answer.etag
            self._since = time.monotonic()
        except HubError as error:
            if error.state in ("no-hub", "no-service"):
                # a service that is older than this knows nothing of drills
                self._known, self._etag = Told(), ""
            else:
                wait = min(error.retry_after, MAX_AGE)
        finally:
            self._asking = None
        self._ask_again = time.monotonic() + wait * random.uniform(0.9, 1.1)


def _told(body: Any) -> Told:
    """What of an answer can be used; the service may be newer or older than this."""
    if not isinstance(body, Mapping):
        return Told()
    configured = body.get("configured") is True
    return Told(_replica(body.get("replica")), configured, _count(body.get("limit_days")))


def _replica(told: Any) -> Replica | None:
    if not isinstance(told, Mapping):
        return None
    at, highest = told.get("at"), told.get("highest")
    if not isinstance(at, str) or not _is_time(at) or not isinstance(told.get("holds"), bool):
        return None
    return Replica(
        at=at,
        highest=highest[:MAX_TEXT] if isinstance(highest, str) else "",
        holds=told["holds"],
        blockers=_count(told.get("blockers")),
        overdue=told.get("overdue") is True,
    )


def _is_time(at: str) -> bool:
    try:
        datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return False
    return re.match(r"\d{4}-\d\d-\d\dT", at) is not None


def _count(told: Any) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else 0
