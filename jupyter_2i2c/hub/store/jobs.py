"""Jobs: long work in many items, such as stopping two thousand servers, that survives a restart. Used by the job runner and the console.

An item is ``waiting``, then ``asked`` (written before the hub is asked, so that after a crash it is
known what to look up), then ``done``, ``failed`` or ``skipped``. The approver's token is kept
encrypted while the job runs, and erased when it pauses or ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from . import audit
from .identifiers import new_id
from .schema import job_items as items_table
from .schema import jobs as table
from .schema import now

ENDED = ("done", "cancelled")
BATCH = 500


class WrongState(Exception):
    """The job is in no state for that; the message says in which one."""


@dataclass(frozen=True)
class Job:
    """Long work.

    Attributes:
        id: hard to guess.
        kind: the action's name, such as ``stop-all``.
        actor: who approved it, or had it continued last.
        state: ``running``, ``paused``, ``done`` or ``cancelled``.
        created: when.
        updated: when its state changed last.
        total: items.
        counts: how many items are in which state.
        reason: what the approver wrote for the people it concerns.
        message: why it is paused or how it ended, for a person.
        token: the approver's token, encrypted; see `token`.
        token_expires: until when that is good, as far as known.
    """

    id: str
    kind: str
    actor: str
    state: str
    created: datetime
    updated: datetime
    total: int
    counts: Mapping[str, int]
    reason: str
    message: str
    token: bytes | None
    token_expires: datetime | None

    def __repr__(self) -> str:
        return f"Job({self.id!r}, {self.kind!r}, {self.state!r})"


@dataclass(frozen=True)
class Item:
    """One server of a job, or one user where `server` does not matter.

    `mark` is the runner's: by what it knows again what it saw when the job was made.
    """

    id: int
    job: str
    user: str
    server: str
    mark: str
    state: str
    error: str
    attempts: int


def create(
    c: Connection,
    *,
    kind: str,
    actor: str,
    items: Iterable[tuple[str, str] | tuple[str, str, str]],
    token: str,
    token_expires: datetime | None = None,
    reason: str = "",
    source: str = "",
    time: datetime | None = None,
) -> Job:
    """Store a job, running.

    Args:
        c: a connection of `Store.write`.
        kind: the action's name.
        actor: who approved it.
        items: user, server and, if wanted, mark of each; what comes twice is taken once.
        token: the approver's.
        token_expires: until when it is good.
        reason: what the approver wrote for the people it concerns.
        source: where it came from, for the audit log.
        time: now.
    """
    time = time or now()
    job = new_id()
    c.execute(
        insert(table).values(
            id=job,
            kind=kind,
            actor=actor,
            state="running",
            created=time,
            updated=time,
            total=0,
            reason=reason,
            message="",
            token=_seal(c, job, token),
            token_expires=token_expires,
        )
    )
    marks = {(user, server): "".join(mark) for user, server, *mark in items}
    each = iter(marks.items())
    total = 0
    while batch := list(islice(each, BATCH)):
        total += len(batch)
        c.execute(
            insert(items_table),
            [
                {
                    "job": job,
                    "user": user,
                    "server": server,
                    "mark": mark,
                    "state": "waiting",
                    "error": "",
                    "attempts": 0,
                }
                for (user, server), mark in batch
            ],
        )
    c.execute(update(table).where(table.c.id == job).values(total=total))
    return _told(c, job, actor, "started", reason=reason, source=source, time=time)


def get(c: Connection, job: str) -> Job | None:
    """The job; nothing if there is none."""
    row = c.execute(select(table).where(table.c.id == job)).first()
    return Job(**row._asdict(), counts=counts(c, job)) if row else None


def running(c: Connection) -> list[Job]:
    """The jobs that are to be worked on, the oldest first."""
    return in_state(c, "running")


def in_state(c: Connection, *states: str) -> list[Job]:
    """The jobs in these states, the oldest first."""
    query = select(table).where(table.c.state.in_(states)).order_by(table.c.created)
    rows = c.execute(query).all()
    return [Job(**row._asdict(), counts=counts(c, row.id)) for row in rows]


def states(c: Connection) -> dict[str, int]:
    """How many jobs are kept, by state."""
    query = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    return {row.state: row.number for row in c.execute(query)}


def recent(c: Connection, limit: int = 20) -> list[Job]:
    """The newest jobs first, whatever their state."""
    rows = c.execute(select(table).order_by(table.c.created.desc(), table.c.id).limit(limit)).all()
    return [Job(**row._asdict(), counts=counts(c, row.id)) for row in rows]


def token(c: Connection, job: str) -> str | None:
    """The approver's token; nothing if it is erased or cannot be opened with this key."""
    sealed = c.execute(select(table.c.token).where(table.c.id == job)).scalar()
    return audit.keys_of(c).unseal(sealed, _place(job)) if sealed else None


def counts(c: Connection, job: str) -> dict[str, int]:
    """How many items are in which state; states that none is in are left out."""
    query = (
        select(items_table.c.state, func.count().label("number"))
        .where(items_table.c.job == job)
        .group_by(items_table.c.state)
    )
    return {row.state: row.number for row in c.execute(query)}


def next_items(c: Connection, job: str, n: int) -> list[Item]:
    """The next items to work on, in the order in which they were given."""
    return items(c, job, "waiting", limit=n)


def failures(c: Connection, job: str, offset: int = 0, limit: int = 50) -> list[Item]:
    """The items that failed."""
    return items(c, job, "failed", offset=offset, limit=limit)


def items(c: Connection, job: str, *states: str, offset: int = 0, limit: int = 50) -> list[Item]:
    """The items in these states, or in any, in the order in which they were given."""
    query = select(items_table).where(items_table.c.job == job)
    if states:
        query = query.where(items_table.c.state.in_(states))
    rows = c.execute(query.order_by(items_table.c.id).offset(offset).limit(limit))
    return [Item(**row._asdict()) for row in rows]


def mark_asked(c: Connection, ids: Sequence[int]) -> int:
    """Say that the hub is about to be asked for these; to be stored before it is.

    Returns:
        How many were waiting, and are the caller's now.
    """
    count = 0
    for batch in _batches(ids):
        change = (
            update(items_table)
            .where(items_table.c.id.in_(batch), items_table.c.state == "waiting")
            .values(state="asked", attempts=items_table.c.attempts + 1)
        )
        count += c.execute(change).rowcount
    return count


def mark(c: Connection, ids: Sequence[int], state: str, error: str = "") -> None:
    """Set the state of items: ``waiting`` (again), ``done``, ``failed`` or ``skipped``."""
    if state not in ("waiting", "done", "failed", "skipped"):
        raise ValueError(f"an item is never {state!r}")
    for batch in _batches(ids):
        c.execute(
            update(items_table)
            .where(items_table.c.id.in_(batch))
            .values(state=state, error=error[:500])
        )


def pause(c: Connection, job: str, why: str, *, actor: str = audit.SERVICE) -> Job:
    """Stop working on it until somebody continues it; the token is erased."""
    _move(c, job, ("running",), state="paused", message=why, **_ERASED)
    return _told(c, job, actor, "paused", more={"why": why})


def resume(
    c: Connection,
    job: str,
    token: str,
    *,
    actor: str,
    token_expires: datetime | None = None,
) -> Job:
    """Continue it with another token, which may be another administrator's.

    Raises:
        WrongState: it is not paused.
    """
    _move(
        c,
        job,
        ("paused",),
        state="running",
        message="",
        actor=actor,
        token=_seal(c, job, token),
        token_expires=token_expires,
    )
    return _told(c, job, actor, "continued")


def retry_failed(
    c: Connection,
    job: str,
    token: str,
    *,
    actor: str,
    token_expires: datetime | None = None,
) -> Job:
    """Begin again with the items that failed.

    Raises:
        WrongState: it has not ended.
    """
    _move(
        c,
        job,
        ENDED,
        state="running",
        message="",
        actor=actor,
        token=_seal(c, job, token),
        token_expires=token_expires,
    )
    again = (
        update(items_table)
        .where(items_table.c.job == job, items_table.c.state == "failed")
        .values(state="waiting", error="")
    )
    return _told(c, job, actor, "retried", more={"again": c.execute(again).rowcount})


def cancel(c: Connection, job: str, *, actor: str) -> Job:
    """Leave out what is still waiting; the token is erased.

    What the hub was asked for already (``asked``) is the runner's to settle.

    Raises:
        WrongState: it has ended.
    """
    _move(c, job, ("running", "paused"), state="cancelled", message="", **_ERASED)
    c.execute(
        update(items_table)
        .where(items_table.c.job == job, items_table.c.state == "waiting")
        .values(state="skipped")
    )
    return _told(c, job, actor, "cancelled")


def end(c: Connection, job: str, message: str = "") -> Job:
    """Say that nothing is left to do; the token is erased.

    Raises:
        WrongState: it is not running.
    """
    _move(c, job, ("running",), state="done", message=message, **_ERASED)
    return _told(c, job, audit.SERVICE, "ended")


def forget(c: Connection, before: datetime) -> int:
    """Remove the jobs that ended before that, with their items.

    Returns:
        How many there were.
    """
    old = delete(table).where(table.c.updated < before, table.c.state.in_(ENDED))
    return c.execute(old).rowcount


_ERASED: dict[str, None] = {"token": None, "token_expires": None}


def _move(c: Connection, job: str, before: Sequence[str], **values: Any) -> None:
    """Change the job's state if it is in one of those."""
    change = update(table).where(table.c.id == job, table.c.state.in_(before))
    if c.execute(change.values(updated=now(), **values)).rowcount != 1:
        found = c.execute(select(table.c.state).where(table.c.id == job)).scalar()
        raise WrongState(f"the job is {found or 'missing'}")


def _told(
    c: Connection,
    job_id: str,
    actor: str,
    result: str,
    *,
    reason: str = "",
    source: str = "",
    time: datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> Job:
    """Write the change in the audit log, and return the job as it is now."""
    job = get(c, job_id)
    assert job is not None
    detail = {"items": dict(job.counts), **(more or {})}
    audit.append(c, actor, job.kind, {"job": job.id}, result, reason, source, detail, time=time)
    return job


def _batches(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _seal(c: Connection, job: str, token: str) -> bytes:
    return audit.keys_of(c).seal(token, _place(job))


def _place(job: str) -> str:
    """What binds an encrypted token to its job."""
    return f"job {job}"
