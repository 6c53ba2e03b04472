"""Export the hub, as an intent. Added to the registry by administration.py where there is something to export; exports.py does the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from ..exports import Exports
from ..hub_api import Hub, HubRefused
from ..store import exports
from ..store.database import Store
from ..store.errors import StoreUnavailable
from ..store.exports import ACTION, Busy
from .base import Action, Asked, BadTarget, Effect, Outcome, only
from .wording import count

CONSENT = (
    "I may pass on the names of this hub’s users and groups, for setting the hub up elsewhere and for"
    " nothing else."
)
"""What somebody who takes names of people says."""

BUSY = "Another export is under way. Wait for its end, or cancel it."
GONE = "What the hub wrote down about itself cannot be read. Restart the hub, which writes it anew."


class ExportHub(Action):
    """Export the hub that this service belongs to. The target holds ``people`` and ``announcements``.

    Args:
        store: where exports are remembered.
        runner: makes them.
        scopes: of which the approver needs one.
    """

    name = ACTION

    def __init__(self, store: Store, runner: Exports, scopes: frozenset[str]) -> None:
        self._store = store
        self._exports = runner
        self.scopes = scopes

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target, "people", "announcements")
        checked = {name: target.get(name, False) for name in ("people", "announcements")}
        if any(type(value) is not bool for value in checked.values()):
            raise BadTarget("people and announcements are either true or false")
        return checked

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        settings = self._exports.settings
        people, announcements = target["people"], target["announcements"]
        why = "" if self._exports.offered else GONE
        if await self._store.read(exports.going):
            why = BUSY
        whose = "left out"
        if people:
            whose = (
                f"{await _many(hub, 'users')} and {await _many(hub, 'groups')}, and who is in them"
            )
        secrets = "no secrets: where one stood, the bundle asks for a new one"
        rows = (
            ("Settings and code", "as the hub runs them now", secrets),
            (
                "Names of people",
                whose,
                "personal data, to be used for setting the hub up elsewhere; needs your consent below"
                if people
                else "how many there are is told; names that stand in the hub’s configuration"
                " itself, such as its administrators, are part of that",
            ),
            (
                "Announcements",
                "what is shown, or will be" if announcements else "left out",
                "who wrote them is told only with names of people" if announcements else "",
            ),
            (
                "Kept",
                f"for {settings.days} days, on the hub’s machine",
                f"or until there are {settings.kept} newer ones; who may export can download it",
            ),
        )
        return Effect(
            "Export this hub?",
            "Write a bundle from which this hub can be set up elsewhere, and prove it",
            "nothing on the hub changes; it takes about a minute, beside everything else",
            rows,
            "Export",
            consent=CONSENT if people else "",
            impossible=why,
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        people = target["people"]
        try:
            export = await self._exports.begin(
                intent.id,
                intent.actor,
                hub,
                people=people,
                announcements=target["announcements"],
                consent=CONSENT if people else "",
            )
        except Busy:
            return Outcome("failed", BUSY)
        except StoreUnavailable as error:
            return Outcome("failed", f"Nothing was done, because {error}. Ask again later.")
        return Outcome("running", "The hub is being exported.", {"export": export.id})

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        export = await self._store.read(exports.get, intent.id)
        if export is None:
            return Outcome("failed", "The service was interrupted before anything was exported.")
        if export.going:
            return None
        told = {"export": export.id}
        return Outcome("done" if export.state == "done" else "failed", export.message, told)


async def _many(hub: Hub, what: str) -> str:
    """How many there are, in words; without a number where the person may not see that."""
    try:
        answer = await hub.see(what, {"limit": 1})
        number = int(answer["_pagination"]["total"])
    except (HubRefused, KeyError, TypeError, ValueError):
        return what
    return count(number, what[:-1], what)
