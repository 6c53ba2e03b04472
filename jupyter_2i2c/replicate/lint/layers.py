"""A rule about values that are empty, and what they take away. Called by lint/all_rules.py."""

from __future__ import annotations

from collections.abc import Iterator

from ..importers.source import Finding, Layer, Path, at, leaves
from .subject import Subject

NOTHING = object()


def empty_values(subject: Subject) -> Iterator[Finding]:
    """An empty value deletes the default it lands on; where it lands on none it says nothing."""
    below: list[Layer] = []
    for layer in subject.source.layers:
        if layer.kind == "public":
            for path, value in leaves(layer.values):
                if value is None:
                    yield _empty(subject, layer, path, below)
        below.append(layer)


def _empty(subject: Subject, layer: Layer, path: Path, below: list[Layer]) -> Finding:
    lost = next(
        (each for each in reversed(below) if at(each.values, path, NOTHING) not in (NOTHING, None)),
        None,
    )
    if lost is not None:
        what = f"the empty value takes away what {lost.origin(path)} sets"
    else:
        what = "the empty value stays a null: nothing below it has a value to take away"
    return subject.finding(
        "empty-value",
        "note",
        path,
        f"{what}; read as YAML and merged by another program it may mean something else",
        "keep it as it is when files are merged; a missing key would bring the default back",
        layer,
    )
