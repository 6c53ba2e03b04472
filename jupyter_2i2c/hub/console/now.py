"""`/`: what is going on on this hub now. The console's first page."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ...text import line
from ..doctor.examine import examine
from ..doctor.findings import Finding, in_order
from ..handover import UnreadableHandover, handover_path
from ..hub_api import Hub, Server, walk
from .base import ConsolePage
from .exports import REPLICATE
from .pages import Page
from .users import ask

OLDEST = 10
MOST = 10


@dataclass
class Running:
    """What runs on the hub, counted while its users are walked over.

    Attributes:
        people: with a server.
        servers: that run, start or stop.
        starting: of them, those that start or stop.
        profiles: how many of each; empty where the servers do not tell.
        images: the same.
        oldest: servers that have run longest, with whose they are.
    """

    people: int = 0
    servers: int = 0
    starting: int = 0
    profiles: Counter[str] = field(default_factory=Counter)
    images: Counter[str] = field(default_factory=Counter)
    oldest: list[tuple[datetime, str, str]] = field(default_factory=list)

    def add(self, user: str, server: Server) -> None:
        """Count one more."""
        self.servers += 1
        self.starting += not server.ready
        self.profiles[line(server.profile)[:100]] += 1
        self.images[line(server.image)[:200]] += 1
        if server.started:
            entry = (server.started, user, server.name)
            self.oldest = heapq.nsmallest(OLDEST, [*self.oldest, entry])


async def running(hub: Hub) -> Running:
    """Count what runs, page after page; memory does not grow with the hub."""
    found = Running()
    async for person in walk(hub, state="active"):
        found.people += 1
        for server in person.servers.values():
            if not server.stopped:
                found.add(person.name, server)
    return found


class NowPage(ConsolePage):
    """Who is on, on what, since when; and whether the service is well."""

    async def get(self) -> None:
        """Show it."""
        await self.console.administration.desk.visit(self.session.token, self.user)
        found = await running(self.hub) if "list:users" in self.rights else None
        action, once = self.once()
        self.show(
            "now.html",
            action=action,
            once=once,
            running=found,
            profiles=_known(found.profiles) if found else [],
            images=_known(found.images) if found else [],
            findings=await self._findings(),
            grafana_url=self.console.administration.options.grafana_url,
            drills=self.console.administration.options.drills,
            sees_blockers=REPLICATE in self.rights,
            now=datetime.now(timezone.utc),
        )

    async def post(self) -> None:
        """Ask for all servers to be stopped, which is then decided on a page of its own."""
        self.see(await ask(self, "stop-all", {}))

    async def _findings(self) -> list[Finding] | None:
        """What doctor has to say, without what is fine; None where it is not the visitor's."""
        path = handover_path()
        if path is None or "admin-ui" not in self.rights:
            return None
        try:
            examination = await examine(path, ask=False)
        except UnreadableHandover:
            return None
        return [
            each for each in in_order(examination.findings) if each.severity in ("red", "yellow")
        ]


def _known(counted: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent; nothing where no server tells."""
    if not any(counted):
        return []
    return [(name or "not known", count) for name, count in counted.most_common(MOST)]


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = ((r"", NowPage),)
    return (Page("", "Now", "", routes),)
