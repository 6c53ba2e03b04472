"""Announcements: what they say and said before, and who has marked them. Used by news/ and by the console.

An announcement is never overwritten without a trace: each change is kept as a version, with who
made it. Its `edition` grows when people are to read it anew; what they have marked counts for the
edition that they saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from . import audit
from .identifiers import new_id
from .schema import announcement_marks as marks_table
from .schema import announcement_versions as versions_table
from .schema import announcements as table
from .schema import now

Mark = Literal["seen", "acknowledged", "dismissed"]

PUBLISHED, EDITED, WITHDRAWN = "published", "edited", "withdrawn"


class Gone(Exception):
    """There is no such announcement, or it is withdrawn."""


class Changed(Exception):
    """Somebody else has changed it meanwhile."""


@dataclass(frozen=True)
class Content:
    """What an announcement says, to whom and when; checked by news/draft.py.

    Attributes:
        title: one line.
        body: Markdown.
        severity: ``info``, ``maintenance``, ``incident`` or ``resolved``.
        audience: ``{"kind": "everyone"}``, ``{"kind": "groups", "groups": […]}`` or
            ``{"kind": "administrators"}``.
        starts: when what it tells about begins.
        ends: when that ends.
        show_from: not shown before; at once if there is none.
        show_until: not shown any more; `ends` if there is none, and without that until it is
            withdrawn.
        dismissible: whether somebody may put it away.
        acknowledge: whether everybody is asked to say that they have read it.
        link: an address, or nothing.
    """

    title: str
    body: str
    severity: str
    audience: Mapping[str, Any]
    starts: datetime | None = None
    ends: datetime | None = None
    show_from: datetime | None = None
    show_until: datetime | None = None
    dismissible: bool = True
    acknowledge: bool = False
    link: str = ""


@dataclass(frozen=True)
class Announcement(Content):
    """One that was published.

    Attributes:
        id: hard to guess.
        author: who published it.
        created: when.
        updated: when it was changed last.
        withdrawn: when it was taken back, if it was.
        version: how often it was changed, from 1.
        edition: how often people were to read it anew, from 1.
    """

    id: str = ""
    author: str = ""
    created: datetime = datetime.min
    updated: datetime = datetime.min
    withdrawn: datetime | None = None
    version: int = 1
    edition: int = 1

    @property
    def shown_until(self) -> datetime | None:
        """Until when it is shown; nothing if until it is withdrawn."""
        return self.show_until or self.ends

    def shown(self, time: datetime) -> bool:
        """Whether it is shown at a time.

        One that was published without a beginning is shown at once, whatever the clock said then.
        """
        return (
            self.withdrawn is None
            and (self.show_from is None or self.show_from <= time)
            and (self.shown_until is None or time < self.shown_until)
        )


@dataclass(frozen=True)
class Version:
    """What an announcement said.

    Attributes:
        version: from 1.
        what: ``published``, ``edited`` or ``withdrawn``.
        who: the user who did it; empty for the command line on the hub's side.
        time: when.
        content: the fields of `Content` and the edition, as JSON.
    """

    version: int
    what: str
    who: str
    time: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Marks:
    """What somebody has marked of one announcement.

    Attributes:
        edition: the one that they saw.
        acknowledged: whether they said that they read it.
        dismissed: whether they put it away.
    """

    edition: int
    acknowledged: bool = False
    dismissed: bool = False


@dataclass(frozen=True)
class Counts:
    """How many people have marked the present edition. Never who."""

    seen: int = 0
    acknowledged: int = 0
    dismissed: int = 0


CONTENT = tuple(field.name for field in fields(Content))


# --- writing --------------------------------------------------------------------------------


def publish(
    c: Connection,
    content: Content,
    author: str,
    *,
    id: str | None = None,  # noqa: A002
    created: datetime | None = None,
    time: datetime | None = None,
) -> Announcement:
    """Publish it.

    Args:
        c: a connection of `Store.write`.
        content: checked.
        author: the user; empty for the command line.
        id: its id, if it must be known beforehand.
        created: when it was published first, if that was on another hub.
        time: now.
    """
    time = time or now()
    made = Announcement(
        **_values(content),
        id=id or new_id(),
        author=author,
        created=created or time,
        updated=time,
    )
    c.execute(insert(table).values(**vars(made)))
    _keep(c, made, PUBLISHED, author)
    return made


def edit(
    c: Connection,
    id: str,  # noqa: A002
    content: Content,
    who: str,
    *,
    anew: bool = True,
    version: int | None = None,
    time: datetime | None = None,
) -> Announcement:
    """Say something else in its place.

    Args:
        c: a connection of `Store.write`.
        id: of the announcement.
        content: checked.
        who: the user; empty for the command line.
        anew: whether those who have seen it are to read it again.
        version: the one that was shown to who edits it.
        time: now.

    Raises:
        Gone: it is not there, or withdrawn.
        Changed: it is not in that version any more.
    """
    before = _present(c, id)
    if version not in (None, before.version):
        raise Changed
    return _change(
        c,
        before,
        EDITED,
        who,
        time,
        **_values(content),
        edition=before.edition + 1 if anew else before.edition,
    )


def withdraw(
    c: Connection,
    id: str,  # noqa: A002
    who: str,
    *,
    time: datetime | None = None,
) -> Announcement:
    """Take it back: nobody sees it any more; its history stays.

    Raises:
        Gone: it is not there, or withdrawn already.
    """
    time = time or now()
    return _change(c, _present(c, id), WITHDRAWN, who, time, withdrawn=time)


def tell_audit(c: Connection, announcement: Announcement, what: str, who: str, source: str) -> None:
    """Write in the audit log what was done without an intent, which would be there already.

    Args:
        c: the connection with which it was done.
        announcement: as it is now.
        what: ``published``, ``edited`` or ``withdrawn``.
        who: the user; empty for the command line.
        source: ``console`` or ``command line``.
    """
    action = {PUBLISHED: "publish-announcement", EDITED: "edit-announcement"}
    audit.append(
        c,
        who,
        action.get(what, "withdraw-announcement"),
        {"announcement": announcement.id, "title": announcement.title},
        "done",
        source=source,
        detail={"version": announcement.version},
    )


def mark(
    c: Connection,
    announcement: Announcement,
    person: str,
    what: Mark,
    *,
    time: datetime | None = None,
) -> Marks:
    """Note that somebody has seen, acknowledged or dismissed the present edition.

    What they marked of it before stays; doing it twice changes nothing.

    Returns:
        All that they have marked of it.
    """
    time = time or now()
    here = (marks_table.c.person == person) & (marks_table.c.announcement == announcement.id)
    row = c.execute(select(marks_table).where(here)).first()
    found = row._asdict() if row and row.edition == announcement.edition else {"seen": time}
    values = {
        "edition": announcement.edition,
        "seen": found["seen"],
        "acknowledged": found.get("acknowledged"),
        "dismissed": found.get("dismissed"),
    }
    values[what] = values[what] or time
    if row is None:
        c.execute(insert(marks_table).values(person=person, announcement=announcement.id, **values))
    else:
        c.execute(update(marks_table).where(here).values(**values))
    return Marks(announcement.edition, bool(values["acknowledged"]), bool(values["dismissed"]))


def forget(c: Connection, before: datetime) -> int:
    """Remove what has not been shown since that time, with its history and who marked it.

    Returns:
        How many announcements there were.
    """
    until = func.coalesce(table.c.withdrawn, table.c.show_until, table.c.ends)
    return c.execute(delete(table).where(until < before, table.c.updated < before)).rowcount


# --- reading --------------------------------------------------------------------------------


def get(c: Connection, id: str) -> Announcement | None:  # noqa: A002
    """The announcement, withdrawn or not; nothing if there is none."""
    row = c.execute(select(table).where(table.c.id == id)).first()
    return _announcement(row) if row else None


def current(c: Connection, time: datetime | None = None) -> list[Announcement]:
    """What is shown now or will be, the newest first."""
    time = time or now()
    until = func.coalesce(table.c.show_until, table.c.ends)
    query = (
        select(table)
        .where(table.c.withdrawn.is_(None), until.is_(None) | (until > time))
        .order_by(table.c.updated.desc(), table.c.id)
    )
    return [_announcement(row) for row in c.execute(query)]


def past(
    c: Connection, offset: int = 0, limit: int = 50, time: datetime | None = None
) -> list[Announcement]:
    """What is not shown any more, the newest first."""
    time = time or now()
    until = func.coalesce(table.c.show_until, table.c.ends)
    query = (
        select(table)
        .where(table.c.withdrawn.is_not(None) | (until <= time))
        .order_by(table.c.updated.desc(), table.c.id)
        .offset(offset)
        .limit(limit)
    )
    return [_announcement(row) for row in c.execute(query)]


def history(c: Connection, id: str) -> list[Version]:  # noqa: A002
    """All that it said, the newest first."""
    query = (
        select(versions_table)
        .where(versions_table.c.announcement == id)
        .order_by(versions_table.c.version.desc())
    )
    return [
        Version(row.version, row.what, row.who, row.time, row.content) for row in c.execute(query)
    ]


def marks_of(c: Connection, person: str) -> dict[str, Marks]:
    """What somebody has marked, by announcement; only of those that are not withdrawn."""
    query = (
        select(marks_table)
        .join(table, table.c.id == marks_table.c.announcement)
        .where(marks_table.c.person == person, table.c.withdrawn.is_(None))
    )
    return {
        row.announcement: Marks(
            row.edition, row.acknowledged is not None, row.dismissed is not None
        )
        for row in c.execute(query)
    }


def counts(c: Connection, announcement: Announcement) -> Counts:
    """How many have marked the present edition."""
    columns = marks_table.c
    row = c.execute(
        select(func.count(), func.count(columns.acknowledged), func.count(columns.dismissed)).where(
            columns.announcement == announcement.id, columns.edition == announcement.edition
        )
    ).one()
    return Counts(*row)


# --- within ---------------------------------------------------------------------------------


def _present(c: Connection, id_: str) -> Announcement:
    found = get(c, id_)
    if found is None or found.withdrawn is not None:
        raise Gone
    return found


def _change(
    c: Connection,
    before: Announcement,
    what: str,
    who: str,
    time: datetime | None,
    **values: Any,
) -> Announcement:
    changed = Announcement(
        **{
            **vars(before),
            **values,
            "updated": time or now(),
            "version": before.version + 1,
        }
    )
    c.execute(update(table).where(table.c.id == before.id).values(**vars(changed)))
    _keep(c, changed, what, who)
    return changed


def _keep(c: Connection, announcement: Announcement, what: str, who: str) -> None:
    c.execute(
        insert(versions_table).values(
            announcement=announcement.id,
            version=announcement.version,
            what=what,
            who=who,
            time=announcement.updated,
            content={**to_json(announcement), "edition": announcement.edition},
        )
    )


def to_json(content: Content) -> dict[str, Any]:
    """What an announcement says, as JSON; times as ISO 8601 in UTC, or null."""
    return {
        name: moment(value) if isinstance(value, datetime) else value
        for name, value in asdict(content).items()
        if name in CONTENT
    }


def moment(time: datetime) -> str:
    """A time as ISO 8601 in UTC, to the second."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _values(content: Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in CONTENT}


def _announcement(row: Row[Any]) -> Announcement:
    return Announcement(**row._asdict())
