"""The audit log: who did what to whom, when, and why; each entry signed together with the one before. Written by all that acts.

Entries are ordered by their sequence, not by their time, so a clock that is set back confuses
nobody. Each holds an HMAC over its content and the HMAC before it. A checkpoint is where the chain
begins: at first a random number, after a purge the last entry that was removed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from .keys import Keys
from .schema import audit as table
from .schema import audit_checkpoints as checkpoints
from .schema import canonical, clean, clean_json, now

SERVICE = ""
"""The actor of what the service does by itself. No user has an empty name."""

HEAD = re.compile(r"\b([0-9]{1,18}):([0-9a-f]{64})\b")
"""A head, as the log stream shows it."""

MAX_PROBLEMS = 100


@dataclass
class Ledger:
    """What a transaction knows about the log.

    Attributes:
        keys: the keys to sign with.
        head: ``sequence:hash`` of the last entry that the transaction wrote; empty if none.
        written: action and result of each entry that it wrote.
    """

    keys: Keys
    head: str = ""
    written: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One thing that was done, asked, or refused.

    Attributes:
        sequence: its place in the log, from 1.
        time: when, by the service's clock.
        actor: the user who did it; `SERVICE` is the service itself.
        action: what, such as ``stop-server``.
        target: to whom or what, such as ``{"user": "grace", "server": ""}``.
        result: ``asked``, ``approved``, ``refused``, ``done``, ``failed``, …
        reason: what the actor wrote for the person.
        source: where it came from, such as ``server:ada/``, ``console``.
        detail: facts that an auditor needs, such as the intent.
        previous: hash of the entry before it.
        hash: HMAC over all of that.
    """

    sequence: int
    time: datetime
    actor: str
    action: str
    target: Mapping[str, Any]
    result: str
    reason: str
    source: str
    detail: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def head(self) -> str:
        """``sequence:hash``, as put in the log stream."""
        return f"{self.sequence}:{self.hash}"


@dataclass(frozen=True)
class Problem:
    """Something wrong in the log.

    Attributes:
        kind: ``changed``, ``removed``, ``reordered``, ``cut``, ``checkpoint``.
        sequence: the entry at which it shows.
        text: what is so, for a person.
    """

    kind: str
    sequence: int
    text: str


@dataclass(frozen=True)
class Verification:
    """What a check of the log found.

    Attributes:
        ok: whether every entry is as it was written, and none is missing as far as the given
            heads tell.
        checked: entries looked at.
        first: sequence of the first entry.
        head: ``sequence:hash`` of the last one, or of the checkpoint where there is none.
        heads: given heads that were compared with an entry.
        problems: at most `MAX_PROBLEMS` of what is wrong.
    """

    ok: bool
    checked: int
    first: int
    head: str
    heads: int = 0
    problems: tuple[Problem, ...] = field(default=())


class NoHead(ValueError):
    """What was given is no head of the log."""


# --- writing --------------------------------------------------------------------------------


def begin(c: Connection) -> None:
    """Write the first checkpoint of an empty database. It holds a random number, so that no entry
    of another database fits in here, and it shows later which key belongs to the database.
    """
    if c.execute(select(checkpoints.c.sequence).limit(1)).first() is None:
        _checkpoint(c, 0, secrets.token_hex(32), SERVICE, now())


def fits(c: Connection) -> bool:
    """Whether the key is the one with which the log was begun."""
    rows = c.execute(select(checkpoints)).all()
    return not rows or any(_signature(c, row) == row.signature for row in rows)


def append(
    c: Connection,
    actor: str,
    action: str,
    target: Mapping[str, Any],
    result: str,
    reason: str = "",
    source: str = "",
    detail: Mapping[str, Any] | None = None,
    *,
    time: datetime | None = None,
) -> Entry:
    """Add an entry, in the transaction of what it tells about.

    Args:
        c: a connection of `Store.write`.
        actor: who; `SERVICE` for the service itself.
        action: what.
        target: to whom or what; ``user`` in it is who can see it as done to them.
        result: what came of it.
        reason: what the actor wrote for the person.
        source: where it came from.
        detail: facts for auditors. Never a token.
        time: by the service's clock if not given.
    """
    ledger = _ledger(c)
    sequence, previous = _last(c)
    content: dict[str, Any] = {
        "sequence": sequence + 1,
        "time": (time or now()).astimezone(timezone.utc),
        "actor": clean(actor),
        "action": clean(action),
        "target": clean_json(target),
        "result": clean(result),
        "reason": clean(reason),
        "source": clean(source),
        "detail": clean_json(detail or {}),
        "previous": previous,
    }
    entry = Entry(**content, hash=_sign(ledger.keys, content))
    c.execute(insert(table).values(**content, hash=entry.hash, target_user=_user(target)))
    ledger.head = entry.head
    ledger.written.append((entry.action, entry.result))
    return entry


def purge(c: Connection, before: datetime, actor: str = SERVICE, source: str = "") -> int:
    """Remove the oldest entries, up to the first that is not older than `before`.

    A signed checkpoint stays in their place, and the log tells of the purge.

    Returns:
        How many were removed.
    """
    keep = c.execute(
        select(table.c.sequence).where(table.c.time >= before).order_by(table.c.sequence).limit(1)
    ).scalar()
    gone = table.c.sequence < keep if keep is not None else table.c.sequence > 0
    last = c.execute(
        select(table.c.sequence, table.c.hash)
        .where(gone)
        .order_by(table.c.sequence.desc())
        .limit(1)
    ).first()
    if last is None:
        return 0
    _checkpoint(c, last.sequence, last.hash, actor, now())
    removed = c.execute(delete(table).where(gone)).rowcount
    detail = {"before": before.isoformat(), "up to": last.sequence, "entries": removed}
    append(c, actor, "purge-audit", {}, "done", source=source, detail=detail)
    return removed


# --- reading --------------------------------------------------------------------------------


def entries(
    c: Connection,
    *,
    actor: str | None = None,
    action: str | None = None,
    target: str | None = None,
    result: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Entries, the newest first.

    Args:
        c: any connection of the store.
        actor: only what this user did.
        action: only this.
        target: only what was done to this user.
        result: only with this result.
        since: not earlier than this.
        until: earlier than this.
        before: with a smaller sequence: the next page.
        limit: at most so many.
    """
    query = select(table).order_by(table.c.sequence.desc()).limit(limit)
    equal = (
        (table.c.actor, actor),
        (table.c.action, action),
        (table.c.target_user, target),
        (table.c.result, result),
    )
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(table.c.time >= since)
    if until is not None:
        query = query.where(table.c.time < until)
    if before is not None:
        query = query.where(table.c.sequence < before)
    return [_entry(row) for row in c.execute(query)]


def oldest_first(c: Connection, after: int = 0, limit: int = 1000) -> list[Entry]:
    """The entries after a sequence, for an export by pieces."""
    query = select(table).where(table.c.sequence > after).order_by(table.c.sequence).limit(limit)
    return [_entry(row) for row in c.execute(query)]


def about(c: Connection, user: str, limit: int = 20) -> list[Entry]:
    """What others did to a user, the newest first, as far as it is the user's business.

    It shows who, what, when, and what they wrote for the user; not what was only asked or refused,
    not from where, and no details.
    """
    query = (
        select(table)
        .where(table.c.target_user == user, table.c.actor != user, table.c.result == "done")
        .order_by(table.c.sequence.desc())
        .limit(limit)
    )
    hidden = {"source": "", "detail": {}, "previous": "", "hash": ""}
    return [Entry(**{**vars(_entry(row)), **hidden}) for row in c.execute(query)]


def head(c: Connection) -> str:
    """``sequence:hash`` of the last entry."""
    return "{}:{}".format(*_last(c))


# --- checking -------------------------------------------------------------------------------


def heads_in(lines: Iterable[str]) -> Iterator[str]:
    """The heads in the service's log stream."""
    for line in lines:
        _, marked, rest = line.partition("audit head ")
        found = HEAD.match(rest) if marked else None
        if found:
            yield found[0]


def verify(c: Connection, heads: Iterable[str] = ()) -> Verification:
    """Check the whole log.

    A changed, removed or reordered entry shows by itself. A cut tail shows only against a head
    that was noted elsewhere: the service puts each in its log stream.

    Args:
        c: a connection of `Store.read`, which sees one moment.
        heads: ``sequence:hash``, each as noted when it was the last.

    Raises:
        NoHead: one of them is no head.
    """
    return _Check(c, heads).run()


class _Check:
    """One walk through the log."""

    def __init__(self, c: Connection, heads: Iterable[str]) -> None:
        self._c = c
        self._keys = _ledger(c).keys
        self._heads: dict[int, set[str]] = {}
        for each in heads:
            found = HEAD.fullmatch(each.strip())
            if not found:
                raise NoHead(f"{each!r} is no head; it looks like 42:0123abcd… with 64 digits")
            self._heads.setdefault(int(found[1]), set()).add(found[2])
        self._problems: list[Problem] = []
        self._broken: list[Entry] = []
        self._compared = 0

    def run(self) -> Verification:
        last, previous = self._start()
        first, checked = last + 1, 0
        follows = True  # whether the entry before is known well enough to ask for its successor
        rows = self._c.execution_options(yield_per=500).execute(
            select(table).order_by(table.c.sequence)
        )
        for row in rows:
            entry = _entry(row)
            checked += 1
            if entry.sequence <= last:
                self._found("changed", entry.sequence, "stands where entries have been purged")
                continue
            if entry.sequence > last + 1:
                self._removed(last + 1, entry.sequence - 1)
            whole = self._is_whole(entry, row.target_user)
            if not whole:
                if len(self._broken) < MAX_PROBLEMS:
                    self._broken.append(entry)
            elif follows and entry.sequence == last + 1 and entry.previous != previous:
                self._found("removed", entry.sequence, "does not follow the entry before it")
            self._compare(entry.sequence, entry.hash)
            last, previous, follows = entry.sequence, entry.hash, whole
        self._tell_broken()
        for sequence in self._heads:
            if sequence > last:
                self._found("cut", sequence, f"was there once; the log ends at {last}")
        problems = sorted(self._problems, key=lambda each: each.sequence)[:MAX_PROBLEMS]
        return Verification(
            not problems, checked, first, f"{last}:{previous}", self._compared, tuple(problems)
        )

    def _start(self) -> tuple[int, str]:
        rows = self._c.execute(select(checkpoints).order_by(checkpoints.c.sequence)).all()
        for row in rows:
            if _signature(self._c, row) != row.signature:
                self._found("checkpoint", row.sequence, "is a checkpoint that was changed")
            if row.sequence:
                self._compare(row.sequence, row.hash)
        if not rows:
            self._found("checkpoint", 0, "is missing: the checkpoint with which the log begins")
            return 0, ""
        return rows[-1].sequence, rows[-1].hash

    def _is_whole(self, entry: Entry, target_user: str) -> bool:
        return _user(entry.target) == target_user and self._signed(_content(entry), entry.hash)

    def _signed(self, content: Mapping[str, Any], hash_: str) -> bool:
        try:
            return _sign(self._keys, content) == hash_
        except (TypeError, ValueError):  # SQLite takes bytes where there should be text
            return False

    def _compare(self, sequence: int, hash_: str) -> None:
        for noted in self._heads.get(sequence, ()):
            self._compared += 1
            if noted != hash_:
                self._found("changed", sequence, "is not the entry that the given head names")

    def _tell_broken(self) -> None:
        """Tell moved entries from changed ones: a moved one is whole at its former place."""
        places = [each.sequence for each in self._broken]
        for entry in self._broken:
            content = _content(entry)
            for place in places:
                moved = {**content, "sequence": place}
                if place != entry.sequence and self._signed(moved, entry.hash):
                    self._found("reordered", entry.sequence, f"was written as number {place}")
                    break
            else:
                self._found("changed", entry.sequence, "is not as it was written")

    def _removed(self, first: int, last: int) -> None:
        which = f"{first}" if first == last else f"{first} to {last}"
        self._found("removed", first, f"is missing ({which})")

    def _found(self, kind: str, sequence: int, what: str) -> None:
        # the walk goes on to count, but keeps no endless list
        if len(self._problems) < 10 * MAX_PROBLEMS:
            self._problems.append(Problem(kind, sequence, f"Entry {sequence} {what}"))


# --- the chain ------------------------------------------------------------------------------


def keys_of(c: Connection) -> Keys:
    """The keys of the store that the connection belongs to."""
    return _ledger(c).keys


def _ledger(c: Connection) -> Ledger:
    ledger = c.get_execution_options()["ledger"]
    assert isinstance(ledger, Ledger)
    return ledger


def _last(c: Connection) -> tuple[int, str]:
    """Sequence and hash of the last entry, or of the last checkpoint where none is left."""
    for each in (table, checkpoints):
        query = select(each.c.sequence, each.c.hash).order_by(each.c.sequence.desc()).limit(1)
        row = c.execute(query).first()
        if row is not None:
            return row.sequence, row.hash
    return 0, ""


def _sign(keys: Keys, content: Mapping[str, Any]) -> str:
    return keys.sign(canonical({**content, "time": _text(content["time"])}))


def _text(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


def _content(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in vars(entry).items() if name != "hash"}


def _user(target: Mapping[str, Any]) -> str:
    user = target.get("user")
    return clean(user) if isinstance(user, str) else ""


def _checkpoint(c: Connection, sequence: int, hash_: str, actor: str, time: datetime) -> None:
    signature = _sign_checkpoint(_ledger(c).keys, sequence, hash_, time, actor)
    c.execute(
        insert(checkpoints).values(
            sequence=sequence, hash=hash_, time=time, actor=actor, signature=signature
        )
    )


def _sign_checkpoint(keys: Keys, sequence: int, hash_: str, time: datetime, actor: str) -> str:
    content = {"checkpoint": sequence, "hash": hash_, "time": _text(time), "actor": clean(actor)}
    return keys.sign(canonical(content))


def _signature(c: Connection, row: Row[Any]) -> str:
    return _sign_checkpoint(_ledger(c).keys, row.sequence, row.hash, row.time, row.actor)


def _entry(row: Row[Any]) -> Entry:
    values = row._asdict()
    values.pop("target_user")
    return Entry(**values)
