"""Exports of the hub: one at a time, how far it is, what came of it, and until when its files are kept. Used by hub/exports.py, the API and the console.

An export is ``waiting``, then ``running``, then ``done``, ``failed`` or ``cancelled``. Its files are not in
the store; that they were removed is. The end of an export is the end of the intent it came from, in the
same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from . import audit, intents
from .schema import exports as table
from .schema import now

ACTION = "export-hub"
"""Of the intent, and of each entry in the audit log."""

DOWNLOAD = "download-export"
"""In the audit log: somebody took a file of an export."""

GOING = ("waiting", "running")

Ended = Literal["done", "failed", "cancelled"]


class Busy(Exception):
    """There is one that has not ended; there is never more than one."""


class NotGoing(Exception):
    """It has ended before."""


@dataclass(frozen=True)
class Result:
    """What an export made.

    Attributes:
        file: the bundle's name.
        size: its bytes.
        sha256: of it.
        highest: the highest rung that it reached, such as ``V4``; empty where it reached none.
        blockers: how many things failed.
        not_run: items of the rungs up to the highest that could not be tried.
    """

    file: str = ""
    size: int = 0
    sha256: str = ""
    highest: str = ""
    blockers: int = 0
    not_run: int = 0


@dataclass(frozen=True)
class Export(Result):
    """An export of the hub.

    Attributes:
        id: that of the intent that it came from.
        actor: who approved it.
        state: ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``.
        people: whether names of people are in it, with the consent that its actor gave.
        announcements: whether what people are told is in it.
        step: what is being done, in words.
        done: how much of that.
        total: of how much; 0 if that is not known.
        message: how it ended, for a person.
        created: when it was begun.
        updated: when its state changed last.
        removed: when its files were removed; none while they are there, or there never were any.
    """

    id: str = ""
    actor: str = ""
    state: str = "waiting"
    people: bool = False
    announcements: bool = False
    step: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    created: datetime = datetime.min
    updated: datetime = datetime.min
    removed: datetime | None = None

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.state in GOING

    @property
    def kept(self) -> bool:
        """Whether there are files to be had."""
        return self.state == "done" and self.removed is None


def create(
    c: Connection,
    intent: str,
    actor: str,
    *,
    people: bool,
    announcements: bool,
    consent: str = "",
    source: str = "",
    time: datetime | None = None,
) -> Export:
    """Store that one begins.

    Args:
        c: a connection of `Store.write`.
        intent: that was approved; each begins one export, once.
        actor: who approved it.
        people: whether names of people are taken.
        announcements: whether announcements are.
        consent: the words that the actor consented to, for the audit log.
        source: where it came from, for the audit log.
        time: now.

    Raises:
        Busy: another one has not ended, or this intent's was begun before.
    """
    if going(c) or get(c, intent):
        raise Busy
    time = time or now()
    export = Export(
        id=intent,
        actor=actor,
        people=people,
        announcements=announcements,
        created=time,
        updated=time,
    )
    c.execute(insert(table).values(**vars(export)))
    detail = {"consent": consent} if consent else {}
    tell_audit(c, export, actor, "started", source=source, detail=detail)
    return export


def step(c: Connection, export: str, what: str, done: int = 0, total: int = 0) -> bool:
    """Say how far it is; False once it has ended."""
    change = update(table).where(table.c.id == export, table.c.state.in_(GOING))
    values = {"state": "running", "step": what, "done": done, "total": total}
    return c.execute(change.values(**values)).rowcount == 1


def finish(
    c: Connection,
    export: str,
    state: Ended,
    message: str,
    result: Result | None = None,
    *,
    actor: str = audit.SERVICE,
    time: datetime | None = None,
) -> Export:
    """Say how it ended, of its intent, too.

    Args:
        c: a connection of `Store.write`.
        export: its id.
        state: the end.
        message: for a person.
        result: what it made, if it is done.
        actor: who ended it.
        time: now.

    Raises:
        NotGoing: it had ended.
    """
    change = update(table).where(table.c.id == export, table.c.state.in_(GOING))
    values = {"state": state, "message": message, "updated": time or now(), "step": ""}
    if c.execute(change.values(**values, **(vars(result) if result else {}))).rowcount != 1:
        raise NotGoing
    ended = get(c, export)
    assert ended is not None
    detail: dict[str, Any] = {"why": message}
    if result:
        detail = {**vars(result), "people": ended.people, "announcements": ended.announcements}
    tell_audit(c, ended, actor, state, detail=detail)
    intent = intents.get(c, ended.id)
    if intent and intent.state in ("executing", "running", "unknown"):
        # what was not yet seen to run cannot be cancelled, as far as an intent goes
        end = "failed" if state == "cancelled" and intent.state != "running" else state
        told = {"text": message, "export": ended.id}
        intents.finish(c, intent.id, end, told)
    return ended


def note_removed(
    c: Connection, export: str, actor: str = audit.SERVICE, time: datetime | None = None
) -> None:
    """Say that its files are no longer there."""
    found = get(c, export)
    if found and found.kept:
        c.execute(update(table).where(table.c.id == export).values(removed=time or now()))
        tell_audit(c, found, actor, "removed")


def tell_audit(
    c: Connection,
    export: Export,
    actor: str,
    result: str,
    *,
    action: str = ACTION,
    source: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write in the audit log what was done with an export."""
    audit.append(c, actor, action, {"export": export.id}, result, source=source, detail=detail)


def get(c: Connection, export: str) -> Export | None:
    """The export; nothing if there is none."""
    row = c.execute(select(table).where(table.c.id == export)).first()
    return Export(**row._asdict()) if row else None


def going(c: Connection) -> list[Export]:
    """Those that have not ended: at most one, or what an interrupted service left."""
    query = select(table).where(table.c.state.in_(GOING)).order_by(table.c.created)
    return [Export(**row._asdict()) for row in c.execute(query)]


def recent(c: Connection, limit: int = 50) -> list[Export]:
    """The newest first, whatever their state."""
    query = select(table).order_by(table.c.created.desc(), table.c.id).limit(limit)
    return [Export(**row._asdict()) for row in c.execute(query)]


def kept(c: Connection) -> list[Export]:
    """Those whose files are there, the newest first."""
    query = (
        select(table)
        .where(table.c.state == "done", table.c.removed.is_(None))
        .order_by(table.c.created.desc(), table.c.id)
    )
    return [Export(**row._asdict()) for row in c.execute(query)]


def states(c: Connection) -> dict[str, int]:
    """How many there are, by state."""
    query = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    return {row.state: row.number for row in c.execute(query)}
