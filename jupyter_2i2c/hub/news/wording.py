"""Who and when, as a person reads it. Called by the command line, the console, the actions and the hub's page."""

from __future__ import annotations

from datetime import datetime, timezone

from ..store.announcements import Content


def for_whom(content: Content) -> str:
    """The audience in words."""
    kind = content.audience.get("kind")
    if kind == "groups":
        groups = content.audience.get("groups") or ()
        one = "the group" if len(groups) == 1 else "the groups"
        return f"{one} {', '.join(str(each) for each in groups)}"
    return "administrators" if kind == "administrators" else "everyone"


def when(content: Content) -> str:
    """When what it tells about is; empty if it does not say."""
    if content.starts and content.ends:
        return f"{moment(content.starts)} to {moment(content.ends)}"
    if content.starts:
        return f"since {moment(content.starts)}"
    return f"until {moment(content.ends)}" if content.ends else ""


def moment(time: datetime) -> str:
    """A time in UTC, because nobody here knows where the reader is."""
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
