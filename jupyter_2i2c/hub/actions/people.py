"""Add users, many at a time. Offered where `admin_users_feature` is on; called through the registry and the console."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from typing_extensions import override

from ..hub_api import BadRequest, Hub, HubError, NotFound
from ..identity import HubUnavailable
from .base import Action, Asked, BadTarget, Effect, Outcome, not_a_name, only
from .wording import count

MOST = 500
"""Names in one request."""

AT_A_TIME = 50
"""Names in one question to the hub."""

QUESTIONS = 5
"""Questions at a time that look who is there."""

HEADINGS = frozenset({"user", "username", "user name", "name", "login", "users"})
SHOWN = 20


def names_in(text: str) -> list[str]:
    """The names in a pasted list or in CSV, each once, in their order.

    One name a line; of CSV the column that is headed as names are, else the first; a line with
    commas and no heading is a list of names. The hub's own rule for names is not known here.
    """
    rows = [row for row in map(_cells, text.splitlines()) if any(row)]
    if not rows:
        return []
    heads = [cell.strip().lower() for cell in rows[0]]
    column = next((index for index, head in enumerate(heads) if head in HEADINGS), None)
    if column is not None:
        cells = [row[column] for row in rows[1:] if len(row) > column]
    elif len(rows) == 1:
        cells = rows[0]
    else:
        cells = [row[0] for row in rows]
    return list(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))


def _cells(line: str) -> list[str]:
    """One line of CSV; a quotation mark that is never closed ends with its line."""
    try:
        return next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        return [line]


class AddUsers(Action):
    """Add users by name."""

    name = "add-users"
    scopes = frozenset({"admin:users"})

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target, "users")
        names = target.get("users")
        if not isinstance(names, Sequence) or isinstance(names, str) or not names:
            raise BadTarget("the request names nobody to add")
        if not all(isinstance(each, str) and each for each in names):
            raise BadTarget("the request holds something that is no name")
        unique = list(dict.fromkeys(names))
        if len(unique) > MOST:
            raise BadTarget(f"at most {MOST} people can be added at a time; make it several lists")
        if any(len(each) > 10_000 for each in unique):
            raise BadTarget("one of the names is longer than any hub takes")
        return {"users": unique}

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        invalid = [each for each in target["users"] if _not_addable(each)]
        existing, new = await _sort(hub, [each for each in target["users"] if each not in invalid])
        rows = [("New", f"{len(new):,}", _list(new))]
        if existing:
            rows.append(("Already there", f"{len(existing):,}", _list(existing) + "; not changed"))
        if invalid:
            rows.append(("Not valid", f"{len(invalid):,}", _list(invalid) + "; left out"))
        return Effect(
            f"Add {count(len(new), 'user', 'users')}?",
            "Add users",
            "they may log in only if the hub's way to log in lets them; where an organisation or team"
            " decides that, add them there",
            tuple(rows),
            f"Add {count(len(new), 'user', 'users')}",
            impossible="" if new else "None of the names is new and valid.",
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        wanted = [each for each in target["users"] if not _not_addable(each)]
        created: list[str] = []
        refused = [each for each in target["users"] if _not_addable(each)]
        broken: Exception | None = None
        for start in range(0, len(wanted), AT_A_TIME):
            chunk = wanted[start : start + AT_A_TIME]
            try:
                await _add(hub, chunk, created, refused)
            except (HubError, HubUnavailable) as error:
                if not created:
                    raise
                broken = error
                break
        text = f"Added {count(len(created), 'user', 'users')}."
        there = len(target["users"]) - len(created) - len(refused)
        detail = {"created": created, "refused": refused}
        if broken:
            text += f" Then it ended, because {broken}. Ask again: who is there is left alone."
            return Outcome("partly", text, detail)
        if there:
            text += f" {count(there, 'was', 'were')} there already."
        if refused:
            text += (
                f" The hub does not take {count(len(refused), 'name', 'names')}: {_list(refused)}."
            )
        if not refused:
            return Outcome("done", text, detail)
        return Outcome("partly" if created else "failed", text, detail)

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        wanted = [each for each in target["users"] if not _not_addable(each)]
        existing, missing = await _sort(hub, wanted)
        if not missing:
            return Outcome("done", f"All {count(len(existing), 'user is', 'users are')} there.")
        text = f"Not there: {_list(missing)}. Ask again: who is there is left alone."
        return Outcome("partly" if existing else "failed", text, {"missing": missing})


async def _add(hub: Hub, names: Sequence[str], created: list[str], refused: list[str]) -> None:
    """Add these; if the hub dislikes one of them, each by itself. Who is new, and who is not taken, is noted at once."""
    try:
        created += await hub.add_users(names)
    except BadRequest:
        if len(names) == 1:
            refused.append(names[0])
            return
        for each in names:
            await _add(hub, [each], created, refused)


async def _sort(hub: Hub, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of these exist, and which do not. Hubs write names small unless told otherwise."""
    existing: list[str] = []
    missing: list[str] = []
    # a few at a time: a slow hub answers so many only one after the other, and others ask it, too
    for start in range(0, len(names), QUESTIONS):
        some = names[start : start + QUESTIONS]
        for each, there in zip(
            some, await asyncio.gather(*map(partial(_exists, hub), some)), strict=True
        ):
            (existing if there else missing).append(each)
    return existing, missing


async def _exists(hub: Hub, name: str) -> bool:
    for each in dict.fromkeys((name.lower(), name)):
        try:
            await hub.user(each)
            return True
        except NotFound:
            continue
    return False


def _not_addable(name: str) -> str:
    return not_a_name(name) or ("holds a slash" if "/" in name else "")


def _list(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(each[:80] for each in names[:SHOWN]) + (
        f" and {more:,} more" if more > 0 else ""
    )
