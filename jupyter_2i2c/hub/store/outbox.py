"""The outbox: what is to be delivered, and how often that was tried. Written by requests.py, worked off by delivery/outbox.py.

A row that is taken gets a time at which it is due again, past the end of the attempt. So nothing
is to be cleaned up after a crash: what nobody settled is due again by itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, insert, or_, select, update

from .schema import now
from .schema import outbox as table
from .schema import requests as requests_table

LEASE = timedelta(seconds=60)
"""How long an attempt may take at most, before another process may begin one."""

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=30)

MAX_ATTEMPTS = 150
"""With the delays above, about three days."""

GAVE_UP = "it was tried for about three days and is given up"


@dataclass(frozen=True)
class Taken:
    """A row that the caller is to deliver.

    Attributes:
        id: of the row.
        request: what it belongs to.
        kind: ``request``, or ``answer`` for what was answered on the console.
        body: the answer.
        attempts: this one included.
    """

    id: int
    request: str
    kind: str
    body: str
    attempts: int


@dataclass(frozen=True)
class Standing:
    """How the delivery of a request stands.

    Attributes:
        error: why something of it is not delivered yet; empty if it is, or was not tried.
        attempts: how often that was tried.
        given_up: whether it is not tried any more.
    """

    error: str = ""
    attempts: int = 0
    given_up: bool = False


@dataclass(frozen=True)
class Depth:
    """How full the outbox is.

    Attributes:
        waiting: rows to be delivered.
        dead: rows that were given up, until somebody has them tried again.
        oldest: since when the oldest of those waiting waits; None if none does.
        next: when the next is due; None if none is.
    """

    waiting: int
    dead: int
    oldest: datetime | None
    next: datetime | None


def add(
    c: Connection, request: str, kind: str, body: str = "", *, time: datetime | None = None
) -> None:
    """Have something delivered, in the transaction of what it tells about."""
    time = time or now()
    c.execute(
        insert(table).values(
            request=request,
            kind=kind,
            body=body,
            state="waiting",
            attempts=0,
            created=time,
            due=time,
            error="",
        )
    )


def take(c: Connection, n: int, time: datetime | None = None) -> list[Taken]:
    """Rows that are due, the longest due first. They are the caller's until `LEASE` is over.

    A row whose time is further ahead than any delay was stored before the clock was set back; it
    is due, too. A row that was taken too often is given up, whatever became of the attempts. An
    answer waits for its request.
    """
    time = time or now()
    too_far = time + LONGEST_DELAY + LEASE
    due = (
        select(table)
        .where(
            table.c.state == "waiting",
            or_(table.c.due <= time, table.c.due > too_far),
            ~_behind_another(),
        )
        .order_by(table.c.due, table.c.id)
        .limit(n)
    )
    taken = []
    for row in c.execute(due).all():
        if row.attempts >= MAX_ATTEMPTS:
            give_up(c, row.id, row.error or GAVE_UP)
            continue
        # an attempt that ends the process must not be the first thing that the next one does
        again = time + LEASE + delay(row.attempts)
        c.execute(
            update(table).where(table.c.id == row.id).values(attempts=row.attempts + 1, due=again)
        )
        taken.append(Taken(row.id, row.request, row.kind, row.body, row.attempts + 1))
    return taken


def delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, spread out."""
    longest = min(FIRST_DELAY * (1 << min(attempts, 20)), LONGEST_DELAY)
    return longest * random.uniform(0.5, 1.0)


def delivered(c: Connection, row: int, desk: str = "") -> None:
    """It has arrived.

    Args:
        c: a connection of `Store.write`.
        row: in the outbox.
        desk: what the desk calls the request; empty if it says nothing.
    """
    if request := _settle(c, row, state="sent", error=""):
        values = {"desk": desk} if desk else {}
        c.execute(
            update(requests_table)
            .where(requests_table.c.id == request, requests_table.c.state.in_(("queued", "failed")))
            .values(state="sent", updated=now(), **values)
        )


def later(c: Connection, row: int, error: str, due: datetime) -> None:
    """It could not be delivered now."""
    _settle(c, row, due=min(due, now() + LONGEST_DELAY), error=error)


def give_up(c: Connection, row: int, error: str) -> None:
    """It cannot be delivered, until somebody has it tried again."""
    if request := _settle(c, row, state="dead", error=error):
        c.execute(
            update(requests_table)
            .where(requests_table.c.id == request, requests_table.c.state == "queued")
            .values(state="failed", updated=now())
        )


def revive(c: Connection, request: str) -> int:
    """Have everything of a request tried again that was given up.

    Returns:
        How much that is.
    """
    change = (
        update(table)
        .where(table.c.request == request, table.c.state == "dead")
        .values(state="waiting", attempts=0, due=now())
    )
    return c.execute(change).rowcount


def standings(c: Connection, requests: Sequence[str]) -> dict[str, Standing]:
    """How the delivery of these requests stands; those of which everything has arrived are left out."""
    query = (
        select(table.c.request, table.c.error, table.c.attempts, table.c.state)
        .where(table.c.request.in_(requests), table.c.state != "sent")
        .order_by(table.c.state.desc(), table.c.id.desc())  # what was given up last, to stay
    )
    return {
        row.request: Standing(row.error, row.attempts, row.state == "dead")
        for row in c.execute(query)
    }


def depth(c: Connection) -> Depth:
    """How full the outbox is."""
    waiting = c.execute(
        select(
            func.count().label("number"),
            func.min(table.c.created).label("oldest"),
        ).where(table.c.state == "waiting")
    ).one()
    following = c.execute(
        select(func.min(table.c.due)).where(table.c.state == "waiting", ~_behind_another())
    ).scalar()
    dead = c.execute(
        select(func.count()).select_from(table).where(table.c.state == "dead")
    ).scalar_one()
    return Depth(waiting.number, dead, waiting.oldest, following)


def _behind_another() -> ColumnElement[bool]:
    """Whether something of the same request is to be delivered before a row."""
    before = table.alias()
    return exists().where(
        before.c.request == table.c.request,
        before.c.state == "waiting",
        before.c.id < table.c.id,
    )


def _settle(c: Connection, row: int, **values: object) -> str:
    """Change a row that is still to be delivered.

    Returns:
        The request it belongs to; empty if another process has settled it.
    """
    found = c.execute(
        select(table.c.request).where(table.c.id == row, table.c.state == "waiting")
    ).scalar()
    if found is None:
        return ""
    c.execute(update(table).where(table.c.id == row).values(**values))
    return str(found)
