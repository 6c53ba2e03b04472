"""Asks a running hub's REST API who and what is on it. Called by command.py, verify/v6_live.py, the drill and the hub's service.

The least role that answers all of it: ``list:users, list:groups, read:groups, read:roles, list:services,
read:hub``. What it may not see is left out and named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..errors import ReplicateError
from ..live_hub import LiveHub
from ..live_hub import Refused as Refused  # also where the client is a caller's own
from ..work import Work

SCOPES = ("list:users", "list:groups", "read:groups", "read:roles", "list:services", "read:hub")
"""What the token must be allowed."""

PAGE = 200

MOST = 500_000
"""Members of a list; a hub has fewer, and what answers without an end is none."""

LONGEST_NAME = 255
"""Characters of a name, in JupyterHub's own database."""

ATTEMPTS = 3
"""How often it is read anew because it changed meanwhile."""

PAGED = ("users", "groups")
"""What comes in pages."""

KEPT = {
    "users": ("name", "admin", "roles", "kind"),
    "groups": ("name", "users", "properties", "roles"),
    "services": ("name", "admin", "roles", "display"),
    "info": ("version", "authenticator", "spawner"),
}
"""Of each answer, what describes the hub; times, processes and addresses differ on every hub."""


def observed(url: str, token: str, work: Work) -> dict[str, Any]:
    """What the API says.

    Arguments:
        url: of the hub, where `hub/api` is below.
        token: with `SCOPES`.
        work: asked whether to stop.

    Returns:
        ``users``, ``groups`` and ``services`` (lists by name), ``info``, and ``refused`` (what the
        token may not see).

    Raises:
        ReplicateError: the hub does not answer, or not as a hub.
    """
    return asyncio.run(_observed(url, token, work))


Ask = Callable[[str, Mapping[str, int]], Awaitable[Any]]
"""Asks for a path below ``hub/api`` with a query, and gives its JSON. Raises `Refused`."""


async def _observed(url: str, token: str, work: Work) -> dict[str, Any]:
    async with LiveHub(url, token) as hub:

        async def ask(path: str, query: Mapping[str, int]) -> Any:
            return await hub.ask("GET", path, query)

        return await observe(ask, work, hub.api)


async def observe(ask: Ask, work: Work, api: str, *, people: bool = True) -> dict[str, Any]:
    """As `observed`, with a client of the caller's.

    Arguments:
        ask: one question to the API.
        work: told how far it is.
        api: what it is called in messages.
        people: whether to ask who is on it; without, ``users`` and ``groups`` are only as many as
            there are, and no name is read.

    Raises:
        ReplicateError: the hub does not answer as a hub, or refuses all of it.
    """
    for _ in range(ATTEMPTS):
        told, totals = await _read(ask, work, api, people)
        if len(told["refused"]) == len(KEPT):
            raise ReplicateError(f"{api} refuses the token; give one with {', '.join(SCOPES)}")
        if all([total == await _total(ask, what) for what, total in totals.items()]):
            return told
    raise ReplicateError(
        f"users and groups of {api} change while they are read; ask again at a quieter time"
    )


async def _read(
    ask: Ask, work: Work, api: str, people: bool
) -> tuple[dict[str, Any], dict[str, int]]:
    """All of it, and how many members each list had that comes in pages."""
    told: dict[str, Any] = {"refused": []}
    totals: dict[str, int] = {}
    for what in KEPT:
        work.check()
        try:
            if what in PAGED and not people:
                told[what] = range(await _total(ask, what))
                continue
            answer = await _all(ask, what, work)
            told[what] = _kept(what, answer)
            if what in PAGED:
                totals[what] = len(answer)
        except Refused:
            told["refused"].append(what)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReplicateError(
                f"{api}/{what} does not answer as a hub does: {error}; is it a hub's address, and running?"
            ) from None
    return told, totals


async def _total(ask: Ask, what: str) -> int:
    answer = await ask(what, {"limit": 1})
    return int(answer["_pagination"]["total"])


async def _all(ask: Ask, what: str, work: Work) -> Any:
    if what not in PAGED:
        return await ask(what, {})
    found: list[Any] = []
    offset = 0
    while True:
        answer = await ask(what, {"offset": offset, "limit": PAGE})
        found += answer["items"]
        work.step(len(found), answer["_pagination"]["total"], f"reading {what}")
        following = answer["_pagination"]["next"]
        if not following:
            return found
        if following["offset"] <= offset or not answer["items"] or len(found) > MOST:
            raise ValueError("its pages do not go on")
        offset = following["offset"]


def _kept(what: str, answer: Any) -> Any:
    if what == "info":
        kept = {name: answer[name] for name in KEPT[what] if name in answer}
        # versions of packages are compared elsewhere; here it is which class does it
        return {
            name: {"class": each.get("class", "")} if isinstance(each, Mapping) else each
            for name, each in kept.items()
        }
    members = answer.values() if isinstance(answer, Mapping) else answer
    if any(
        not isinstance(each["name"], str) or len(each["name"]) > LONGEST_NAME for each in members
    ):
        raise ValueError(f"{what} have names that are none")
    return sorted(
        ({name: _ordered(each[name]) for name in KEPT[what] if name in each} for each in members),
        key=lambda each: str(each["name"]),
    )


def _ordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
