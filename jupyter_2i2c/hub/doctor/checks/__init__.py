"""The checks: from what is known of a hub to what is to be said. Called by examine.py; none of them asks anything itself."""

from __future__ import annotations

from collections.abc import Callable

from ..findings import Finding
from ..observed import Live, Observed
from . import console, keeping, origin, roles, running, services, tokens

CONFIGURED: tuple[Callable[[Observed], Finding | None], ...] = (
    *tokens.CHECKS,
    *roles.CHECKS,
    *services.CHECKS,
    *console.CHECKS,
    *origin.CHECKS,
    *keeping.CONFIGURED,
    *running.CONFIGURED,
)
"""Of what the hub was configured with. None where there is nothing to look at."""

SEEN: tuple[Callable[[Live], Finding | None], ...] = (*keeping.SEEN, *running.SEEN)
"""Of what is so now."""


def findings(observed: Observed, live: Live) -> list[Finding]:
    """What every check says, in their order."""
    said = [*(check(observed) for check in CONFIGURED), *(check(live) for check in SEEN)]
    return [each for each in said if each is not None]
