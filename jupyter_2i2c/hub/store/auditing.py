"""What `jupyter 2i2c audit` does, on the same store as the service, which may be running. Called by command.py."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from . import announcements, audit, intents, jobs
from .audit import Entry, Verification
from .command import WRONG_INPUT
from .database import Store
from .errors import StoreUnavailable, StoreUnusable
from .export import write_csv, write_lines
from .keys import UnusableKey, load
from .place import WrongCall, place

FAILED = 1


def work(arguments: argparse.Namespace) -> int:
    """Do it.

    Returns:
        0; 1 if a check failed; 2 if the call is wrong or the store cannot be used.
    """
    try:
        url, key_file = place(arguments)
        store = Store(url, load(key_file), on_head=_say_head)
        try:
            store.open(migrate=False)
            return _do(store, arguments)
        finally:
            store.close()
    except (StoreUnusable, StoreUnavailable, UnusableKey, audit.NoHead, WrongCall) as error:
        print(f"jupyter 2i2c audit: {error}", file=sys.stderr)
        return WRONG_INPUT


def _do(store: Store, arguments: argparse.Namespace) -> int:
    if arguments.verify:
        heads = [*arguments.head, *_heads_of(arguments.log)]
        found = store.read_now(audit.verify, heads)
        _print_json(found) if arguments.json else _print(found)
        return 0 if found.ok else FAILED
    if arguments.export:
        (write_csv if arguments.csv else write_lines)(_all(store), sys.stdout)
        return 0
    removed = store.write_now(_purge, arguments.purge_before)
    print(f"{removed} entries removed")
    return 0


def _purge(c: Connection, before: datetime) -> int:
    intents.forget(c, before)
    jobs.forget(c, before)
    announcements.forget(c, before)
    return audit.purge(c, before, source="command line")


def _heads_of(log: str | None) -> list[str]:
    if log is None:
        return []
    if log == "-":
        return list(audit.heads_in(sys.stdin))
    try:
        with Path(log).open(encoding="utf-8", errors="replace") as file:
            return list(audit.heads_in(file))
    except OSError as error:
        raise WrongCall(f"{log}: {error.strerror}") from None


def _print(found: Verification) -> None:
    for problem in found.problems:
        print(f"{problem.kind}: {problem.text}")
    if not found.ok:
        print("The audit log is NOT as it was written.")
    against = f"{found.heads} heads" if found.heads != 1 else "1 head"
    print(f"{found.checked} entries from number {found.first} checked, {against} compared.")
    if found.ok and not found.heads:
        print("A cut tail shows only against a head from the service's log: --head or --log.")
    print(f"head {found.head}")


def _print_json(found: Verification) -> None:
    json.dump(asdict(found), sys.stdout, indent=2)
    print()


def _say_head(head: str) -> None:
    """The service's log is elsewhere, so the operator is told to note it."""
    print(f"jupyter_2i2c audit head {head}", file=sys.stderr)


def _all(store: Store) -> Iterator[Entry]:
    after = 0
    while entries := store.read_now(audit.oldest_first, after):
        yield from entries
        after = entries[-1].sequence
