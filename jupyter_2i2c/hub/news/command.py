"""`jupyter 2i2c announce`: publish, list, change, withdraw and restore announcements on the hub's side. Called by cli.py, also where the hub's packages are missing."""

from __future__ import annotations

import argparse
import sys

from ..store.command import WRONG_INPUT, add_place

WHEN = "TIME"
"""How times are called in the help; draft.py reads them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of the verb."""
    parser.set_defaults(run=run)
    verbs = parser.add_subparsers(dest="do", metavar="what", required=True)

    list_ = verbs.add_parser("list", help="what is shown, or will be")
    list_.add_argument("--all", action="store_true", help="also what is not shown any more")

    show = verbs.add_parser(
        "show", help="one announcement: what it says and said, and how many have seen it"
    )
    show.add_argument("id", metavar="ID")

    publish = verbs.add_parser("publish", help="publish an announcement")
    publish.add_argument("--title", required=True, help="one line, at most 120 characters")
    _add_content(publish)

    edit = verbs.add_parser("edit", help="say something else; what is not given stays as it is")
    edit.add_argument("id", metavar="ID")
    edit.add_argument("--title", help="one line, at most 120 characters")
    _add_content(edit)
    edit.add_argument(
        "--quietly", action="store_true", help="a small correction: who has seen it need not again"
    )

    withdraw = verbs.add_parser("withdraw", help="take it back: nobody sees it any more")
    withdraw.add_argument("id", metavar="ID")

    restore = verbs.add_parser(
        "restore", help="publish those that went with a hub; those that are there stay as they are"
    )
    restore.add_argument(
        "file", metavar="FILE", help="hub/announcements.json of a bundle; - reads a pipe"
    )
    restore.add_argument(
        "--create",
        action="store_true",
        help="make the database and the key where there are none: for a hub that has not started yet",
    )

    for each in verbs.choices.values():
        each.add_argument("--json", action="store_true", help="print JSON")
        add_place(each)


def _add_content(parser: argparse.ArgumentParser) -> None:
    body = parser.add_mutually_exclusive_group()
    body.add_argument("--body", metavar="MARKDOWN", help="the text, at most 8,000 characters")
    body.add_argument("--body-file", metavar="FILE", help="the text, from a file; - reads a pipe")
    parser.add_argument(
        "--severity", metavar="WHAT", help="info (default), maintenance, incident or resolved"
    )
    audience = parser.add_mutually_exclusive_group()
    audience.add_argument("--everyone", action="store_true", help="for everyone (default)")
    audience.add_argument(
        "--group",
        metavar="GROUP",
        action="append",
        dest="groups",
        help="for the members of this group; can be repeated",
    )
    audience.add_argument("--administrators", action="store_true", help="for administrators only")
    parser.add_argument(
        "--starts",
        metavar=WHEN,
        help="when what it tells about begins, such as 2026-11-24T06:00Z; an empty text takes away"
        " what is there",
    )
    parser.add_argument("--ends", metavar=WHEN, help="when that ends")
    parser.add_argument("--show-from", metavar=WHEN, help="not shown before (default: at once)")
    parser.add_argument(
        "--show-until",
        metavar=WHEN,
        help="not shown any more (default: when it ends, else when it is withdrawn)",
    )
    parser.add_argument("--link", metavar="URL", help="where to read more")
    parser.add_argument(
        "--acknowledge",
        action=argparse.BooleanOptionalAction,
        help="ask everybody to say that they have read it",
    )
    parser.add_argument(
        "--dismissible",
        action=argparse.BooleanOptionalAction,
        help="whether people may put it away (default: yes)",
    )
    parser.add_argument(
        "--preview", action="store_true", help="print what readers would get; change nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do it.

    Returns:
        0; 2 if the call is wrong or the store cannot be used.
    """
    try:
        from .announcing import work
    except ModuleNotFoundError as error:
        print(
            f"jupyter 2i2c announce: {error.name} is missing. Run it where the service runs, or"
            " pip install 'jupyter_2i2c[hub]'",
            file=sys.stderr,
        )
        return WRONG_INPUT
    return work(arguments)
