"""Part of V6: the replica's own service tells its people what the captured hub's told them. Called by v6_live.py; v6_elsewhere.py asks as one person.

Asked are an administrator, a member of each group that something is for, and somebody who is in none
of them: each must get what is for them, word by word, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..bundle import Bundle
from ..targets import hub_local
from ..targets.service_store import announcements_of
from .ladder import Result
from .replica import Browser, Replica, ReplicaFails

ADDRESS = "services/2i2c/api/v1/announcements"

SAME = ("title", "body", "severity", "ends", "link", "dismissible", "acknowledge")
"""What must be told as it was; `starts` falls back to when it was published."""

UNNAMED = "is not restored: the names of its groups were left out when the hub was captured"
PAST = "is not restored: its end has passed"


def check(
    bundle: Bundle, built: hub_local.Built, replica: Replica, administrators: Sequence[str]
) -> dict[str, Result]:
    """Ask the replica's service, and compare.

    Arguments:
        bundle: of a hub that was captured where it runs.
        built: what was built of it.
        replica: it, running, with its service.
        administrators: of the hub; at least one.
    """
    captured = announcements_of(bundle)
    if captured is None:
        return {}
    if captured and not built.plan.store:
        return {"announcements": Result("fail", "what was built restores none; build it anew")}
    items, expected = awaited(captured)
    people = _asked(bundle, administrators, list(expected.values()))
    told: dict[str, dict[str, Any]] = {}
    try:
        for name in people:
            token = replica.log_in(name).token(name)
            answer = Browser(replica.url).ask("GET", ADDRESS, token=token)
            told[name] = {each["id"]: each for each in answer["announcements"]}
    except (ReplicaFails, KeyError, TypeError) as error:
        return {
            **items,
            "announcements": Result("fail", f"its service does not tell them: {error}"),
        }
    for id_, each in expected.items():
        items[f"announcements/{id_}"] = _same(each, people, administrators, told)
    items.update(others(captured, told))
    if not captured:
        items.setdefault("announcements", Result("pass", "there are none, as on the captured hub"))
    return items


def check_as(
    captured: Sequence[Mapping[str, Any]],
    name: str,
    groups: frozenset[str],
    administers: bool,
    answer: Mapping[str, Any],
) -> dict[str, Result]:
    """Compare what a replica's service tells one person.

    Arguments:
        captured: what `announcements_of` gives.
        name: of the person.
        groups: that they are in on the replica.
        administers: whether they are an administrator there.
        answer: of the service to them.

    Raises:
        KeyError, TypeError, ValueError: one of both is not as a service writes it.
    """
    items, expected = awaited(captured)
    told = {name: {str(each["id"]): each for each in answer["announcements"]}}
    people, administrators = {name: groups}, [name] if administers else []
    for id_, each in expected.items():
        if _for_whom(each, people, administrators):
            found = _same(each, people, administrators, told)
        elif id_ in told[name]:
            found = Result("fail", f"{name} is told it, and it is not for them")
        else:
            found = Result(
                "not-run", f"it is not for {name}, who is not told it; nobody else was asked"
            )
        items[f"announcements/{id_}"] = found
    items.update(others(captured, told))
    if not captured:
        items.setdefault("announcements", Result("pass", "there are none, as on the captured hub"))
    return items


def awaited(
    captured: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Result], dict[str, Mapping[str, Any]]]:
    """Announcements that a replica must tell somebody now; and what is said of those that it need not.

    Returns:
        Results by item, and announcements by their ids.
    """
    items: dict[str, Result] = {}
    expected = {}
    now = datetime.now(timezone.utc)
    for each in captured:
        key = f"announcements/{each['id']}"
        if each["audience"] == {"kind": "groups", "groups": []}:
            items[key] = Result("pass", UNNAMED)
        elif _passed(each, now):
            items[key] = Result("pass", PAST)
        elif each.get("show_from") and _time(each["show_from"]) > now:
            items[key] = Result("not-run", f"it is shown from {each['show_from']} on; `jupyter 2i2c"
                                " announce list` on the replica shows that it is there")  # fmt: skip
        else:
            expected[each["id"]] = each
    return items, expected


def others(
    captured: Sequence[Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]
) -> dict[str, Result]:
    """Announcements that somebody is told, and the captured hub has not.

    Arguments:
        captured: what `announcements_of` gives.
        told: people to announcements by their ids.
    """
    known = {each["id"] for each in captured}
    return {f"announcements/{id_}": Result("fail", f"{name} is told it; the captured hub has none such")
            for name, got in told.items() for id_ in sorted(got.keys() - known)}  # fmt: skip


def _asked(
    bundle: Bundle, administrators: Sequence[str], expected: Sequence[Mapping[str, Any]]
) -> dict[str, frozenset[str]]:
    """Whom to ask, and the groups that each is in."""
    groups = _groups(bundle)
    names = {each["name"] for each in _listed(bundle, "users")} | set().union(*groups.values())
    of = {name: frozenset(group for group, members in groups.items() if name in members)
          for name in sorted(names | set(administrators))}  # fmt: skip
    others = [name for name in of if name not in administrators]
    asked = {administrators[0]: of[administrators[0]]}
    wanted = [set(each["audience"]["groups"]) for each in expected
              if each["audience"]["kind"] == "groups"]  # fmt: skip
    for group in sorted(set().union(*wanted)):
        member = next((name for name in (*others, *administrators) if group in of[name]), None)
        if member:
            asked[member] = of[member]
    outsider = next((name for name in others if not of[name] & set().union(*wanted)), None)
    if outsider:
        asked[outsider] = of[outsider]
    return asked


def _same(
    each: Mapping[str, Any],
    people: Mapping[str, frozenset[str]],
    administrators: Sequence[str],
    told: Mapping[str, Mapping[str, Any]],
) -> Result:
    for_whom = _for_whom(each, people, administrators)
    if not for_whom:
        groups = ", ".join(each["audience"]["groups"])
        return Result("not-run", f"the bundle names nobody who is in {groups}, so nobody can ask")
    for name in people:
        if name in for_whom and each["id"] not in told[name]:
            return Result("fail", f"{name} is not told it")
        if name not in for_whom and each["id"] in told[name]:
            return Result("fail", f"{name} is told it, and it is not for them")
    wanted = {**{name: each[name] for name in SAME},
              "starts": each["starts"] or each["show_from"] or each["published"]}  # fmt: skip
    got = told[min(for_whom)][each["id"]]
    different = [f"its {name} was {json.dumps(value)} and is {json.dumps(got.get(name))}"
                 for name, value in wanted.items() if got.get(name) != value]  # fmt: skip
    if different:
        return Result("fail", "; ".join(different))
    without = sorted(set(people) - for_whom)
    said = (
        f"{', '.join(sorted(for_whom))} are told it"
        if len(for_whom) > 1
        else f"{min(for_whom)} is told it"
    )
    return Result("pass", f"{said}, {', '.join(without)} not" if without else said)


def _for_whom(
    each: Mapping[str, Any],
    people: Mapping[str, frozenset[str]],
    administrators: Sequence[str],
) -> set[str]:
    """Those of some people whom an announcement is for."""
    audience = each["audience"]
    return {
        name for name, groups in people.items()
        if audience["kind"] == "everyone"
        or (audience["kind"] == "administrators" and name in administrators)
        or (audience["kind"] == "groups" and groups & set(audience["groups"]))
    }  # fmt: skip


def _passed(each: Mapping[str, Any], now: datetime) -> bool:
    until = each.get("show_until") or each.get("ends")
    return bool(until) and _time(str(until)) <= now


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _groups(bundle: Bundle) -> dict[str, set[str]]:
    """Who is in which group, as the configuration and the captured lists say."""
    configured = hub_local.observed_of(bundle)["config"].get("JupyterHub.load_groups", {})
    groups = {name: set(hub_local.group_of(each)["users"]) for name, each in configured.items()}
    for each in _listed(bundle, "groups"):
        groups.setdefault(each["name"], set()).update(each.get("users", ()))
    return groups


def _listed(bundle: Bundle, what: str) -> list[dict[str, Any]]:
    path = f"hub/{what}.json"
    found: list[dict[str, Any]] = (
        json.loads(bundle.text(path)) if bundle.path(path).is_file() else []
    )
    return found
