"""Enters the people and groups of a bundle into a hub that runs, by its REST API. Called by people_command.py.

What is missing there is decided first and written afterwards. Nobody is removed, nobody loses a right,
and nobody becomes an administrator unless that was asked for. Doing it twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ...text import visible
from ..bundle import Bundle
from ..errors import ReplicateError
from ..importers.live import LONGEST_NAME, observe
from ..importers.people import OPERATOR_USERS
from ..live_hub import Answered, LiveHub, Refused, Who
from ..work import Work

READING = {"users": ("list:users",), "groups": ("list:groups", "read:groups")}
"""What a token must be allowed to see who is there."""

WRITING = {
    "user": "admin:users", "rights": "admin:users", "group": "admin:groups", "properties": "groups",
    "member": "groups",
}  # fmt: skip
"""Kinds of steps, and the least that JupyterHub asks for each."""

IN_A_ROW = 3
"""So many steps that are refused or not answered one after the other end it: more would be, too."""

OPERATORS = "it is of the old operator's own tools"
ASKED = "you said so"
NO_NAME = "it is no name that a hub can have"


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        kind: ``user`` (make one), ``rights`` (make somebody who is there an administrator), ``group``
            (make one), ``properties`` (of a new group), or ``member``.
        user: whom it is about; empty for a group.
        group: which; empty for a user.
        administers: of a user that is made: with the rights of an administrator.
        properties: of a group.
    """

    kind: str
    user: str = ""
    group: str = ""
    administers: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def what(self) -> str:
        """In words."""
        return {
            "user": f"user {self.user}" + (", an administrator" if self.administers else ""),
            "rights": f"{self.user} becomes an administrator",
            "group": f"group {self.group}",
            "properties": f"properties of the group {self.group}",
            "member": f"{self.user} into the group {self.group}",
        }[self.kind]


@dataclass
class Restoring:
    """What is to be done, and what became of it.

    Attributes:
        steps: in their order.
        there: how many users, groups and memberships are there already.
        left: what is left out, by its name, and why.
        without_rights: who administered the old hub, and is not made an administrator here.
        done: steps that were done.
        failed: steps that were not, and why.
        ended: why the rest was not tried; empty where all was.
    """

    steps: list[Step] = field(default_factory=list)
    there: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    without_rights: list[str] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    failed: dict[Step, str] = field(default_factory=dict)
    ended: str = ""

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "steps": [each.what for each in self.steps],
            "there": self.there,
            "left": self.left,
            "without_rights": self.without_rights,
            "done": [each.what for each in self.done],
            "failed": {each.what: why for each, why in self.failed.items()},
            "ended": self.ended,
        }


def people_of(bundle: Bundle) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Users and groups, as the API of the captured hub told them.

    Raises:
        ReplicateError: the bundle has neither, or they are not as they were written.
    """
    if bundle.manifest().kind != "hub":
        raise ReplicateError(f"{bundle.place} holds no hub, so nobody was on it")
    found = {what: _read(bundle, what) for what in READING}
    if not any(bundle.path(f"hub/{what}.json").is_file() for what in READING):
        reasons = {each.layer: each.reason for each in bundle.manifest().items if each.reason}
        why = f" ({reasons['people']})" if "people" in reasons else ""
        raise ReplicateError(
            f"{bundle.place} names nobody{why}; capture the hub again with --live URL --with-people, with"
            " people's consent"
        )
    return found["users"], found["groups"]


def _read(bundle: Bundle, what: str) -> list[dict[str, Any]]:
    path = f"hub/{what}.json"
    if not bundle.path(path).is_file():
        return []
    try:
        members = json.loads(bundle.text(path))
        whole = isinstance(members, list) and all(
            isinstance(each, dict)
            and isinstance(each.get("name"), str)
            and isinstance(each.get("properties", {}), dict)
            and isinstance(each.get("users", []), list)
            and all(isinstance(user, str) for user in each.get("users", []))
            for each in members
        )
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise ReplicateError(
            f"data/{path} of {bundle.place} is not as it was written; take the bundle anew"
        )
    found: list[dict[str, Any]] = members
    return found


async def there(hub: LiveHub, who: Who, work: Work) -> dict[str, Any]:
    """Who is on the hub: ``users`` and ``groups``.

    Raises:
        ReplicateError: it does not say, or the token may not see all of them.
    """
    lacking = [each for scopes in READING.values() for each in scopes if each not in who.scopes]
    if lacking:
        raise ReplicateError(
            f"the token of {who.name} may not see who is there; it lacks {', '.join(lacking)}"
        )

    async def ask(path: str, query: Mapping[str, int]) -> Any:
        if path not in READING:
            raise Refused
        return await hub.ask("GET", path, query)

    told = await observe(ask, work, hub.api)
    if refused := [each for each in READING if each in told["refused"]]:
        raise ReplicateError(f"{hub.api} does not tell its {' and '.join(refused)} to this token")
    return told


def decided(
    users: Sequence[Mapping[str, Any]],
    groups: Sequence[Mapping[str, Any]],
    present: Mapping[str, Any],
    *,
    administrators: bool = False,
    leave_out: Set[str] = frozenset(),
) -> Restoring:
    """What is missing on a hub; nothing is written.

    Arguments:
        users: of the bundle.
        groups: the same.
        present: what `there` gives.
        administrators: whether those who administered the old hub administer this one, too.
        leave_out: names of people who shall not be entered.

    Raises:
        ReplicateError: somebody who shall be left out is not in the bundle.
    """
    if unknown := leave_out - {each["name"] for each in users} - _members(groups):
        raise ReplicateError(
            f"{', '.join(sorted(unknown))} is nobody in the bundle; nothing was done"
        )
    plan = Restoring(there={"users": 0, "groups": 0, "memberships": 0})
    known = {each["name"]: each.get("admin") is True for each in present["users"]}
    for each in users:
        name, administered = each["name"], each.get("admin") is True
        if why := _left(name, leave_out):
            plan.left[visible(name)] = why
            continue
        if administered and not administrators and not known.get(name):
            plan.without_rights.append(name)
        if name not in known:
            plan.steps.append(Step("user", name, administers=administered and administrators))
            continue
        plan.there["users"] += 1
        if administered and administrators and not known[name]:
            plan.steps.append(Step("rights", name))
    will_be = known.keys() | {each.user for each in plan.steps}
    groups_there = {each["name"]: each for each in present["groups"]}
    for each in groups:
        plan.steps += _of_group(each, groups_there.get(each["name"]), will_be, leave_out, plan)
    return plan


def _of_group(
    group: Mapping[str, Any],
    now: Mapping[str, Any] | None,
    will_be: Set[str],
    leave_out: Set[str],
    plan: Restoring,
) -> Iterator[Step]:
    """The steps of one group; what is there or left out is noted in the plan."""
    name, properties = group["name"], group.get("properties", {})
    if not _is_name(name):
        plan.left[visible(name)] = NO_NAME
        return
    if now is None:
        yield Step("group", group=name)
        if properties:
            yield Step("properties", group=name, properties=properties)
    else:
        plan.there["groups"] += 1
        if properties != now.get("properties", {}):
            plan.left[f"properties of the group {visible(name)}"] = "it is there, and keeps its own"
    inside = set(now.get("users", ())) if now else set()
    for user in group.get("users", []):
        if user in inside:
            plan.there["memberships"] += 1
        elif user in will_be and not _left(user, leave_out):
            yield Step("member", user, name)
        else:
            plan.left.setdefault(
                visible(user), "the bundle has no such user, and neither has the hub"
            )


def _members(groups: Iterable[Mapping[str, Any]]) -> set[str]:
    return {user for each in groups for user in each.get("users", [])}


def _left(name: str, leave_out: Set[str]) -> str:
    """Why somebody is not entered; empty where they are."""
    if name in leave_out:
        return ASKED
    if name in OPERATOR_USERS:
        return OPERATORS
    return "" if _is_name(name) else NO_NAME


def _is_name(name: str) -> bool:
    """Whether it can stand in an address without meaning another one; a bundle may come from anybody."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name == visible(name).strip()
        and name not in (".", "..")
        and not set(name) & set("/\\\n\t")
    )


def lacking(who: Who, steps: Sequence[Step]) -> list[str]:
    """Scopes that the steps need and the token has not."""
    return sorted({WRITING[each.kind] for each in steps} - who.scopes)


async def do(hub: LiveHub, plan: Restoring, work: Work) -> None:
    """Do it, step by step; one that fails does not keep the others from being done."""
    missing: set[str] = set()
    in_a_row = 0
    for number, step in enumerate(plan.steps):
        work.step(number, len(plan.steps), f"entering {step.what}")
        if step.user in missing or step.group in missing:
            plan.failed[step] = "what it is about is not there"
            continue
        try:
            await _do(hub, step)
        except Answered as error:
            plan.failed[step] = f"the hub answers {error.code} {error.said}"
            in_a_row = in_a_row + 1 if error.code >= 500 else 0
        except (Refused, ReplicateError) as error:
            plan.failed[step] = (
                f"the token may not: {error}" if isinstance(error, Refused) else str(error)
            )
            in_a_row += 1
        else:
            plan.done.append(step)
            in_a_row = 0
            continue
        missing |= (
            {step.user} if step.kind == "user" else {step.group} if step.kind == "group" else set()
        )
        if in_a_row == IN_A_ROW:
            rest = len(plan.steps) - number - 1
            plan.ended = (
                f"{IN_A_ROW} failed one after the other; {rest} more were not tried" if rest else ""
            )
            return


async def _do(hub: LiveHub, step: Step) -> None:
    """One step; what is there by now is as good as done.

    Raises:
        Answered, Refused, ReplicateError: it is not done.
    """
    group = f"groups/{quote(step.group, safe='')}"
    try:
        if step.kind == "user":
            # in the body and not in the address: there, every name is only a name
            body = {"usernames": [step.user], "admin": step.administers}
            made = await hub.ask("POST", "users", body=body)
            names = [each.get("name") for each in made] if isinstance(made, list) else []
            if step.user not in names:
                raise Answered("users", 201, f"and names somebody else: {names!r:.100}")
        elif step.kind == "rights":
            await hub.ask("PATCH", f"users/{quote(step.user, safe='')}", body={"admin": True})
        elif step.kind == "group":
            await hub.ask("POST", group, body={})
        elif step.kind == "properties":
            await hub.ask("PUT", f"{group}/properties", body=dict(step.properties))
        else:
            await hub.ask("POST", f"{group}/users", body={"users": [step.user]})
    except Answered as error:
        if error.code != 409 or step.kind not in ("user", "group"):
            raise
