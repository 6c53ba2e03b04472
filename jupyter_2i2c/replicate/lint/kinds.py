"""The rule about values that are of another kind than the chart takes, such as a list for a mapping. Called by lint/all_rules.py; subject.py keeps them from the other rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..importers.source import CHART, Finding, Path

if TYPE_CHECKING:
    from .subject import Subject

MAPPING, LIST = "mapping", "list"

_CHOICE = {"kubespawner_override": MAPPING}
_OPTION = {"choices": {"*": _CHOICE}}

EXPECTED: Mapping[str, Any] = {
    "custom": MAPPING,
    "cull": MAPPING,
    "hub": {
        "config": {"*": MAPPING},
        "extraConfig": MAPPING,
        "services": MAPPING,
        "loadRoles": {"*": MAPPING},
    },
    "singleuser": {
        "cpu": MAPPING,
        "memory": MAPPING,
        "storage": MAPPING,
        "profileList": [{**_CHOICE, "profile_options": {"*": _OPTION}}],
    },
}
"""Of z2jh's values, the mappings and lists that rules look into; ``*`` is any key."""


def misfits(
    values: Any, expected: Any = EXPECTED, path: Path = (CHART,)
) -> Iterator[tuple[Path, str]]:
    """Each place that holds something else, and what it must hold; what is empty fits."""
    if values is None:
        return
    if isinstance(expected, list):
        if isinstance(values, list):
            for place, each in enumerate(values):
                yield from misfits(each, expected[0], (*path, place))
        else:
            yield path, LIST
    elif not isinstance(values, Mapping):
        yield path, MAPPING
    elif expected != MAPPING:
        for key, each in values.items():
            inner = expected.get(key, expected.get("*"))
            if inner is not None:
                yield from misfits(each, inner, (*path, key))


def without(values: Any, places: frozenset[Path], path: Path = (CHART,)) -> Any:
    """The values with nothing at some of their places."""
    if path in places:
        return None
    if isinstance(values, Mapping):
        return {key: without(each, places, (*path, key)) for key, each in values.items()}
    if isinstance(values, list):
        return [without(each, places, (*path, place)) for place, each in enumerate(values)]
    return values


def of_another_kind(subject: Subject) -> Iterator[Finding]:
    """What the chart, the hub or the spawner cannot read where it stands."""
    for path, wanted in subject.misfits:
        yield subject.finding(
            "wrong-kind",
            "error",
            path,
            f"{'.'.join(map(str, path[1:])) or CHART} is no {wanted}, and the chart takes nothing else"
            " there; no other rule looked at it",
            f"write a {wanted}",
        )
