"""V6 of a replica that runs elsewhere: its REST API and its service are asked, and nothing is changed. Called by elsewhere.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..bundle import Bundle
from ..errors import ReplicateError
from ..importers.live import observe
from ..importers.people import OPERATOR_SERVICES, OPERATOR_USERS
from ..live_hub import LiveHub, Refused, Who
from ..targets import service_store
from ..work import Work
from . import v6_announcements, v6_declared
from .ladder import Result, Rung, judged
from .v6_declared import Declared
from .v6_live import MISSING, NEW, SEEN_WITH, answers_of, compared, counted, needs, not_in_bundle

SERVICE = "services/2i2c/"
SERVICE_SCOPE = "access:services!service=2i2c"

STAFF = "staff-access"
"""The transform by which the old operator's staff was taken out."""


async def check(
    bundle: Bundle,
    hub: LiveHub,
    token: str,
    who: Who,
    reasons: Mapping[str, str],
    named: Declared,
    work: Work,
) -> Rung:
    """Ask it, and compare each answer with the bundle's.

    Arguments:
        bundle: of a hub.
        hub: the replica.
        token: which opens it.
        who: whose token it is.
        reasons: as `compared` takes them; and items that are new there, with the reason.
        named: what the replica's configuration names.
        work: told how far it is.
    """
    work.step(0, 0, "asking the replica's API")
    try:
        captured = answers_of(bundle)
        announced = service_store.announcements_of(bundle)
        ours = announced is not None or _has_service(captured) or "2i2c" in named.services
        items = not_in_bundle(bundle, ours)
        told = await _told(hub, who, work)
        items.update(compared(captured, told, reasons))
        items.update(v6_declared.compared(named, told, captured))
    except ReplicateError as error:
        return judged({"api": Result("fail", str(error))}, "answers")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        why = f"what the bundle holds of the API is not as it was written: {error!r}"
        return judged({"api": Result("fail", why)}, "answers")
    items.update({key: Result("pass", why) for key, why in reasons.items()
                  if items.get(key) == Result("fail", NEW)})  # fmt: skip
    if any(each.id == STAFF for each in bundle.manifest().transforms):
        items.update(_without_staff(captured, items))
    items["packages"] = Result(
        "not-run", "no hub's API tells what is installed; V4 and V7 look at it"
    )
    if ours:
        items.update(await _service(hub, token, who, announced))
    rung = judged(items, "answers")
    said = counted(items)
    return replace(rung, why=f"{rung.why} ({said})" if said else rung.why)


async def _told(hub: LiveHub, who: Who, work: Work) -> dict[str, Any]:
    """What the replica's API says, with what the token may see only a part of among the refused."""

    async def ask(path: str, query: Mapping[str, int]) -> Any:
        # a scope for some of them gives some of them, and no error
        if any(scope not in who.scopes for scope in SEEN_WITH.get(path, ())):
            raise Refused
        return await hub.ask("GET", path, query)

    if all(any(each not in who.scopes for each in scopes) for scopes in SEEN_WITH.values()):
        return {"refused": list(SEEN_WITH)}
    return await observe(ask, work, hub.api)


def _has_service(captured: Mapping[str, Any]) -> bool:
    return any(each.get("name") == "2i2c" for each in captured.get("services", ()))


def _without_staff(captured: Mapping[str, Any], items: Mapping[str, Result]) -> dict[str, Result]:
    """Services and users of the old operator's own tools, which are not to be there any more."""
    gone = [("users", OPERATOR_USERS), ("services", OPERATOR_SERVICES)]
    return {
        f"{what}/{name}": Result("pass", "it is not there: the old operator's staff was taken out")
        for what, names in gone for name in names
        if what in captured and items.get(f"{what}/{name}") == Result("fail", MISSING)
    }  # fmt: skip


async def _service(
    hub: LiveHub, token: str, who: Who, announced: list[dict[str, Any]] | None
) -> dict[str, Result]:
    """Whether our service answers there, and what it tells whoever asks."""
    items: dict[str, Result] = {}
    try:
        page = await hub.fetch(hub.url + SERVICE)
        if page.code != 200:
            return {SERVICE: Result("fail", f"it answers {page.code} to somebody without a login")}
    except ReplicateError as error:
        return {SERVICE: Result("fail", str(error))}
    items[SERVICE] = Result("pass", "it answers")
    if announced is None:
        return items
    if who.kind != "user":
        why = f"they are told to people, and the token is of the {who.kind} {who.name}"
        return {**items, "announcements": Result("not-run", why)}
    try:
        answer = await hub.fetch(hub.url + v6_announcements.ADDRESS, token=token)
        if answer.code in (401, 403):
            why = f"the token may not ask for them; {needs([SERVICE_SCOPE])}"
            return {**items, "announcements": Result("not-run", why)}
        if answer.code != 200:
            why = f"its service does not tell them: it answers {answer.code}"
            return {**items, "announcements": Result("fail", why)}
        told = json.loads(answer.body)
        items.update(
            v6_announcements.check_as(announced, who.name, who.groups, who.administers, told)
        )
    except ReplicateError as error:
        items["announcements"] = Result("fail", str(error))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        items["announcements"] = Result("fail", f"its service does not tell them: {error!r:.300}")
    return items
