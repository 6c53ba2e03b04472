"""Asks a running hub's REST API who and what is on it. Called by command.py, verify/v6_live.py, the drill and the hub's service.

The least role that answers all of it: ``list:users, list:groups, read:groups, read:roles, list:services,
read:hub``. What it may not see is left out and named.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from ..errors import ReplicateError
from ..work import Work

SCOPES = ("list:users", "list:groups", "read:groups", "read:roles", "list:services", "read:hub")
"""What the token must be allowed."""

PAGE = 200
ACCEPT = "application/jupyterhub-pagination+json, application/json"
TIMEOUT = 30

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
    if urlsplit(url).scheme not in ("http", "https"):
        raise ReplicateError(f"{url} is no hub's address; give it like https://hub.example/")
    return asyncio.run(_observed(f"{url.rstrip('/')}/hub/api", token, work))


class Refused(Exception):
    """The token may not see this."""


Ask = Callable[[str, Mapping[str, int]], Awaitable[Any]]
"""Asks for a path below ``hub/api`` with a query, and gives its JSON. Raises `Refused`."""


async def _observed(api: str, token: str, work: Work) -> dict[str, Any]:
    client = AsyncHTTPClient()

    async def ask(path: str, query: Mapping[str, int]) -> Any:
        try:
            return await _ask(client, f"{api}/{path}?{urlencode(query)}", token)
        except HTTPClientError as error:
            if error.code in (401, 403):
                raise Refused from None
            raise ReplicateError(
                f"{api}/{path} answers {error.code} {error.message}; is it a hub's address?"
            ) from None

    return await observe(ask, work, api)


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
        f"users and groups of {api} change while they are read; capture it at a quieter time"
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
        if following["offset"] <= offset:
            raise ValueError("its pages do not go on")
        offset = following["offset"]


async def _ask(client: AsyncHTTPClient, url: str, token: str) -> Any:
    headers = {"Authorization": f"token {token}", "Accept": ACCEPT}
    request = HTTPRequest(
        url, headers=headers, connect_timeout=5, request_timeout=TIMEOUT, follow_redirects=False
    )
    answer = await client.fetch(request)
    return json.loads(answer.body)


def _kept(what: str, answer: Any) -> Any:
    if what == "info":
        kept = {name: answer[name] for name in KEPT[what] if name in answer}
        # versions of packages are compared elsewhere; here it is which class does it
        return {
            name: {"class": each.get("class", "")} if isinstance(each, Mapping) else each
            for name, each in kept.items()
        }
    members = answer.values() if isinstance(answer, Mapping) else answer
    return sorted(
        ({name: _ordered(each[name]) for name in KEPT[what] if name in each} for each in members),
        key=lambda each: str(each["name"]),
    )


def _ordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
