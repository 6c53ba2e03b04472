"""A hub as rules look at it: its values, where each stands, and findings with file and line. Used by every rule of lint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..importers.source import CHART, Finding, HubSource, Layer, Path, at, pointer
from .kinds import misfits, without


class Subject:
    """One hub.

    Arguments:
        source: it.

    Attributes:
        misfits: the places of z2jh's values that hold another kind of thing than the chart takes, and
            what they must hold; to the rules they are empty.
        values: z2jh's, effective.
    """

    def __init__(self, source: HubSource) -> None:
        values = source.values.get(CHART)
        self.misfits = tuple(misfits(values))
        if self.misfits:
            values = without(values, frozenset(path for path, _ in self.misfits))
            source = replace(source, values={**source.values, CHART: values})
        self.source = source
        self.values: Mapping[str, Any] = values or {}

    def get(self, *path: str | int, default: Any = None) -> Any:
        """What z2jh's values hold at a place."""
        return at(self.values, path, default)

    @property
    def own_layers(self) -> Iterator[Layer]:
        """The layers that are the hub's own files."""
        return (each for each in self.source.layers if each.kind in ("public", "secret"))

    def finding(
        self,
        id_: str,
        severity: str,
        path: Path,
        message: str,
        mend: str,
        layer: Layer | None = None,
    ) -> Finding:
        """A finding at a place of the un-nested values, in a layer or where the value comes from."""
        origin = layer.origin(path) if layer else self._origin(path)
        return Finding(id_, severity, origin.file, origin.line, pointer(path), message, mend)

    def _origin(self, path: Path) -> Any:
        origins = self.source.origins
        while path:
            if path in origins:
                return origins[path]
            below = next((each for each in origins if each[: len(path)] == path), None)
            if below is not None:
                return origins[below]
            path = path[:-1]
        return self.source.origin(())


def mappings(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every mapping in a value with its place, itself first."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inside in value.items():
            yield from mappings(inside, (*path, key))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from mappings(inside, (*path, index))
