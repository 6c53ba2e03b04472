"""Takes the old operator's staff, and names of people, out of a hub's configuration. Called by bundled.py, before anything is written.

Staff goes by default: it is the old operator's way in. Names of people go unless somebody consented.
Both are taken from every layer, so that merging them again gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..manifest import Transform
from .source import CHART, HubSource, at, leaves, pointer
from .source import Path as Place

LISTS_OF_PEOPLE = frozenset(
    {"admin_users", "allowed_users", "blocked_users", "banned_users", "whitelist", "blacklist"}
)
"""Keys below which names of people are listed."""

GROUPS: tuple[Place, ...] = (
    (CHART, "hub", "loadGroups"),
    (CHART, "hub", "config", "JupyterHub", "load_groups"),
)
"""Where groups are, each a list of its members or a mapping with ``users``."""

STAFF_SWITCH = re.compile(r"add_staff_\w*")
STAFF_LIST = re.compile(r"staff_\w*(ids|users|names)")
STAFF_SNIPPET = re.compile(r"(^|[-_0-9])staff([-_]|$)")
STAFF_TEAM = re.compile(r"[\w.-]+:[\w.-]*\bstaff\b[\w.-]*|[\w.-]+:[\w.-]*-staff", re.IGNORECASE)
OPERATOR_SERVICES = frozenset({"hub-health"})
"""Services that only the operator's own tools call."""

OPERATOR_USERS = frozenset({"deployment-service-check"})
"""Users that are no persons; the operator's tools log in as them, and they stay blocked."""

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")

GONE: Any = object()


@dataclass(frozen=True)
class Left:
    """A hub without somebody.

    Attributes:
        source: the hub.
        removed: place to how many entries were taken there.
        transforms: for the bundle's manifest.
    """

    source: HubSource
    removed: Mapping[Place, int]
    transforms: tuple[Transform, ...]


def without_staff(source: HubSource) -> Left:
    """Without the operator's staff: switches off, lists emptied, snippets and services gone."""
    staff = {
        value
        for path, value in leaves(source.values)
        if isinstance(value, str) and any(STAFF_LIST.fullmatch(str(each)) for each in path)
    }

    def change(path: Place, value: Any) -> Any:
        key = str(path[-1])
        if (
            path[:3] == (CHART, "hub", "extraConfig")
            and len(path) == 4
            and STAFF_SNIPPET.search(key)
        ):
            return GONE
        if path[:3] == (CHART, "hub", "services") and len(path) == 4 and key in OPERATOR_SERVICES:
            return GONE
        if STAFF_SWITCH.fullmatch(key) and value is True:
            return False
        if not isinstance(value, list):
            return value
        if STAFF_LIST.fullmatch(key):
            return []
        if key in LISTS_OF_PEOPLE or key.endswith(("_organizations", "_teams")):
            return [
                each
                for each in value
                if each not in staff and not (isinstance(each, str) and STAFF_TEAM.fullmatch(each))
            ]
        return value

    left, removed = _changed(source, change)
    said = sorted(pointer(path) for path in removed)
    transforms = (
        (
            Transform(
                "staff-access",
                f"the old operator's staff has no access: {', '.join(said)}",
                "who runs the hub from now on decides who administers it",
            ),
        )
        if said
        else ()
    )
    return Left(left, removed, transforms)


def without_people(source: HubSource) -> Left:
    """Without names of people: lists of users are empty, and so are the members of roles and groups."""

    def change(path: Place, value: Any) -> Any:
        key = str(path[-1])
        if key in LISTS_OF_PEOPLE and isinstance(value, list):
            return [each for each in value if each in OPERATOR_USERS]
        if key in LISTS_OF_PEOPLE and isinstance(value, dict):
            return {}
        roles = path[:3] == (CHART, "hub", "loadRoles") and len(path) == 5 and key == "users"
        groups = any(
            path[: len(top)] == top
            and (len(path) == len(top) + 1 or (len(path) == len(top) + 2 and key == "users"))
            for top in GROUPS
        )
        if (roles or groups) and isinstance(value, list):
            return []
        return value

    left, removed = _changed(source, change)
    return Left(left, removed, ())


def addresses(source: HubSource) -> Iterator[tuple[Place, str]]:
    """Each place in the hub's own layers where an address of mail stands outside of such lists."""
    for path, value in leaves(source.values):
        if isinstance(value, str) and "@" in value and ADDRESS.search(value):
            own = source.origin(path).layer not in ("z2jh", "chart", "computed")
            if own and not any(each in LISTS_OF_PEOPLE for each in path):
                yield path, value


def _changed(
    source: HubSource, change: Callable[[Place, Any], Any]
) -> tuple[HubSource, dict[Place, int]]:
    removed: dict[Place, int] = {}
    values = _walked(source.values, (), change, removed)
    layers = tuple(
        replace(each, values=_walked(each.values, (), change, {})) for each in source.layers
    )
    code = {
        name: each for name, each in source.code.items() if at(values, each.path, GONE) is not GONE
    }
    origins = {
        path: origin
        for path, origin in source.origins.items()
        if at(values, path, GONE) is not GONE
    }
    secrets = tuple(
        replace(each, effective=each.effective and at(values, each.path, GONE) is not GONE)
        for each in source.secrets
    )
    changed = replace(
        source, values=values, layers=layers, code=code, origins=origins, secrets=secrets
    )
    return changed, removed


def _walked(
    value: Any, path: Place, change: Callable[[Place, Any], Any], removed: dict[Place, int]
) -> Any:
    if isinstance(value, Mapping):
        kept = {}
        for key, each in value.items():
            here = (*path, key)
            new = change(here, each)
            if new is GONE:
                removed[here] = 1
                continue
            if new is not each and new != each:
                removed[here] = len(each) - len(new) if isinstance(each, (list, dict)) else 1
                kept[key] = new
                continue
            kept[key] = _walked(each, here, change, removed)
        return kept
    if isinstance(value, list):
        return [_walked(each, (*path, index), change, removed) for index, each in enumerate(value)]
    return value
