"""`jupyter 2i2c audit`: check, export and shorten the audit log. Called by cli.py, also where the hub's packages are missing."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone
from pathlib import Path

WRONG_INPUT = 2

HANDOVER = Path("jupyter_2i2c.json")
"""The file that `setup_hub` writes for the service."""


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
        help="remove entries, what was asked for and past announcements, older than this date"
        " (YYYY-MM-DD, UTC); a signed checkpoint stays",
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
    add_place(parser)
    parser.set_defaults(run=run)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the database and the key are; place.py reads them."""
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
        from .auditing import work
    except ModuleNotFoundError as error:
        print(
            f"jupyter 2i2c audit: {error.name} is missing. Run it where the service runs, or"
            " pip install 'jupyter_2i2c[hub]'",
            file=sys.stderr,
        )
        return WRONG_INPUT
    return work(arguments)


def _date(text: str) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from None
    date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    if date > datetime.now(timezone.utc):  # a slip in the year would leave nothing
        raise argparse.ArgumentTypeError(f"{text} is still to come")
    return date
