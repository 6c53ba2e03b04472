"""V2: every reference resolves, keys and hooks included. Called by verify/__init__.py.

What Helm renders without complaint may still wait for ever for an object that nobody makes. Each name
that a pod needs is looked for among what the charts make and what stands beside the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..importers.source import HubSource, at, pointer
from ..targets.k8s.objects import slot_of
from ..targets.k8s.provided import (
    Provided,
    maker_of,
    provided_by_chart,
    provided_by_objects,
    provided_by_others,
)
from ..targets.k8s.references import (
    Reference,
    mounts_without_volume,
    references_of_chart,
    references_of_hub,
    references_of_object,
    roles_without_service,
)
from . import hooks
from .built_k8s import BuiltHub, over_defaults
from .chart import defaults_for
from .ladder import Result, Rung, judged


def check(built: BuiltHub, source: HubSource, chart: Path | None = None) -> Rung:
    """Resolve every reference of a built hub.

    Arguments:
        built: it.
        source: that it was built from, for the chart's defaults and the release's name.
        chart: a directory with z2jh's chart, for its defaults where the source has none.
    """
    values = over_defaults(built.values, defaults_for(source, chart))
    documents = [document for _, document in built.objects]
    provided = [
        *provided_by_objects(documents),
        *provided_by_chart(values, source.name),
        *provided_by_others(
            {name: {**each, "enabled": True} for name, each in built.charts.items()}
        ),
    ]
    references = references_of_hub(values)
    for name, beside in built.charts.items():
        references += references_of_chart(name, beside)
    for document in documents:
        references += references_of_object(document)
    items = resolved_items(references, provided)
    for reference in mounts_without_volume(values):
        items[f"{reference.id} at {pointer(reference.path)}"] = Result(
            "fail", "a user's pod mounts it, and has no volume of this name"
        )
    for reference in roles_without_service(values):
        items[f"{reference.id} of {reference.needed_by}"] = Result(
            "fail", "the role is given to a service that no one declares; the hub does not start"
        )
    items.update(hooks.checked(at(values, ("hub", "extraConfig")) or {}))
    _name_templates(documents, items)
    return judged(items, "references")


def resolved_items(
    references: Iterable[Reference], provided: Iterable[Provided]
) -> dict[str, Result]:
    """A result for each name that is referred to, by the reference's id."""
    provided = list(provided)
    by_id: dict[str, list[Reference]] = {}
    for reference in references:
        by_id.setdefault(reference.id, []).append(reference)
    items = {}
    for key, same in by_id.items():
        maker, why = maker_of(same[0], provided)
        if not why and maker is not None:
            items[key] = Result("pass", f"made by {maker.by}")
        elif all(each.optional for each in same):
            items[key] = Result("pass", f"{why}, and it is optional")
        else:
            needed = ", ".join(sorted({each.needed_by for each in same if not each.optional}))
            where = pointer(next(each.path for each in same if not each.optional))
            items[key] = Result("fail", f"{why}; needed by {needed}, named at {where}")
    return items


def _name_templates(documents: Iterable[Mapping[str, Any]], items: dict[str, Result]) -> None:
    """Say of a key that is still a placeholder that it resolves to something to be filled in."""
    for document in documents:
        name = str((document.get("metadata") or {}).get("name", ""))
        for key, value in (document.get("stringData") or {}).items():
            item = f"Secret/{name}:{key}"
            if value == slot_of(name, str(key)) and item in items:
                items[item] = Result("pass", "an object beside the values, still to be filled in")
