"""What a page of the console is to its navigation. Other rooms add theirs with it; read by app.py and base.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """An entry of the console's navigation, with the routes behind it.

    Attributes:
        name: as in the address.
        title: as people read it.
        needs: the scope without which it is not shown.
        routes: patterns below the console's prefix, and their handlers, which derive from
            `ConsolePage`.
    """

    name: str
    title: str
    needs: str
    routes: tuple[tuple[str, Any], ...]
