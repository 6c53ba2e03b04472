"""Jupyter's settings without the secrets in them. Called by jupyter_config.py and kernels.py."""

from __future__ import annotations

from typing import Any

from ..redact import is_secret_name

SLOT = "<secret:{}>"


def without_secrets(value: Any, path: tuple[str, ...] = ()) -> tuple[Any, list[str]]:
    """A JSON value with a slot for each text under a name that says secret, and the slots.

    Arguments:
        value: what JSON can hold.
        path: the names that lead to it.
    """
    slots: list[str] = []
    if isinstance(value, dict):
        kept = {}
        for name, each in value.items():
            kept[name], more = without_secrets(each, (*path, str(name)))
            slots += more
        return kept, slots
    if isinstance(value, list):
        listed = []
        for each in value:
            one, more = without_secrets(each, path)
            listed.append(one)
            slots += more
        return listed, slots
    if isinstance(value, str) and value and any(is_secret_name(name) for name in path[-2:]):
        slot = ".".join(path)
        return SLOT.format(slot), [slot]
    return value, slots
