"""Secrets that a hub needs where nothing stands, or only something that holds their place. Called by infrastructure.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .secret_kinds import kind_of, sounds_secret
from .source import CHART, Origin, SecretSlot, at, pointer
from .source import Path as Place

STUB = re.compile(
    r"<(?!secret:)[^<>]*>|dummy|changeme|change-me|replace-?me|placeholder|todo|fixme|xxx+|\*+|secret|password"
    r"|redacted|set[ -_]in.*|none",
    re.IGNORECASE,
)
"""What stands where a secret is missing."""


def is_stub(value: Any) -> bool:
    """Whether a text only holds the place of a secret."""
    return isinstance(value, str) and STUB.fullmatch(value.strip()) is not None


def stubs_in(values: Mapping[str, Any], path: Place = ()) -> Iterator[Place]:
    """Each place where a secret belongs and only a stub stands."""
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            yield from stubs_in(value, here)
        elif is_stub(value) and (
            value.startswith("<set")
            or sounds_secret(str(key))
            or (key in ("stringData", "data") and "extraFiles" in path)
        ):
            yield here


PEPPER = "USERNAME_DERIVATION_PEPPER"


def required_slots(values: Mapping[str, Any], origins: Mapping[Place, Origin]) -> list[SecretSlot]:
    """Slots for what a hub needs though nothing stands there: stubs, and variables that nobody sets."""
    slots = []
    for path in stubs_in(values):
        kind = kind_of(path)
        origin = origins[path]
        slots.append(
            SecretSlot(
                kind.name,
                path,
                "stub",
                "str",
                kind.kind,
                kind.what,
                kind.issued_by,
                kind.how,
                origin.file,
                origin.line,
                pointer(path),
            )
        )
    anonymous = (CHART, "custom", "auth", "anonymizeUsername")
    variables = (CHART, "hub", "extraEnv")
    if at(values, anonymous) is True and PEPPER not in (at(values, variables) or {}):
        origin = origins[anonymous]
        slots.append(
            SecretSlot(
                PEPPER,
                (*variables, PEPPER),
                "required",
                "str",
                "configuration",
                "what the names of users are derived with",
                "the operator",
                "ask the operator for it: with another one every user gets a new name",
                origin.file,
                origin.line,
                pointer((*variables, PEPPER)),
            )
        )
    return slots
