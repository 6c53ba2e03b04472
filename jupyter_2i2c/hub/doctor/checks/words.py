"""How scopes and names are said in findings. Used by the checks."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 8
"""Names that one sentence holds."""


def listed(names: Iterable[str]) -> str:
    """Names as they stand in a sentence; of very many, the first ones."""
    every = list(dict.fromkeys(names))
    shown = ", ".join(every[:MOST])
    return shown if len(every) <= MOST else f"{shown} and {len(every) - MOST} more"
