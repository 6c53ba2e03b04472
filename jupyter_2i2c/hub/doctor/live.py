"""Looks at what can only be seen now: files, the database, and what hub and service answer. Called by examine.py.

Hub and service are asked the way users' servers ask them. Nothing here changes anything.
"""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from ...text import line
from ..handover import Handed
from ..scopes import SERVICE
from .observed import FileFact, Live, Observed

CONNECT_TIMEOUT = 2.0
TOTAL_TIMEOUT = 5.0
MAX_BODY = 100_000
DATABASE = "the database"
KEY = "the key"


async def look(
    path: Path, handed: Handed, traits: Mapping[str, Any], *, ask: bool = True, token: str = ""
) -> Live:
    """See what is so now.

    Args:
        path: of the handover file.
        handed: what it holds.
        traits: the service's traits, with their defaults.
        ask: whether to ask hub and service.
        token: with `read:servers` and `list:users`, to look for servers older than the service;
            empty: not looked for.
    """
    observed = handed.observed
    base = Path(observed.directory or path.absolute().parent)
    url, key = str(traits.get("database_url", "")), str(traits.get("key_file", ""))
    files = _files(path, observed, _sqlite(url, base), base / key if key else None)
    database, known = await asyncio.to_thread(_database, url, files)
    facts: dict[str, Any] = {"hub_version": observed.hub_version}
    if ask:
        client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_BODY)
        try:
            facts |= await _answers(client, observed, str(traits.get("metrics_bind", "")))
        finally:
            client.close()
        if token and observed.since:
            facts["older"], facts["running"] = await _older(observed, token)
    return Live(
        asked=ask,
        service_address=observed.service_address,
        since=observed.since,
        files=files,
        database=database,
        database_known=known,
        problems=tuple(line(str(each)) for each in handed.stated.problems),
        **facts,
    )


def _files(
    path: Path, observed: Observed, database: Path | None, key: Path | None
) -> tuple[FileFact, ...]:
    facts = [_file("the handover", path.absolute())]
    if key:
        facts.append(_file(KEY, key))
    if database:
        facts.append(_file(DATABASE, database))
    if observed.cookie_secret.path:
        facts.append(_file("the cookie secret", Path(observed.cookie_secret.path)))
    return tuple(facts)


def _file(what: str, path: Path) -> FileFact:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        around = path.parent.stat().st_mode
    except OSError:
        return FileFact(what, str(path))
    # in a sticky directory, such as /tmp, only the owner may rename
    replaceable = bool(around & 0o002) and not around & stat.S_ISVTX
    return FileFact(what, str(path), True, mode, replaceable)


def _sqlite(url: str, base: Path) -> Path | None:
    """The file of an SQLite database; None of any other."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database == ":memory:"
    ):
        return None
    return base / parsed.database


def _database(url: str, files: tuple[FileFact, ...]) -> tuple[str, bool]:
    """Why the database cannot be used, and whether it could be looked at."""
    from ..store import keys
    from ..store.database import Store, StoreUnusable

    by_name = {each.what: each for each in files}
    key, file = by_name.get(KEY), by_name.get(DATABASE)
    if key is None or not key.there or (file is not None and not file.there):
        return "", False  # the service has not made them yet, or they are elsewhere
    try:
        secret = keys.load(Path(key.path))
    except keys.UnusableKey as error:
        return str(error), True
    store = None
    try:
        store = Store(f"sqlite:///{file.path}" if file else url, secret)
        store.open(migrate=False)
    except StoreUnusable as error:
        return str(error), True
    finally:
        if store is not None:
            store.close()
    return "", True


async def _answers(
    client: AsyncHTTPClient, observed: Observed, metrics_bind: str
) -> dict[str, Any]:
    address = observed.service_address
    root = address.rpartition(f"services/{SERVICE}")[0]
    hub_host = urlsplit(observed.subdomain_host).netloc
    service, (hub, version) = await asyncio.gather(
        _service(client, address, observed.service_host), _hub(client, root, hub_host)
    )
    facts: dict[str, Any] = {"service": service, "hub": hub}
    if version:
        facts["hub_version"] = version
    declared = observed.service(SERVICE)
    if metrics_bind and declared is not None and declared.managed:
        name, _, port = metrics_bind.rpartition(":")
        name = name if name not in ("", "0.0.0.0", "*", "[::]") else "127.0.0.1"  # noqa: S104
        facts["own_listener"] = f"http://{name}:{port}/readyz"
        facts["ready"] = await _ready(client, facts["own_listener"])
    return facts


class _NoAnswer(Exception):
    """Nothing answered; the message says what happened."""


async def _get(client: AsyncHTTPClient, url: str, host: str = "") -> HTTPResponse:
    request = HTTPRequest(
        url,
        headers={"Host": host} if host else {},
        connect_timeout=CONNECT_TIMEOUT,
        request_timeout=TOTAL_TIMEOUT,
        follow_redirects=False,
    )
    try:
        return await client.fetch(request, raise_error=False)
    except HTTPClientError as error:
        raise _NoAnswer(f"no answer within {TOTAL_TIMEOUT:.0f} s ({error.message})") from None
    except (OSError, ValueError) as error:
        raise _NoAnswer(f"nothing answers ({line(str(error))})") from None


def _json(response: HTTPResponse) -> Mapping[str, Any]:
    try:
        answer = json.loads(response.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, Mapping) else {}


async def _service(client: AsyncHTTPClient, address: str, host: str) -> str:
    """What is wrong with the service's answer to somebody without a token."""
    if not address:
        return "users' servers are not told where it is"
    try:
        response = await _get(client, f"{address.rstrip('/')}/api/v1/info", host)
    except _NoAnswer as error:
        return str(error)
    if response.code == 401 and "message" in _json(response):
        return ""
    if response.code == 404:
        return "the proxy knows no such address (404)"
    if response.code == 503:
        return "the proxy reaches nobody there (503)"
    return f"something else than the service answers ({response.code})"


async def _hub(client: AsyncHTTPClient, root: str, host: str) -> tuple[str, str]:
    """What is wrong with the hub's answer, and its version."""
    if not root:
        return "", ""
    try:
        response = await _get(client, f"{root}hub/api/", host)
    except _NoAnswer as error:
        return str(error), ""
    version = _json(response).get("version")
    if response.code != 200 or not isinstance(version, str):
        return f"something else than a hub answers ({response.code})", ""
    return "", line(version)


async def _ready(client: AsyncHTTPClient, url: str) -> str:
    """What stands in the service's way, as it says itself."""
    try:
        response = await _get(client, url)
        if response.code == 404:  # a service of an earlier version
            response = await _get(client, url.replace("/readyz", "/healthz"))
    except _NoAnswer as error:
        return str(error)
    answer = _json(response)
    if response.code == 200 and answer.get("status") == "ok":
        return ""
    message = answer.get("message")
    return line(message) if isinstance(message, str) else f"it answers {response.code}"


async def _older(observed: Observed, token: str) -> tuple[int | None, int | None]:
    """How many running servers started before they could get our scopes, and how many run."""
    from ..hub_api import HubApi, HubError, walk
    from ..identity import HubUnavailable

    since = datetime.fromisoformat(observed.since)
    root = observed.service_address.rpartition(f"services/{SERVICE}")[0]
    api = HubApi(f"{root}hub/api")
    older = running = 0
    try:
        async for person in walk(api.as_person(token), state="active"):
            if not person.sees_servers:
                return None, None
            for server in person.servers.values():
                running += 1
                older += server.started is not None and server.started < since
    except (HubError, HubUnavailable):
        return None, None
    finally:
        api.close()
    return older, running
