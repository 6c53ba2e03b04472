"""Reads what `build --target k8s` wrote, as it stands now: people may have filled it in. Called by V1, V2 and V3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..importers.source import CHART
from ..importers.yaml_reading import parse, read_text
from ..targets.k8s import NOTES
from ..targets.k8s.planning import SECRET_VALUES, VALUES

LARGEST_FILES = 1000
"""Files of a built hub that are read; one has a few dozen."""


@dataclass(frozen=True)
class BuiltHub:
    """What stands in a directory.

    Attributes:
        directory: it.
        values: of z2jh's chart, all layers merged.
        charts: the values of the charts beside it, by name.
        objects: each object with the file that it is in.
        notes: what `build` wrote about it.
    """

    directory: Path
    values: Mapping[str, Any]
    charts: Mapping[str, Mapping[str, Any]]
    objects: tuple[tuple[str, Mapping[str, Any]], ...]
    notes: Mapping[str, Any]


def is_built(directory: Path) -> bool:
    """Whether it is what `build --target k8s` makes."""
    return (directory / VALUES).is_file() and (directory / NOTES).is_file()


def read_built(directory: Path) -> BuiltHub:
    """Read it.

    Raises:
        ReplicateError: a file cannot be read; says which, the line and why.
    """
    if not is_built(directory):
        raise ReplicateError(
            f"{directory} is not what `build --target k8s` makes; give its directory"
        )
    values = _layers(directory, VALUES, SECRET_VALUES)
    charts = {}
    for path in sorted((directory / "charts").glob("*.yaml")):
        name = path.name.removesuffix(".yaml")
        if not name.endswith(".secrets"):
            charts[name] = _layers(directory, f"charts/{name}.yaml", f"charts/{name}.secrets.yaml")
    try:
        notes = json.loads((directory / NOTES).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReplicateError(f"{directory / NOTES} cannot be read: {error}") from None
    return BuiltHub(directory, values, charts, tuple(_objects(directory)), notes)


def _layers(directory: Path, *names: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in names:
        if (directory / name).exists():
            merged = laid_over(merged, _mapping(directory, name))
    return merged


def _mapping(directory: Path, name: str) -> dict[str, Any]:
    value = _document(directory, name)
    if not isinstance(value, dict):
        raise ReplicateError(f"{directory / name} holds no mapping; build it anew")
    return value


def _document(directory: Path, name: str) -> Any:
    text = read_text(directory / name, directory, name)
    return parse(text, name).node.plain()


def _objects(directory: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paths = sorted(
        [*(directory / "objects").glob("*.yaml"), *(directory / "secrets").glob("*.yaml")]
    )
    if len(paths) > LARGEST_FILES:
        raise ReplicateError(f"{directory} holds {len(paths)} objects; that is no built hub")
    for path in paths:
        name = path.relative_to(directory).as_posix()
        yield name, _mapping(directory, name)


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's rule between value files, written here once more: a rung believes no importer."""
    merged = dict(below)
    for key, value in above.items():
        there = merged.get(key)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            merged[key] = laid_over(there, value)
        else:
            merged[key] = value
    return merged


def over_defaults(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's rule over a chart's own defaults: a null deletes the default that it lands on."""
    merged: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key)
        if key in defaults and value is None:
            continue
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            merged[key] = over_defaults(value, default)
        else:
            merged[key] = value
    merged.update({key: each for key, each in defaults.items() if key not in values})
    return merged


def defaults_of(layers: Any) -> Mapping[str, Any]:
    """z2jh's own defaults among a source's layers; empty where they are not known."""
    for layer in layers:
        if layer.name == "z2jh":
            found: Mapping[str, Any] = layer.values.get(CHART) or {}
            return found
    return {}
