"""Intents: what somebody asks for in Lab and an administrator decides on the console. Used by the service's API and console.

An intent is decided once, by the person who asked, within minutes. Each change of its state is one
statement that only one caller can win, and stands in the audit log in the same transaction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from . import audit
from .errors import Refusal
from .identifiers import new_id
from .schema import canonical, now
from .schema import intents as table

LIFETIME = timedelta(minutes=5)
MAX_PENDING = 10
MAX_RECENT = 30
RECENT = timedelta(minutes=10)
MAX_NOTE = 500
MAX_TARGET = 256 * 1024
"""Characters of a target's JSON; a list of some thousand new users fits."""

CONSOLE = "console"
"""The source of what an administrator begins on the console. The limits are for the others."""

FROM_THE_FUTURE = timedelta(minutes=1)
"""How far a clock may be set back before intents from before that no longer count."""

ALLOWED_BEFORE = {
    "running": ("executing",),
    "unknown": ("executing",),
    "done": ("executing", "running", "unknown"),
    "failed": ("executing", "running", "unknown"),
    "partly": ("executing", "running", "unknown"),
    "cancelled": ("running",),
}
"""The states that an approved intent can reach, and from which ones."""

ENDED = ("refused", "expired", "done", "failed", "partly", "cancelled")


class TooManyIntents(Exception):
    """The actor asks for too much at a time.

    Attributes:
        retry_after: seconds after which it is worth asking again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many actions were asked for; try again in {retry_after} s")
        self.retry_after = retry_after


class TooLong(ValueError):
    """What is asked for has more words than are kept."""


class NotPending(Refusal):
    """The intent cannot be decided.

    Attributes:
        state: the state it is in; ``missing`` if there is none; ``not-yours`` if somebody else
            asked for it.
    """

    def __init__(self, state: str) -> None:
        super().__init__(f"the intent is {state}")
        self.state = state


class WrongState(Exception):
    """An intent cannot go from its state to that one: it has been settled already."""


@dataclass(frozen=True)
class Intent:
    """One thing that is asked for.

    Attributes:
        id: hard to guess.
        kind: the action's name, such as ``stop-server``.
        actor: the user who asks, and the only one who can approve.
        target: to whom or what.
        note: what the asking server wrote. Anybody's words; only to be quoted.
        source: ``server:USER/NAME``, ``token`` (a personal token) or ``console``.
        state: ``pending``, ``refused``, ``expired``, ``executing``, ``running`` (as a job),
            ``done``, ``failed``, ``partly``, ``cancelled``, or ``unknown``: being checked.
        created: when it was asked for.
        expires: until when it can be decided.
        decided: when it was.
        message: what the approver wrote for the person, or why it was refused.
        outcome: what came of it, as JSON.
        job: the job that does it, if it is long.
    """

    id: str
    kind: str
    actor: str
    target: Mapping[str, Any]
    note: str
    source: str
    state: str
    created: datetime
    expires: datetime
    decided: datetime | None
    message: str
    outcome: Mapping[str, Any]
    job: str | None


def create(
    c: Connection,
    *,
    kind: str,
    actor: str,
    target: Mapping[str, Any],
    note: str = "",
    source: str = CONSOLE,
    time: datetime | None = None,
) -> Intent:
    """Store what is asked for.

    Raises:
        TooManyIntents: the actor's servers and tokens asked for too much.
        TooLong: the note or the target is.
    """
    time = time or now()
    if len(note) > MAX_NOTE:
        raise TooLong(f"the note is longer than {MAX_NOTE} characters")
    if len(canonical(target)) > MAX_TARGET:
        raise TooLong(f"the target is longer than {MAX_TARGET} characters")
    if source != CONSOLE:
        _limit(c, actor, time)
    intent = Intent(
        id=new_id(),
        kind=kind,
        actor=actor,
        target=target,
        note=note,
        source=source,
        state="pending",
        created=time,
        expires=time + LIFETIME,
        decided=None,
        message="",
        outcome={},
        job=None,
    )
    c.execute(insert(table).values(**vars(intent)))
    _tell(c, intent, actor, "asked", time=time)
    return intent


def get(c: Connection, id: str) -> Intent | None:  # noqa: A002
    """The intent, whatever its state and whoever asked; nothing if there is none."""
    row = c.execute(select(table).where(table.c.id == id)).first()
    return Intent(**row._asdict()) if row else None


def take(
    c: Connection,
    id: str,  # noqa: A002
    actor: str,
    time: datetime | None = None,
    *,
    message: str = "",
) -> Intent:
    """Approve: of all who try, one gets the intent, now ``executing``, and has to execute it.

    Args:
        c: a connection of `Store.write`.
        id: the intent.
        actor: who approves.
        time: now.
        message: what the approver writes for the person.

    Raises:
        NotPending: it is not to be executed. The audit log tells that it was tried.
    """
    return _decide(c, id, actor, "executing", "approved", message, time or now())


def refuse(
    c: Connection,
    id: str,  # noqa: A002
    message: str = "",
    *,
    actor: str,
    time: datetime | None = None,
) -> Intent:
    """Refuse, saying why.

    Raises:
        NotPending: there is nothing to refuse. The audit log tells that it was tried.
    """
    return _decide(c, id, actor, "refused", "refused", message, time or now())


def finish(
    c: Connection,
    id: str,  # noqa: A002
    state: str,
    outcome: Mapping[str, Any],
    *,
    job: str | None = None,
    time: datetime | None = None,
) -> Intent:
    """Say what came of an approved intent.

    Args:
        c: a connection of `Store.write`.
        id: the intent.
        state: a key of `ALLOWED_BEFORE`.
        outcome: what came of it; ``text`` in it is for people. Never a token.
        job: the job that does it, when the state is ``running``.
        time: now.

    Raises:
        WrongState: it was settled before.
    """
    values: dict[str, Any] = {"state": state, "outcome": outcome}
    if job is not None:
        values["job"] = job
    changed = c.execute(
        update(table)
        .where(table.c.id == id, table.c.state.in_(ALLOWED_BEFORE[state]))
        .values(**values)
    )
    if changed.rowcount != 1:
        found = get(c, id)
        raise WrongState(f"an intent that is {found.state if found else 'missing'}: {state}?")
    intent = _certain(c, id)
    text = outcome.get("text")
    more = {"outcome": text} if isinstance(text, str) and text else {}
    _tell(c, intent, intent.actor, state, reason=intent.message, time=time, more=more)
    return intent


def expire_old(c: Connection, time: datetime | None = None) -> int:
    """Mark the intents that nobody decided in time.

    Returns:
        How many there were.
    """
    time = time or now()
    late = (table.c.expires <= time) | (table.c.created > time + FROM_THE_FUTURE)
    rows = c.execute(select(table).where(table.c.state == "pending", late)).all()
    for row in rows:
        _expire(c, Intent(**row._asdict()), time)
    return len(rows)


def executing(c: Connection) -> list[Intent]:
    """The intents of which it is not known what came; after a crash, those it left behind."""
    return in_state(c, "executing")


def in_state(c: Connection, *states: str, actor: str | None = None) -> list[Intent]:
    """The intents in these states, the oldest first; only those of `actor` if one is given."""
    query = select(table).where(table.c.state.in_(states)).order_by(table.c.created)
    if actor is not None:
        query = query.where(table.c.actor == actor)
    return [Intent(**row._asdict()) for row in c.execute(query)]


def open_states(c: Connection) -> dict[str, int]:
    """How many intents have not ended, by state."""
    query = (
        select(table.c.state, func.count().label("number"))
        .where(table.c.state.not_in(ENDED))
        .group_by(table.c.state)
    )
    return {row.state: row.number for row in c.execute(query)}


def by_actor(c: Connection, actor: str, limit: int = 20) -> list[Intent]:
    """What somebody asked for, the newest first."""
    query = (
        select(table)
        .where(table.c.actor == actor)
        .order_by(table.c.created.desc(), table.c.id)
        .limit(limit)
    )
    return [Intent(**row._asdict()) for row in c.execute(query)]


def forget(c: Connection, before: datetime) -> int:
    """Remove the intents that ended and were asked for before that.

    Returns:
        How many there were.
    """
    old = delete(table).where(table.c.created < before, table.c.state.in_(ENDED))
    return c.execute(old).rowcount


def _limit(c: Connection, actor: str, time: datetime) -> None:
    asked = select(func.count(), func.min(table.c.expires)).where(
        table.c.actor == actor, table.c.source != CONSOLE
    )
    pending, first_end = c.execute(
        asked.where(table.c.state == "pending", table.c.expires > time)
    ).one()
    if pending >= MAX_PENDING:
        raise TooManyIntents(_seconds(first_end - time))
    # of the last thirty, the first: when it leaves the ten minutes, there is room for one more
    earliest = c.execute(
        select(table.c.created)
        .where(table.c.actor == actor, table.c.source != CONSOLE, table.c.created > time - RECENT)
        .order_by(table.c.created.desc())
        .offset(MAX_RECENT - 1)
        .limit(1)
    ).scalar()
    if earliest is not None:
        raise TooManyIntents(_seconds(earliest + RECENT - time))


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))


def _decide(
    c: Connection, id_: str, actor: str, state: str, told: str, message: str, time: datetime
) -> Intent:
    """Take a pending intent to the state after it, in one statement that only one caller can win."""
    changed = c.execute(
        update(table)
        .where(
            table.c.id == id_,
            table.c.actor == actor,
            table.c.state == "pending",
            table.c.expires > time,
            table.c.created <= time + FROM_THE_FUTURE,
        )
        .values(state=state, decided=time, message=message)
    )
    if changed.rowcount != 1:
        raise _not_pending(c, id_, actor, time)
    intent = _certain(c, id_)
    _tell(c, intent, actor, told, reason=message, time=time)
    return intent


def _not_pending(c: Connection, id_: str, actor: str, time: datetime) -> NotPending:
    """Why an intent cannot be decided; the audit log gets to know that it was tried."""
    intent = get(c, id_)
    if intent is None:
        state = "missing"
        detail = {"intent": id_[:64], "state": state}
        audit.append(c, actor, "decide", {}, "refused", detail=detail, time=time)
        return NotPending(state)
    state = intent.state
    if intent.actor != actor:
        state = "not-yours"
    elif state == "pending":
        intent = _expire(c, intent, time)
        state = intent.state
    _tell(c, intent, actor, "refused", time=time, more={"state": state})
    return NotPending(state)


def _expire(c: Connection, intent: Intent, time: datetime) -> Intent:
    c.execute(update(table).where(table.c.id == intent.id).values(state="expired", decided=time))
    intent = _certain(c, intent.id)
    _tell(c, intent, audit.SERVICE, "expired", time=time)
    return intent


def _certain(c: Connection, id_: str) -> Intent:
    intent = get(c, id_)
    assert intent is not None
    return intent


def _tell(
    c: Connection,
    intent: Intent,
    actor: str,
    result: str,
    *,
    reason: str = "",
    time: datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write the change in the audit log."""
    detail = {"intent": intent.id, "asked by": intent.actor, **(more or {})}
    if result == "asked" and intent.note:
        detail["note"] = intent.note
    if intent.job:
        detail["job"] = intent.job
    audit.append(
        c, actor, intent.kind, intent.target, result, reason, intent.source, detail, time=time
    )
