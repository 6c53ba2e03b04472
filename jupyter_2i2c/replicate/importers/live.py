"""Asks a running hub's REST API who and what is on it. Called by recorded.py, verify/v6_live.py and the drill.

The least role that answers all of it: ``list:users, list:groups, read:groups, read:roles, list:services,
read:hub``. What it may not see is left out and named.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from ..errors import ReplicateError
from ..work import Work

SCOPES = ("list:users", "list:groups", "read:groups", "read:roles", "list:services", "read:hub")
"""What the token must be allowed."""

PAGE = 200
PAGINATED = "application/jupyterhub-pagination+json"
TIMEOUT = 30

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


async def _observed(api: str, token: str, work: Work) -> dict[str, Any]:
    client = AsyncHTTPClient()
    told: dict[str, Any] = {"refused": []}
    for what in ("users", "groups", "services", "info"):
        work.check()
        try:
            told[what] = _kept(what, await _all(client, api, what, token, work))
        except HTTPClientError as error:
            if error.code not in (401, 403):
                raise ReplicateError(f"{api}/{what} answers {error.code} {error.message}; is it a hub's address?") from None  # fmt: skip
            told["refused"].append(what)
        except (OSError, ValueError) as error:
            raise ReplicateError(f"{api}/{what} does not answer: {error}; is the hub running?") from None  # fmt: skip
    if len(told["refused"]) == 4:
        raise ReplicateError(f"{api} refuses the token; give one with {', '.join(SCOPES)}")
    return told


async def _all(client: AsyncHTTPClient, api: str, what: str, token: str, work: Work) -> Any:
    if what == "info":
        return await _ask(client, f"{api}/info", token, "application/json")
    found: Any = [] if what != "services" else {}
    offset = 0
    while True:
        query = urlencode({"offset": offset, "limit": PAGE})
        answer = await _ask(client, f"{api}/{what}?{query}", token, PAGINATED)
        if not (isinstance(answer, dict) and "_pagination" in answer):
            return answer
        found.extend(answer["items"])
        work.step(len(found), answer["_pagination"]["total"], f"reading {what}")
        following = answer["_pagination"]["next"]
        if not following:
            return found
        offset = following["offset"]


async def _ask(client: AsyncHTTPClient, url: str, token: str, accept: str) -> Any:
    headers = {"Authorization": f"token {token}", "Accept": accept}
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
