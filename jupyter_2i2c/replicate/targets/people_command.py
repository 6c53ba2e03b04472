"""`jupyter 2i2c people restore`: the people and groups of a bundle, into a hub that runs elsewhere. Called by replicate/cli.py."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FAILED = 1
WRONG_INPUT = 2

NEXT = """\
Whether they may log in is what the hub's login decides: with `Authenticator.allow_existing_users`, or a
list of its own. `jupyter 2i2c verify --live` compares what is there now. Revoke the token."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of the verb."""
    verbs = parser.add_subparsers(dest="do", metavar="what", required=True)
    restore = verbs.add_parser(
        "restore",
        help="make the users, groups and memberships that a hub lacks; whoever is there stays as they are",
        description="Lists what would be done, and asks, before anything is written. Needs a token in"
        " $JUPYTERHUB_API_TOKEN with the scopes admin:users and admin:groups, which JupyterHub has no"
        " smaller ones for; both include to see who is there. Where all users are there already, list:users"
        " and admin:groups are enough. That is as much as an administrator may: let it expire within the hour.",
    )
    restore.add_argument("bundle", metavar="BUNDLE", type=Path, help="a directory or a file")
    restore.add_argument(
        "--identity", metavar="FILE", type=Path, help="the key of age, if it is encrypted"
    )
    restore.add_argument(
        "--live", metavar="URL", required=True, help="the address of the hub: https://hub.example/"
    )
    restore.add_argument(
        "--dry-run", action="store_true", help="list what would be done; write nothing"
    )
    restore.add_argument("--yes", action="store_true", help="do it without asking, for a script")
    restore.add_argument(
        "--leave-out", metavar="NAME", action="append", default=[],
        help="do not enter this person, such as the old operator's staff; can be repeated",
    )  # fmt: skip
    restore.add_argument(
        "--with-administrators", action="store_true",
        help="those who administered the old hub administer this one, too; without, nobody gets rights",
    )  # fmt: skip
    restore.add_argument("--json", action="store_true", help="print JSON; needs --yes or --dry-run")


def run(arguments: argparse.Namespace, terminal: Any) -> int:
    """Decide, say, ask, do, and say what came of it.

    Returns:
        0; 1 where something was not done.

    Raises:
        ReplicateError: nothing was written, and why.
    """
    from ..bundle import opened
    from ..errors import ReplicateError
    from ..live_hub import TOKEN_VARIABLE, safe_address, token_of
    from ..verify import v0_bag
    from ..work import Work
    from .people import people_of

    url, token, work = safe_address(arguments.live), token_of(), Work(terminal)
    if not token:
        raise ReplicateError(f"a token of {url} is needed in ${TOKEN_VARIABLE}; --help says which")
    if arguments.json and not (arguments.yes or arguments.dry_run):
        raise ReplicateError("--json asks nobody; give --yes to do it, or --dry-run")
    with opened(arguments.bundle, work, identity=arguments.identity) as bundle:
        whole = v0_bag.check(bundle, None, work)
        if whole.status == "fail":
            raise ReplicateError(f"{arguments.bundle} is not whole: {whole.why}; nothing was done")
        users, groups = people_of(bundle)
    try:
        return asyncio.run(_run(arguments, url, token, users, groups, work, terminal))
    except KeyboardInterrupt:
        raise ReplicateError("stopped; what was done stays, and doing it again goes on") from None


async def _run(
    arguments: argparse.Namespace, url: str, token: str, users: Any, groups: Any, work: Any, terminal: Any
) -> int:  # fmt: skip
    from ..errors import ReplicateError
    from ..live_hub import LiveHub
    from .people import WRITING, decided, do, lacking, there

    async with LiveHub(url, token) as hub:
        who = await hub.who()
        present = await there(hub, who, work)
        plan = decided(
            users, groups, present,
            administrators=arguments.with_administrators, leave_out=frozenset(arguments.leave_out),
        )  # fmt: skip
        terminal.end()
        if not arguments.json:
            _print(f"On {url}, as {who.name}:", *_planned(plan))
        if short := lacking(who, plan.steps):
            what = sorted({each.kind for each in plan.steps if WRITING[each.kind] in short})
            raise ReplicateError(
                f"the token of {who.name} lacks {', '.join(short)}, for: {', '.join(what)}; nothing was done"
            )
        if arguments.with_administrators and not who.administers and _gives_rights(plan):
            raise ReplicateError(
                f"only an administrator can make administrators, and {who.name} is none; nothing was done"
            )
        if plan.steps and not arguments.dry_run and _agreed(arguments):
            try:
                await do(hub, plan, work)
            finally:
                terminal.end()
                _tell(plan, arguments)
        elif arguments.json:
            _tell(plan, arguments)
    return FAILED if plan.failed or plan.ended else 0


def _gives_rights(plan: Any) -> bool:
    return any(each.kind == "rights" or each.administers for each in plan.steps)


def _agreed(arguments: argparse.Namespace) -> bool:
    """Whether somebody says so."""
    from ..errors import ReplicateError

    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        raise ReplicateError("nobody can be asked here; give --yes to do it, or --dry-run")
    if input("Do it? [y/N] ").strip().lower() in ("y", "yes"):
        return True
    print("Nothing was done.")
    return False


def _planned(plan: Any) -> Iterator[str]:
    """What would be done, in lines."""
    for each in plan.steps:
        yield f"  {each.what}"
    here = [
        f"{number} {what if number > 1 else what[:-1]}"
        for what, number in plan.there.items()
        if number
    ]
    yield f"  {len(plan.steps)} to do; there already: {', '.join(here) or 'nothing'}"
    for name, why in plan.left.items():
        yield f"  left out: {name}: {why}"
    if plan.without_rights:
        yield (
            f"  without the rights they had on the old hub: {', '.join(plan.without_rights)}. The old operator's"
            " staff may be among them: --leave-out NAME; --with-administrators gives all others their rights"
        )


def _tell(plan: Any, arguments: argparse.Namespace) -> None:
    """What was done, also of what was interrupted."""
    if arguments.json:
        json.dump(plan.to_json(), sys.stdout, indent=2, ensure_ascii=False)
        print()
        return
    rest = len(plan.steps) - len(plan.done) - len(plan.failed)
    _print(f"{len(plan.done)} done" + (f", {len(plan.failed)} failed" if plan.failed else "")
           + (f", {rest} not tried; do it again to go on" if rest else ""))  # fmt: skip
    _print(*(f"  {each.what}: {why}" for each, why in plan.failed.items()))
    if plan.ended:
        _print(plan.ended)
    if plan.done:
        print(NEXT)


def _print(*lines: str) -> None:
    """Words of a bundle and of a hub, for a terminal."""
    from ..report_text import plain

    for each in lines:
        print(plain(each))
