"""Announcements that go with a hub: taken from its store, and put into the store of its replica. Called by exports, by `capture hub` and by `jupyter 2i2c announce restore`.

What is put into a store may come from a bundle of anybody's, so it is checked as a draft is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ...text import line
from ..store import announcements
from ..store.announcements import CONTENT, PUBLISHED, Content, moment
from ..store.schema import now
from .draft import FIRST_YEAR, BadDraft, check

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the API takes as an announcement's id."""

LONGEST_NAME = 255

NAMELESS = "It is for groups whose names were left out; publish it anew for them."


@dataclass
class Restored:
    """What became of announcements that were carried here.

    Attributes:
        published: their ids.
        there: ids of those that this store knows already; they stay as they are.
        left: what is not restored, by its id or its place in the list, and why.
    """

    published: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def carried(c: Connection, time: datetime | None = None) -> list[dict[str, Any]]:
    """What is shown or will be, as JSON: the fields of `Content`, ``id``, ``author``, ``published`` and ``updated``.

    Who has marked it stays behind.

    Args:
        c: a connection of `Store.read`.
        time: now.
    """
    found = sorted(announcements.current(c, time), key=lambda each: (each.created, each.id))
    return [
        {
            "id": each.id,
            "published": moment(each.created),
            "updated": moment(each.updated),
            "author": each.author,
            **announcements.to_json(each),
        }
        for each in found
    ]


def restore(
    c: Connection, given: Sequence[Mapping[str, Any]], source: str, time: datetime | None = None
) -> Restored:
    """Publish what `carried` gave, each under its own id and date.

    Doing it twice changes nothing.

    Args:
        c: a connection of `Store.write`.
        given: what was carried here; not trusted.
        source: who does it, for the audit log.
        time: now.
    """
    time = time or now()
    done = Restored()
    for number, each in enumerate(given, 1):
        told = each if isinstance(each, Mapping) else {}
        id_: Any = told.get("id")
        try:
            content = _checked(told, time)
        except BadDraft as error:
            name = line(id_)[:64] if isinstance(id_, str) else ""
            done.left[name or f"number {number}"] = line(str(error))
            continue
        if announcements.get(c, id_):
            done.there.append(id_)
            continue
        author = told.get("author")
        created = _date(told.get("published"), time)
        made = announcements.publish(
            c,
            content,
            line(author)[:LONGEST_NAME] if isinstance(author, str) else "",
            id=id_,
            created=created,
            time=max(created, _date(told.get("updated"), time)),
        )
        announcements.tell_audit(c, made, PUBLISHED, "", source)
        done.published.append(id_)
    return done


def _checked(told: Mapping[str, Any], time: datetime) -> Content:
    """What it says, or BadDraft with what is wrong."""
    id_ = told.get("id")
    if not isinstance(id_, str) or not ID.fullmatch(id_):
        raise BadDraft({"id": "It is no announcement with an id."})
    audience = told.get("audience")
    if audience == {"kind": "groups", "groups": []}:
        raise BadDraft({"audience": NAMELESS})
    return check({name: told.get(name) for name in CONTENT}, time)


def _date(value: Any, time: datetime) -> datetime:
    """A date of the past; one that cannot be is now."""
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return time
    return min(found, time) if found.tzinfo and found.year >= FIRST_YEAR else time
