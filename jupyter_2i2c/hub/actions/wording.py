"""Times and names as a person reads them. Called by the actions and the console."""

from __future__ import annotations

from datetime import datetime

STEPS = ((86400, "day", "days"), (3600, "h", "h"), (60, "min", "min"))


def for_long(now: datetime, since: datetime | None) -> str:
    """How long something has lasted, such as ``3 h 12 min``; two units at most.

    Args:
        now: the time, aware.
        since: when it began; None if that is not known.
    """
    if since is None:
        return "an unknown time"
    left = max(int((now - since).total_seconds()), 0)
    parts = []
    for seconds, one, many in STEPS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or "less than a minute"


def ago(now: datetime, when: datetime | None) -> str:
    """How long ago something was, such as ``4 min ago``."""
    return "not known" if when is None else f"{for_long(now, when)} ago"


def named(server: str) -> str:
    """A server by its name; the one without is the default server."""
    return f"server “{server}”" if server else "default server"


def count(number: int, one: str, many: str) -> str:
    """A number of things."""
    return f"{number:,} {one if number == 1 else many}"
