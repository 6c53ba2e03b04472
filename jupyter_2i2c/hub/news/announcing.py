"""What `jupyter 2i2c announce` does, on the same store as the service, which may be running. Called by command.py."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ..store import announcements
from ..store.announcements import CONTENT, EDITED, PUBLISHED, WITHDRAWN, Announcement, Content, Gone
from ..store.command import WRONG_INPUT
from ..store.database import Store
from ..store.errors import StoreUnavailable, StoreUnusable
from ..store.keys import UnusableKey, load, load_or_create
from ..store.place import WrongCall, place
from ..store.schema import now
from .carrying import restore
from .draft import BadDraft, check
from .markdown import render
from .wording import for_whom, when

COMMAND_LINE = "command line"
"""The source of what is done here. Its actor is nobody of the hub's."""

MOST_CARRIED = 10_000
LARGEST = 50 << 20
"""Announcements, and bytes of the file that they come in; a hub has a handful."""


def work(arguments: argparse.Namespace) -> int:
    """Do it.

    Returns:
        0; 2 if the call is wrong or the store cannot be used.
    """
    try:
        url, key_file = place(arguments)
        create = getattr(arguments, "create", False)
        key = load_or_create(key_file) if create else load(key_file)
        store = Store(url, key, on_head=_say_head)
        try:
            store.open(migrate=create)
            _DO[arguments.do](store, arguments)
        finally:
            store.close()
    except BadDraft as error:
        for problem in error.problems.values():
            _complain(problem)
        return WRONG_INPUT
    except Gone:
        _complain(f"there is no announcement {arguments.id!r} (any more); see announce list --all")
        return WRONG_INPUT
    except (StoreUnusable, StoreUnavailable, UnusableKey, WrongCall) as error:
        _complain(str(error))
        return WRONG_INPUT
    return 0


def _complain(text: str) -> None:
    print(f"jupyter 2i2c announce: {text}", file=sys.stderr)


def _list(store: Store, arguments: argparse.Namespace) -> None:
    found = store.read_now(announcements.current)
    if arguments.all:
        found += store.read_now(announcements.past, limit=10_000)
    if arguments.json:
        _print_json([_whole(each) for each in found])
        return
    for each in found:
        print(f"{each.id}  {_state(each)}, {each.severity}, for {for_whom(each)}: {each.title}")
    if not found:
        print("Nothing is shown." if not arguments.all else "Nothing was ever published.")


def _show(store: Store, arguments: argparse.Namespace) -> None:
    found = store.read_now(announcements.get, arguments.id)
    if found is None:
        raise Gone
    history = store.read_now(announcements.history, found.id)
    counts = store.read_now(announcements.counts, found)
    if arguments.json:
        _print_json(
            {
                **_whole(found),
                "counts": asdict(counts),
                "history": [
                    {**asdict(each), "time": announcements.moment(each.time)} for each in history
                ],
            }
        )
        return
    _print(found)
    print(
        f"\nSeen by {counts.seen:,}, acknowledged by {counts.acknowledged:,}, dismissed by"
        f" {counts.dismissed:,}"
    )
    for each in history:
        who = each.who or f"the {COMMAND_LINE}"
        print(f"{each.version}: {each.what} by {who} at {announcements.moment(each.time)}")


def _publish(store: Store, arguments: argparse.Namespace) -> None:
    content = check(_given(arguments))
    if arguments.preview:
        _preview(content, arguments)
        return

    def publish(c: Connection) -> Announcement:
        made = announcements.publish(c, content, "")
        announcements.tell_audit(c, made, PUBLISHED, "", COMMAND_LINE)
        return made

    _done(
        store.write_now(publish), "published; open panels show it within about a minute", arguments
    )


def _edit(store: Store, arguments: argparse.Namespace) -> None:
    before = store.read_now(announcements.get, arguments.id)
    if before is None or before.withdrawn:
        raise Gone
    content = check({**announcements.to_json(before), **_given(arguments)})
    if arguments.preview:
        _preview(content, arguments)
        return

    def edit(c: Connection) -> Announcement:
        made = announcements.edit(c, before.id, content, "", anew=not arguments.quietly)
        announcements.tell_audit(c, made, EDITED, "", COMMAND_LINE)
        return made

    _done(store.write_now(edit), "changed", arguments)


def _withdraw(store: Store, arguments: argparse.Namespace) -> None:
    def withdraw(c: Connection) -> Announcement:
        made = announcements.withdraw(c, arguments.id, "")
        announcements.tell_audit(c, made, WITHDRAWN, "", COMMAND_LINE)
        return made

    _done(store.write_now(withdraw), "withdrawn", arguments)


def _restore(store: Store, arguments: argparse.Namespace) -> None:
    given = _read_carried(arguments.file)
    done = store.write_now(restore, given, COMMAND_LINE)
    if arguments.json:
        _print_json(asdict(done))
        return
    print(f"{len(done.published)} published, {len(done.there)} were there already")
    for id_, why in done.left.items():
        print(f"{id_}: left out. {why}")


_DO = {
    "list": _list,
    "show": _show,
    "publish": _publish,
    "edit": _edit,
    "withdraw": _withdraw,
    "restore": _restore,
}


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields that the call names."""
    given = {
        name: value
        for name, value in vars(arguments).items()
        if name in CONTENT and value is not None
    }
    if arguments.body_file is not None:
        given["body"] = _read(arguments.body_file)
    if arguments.everyone:
        given["audience"] = {"kind": "everyone"}
    elif arguments.administrators:
        given["audience"] = {"kind": "administrators"}
    elif arguments.groups:
        given["audience"] = {"kind": "groups", "groups": arguments.groups}
    return given


def _read(file: str) -> str:
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise WrongCall(f"{file}: larger than {LARGEST >> 20} MiB; is it the right file?")
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise WrongCall(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise WrongCall(f"{file}: byte {error.start} is not UTF-8") from None


def _read_carried(file: str) -> list[Any]:
    try:
        given = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise WrongCall(f"{file}: no JSON: {error}") from None
    if not isinstance(given, list) or len(given) > MOST_CARRIED:
        raise WrongCall(f"{file}: not a list of at most {MOST_CARRIED:,} announcements")
    return given


def _preview(content: Content, arguments: argparse.Namespace) -> None:
    if arguments.json:
        _print_json({**announcements.to_json(content), "body_html": str(render(content.body))})
    else:
        _print(content)
        print("\nNothing was changed.")


def _print(content: Content) -> None:
    print(f"{content.title}\n{content.severity}, for {for_whom(content)}")
    for line in filter(None, (when(content), content.link)):
        print(line)
    if content.acknowledge:
        print("everybody is asked to acknowledge it")
    if content.body:
        print(f"\n{content.body}")


def _state(announcement: Announcement) -> str:
    if announcement.withdrawn:
        return "withdrawn"
    time = now()
    if announcement.shown(time):
        return "shown"
    begins = announcement.show_from
    return "planned" if begins and begins > time else "past"


def _whole(announcement: Announcement) -> Mapping[str, Any]:
    return {
        "id": announcement.id,
        "state": _state(announcement),
        "version": announcement.version,
        **announcements.to_json(announcement),
        "author": announcement.author,
        "created": announcements.moment(announcement.created),
        "updated": announcements.moment(announcement.updated),
    }


def _done(announcement: Announcement, what: str, arguments: argparse.Namespace) -> None:
    if arguments.json:
        _print_json(_whole(announcement))
    else:
        print(f"{announcement.id}: {what}")


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    print()


def _say_head(head: str) -> None:
    """The service's log is elsewhere, so the operator is told to note it."""
    print(f"jupyter_2i2c audit head {head}", file=sys.stderr)
