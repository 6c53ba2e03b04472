"""The evidence that a bundle gives, without executing anything of it. Called by inspect.py."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ...model import EvidenceSheet, LayerEvidence
from ..bundle import Bundle
from ..capture.collected import PROFILE
from ..errors import ReplicateError
from ..importers.bundled import DESCRIPTION, source_of
from ..importers.recorded import OBSERVED
from .configuration import Configuration, from_record, from_source
from .environment import from_observed
from .hub import layers_of
from .layers import put_together

ENVIRONMENT = f"{PROFILE}/observed.json"

LACKING = {
    "data": ("the bundle does not say", "each person says it of their own files"),
    "environment": (
        "the bundle holds no environment whose licences were noted",
        "take one with `jupyter 2i2c capture env`",
    ),
    "infrastructure": (
        "the bundle holds no hub that can be read",
        "take one with `jupyter 2i2c capture hub`",
    ),
    "cloud": (
        "the bundle holds no hub that can be read",
        "take one with `jupyter 2i2c capture hub`",
    ),
}


def of_bundle(bundle: Bundle, created: str) -> EvidenceSheet:
    """What is open, tied or not known of what a bundle holds. What cannot be read is not known."""
    return put_together(created, list(_parts(bundle)), LACKING)


def _parts(bundle: Bundle) -> Iterator[tuple[LayerEvidence, ...]]:
    try:
        if bundle.path(ENVIRONMENT).is_file():
            yield from_observed(json.loads(bundle.text(ENVIRONMENT)))
    except (ReplicateError, ValueError, AttributeError, RecursionError):
        pass
    try:
        configuration = _configuration(bundle)
        if configuration is not None:
            yield layers_of(configuration)
    except (ReplicateError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        pass


def _configuration(bundle: Bundle) -> Configuration | None:
    if bundle.path(DESCRIPTION).is_file():
        return from_source(source_of(bundle))
    if bundle.path(OBSERVED).is_file():
        return from_record(json.loads(bundle.text(OBSERVED)))
    return None
