"""`jupyter 2i2c audit`: check, export and shorten the audit log. Called by cli.py; works while the service runs."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import audit, intents, jobs
from .audit import Entry, Verification
from .database import DEFAULT_KEY_FILE, DEFAULT_URL, Store
from .errors import StoreUnavailable, StoreUnusable
from .keys import UnusableKey, load

FAILED = 1
WRONG_INPUT = 2

HANDOVER = Path("jupyter_2i2c.json")
COLUMNS = (
    "sequence",
    "time",
    "actor",
    "action",
    "target",
    "result",
    "reason",
    "source",
    "detail",
    "previous",
    "hash",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell, which anybody's words could begin with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--verify",
        action="store_true",
        help="find changed, removed and reordered entries; exit status 1 if there are any",
    )
    what.add_argument(
        "--export", action="store_true", help="print every entry, the oldest first, as JSON lines"
    )
    what.add_argument(
        "--purge-before",
        metavar="DATE",
        type=_date,
        help="remove entries, and what was asked for, older than this date (YYYY-MM-DD, UTC); a"
        " signed checkpoint stays",
    )
    parser.add_argument(
        "--head",
        metavar="N:HASH",
        action="append",
        default=[],
        help="with --verify: a head from the service's log, to find a cut tail; can be repeated",
    )
    parser.add_argument(
        "--log",
        metavar="FILE",
        help="with --verify: check against every head in this log of the service; - reads a pipe",
    )
    parser.add_argument("--json", action="store_true", help="with --verify: print JSON")
    parser.add_argument("--csv", action="store_true", help="with --export: print CSV")
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=HANDOVER,
        help=f"the file that the hub writes for the service, which names the database and the key"
        f" (default: {HANDOVER} here)",
    )
    parser.add_argument("--database", metavar="URL", help="the database, instead")
    parser.add_argument("--key-file", metavar="FILE", type=Path, help="the key, instead")


def run(arguments: argparse.Namespace) -> int:
    """Do it.

    Returns:
        0; 1 if a check failed; 2 if the call is wrong or the store cannot be used.
    """
    try:
        url, key_file = _place(arguments)
        store = Store(url, load(key_file), on_head=_say_head)
        try:
            store.open(migrate=False)
            return _do(store, arguments)
        finally:
            store.close()
    except (StoreUnusable, StoreUnavailable, UnusableKey, audit.NoHead, WrongCall) as error:
        print(f"jupyter 2i2c audit: {error}", file=sys.stderr)
        return WRONG_INPUT


class WrongCall(Exception):
    """The command cannot be done as it was given; the message says why."""


def _do(store: Store, arguments: argparse.Namespace) -> int:
    if arguments.verify:
        heads = [*arguments.head, *_heads_of(arguments.log)]
        found = store.read_now(audit.verify, heads)
        _print_json(found) if arguments.json else _print(found)
        return 0 if found.ok else FAILED
    if arguments.export:
        (_write_csv if arguments.csv else _write_lines)(_all(store))
        return 0
    removed = store.write_now(_purge, arguments.purge_before)
    print(f"{removed} entries removed")
    return 0


def _purge(c: Any, before: datetime) -> int:
    intents.forget(c, before)
    jobs.forget(c, before)
    return audit.purge(c, before, source="command line")


def _place(arguments: argparse.Namespace) -> tuple[str, Path]:
    """The database's URL and the key's file: as given, as the hub says, else the defaults."""
    directory = arguments.config.parent
    said: dict[str, Any] = {}
    if arguments.database is None or arguments.key_file is None:
        try:
            said = json.loads(arguments.config.read_bytes()).get("service", {})
        except OSError as error:
            raise WrongCall(
                f"{arguments.config}: {error.strerror}. Run it in the hub's directory, or give"
                " --config, or --database and --key-file"
            ) from None
        except (ValueError, AttributeError):
            raise WrongCall(
                f"{arguments.config} is not the file that the hub writes for the service"
            ) from None
    url = arguments.database
    if url is None:
        url = str(said.get("database_url") or DEFAULT_URL)
        kind, relative, file = url.partition("sqlite:///")
        if relative and not kind:
            url = f"sqlite:///{directory.absolute() / file}"
    key_file = arguments.key_file or directory / str(said.get("key_file") or DEFAULT_KEY_FILE)
    return url, key_file


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


def _write_lines(entries: Iterable[Entry]) -> None:
    for entry in entries:
        print(json.dumps({**vars(entry), "time": entry.time.isoformat()}, ensure_ascii=False))


def _write_csv(entries: Iterable[Entry]) -> None:
    write_csv(entries, sys.stdout)


def write_csv(entries: Iterable[Entry], file: Any, *, heading: bool = True) -> None:
    """Write entries as CSV that a spreadsheet shows and does not compute."""
    writer = csv.writer(file, lineterminator="\n")
    if heading:
        writer.writerow(COLUMNS)
    for entry in entries:
        values = {
            **vars(entry),
            "time": entry.time.isoformat(),
            "target": json.dumps(entry.target, ensure_ascii=False),
            "detail": json.dumps(entry.detail, ensure_ascii=False),
        }
        writer.writerow([_cell(values[name]) for name in COLUMNS])


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _date(text: str) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
