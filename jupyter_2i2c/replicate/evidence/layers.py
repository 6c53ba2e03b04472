"""Layers put together: the hub's with a server's own, each in its place. Called by hub/evidence.py, server/evidence.py and inspect.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...model import Evidence, EvidenceSheet, LayerEvidence, to_json
from .licences import NOT_KNOWN

VERSION = 1

NOTHING = "nothing"
"""The id of what stands in a layer of which nothing is known."""

IMAGES_CONTENT = "images-content"
"""The id of what says that a hub's configuration does not tell what is in its images."""

KEYS = ("data", "environment", "infrastructure", "cloud")


def put_together(
    at: str, parts: Iterable[Iterable[LayerEvidence]], lacking: Mapping[str, tuple[str, str]]
) -> EvidenceSheet:
    """One sheet of several parts.

    Arguments:
        at: when it was looked at.
        parts: what was found, the one that goes first in each layer first.
        lacking: by layer, why nothing is known of it, and what to do about it.
    """
    items: dict[str, dict[str, Evidence]] = {key: {} for key in KEYS}
    for part in parts:
        for layer in part:
            found = items.setdefault(layer.key, {})
            for each in layer.items:
                found.setdefault(each.id, each)
    layers = []
    for key, found in items.items():
        if len(found) > 1:
            found.pop(NOTHING, None)  # one part knows nothing, and another one does
        if not found and key in lacking:
            why, way_out = lacking[key]
            found[NOTHING] = Evidence(NOTHING, "This layer", why, NOT_KNOWN, way_out=way_out)
        layers.append(LayerEvidence(key, tuple(found.values())))
    return EvidenceSheet(at, tuple(layers))


WORDS = {
    "open": "open",
    "own-licence": "with a licence of their own",
    "tied": "tied",
    "unpinned": "not pinned",
    "not-known": "not known",
}
"""What each status is called, after a number."""


def counted(layer: LayerEvidence) -> dict[str, str]:
    """A few words for each kind of thing in a layer, such as ``8 open, 2 not known``."""
    kinds: dict[str, list[Evidence]] = {}
    for each in layer.items:
        kinds.setdefault(each.what, []).append(each)
    return {what: _in_words(items) for what, items in kinds.items()}


def _in_words(items: list[Evidence]) -> str:
    if len(items) == 1 and not items[0].count:
        return items[0].found
    counts: dict[str, int] = {}
    for each in items:
        counts[each.status] = counts.get(each.status, 0) + each.count
    return ", ".join(
        f"{counts[status]} {words}" if counts[status] else words
        for status, words in WORDS.items()
        if status in counts
    )


def sheet_to_json(sheet: EvidenceSheet) -> dict[str, Any]:
    """The answer of the API and of the server's route."""
    return {"version": VERSION, **to_json(sheet)}
