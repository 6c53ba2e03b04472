"""V6: the replica's REST API answers as the captured hub's did. Called by verify/hub.py, with a replica that runs; v6_elsewhere.py compares by it, too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..capture.distributions import listed
from ..errors import ReplicateError
from ..importers.live import SCOPES, observed
from ..targets import hub_local, service_store
from ..work import Work
from . import v6_announcements
from .ladder import Result, Rung, judged, not_run
from .replica import Replica, ReplicaFails

EXPLAINED_CLASS = {
    "authenticator": "JupyterHub.authenticator_class",
    "spawner": "JupyterHub.spawner_class",
}

MISSING = "it is not on the replica"
NEW = "the captured hub has none"
MOST_NAMED = 5
LONGEST_VALUE = 500

UNKNOWN = {
    "people:users": "users", "people:list": "users", "groups:groups": "groups", "groups:list": "groups",
    "services:services": "services", "services:info": "info", "announcements:list": "announcements",
}  # fmt: skip
"""Items of the manifest to what cannot be compared where the bundle does not have them."""

SEEN_WITH = {
    "users": ("list:users",), "groups": ("list:groups", "read:groups"), "services": ("list:services",),
    "info": ("read:hub",),
}  # fmt: skip
"""What a token must be allowed to see all of each."""

FIELD_SEEN_WITH = {"roles": "read:roles", "users": "read:groups", "properties": "read:groups"}
"""The same, of what is told of a member."""


def check(
    bundle: Bundle,
    built: hub_local.Built,
    replica: Replica,
    work: Work,
    python: Path | None = None,
) -> Rung:
    """Ask the replica who and what is on it, and compare each answer.

    Arguments:
        bundle: of a hub that was captured where it runs.
        built: what was built of it.
        replica: it, running.
        work: asked whether to stop.
        python: the interpreter that it runs on; this one by default.
    """
    captured = answers_of(bundle)
    ours = service_store.runs_service(hub_local.observed_of(bundle)["config"])
    if not captured and service_store.announcements_of(bundle) is None:
        return not_run("the bundle holds no answers of the hub's API; capture it with --live URL")
    administrator = administrators(bundle)
    if not administrator:
        return not_run("the hub names no administrator, so nobody may ask for all of it")
    work.step(0, 0, "asking the replica's API")
    try:
        browser = replica.log_in(administrator[0])
        token = browser.token(administrator[0], SCOPES)
        told = observed(replica.url, token, work)
    except (ReplicaFails, ReplicateError) as error:
        return judged({"api": Result("fail", str(error))}, "answers")
    items = not_in_bundle(bundle, ours)
    reasons = {each.path: f"{each.what}: {each.why}" for each in built.plan.changes}
    items.update(compared(captured, told, reasons))
    items["packages"] = _packages(bundle, python)
    if ours:
        items["services/2i2c/"] = _answers(replica, "services/2i2c/")
        try:
            items.update(v6_announcements.check(bundle, built, replica, administrator))
        except (KeyError, TypeError, ValueError) as error:
            why = f"those of the bundle are not as they were written: {error!r}"
            items["announcements"] = Result("fail", why)
    rung = judged(items, "answers")
    made = f"; {len(built.plan.secrets)} secrets were made up for it" if built.plan.secrets else ""
    return replace(rung, why=f"{rung.why} ({counted(items)}){made}")


def answers_of(bundle: Bundle) -> dict[str, Any]:
    """What the captured hub's API said, as far as the bundle has it."""
    return {what: json.loads(bundle.text(f"hub/{what}.json"))
            for what in ("users", "groups", "services", "info")
            if bundle.path(f"hub/{what}.json").is_file()}  # fmt: skip


def not_in_bundle(bundle: Bundle, ours: bool) -> dict[str, Result]:
    """What cannot be compared, because the bundle does not have it; with the reason.

    Arguments:
        bundle: of a hub.
        ours: whether our service runs beside it.
    """
    items = {}
    for each in bundle.manifest().items:
        there = each.status not in ("policy-excluded", "not-captured")
        if each.id in UNKNOWN and not there and (ours or each.layer != "announcements"):
            items[UNKNOWN[each.id]] = Result("not-run", f"not in the bundle: {each.reason}")
    return items


def compared(
    captured: Mapping[str, Any], told: Mapping[str, Any], reasons: Mapping[str, str]
) -> dict[str, Result]:
    """What the captured hub's API said, and what the replica's says.

    Arguments:
        captured: as `answers_of` gives it.
        told: as `observed` gives it.
        reasons: settings that differ by the plan, with what becomes of them and why.
    """
    items: dict[str, Result] = {}
    for what, before in captured.items():
        if what in told["refused"]:
            items[what] = Result(
                "not-run", f"the token may not see all of it; {needs(SEEN_WITH[what])}"
            )
        elif what == "info":
            _info(before, told[what], reasons, items)
        else:
            _members(what, before, told[what], items)
    return items


def needs(scopes: Sequence[str]) -> str:
    """Which scopes a token lacks, in words."""
    return f"it needs the scope{'s' if len(scopes) > 1 else ''} {', '.join(scopes)}"


def _packages(bundle: Bundle, python: Path | None) -> Result:
    """Whether the replica runs on what the captured hub ran on."""
    captured = json.loads(bundle.text("hub/packages.json"))
    here = dict(listed(str(python) if python else None))
    different = [f"{name} {version} ({f'here {here[name]}' if name in here else 'not here'})"
                 for name, version in sorted(captured.items()) if here.get(name) != version]  # fmt: skip
    if not different:
        return Result("pass", f"all {len(captured)} are here in the captured versions")
    more = f" and {len(different) - MOST_NAMED} more" if len(different) > MOST_NAMED else ""
    return Result("not-run", f"of {len(captured)}, {len(different)} are not here in the captured versions, so"
                  f" equal answers prove nothing about those: {', '.join(different[:MOST_NAMED])}{more}")  # fmt: skip


def counted(items: Mapping[str, Result]) -> str:
    """How many there are of each kind that was compared."""
    kinds = Counter(key.partition("/")[0] for key, each in items.items()
                    if each.status != "not-run" and key not in ("packages", "services/2i2c/"))  # fmt: skip
    words = [f"{number} {kind}" for kind, number in kinds.items()]
    return ", ".join([*words, *(["our service"] if "services/2i2c/" in items else [])])


def administrators(bundle: Bundle) -> list[str]:
    """Who administers the hub, as far as the bundle says."""
    names: set[str] = set()
    if bundle.path("hub/users.json").is_file():
        names |= {
            each["name"] for each in json.loads(bundle.text("hub/users.json")) if each.get("admin")
        }
    for path, value in hub_local.observed_of(bundle)["config"].items():
        if path.endswith("Authenticator.admin_users"):
            names |= {
                str(each) for each in (value.get("$set", ()) if isinstance(value, dict) else value)
            }
    return sorted(names)


def _members(what: str, before: Any, after: Any, items: dict[str, Result]) -> None:
    old, new = ({each["name"]: each for each in side} for side in (before, after))
    # what is told of nobody cannot be seen; that is no difference
    told = {field for each in after for field in each}
    unseen = {field for each in before for field in each} - told if after else set()
    for field in sorted(unseen):
        scope = FIELD_SEEN_WITH.get(field, SEEN_WITH[what][0])
        items[f"{what}: {field}"] = Result("not-run", f"the token may not see it; {needs([scope])}")
    for name in sorted({*old, *new}):
        key = f"{what}/{name}"
        if name not in new:
            items[key] = Result("fail", MISSING)
        elif name not in old:
            items[key] = Result("fail", NEW)
        else:
            items[key] = _equal(old[name], new[name], unseen)


def _equal(old: Mapping[str, Any], new: Mapping[str, Any], unseen: Set[str]) -> Result:
    different = [f"{name} was {_short(old.get(name))} and is {_short(new.get(name))}"
                 for name in sorted({*old, *new} - unseen) if old.get(name) != new.get(name)]  # fmt: skip
    return Result("fail", "; ".join(different)) if different else Result("pass")


def _short(value: Any) -> str:
    """A value of somebody's hub, in words that fit on a page."""
    text = json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _info(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    reasons: Mapping[str, str],
    items: dict[str, Result],
) -> None:
    for name in sorted({*old, *new}):
        reason = reasons.get(EXPLAINED_CLASS.get(name, ""))
        if old.get(name) == new.get(name):
            items[f"info/{name}"] = Result("pass")
        elif reason:
            items[f"info/{name}"] = Result("pass", reason)
        else:
            items[f"info/{name}"] = Result("fail", f"it was {_short(old.get(name))} and is"
                                           f" {_short(new.get(name))}")  # fmt: skip


def _answers(replica: Replica, path: str) -> Result:
    from .replica import Browser

    browser = Browser(replica.url)
    try:
        replica.until(path, lambda: browser.ask("GET", path))
    except ReplicaFails as error:
        return Result("fail", str(error))
    return Result("pass", "it answers")
