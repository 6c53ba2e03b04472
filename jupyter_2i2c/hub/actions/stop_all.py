"""Stop every server that runs, as a job. Called through the registry; jobs.py does the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from ..hub_api import Hub, walk
from .base import Action, Asked, Effect, Outcome, only
from .servers import LOST
from .wording import count

PHRASE = "stop all"
"""What is typed before everything is stopped."""


class StopAll(Action):
    """Stop all servers that the approving person sees running; their own comes last."""

    name = "stop-all"
    scopes = frozenset({"servers", "delete:servers"})

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target)
        return {}

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        found = await _running(hub, actor)
        people = {user for user, _, _ in found.items}
        profiles = ", ".join(
            f"{profile or 'not known'}: {number:,}"
            for profile, number in found.profiles.most_common(5)
        )
        servers = count(len(found.items), "server", "servers")
        warnings = [
            "Servers that start meanwhile are not stopped, and nobody is kept from starting one."
        ]
        if actor in people:
            warnings.append(
                "Your own server is among them. It is stopped last, and a JupyterLab that runs in it"
                " is cut off; how it goes on is seen in the console."
            )
        why = ""
        if not found.sees_servers:
            why = (
                "You may not see who has a server, so nothing can be said of what would be stopped."
            )
        elif not found.items:
            why = "No server runs."
        return Effect(
            f"Stop all {servers} of {count(len(people), 'person', 'people')}?",
            "Stop all servers",
            LOST,
            (
                (
                    "How many",
                    servers,
                    f"of {count(len(people), 'person', 'people')}, at this moment",
                ),
                ("Profiles", profiles or "none", "the most frequent, where their options tell"),
            ),
            f"Stop {servers}",
            dangerous=True,
            type_to_confirm=PHRASE,
            tells="everybody whose server is stopped",
            warnings=tuple(warnings),
            impossible=why,
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        found = await _running(hub, intent.actor)
        if not found.items:
            return Outcome("done", "There was nothing to do: no server runs.")
        text = f"Stopping {count(len(found.items), 'server', 'servers')}."
        return Outcome("running", text, items=tuple(found.items), kind=self.name)

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        # the job is stored together with the state "running"; without it, nothing was asked
        return Outcome("failed", "The service was interrupted before anything was stopped.")


class _Found:
    """The servers that run: what the job needs of them, and what is told of them."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str, str]] = []
        self.profiles: Counter[str] = Counter()
        self.sees_servers = True


async def _running(hub: Hub, actor: str) -> _Found:
    """All servers that run or start, those of `actor` last."""
    found = _Found()
    own: list[tuple[str, str, str]] = []
    async for person in walk(hub, state="active"):
        found.sees_servers &= person.sees_servers
        for server in person.servers.values():
            if server.stopped:
                continue
            mark = server.started.isoformat() if server.started else ""
            (own if person.name == actor else found.items).append((person.name, server.name, mark))
            found.profiles[server.profile] += 1
    found.items += own
    return found
