"""Requests for help: what people ask, how far it is, and what they were answered. Used by the service's API, the console and the courier.

A request is stored together with its row in the outbox, in one transaction, before anybody is told
that it was taken. It is deleted when nothing has happened to it for as long as people are promised.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from . import audit, outbox
from .identifiers import new_id
from .outbox import Standing
from .schema import canonical, now
from .schema import outbox as outbox_table
from .schema import request_attachments as attachments_table
from .schema import requests as table

MAX_RECENT = 10
RECENT = timedelta(hours=1)

OPEN = ("queued", "sent", "failed")
STATES = (*OPEN, "answered", "closed")

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of references: what cannot be misread when it is read out."""


class TooManyRequests(Exception):
    """The person asks for help too often.

    Attributes:
        retry_after: seconds after which it is worth asking again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"you have sent {MAX_RECENT} requests within an hour; nothing is lost: try again in"
            f" {math.ceil(retry_after / 60)} min"
        )
        self.retry_after = retry_after


class AnotherRequest(Exception):
    """The key was used for something else before, so this would be lost if it were taken for that."""


class WrongState(Exception):
    """The request is in no state for that; the message says in which one."""


@dataclass(frozen=True)
class Attachment:
    """A file that somebody attached.

    Attributes:
        name: without any directory.
        type: its media type, one of those that are taken.
        data: its bytes.
    """

    name: str
    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Content:
    """What somebody asks, checked. Untrusted text all the same.

    Attributes:
        category: a key of the hub's categories.
        outage: a key of the hub's kinds of outages, or empty.
        subject: one line.
        text: what happened.
        affected: who is affected.
        reply_to: an address that nobody has checked, or empty.
        diagnostics: what the person's server found out, as they saw it; None if nothing.
        encrypted: an age file for the operator; None if nothing is encrypted.
        attachments: files.
    """

    category: str
    subject: str
    text: str = field(repr=False)
    outage: str = ""
    affected: str = field(default="", repr=False)
    reply_to: str = field(default="", repr=False)
    diagnostics: Mapping[str, str] | None = field(default=None, repr=False)
    encrypted: bytes | None = field(default=None, repr=False)
    attachments: Sequence[Attachment] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """By what the same request is known again."""
        plain = {name: value for name, value in vars(self).items() if isinstance(value, str)}
        digest = hashlib.sha256(canonical({**plain, "diagnostics": self.diagnostics}).encode())
        for part in (self.encrypted or b"", *(each.data for each in self.attachments)):
            digest.update(hashlib.sha256(part).digest())
        for each in self.attachments:
            digest.update(canonical({"name": each.name, "type": each.type}).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Request:
    """A request for help, without what may be large: `Enclosed`, and attachments.

    Attributes:
        id: hard to guess.
        key: of the asking server's making; the same key is the same request.
        digest: of its content.
        reference: short, for people to read out.
        desk: what the desk that it was delivered to calls it; empty where it gives no name.
        person: who asks.
        representative: whether they speak for the community.
        route: ``community`` or ``operator``: who gets it.
        source: which server asked.
        state: ``queued``, ``sent``, ``failed``, ``answered`` or ``closed``.
        assignee: who looks after it; empty if nobody.
        answer: what the person is told.
        created: when.
        updated: when something happened to it last.
        delivery: how that stands.
    """

    id: str
    key: str
    digest: str
    reference: str
    desk: str
    person: str
    representative: bool
    route: str
    source: str
    category: str
    outage: str
    subject: str
    text: str = field(repr=False)
    affected: str = field(repr=False)
    reply_to: str = field(repr=False)
    state: str
    assignee: str
    answer: str = field(repr=False)
    created: datetime
    updated: datetime
    delivery: Standing = field(default_factory=Standing)


@dataclass(frozen=True)
class Enclosed:
    """What belongs to a request and may be large.

    Attributes:
        diagnostics: as its person saw them; None if they left them out, or they are deleted.
        encrypted: an age file; None if there is none, or it is deleted.
    """

    diagnostics: Mapping[str, str] | None = field(default=None, repr=False)
    encrypted: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Listed:
    """An attachment without its bytes."""

    id: int
    name: str
    type: str
    size: int


def create(
    c: Connection,
    content: Content,
    *,
    key: str,
    person: str,
    route: str,
    representative: bool = False,
    source: str = "",
    time: datetime | None = None,
) -> tuple[Request, bool]:
    """Store a request and what is to be delivered of it.

    Returns:
        The request; and whether it is new, or was there already under this key.

    Raises:
        AnotherRequest: the key was used for another content.
        TooManyRequests: the person asks too often.
    """
    time = time or now()
    digest = content.digest
    before = _light().where(table.c.person == person, table.c.key == key)
    same = next(iter(_requests(c, before)), None)
    if same is not None:
        if same.digest != digest:
            raise AnotherRequest("this key belongs to a request of yours with other content")
        return same, False
    _limit(c, person, time)
    id_ = new_id()
    values = {name: value for name, value in vars(content).items() if name != "attachments"}
    c.execute(
        insert(table).values(
            **values,
            id=id_,
            key=key,
            digest=digest,
            reference="R-" + "".join(secrets.choice(ALPHABET) for _ in range(6)),
            desk="",
            person=person,
            representative=representative,
            route=route,
            source=source,
            state="queued",
            assignee="",
            answer="",
            created=time,
            updated=time,
        )
    )
    if content.attachments:
        c.execute(
            insert(attachments_table),
            [
                {"request": id_, "size": len(each.data), **vars(each)}
                for each in content.attachments
            ],
        )
    outbox.add(c, id_, "request", time=time)
    return certain(c, id_), True


def get(c: Connection, id_: str, person: str | None = None) -> Request | None:
    """The request; nothing if there is none, or it is not that person's."""
    query = _light().where(table.c.id == id_)
    if person is not None:
        query = query.where(table.c.person == person)
    return next(iter(_requests(c, query)), None)


def certain(c: Connection, id_: str) -> Request:
    """The request, which is there."""
    request = get(c, id_)
    assert request is not None
    return request


def by_person(c: Connection, person: str, limit: int = 50) -> list[Request]:
    """What a person asked, the newest first."""
    query = _light().where(table.c.person == person)
    return _requests(c, query.order_by(table.c.created.desc(), table.c.id).limit(limit))


def queue(
    c: Connection,
    states: Sequence[str] = OPEN,
    *,
    assignee: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> list[Request]:
    """Requests in these states, the oldest first; of one who looks after them, if given."""
    query = _light().where(table.c.state.in_(states))
    if assignee is not None:
        query = query.where(table.c.assignee == assignee)
    return _requests(c, query.order_by(table.c.created, table.c.id).offset(offset).limit(limit))


def counts(c: Connection) -> dict[str, int]:
    """How many requests are in which state; states that none is in are left out."""
    query = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    return {row.state: row.number for row in c.execute(query)}


def last_reply_to(c: Connection, person: str) -> str:
    """The address that a person gave last; empty if none."""
    query = (
        select(table.c.reply_to)
        .where(table.c.person == person, table.c.reply_to != "")
        .order_by(table.c.created.desc())
        .limit(1)
    )
    return c.execute(query).scalar() or ""


def enclosed(c: Connection, id_: str) -> Enclosed:
    """What belongs to a request and may be large."""
    query = select(table.c.diagnostics, table.c.encrypted).where(table.c.id == id_)
    row = c.execute(query).first()
    return Enclosed(**row._asdict()) if row else Enclosed()


def listed(c: Connection, id_: str) -> list[Listed]:
    """What is attached to a request, without the bytes."""
    names = (attachments_table.c[name] for name in ("id", "name", "type", "size"))
    query = select(*names).where(attachments_table.c.request == id_)
    return [Listed(**row._asdict()) for row in c.execute(query.order_by(attachments_table.c.id))]


def attachments(c: Connection, id_: str, only: int | None = None) -> list[Attachment]:
    """The files of a request, or one of them, by its number in the list."""
    names = (attachments_table.c[name] for name in ("name", "type", "data"))
    query = select(*names).where(attachments_table.c.request == id_)
    if only is not None:
        query = query.where(attachments_table.c.id == only)
    return [
        Attachment(**row._asdict()) for row in c.execute(query.order_by(attachments_table.c.id))
    ]


# --- what those who help do -----------------------------------------------------------------


def assign(c: Connection, id_: str, assignee: str, *, actor: str) -> Request:
    """Say who looks after it; an empty name: nobody."""
    c.execute(update(table).where(table.c.id == id_).values(assignee=assignee, updated=now()))
    return _told(c, id_, actor, "assigned", {"assignee": assignee})


def answer(c: Connection, id_: str, text: str, *, actor: str) -> Request:
    """Answer it, or answer it anew; the desk is told in the same thread.

    Raises:
        WrongState: it is closed.
    """
    _move(c, id_, (*OPEN, "answered"), state="answered", answer=text)
    outbox.add(c, id_, "answer", text)
    return _told(c, id_, actor, "answered")


def close(c: Connection, id_: str, *, actor: str) -> Request:
    """Say that nothing is left to do.

    Raises:
        WrongState: it is closed, or still waits for its delivery.
    """
    _move(c, id_, ("sent", "failed", "answered"), state="closed")
    return _told(c, id_, actor, "closed")


def reopen(c: Connection, id_: str, *, actor: str) -> Request:
    """Say that something is left to do after all.

    Raises:
        WrongState: it is not closed.
    """
    _move(c, id_, ("closed",), state="sent")
    return _told(c, id_, actor, "opened again")


def retry(c: Connection, id_: str, *, actor: str) -> Request:
    """Try to deliver again what was given up.

    Raises:
        WrongState: nothing of it was.
    """
    if not outbox.revive(c, id_):
        raise WrongState("nothing of the request was given up")
    c.execute(
        update(table)
        .where(table.c.id == id_, table.c.state == "failed")
        .values(state="queued", updated=now())
    )
    return _told(c, id_, actor, "tried again")


# --- how long it is kept --------------------------------------------------------------------


def forget(c: Connection, before: datetime) -> int:
    """Remove the requests to which nothing has happened since then, with all that belongs to them.

    What is still to be delivered stays.

    Returns:
        How many there were.
    """
    waiting = select(outbox_table.c.request).where(outbox_table.c.state == "waiting")
    old = delete(table).where(table.c.updated < before, table.c.id.not_in(waiting))
    return c.execute(old).rowcount


def forget_diagnostics(c: Connection, before: datetime) -> int:
    """Remove diagnostics, what is encrypted, and attachments of requests delivered and older than that.

    Returns:
        How many requests lost some.
    """
    waiting = select(outbox_table.c.request).where(outbox_table.c.state != "sent")
    old = (
        select(table.c.id)
        .where(table.c.created < before, table.c.id.not_in(waiting))
        .scalar_subquery()
    )
    with_files = select(attachments_table.c.request)
    having = (
        table.c.diagnostics.is_not(None)
        | table.c.encrypted.is_not(None)
        | table.c.id.in_(with_files)
    )
    change = (
        update(table).where(table.c.id.in_(old), having).values(diagnostics=None, encrypted=None)
    )
    count = c.execute(change).rowcount
    c.execute(delete(attachments_table).where(attachments_table.c.request.in_(old)))
    return count


def _limit(c: Connection, person: str, time: datetime) -> None:
    query = (
        select(table.c.created)
        .where(table.c.person == person, table.c.created > time - RECENT, table.c.created <= time)
        .order_by(table.c.created.desc())
        .limit(MAX_RECENT)
    )
    recent = list(c.execute(query).scalars())
    if len(recent) >= MAX_RECENT:
        raise TooManyRequests(max(1, math.ceil((recent[-1] + RECENT - time).total_seconds())))


def _move(c: Connection, id_: str, before: Sequence[str], **values: Any) -> None:
    """Change a request if it is in one of those states."""
    change = update(table).where(table.c.id == id_, table.c.state.in_(before))
    if c.execute(change.values(updated=now(), **values)).rowcount != 1:
        found = c.execute(select(table.c.state).where(table.c.id == id_)).scalar()
        raise WrongState(f"the request is {found or 'missing'}")


def _told(
    c: Connection, id_: str, actor: str, result: str, detail: Mapping[str, Any] | None = None
) -> Request:
    """Write the change in the audit log, without anybody's words, and return the request."""
    request = certain(c, id_)
    target = {"user": request.person, "request": request.reference}
    audit.append(c, actor, "handle-request", target, result, source="console", detail=detail)
    return request


def _light() -> Select[Any]:
    """A query for requests, without what may be large."""
    return select(*(each for each in table.c if each.name not in ("diagnostics", "encrypted")))


def _requests(c: Connection, query: Select[Any]) -> list[Request]:
    rows = c.execute(query).all()
    standing = outbox.standings(c, [row.id for row in rows])
    return [Request(**row._asdict(), delivery=standing.get(row.id, Standing())) for row in rows]
