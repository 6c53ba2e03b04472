"""Stop or start one server. Called through the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from typing_extensions import override

from ..hub_api import BadRequest, Hub, HubError, NotFound, Person, Server
from ..identity import HubUnavailable
from .base import Action, Asked, Effect, Outcome, name, only
from .wording import ago, for_long, named

LOST = "files are kept, unsaved changes and variables are lost"


class _OneServer(Action):
    """What stopping and starting have in common: a user and the name of a server."""

    POLL = 2.0
    """Seconds between two looks at a server that is on its way."""

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target, "user", "server")
        return {
            "user": name(target, "user", "user"),
            "server": name(target, "server", "server", ""),
        }

    def _tells(self, user: str, actor: str) -> str:
        return "" if user == actor else user

    async def _await(
        self, hub: Hub, target: Mapping[str, Any], intent: Asked, most: float
    ) -> Outcome:
        """Look again and again, until it is done or not, at most so many seconds."""
        waited = 0.0
        while waited < most:
            await asyncio.sleep(self.POLL)
            waited += self.POLL
            try:
                outcome = await self.settle(hub, target, intent)
            except HubUnavailable:
                continue
            except HubError:
                break  # the login ended meanwhile; the hub goes on without us
            if outcome:
                return outcome
        return Outcome(
            "unknown", f"The hub took the request for {_whose(target)} and is at work on it."
        )


class StopServer(_OneServer):
    """Stop one server of one user."""

    name = "stop-server"
    scopes = frozenset({"servers", "delete:servers"})
    PATIENCE = 180.0
    """Seconds for which a server is watched that takes long to stop."""

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        user, server = target["user"], target["server"]
        title = f"Stop {_whose(target)}?"
        person = await _person(hub, user)
        running = _active(person, server)
        why = ""
        detail = LOST
        if person is None:
            why = f"There is no user “{user}” on this hub, or you may not see them."
        elif not person.sees_servers:
            why = "You may not see this person's servers."
        elif running is None:
            why = f"It does not run: {_whose(target)} is stopped."
        elif running.pending == "stop":
            why = "It is being stopped already."
        else:
            detail = f"{_how_long(running)}; {LOST}"
        warnings: tuple[str, ...] = ()
        if user == actor:
            warnings = ("This is your own server. A JupyterLab that runs in it is cut off.",)
        return Effect(
            title,
            "Stop one server",
            detail,
            (("Whose", f"{user}, {named(server)}", ""),),
            "Stop the server",
            dangerous=True,
            tells=self._tells(user, actor),
            warnings=warnings,
            impossible=why,
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        if await hub.server(target["user"], target["server"]) is None:
            return Outcome("done", f"There was nothing to do: {_whose(target)} had stopped before.")
        if await hub.stop(target["user"], target["server"]) == "stopped":
            return _stopped(target)
        return await self._await(hub, target, intent, self.PATIENCE)

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        try:
            server = await hub.server(target["user"], target["server"])
        except NotFound:
            return Outcome("done", f"“{target['user']}” is no longer on the hub.")
        if server is None:
            return _stopped(target)
        if server.pending == "stop":
            return None
        if server.started and intent.decided and server.started > intent.decided:
            return Outcome("done", f"The hub stopped {_whose(target)}; it was started again since.")
        return Outcome("failed", f"The hub did not stop {_whose(target)}: it still runs.")


class StartServer(_OneServer):
    """Start one server of one user, as it was started the last time."""

    name = "start-server"
    scopes = frozenset({"servers", "start:servers"})
    PATIENCE = 600.0
    """Seconds for which a server is watched that takes long to start."""

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        user, server = target["user"], target["server"]
        person = await _person(hub, user)
        known = person.servers.get(server) if person else None
        why = ""
        if person is None:
            why = f"There is no user “{user}” on this hub, or you may not see them."
        elif not person.sees_servers:
            why = "You may not see this person's servers."
        elif server and known is None:
            why = f"“{user}” has no server of that name."
        elif known and known.pending == "stop":
            why = "It is just being stopped. Try again when it has stopped."
        elif known and not known.stopped and (known.ready or known.pending):
            why = "It runs already." if known.ready else "It is being started already."
        rows = [("Whose", f"{user}, {named(server)}", "")]
        if known and known.profile:
            rows.append(("Profile", known.profile, "as it was started the last time"))
        return Effect(
            f"Start {_whose(target)}?",
            "Start one server",
            "with the options of the last time; it uses memory and may cost money until it is stopped",
            tuple(rows),
            "Start the server",
            tells=self._tells(user, actor),
            impossible=why,
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        try:
            answer = await hub.start(target["user"], target["server"])
        except BadRequest:
            # it may have been started by somebody else since the page was shown
            if outcome := await self.settle(hub, target, intent):
                return outcome
            return Outcome("failed", f"The hub does not start {_whose(target)} just now.")
        if answer == "started":
            return _started(target)
        return await self._await(hub, target, intent, self.PATIENCE)

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        server = await hub.server(target["user"], target["server"])
        if server is None:
            return Outcome("failed", f"The hub tried, and {_whose(target)} did not start.")
        return _started(target) if server.ready else None


async def _person(hub: Hub, user: str) -> Person | None:
    try:
        return await hub.user(user, stopped=True)
    except NotFound:
        return None


def _active(person: Person | None, server: str) -> Server | None:
    found = person.servers.get(server) if person else None
    return None if found is None or found.stopped else found


def _how_long(server: Server) -> str:
    now = datetime.now(timezone.utc)
    running = f"running for {for_long(now, server.started)}" if server.started else "running"
    return f"{running}, last activity {ago(now, server.last_activity)}"


def _whose(target: Mapping[str, Any]) -> str:
    server = f" “{target['server']}”" if target["server"] else ""
    return f"the server{server} of “{target['user']}”"


def _stopped(target: Mapping[str, Any]) -> Outcome:
    return Outcome("done", f"Stopped {_whose(target)}.")


def _started(target: Mapping[str, Any]) -> Outcome:
    return Outcome("done", f"Started {_whose(target)}.")
