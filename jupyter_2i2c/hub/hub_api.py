"""The hub's own API, asked with one person's token. Called by the console, the actions and the jobs.

Nothing here decides what a person may do: the hub does, each time, from the token that the request
carries. Whatever comes back is untrusted text, and what the hub (or what stands in its place) says
in an error is never passed on.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

from ..text import line
from .identity import RETRY_AFTER, HubUnavailable, Identity

MAX_WORDS = 200
"""Characters that are shown of what people call their servers, and of what they chose."""

PAGE = 200
"""The most that the hub answers with at a time."""

State = Literal["active", "ready", "inactive"]
Sort = Literal["id", "name", "-name", "last_activity", "-last_activity"]
T = TypeVar("T")


class HubError(Exception):
    """The hub answered, and the answer is no. The text is for a person."""


class HubRefused(HubError):
    """The token is no longer good, or its owner may not do this (401, 403)."""


class NotFound(HubError):
    """No such user, server or group, or none that this person may see (404)."""


class Conflict(HubError):
    """It is so already (409)."""


class BadRequest(HubError):
    """The hub does not do this: a name it does not take, a server that already runs (400)."""


class TooMany(HubError):
    """The hub asks to wait (429).

    Args:
        retry_after: seconds.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__("the hub has too much to do just now")
        self.retry_after = retry_after


class Uncertain(HubUnavailable):
    """A change was asked for, and the hub did not say whether it was made. Read again what is so."""


@dataclass(frozen=True)
class Server:
    """One of a person's servers.

    Attributes:
        name: empty for the default server.
        display_name: what its owner calls it.
        started: when; None if it never was or that is not known.
        last_activity: as far as the hub knows.
        ready: whether it can be opened.
        pending: ``spawn``, ``stop`` or empty.
        stopped: neither running nor on its way.
        profile: the profile that was chosen; empty where the options do not tell.
        image: the image that was chosen; empty where the options do not tell.
        url: its path, below the hub's address.
    """

    name: str
    display_name: str = ""
    started: datetime | None = None
    last_activity: datetime | None = None
    ready: bool = False
    pending: str = ""
    stopped: bool = False
    profile: str = ""
    image: str = ""
    url: str = ""


@dataclass(frozen=True)
class Person:
    """A user as far as the asking person may see them.

    Attributes:
        admin: the flag; never an authority.
        servers: by name; the stopped ones only where they were asked for.
        sees_servers: whether the asking person may see servers at all; if not, none says nothing.
    """

    name: str
    admin: bool = False
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    last_activity: datetime | None = None
    created: datetime | None = None
    servers: Mapping[str, Server] = field(default_factory=dict)
    sees_servers: bool = True


@dataclass(frozen=True)
class Group:
    """A group and the names of its members."""

    name: str
    members: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """A service that the hub knows; without its command line, which may hold secrets."""

    name: str
    url: str = ""
    admin: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of many.

    Attributes:
        items: at most as many as asked for.
        total: how many there are, by the hub's count.
        offset: how many come before.
        limit: how many were asked for.
        next: the offset of the next page; None on the last.
        at_most: the hub's count takes some for hits that are none (``%`` and ``_`` in a search).
    """

    items: tuple[T, ...]
    total: int
    offset: int
    limit: int
    next: int | None
    at_most: bool = False


class HubApi:
    """The way to the hub: one client, so many questions at a time, however many people ask.

    What runs long (jobs) gets a `HubApi` of its own, so that pages need not queue behind it.

    Args:
        url: the hub's API, as in ``JUPYTERHUB_API_URL``; never from a request.
        client_options: for tornado's HTTP client, such as certificates.
        concurrency: questions to the hub at a time.
        on_failure: called whenever the hub does not answer as one.
    """

    CONNECT_TIMEOUT = 2.0
    READ_TIMEOUT = 5.0
    CHANGE_TIMEOUT = 15.0
    """Seconds for a start or stop, with which a hub takes its time before it answers (10 s by default)."""
    MAX_BODY = 32 * 2**20

    def __init__(
        self,
        url: str,
        *,
        client_options: Mapping[str, Any] | None = None,
        concurrency: int = 10,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url.rstrip("/")
        self._options = dict(client_options or {})
        self._on_failure = on_failure
        self._places = asyncio.Semaphore(concurrency)
        self._client = AsyncHTTPClient(
            force_instance=True, max_clients=concurrency, max_body_size=self.MAX_BODY
        )

    def as_person(self, token: str) -> Hub:
        """The hub with the rights of the token's owner."""
        return Hub(self, token)

    def close(self) -> None:
        """Give up the client; questions on their way are dropped."""
        self._client.close()

    async def ask(
        self,
        token: str,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> HTTPResponse:
        """One question; its answer if that is a good one.

        Args:
            token: whose rights.
            method: GET asks; everything else changes something.
            path: its segments, as they are; they are escaped here.
            query: arguments; None among them are left out.
            body: sent as JSON.

        Raises:
            HubError: the hub says no.
            HubUnavailable: the hub does not answer as a hub; nothing was done.
            Uncertain: the same, but what was asked may have been done.
        """
        url = "/".join((self._url, *map(_segment, path)))
        if query:
            url += "?" + urlencode(
                {key: value for key, value in query.items() if value is not None}
            )
        timeout = self.READ_TIMEOUT if method == "GET" else self.CHANGE_TIMEOUT
        headers = {
            "Authorization": f"token {token}",
            "Accept": "application/jupyterhub-pagination+json, application/json",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = HTTPRequest(
            url,
            method=method,
            headers=headers,
            body=json.dumps(body) if body is not None else None,
            allow_nonstandard_methods=True,
            connect_timeout=self.CONNECT_TIMEOUT,
            request_timeout=timeout,
            follow_redirects=False,
            **self._options,
        )
        # waiting for a place counts for whoever waits, but nothing has been asked by then
        try:
            await asyncio.wait_for(self._places.acquire(), timeout)
        except (TimeoutError, asyncio.TimeoutError):
            raise HubUnavailable("the hub has more questions open than it answers") from None
        try:
            return await self._fetch(request)
        except HubUnavailable:
            self._on_failure()
            raise
        finally:
            self._places.release()

    async def _fetch(self, request: HTTPRequest) -> HTTPResponse:
        perhaps = HubUnavailable if request.method == "GET" else Uncertain
        try:
            return await self._client.fetch(request)
        except HTTPTimeoutError as error:
            unasked = "connecting" in (error.message or "")
            why = "the hub takes too long to answer"
            raise (HubUnavailable(why) if unasked else perhaps(why)) from None
        except HTTPStreamClosedError:
            raise perhaps("the hub broke off its answer") from None
        except HTTPClientError as error:
            raise _refusal(error, perhaps) from None
        except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
            # as likely after the question as before it
            raise perhaps("the hub broke off its answer") from None
        except OSError as error:
            raise HubUnavailable(
                f"the hub cannot be reached ({error.strerror or 'no connection'})"
            ) from None
        except ValueError:
            raise perhaps("something other than a hub answered in its place") from None


class Hub:
    """The hub with one person's rights; made by `HubApi.as_person`, thrown away after use.

    Every method raises what `HubApi.ask` does.
    """

    def __init__(self, api: HubApi, token: str) -> None:
        self._api = api
        self._token = token

    def __repr__(self) -> str:
        return "<Hub>"  # never the token

    async def whoami(self) -> Identity:
        """Whose token it is and what it may do at this moment.

        Raises:
            HubRefused: the token is not good any more.
        """
        model = await self._json("GET", "user")
        with _a_hub_answers():
            return Identity(
                str(model["name"]),
                frozenset(map(str, model["scopes"])),
                tuple(map(str, model.get("groups") or ())),
                model.get("admin") is True,
            )

    async def users(
        self,
        offset: int = 0,
        limit: int = 50,
        state: State | None = None,
        sort: Sort = "name",
        name_filter: str = "",
        stopped: bool = False,
    ) -> Page[Person]:
        """One page of users.

        Args:
            offset: how many to leave out.
            limit: at most `PAGE`.
            state: only those with (or without) a server.
            sort: the order.
            name_filter: text that the name contains, whatever its case. What the hub takes for
                a wildcard is looked for as it is; the page may then be shorter than `limit`.
            stopped: whether to name stopped servers, too.
        """
        limit = max(1, min(limit, PAGE))
        offset = max(0, offset)
        query = {
            "offset": offset,
            "limit": limit,
            "state": state,
            "sort": sort,
            # on PostgreSQL a backslash would escape what follows: any character, then, and looked at below
            "name_filter": name_filter.replace("\\", "_") or None,
            "include_stopped_servers": 1 if stopped else None,
        }
        page = await self._page(("users",), query, _person)
        if not re.search(r"[%_\\]", name_filter):
            return page
        wanted = name_filter.lower()
        hits = tuple(person for person in page.items if wanted in person.name.lower())
        return Page(hits, page.total, page.offset, page.limit, page.next, at_most=True)

    async def user(self, name: str, stopped: bool = False) -> Person:
        """One user; with `stopped`, their stopped servers, too."""
        query = {"include_stopped_servers": 1} if stopped else None
        model = await self._json("GET", "users", name, query=query)
        with _a_hub_answers():
            return _person(model)

    async def server(self, user: str, name: str = "") -> Server | None:
        """A server that runs, starts or stops; None if it does none of that.

        Raises:
            NotFound: no such user.
            HubRefused: this person may not see servers, so that nothing can be said.
        """
        person = await self.user(user)
        if not person.sees_servers:
            raise HubRefused("you may not see this person's servers")
        server = person.servers.get(name)
        return None if server is None or server.stopped else server

    async def start(
        self, user: str, server: str = "", options: Mapping[str, Any] | None = None
    ) -> Literal["started", "starting"]:
        """Start a server, with the options of the last time unless others are given.

        Raises:
            BadRequest: it runs already, or is about to stop.
        """
        answer = await self._api.ask(
            self._token, "POST", _server_path(user, server), body=dict(options) if options else None
        )
        return "starting" if answer.code == 202 else "started"

    async def stop(self, user: str, server: str = "") -> Literal["stopped", "stopping"]:
        """Stop a server. One that does not run counts as stopped."""
        answer = await self._api.ask(self._token, "DELETE", _server_path(user, server))
        return "stopping" if answer.code == 202 else "stopped"

    async def group(self, name: str) -> Group:
        """One group with its members."""
        model = await self._json("GET", "groups", name)
        with _a_hub_answers():
            return _group(model)

    async def groups(self, offset: int = 0, limit: int = 20) -> Page[Group]:
        """One page of groups. The hub takes long for many of them, because it counts members."""
        query = {"offset": max(0, offset), "limit": max(1, min(limit, PAGE))}
        return await self._page(("groups",), query, _group)

    async def add_users(self, names: Iterable[str], admin: bool = False) -> tuple[str, ...]:
        """Add users.

        Returns:
            The names of those who are new; the others of the list were there.

        Raises:
            BadRequest: the hub takes one of the names for invalid, and has added nobody.
        """
        body = {"usernames": list(names), "admin": admin}
        try:
            answer = await self._api.ask(self._token, "POST", ("users",), body=body)
        except Conflict:
            return ()
        with _a_hub_answers(Uncertain):
            return tuple(str(model["name"]) for model in json.loads(answer.body))

    async def set_admin(self, user: str, admin: bool) -> bool:
        """Make somebody an administrator, or no longer; what is so afterwards.

        Raises:
            Uncertain: also if the hub does not say what is so.
        """
        body = {"admin": admin}
        answer = await self._api.ask(self._token, "PATCH", ("users", user), body=body)
        with _a_hub_answers(Uncertain):
            return json.loads(answer.body)["admin"] is True

    async def version(self) -> str:
        """The hub's version."""
        model = await self._json("GET", "")
        with _a_hub_answers():
            return str(model["version"])

    async def services(self) -> tuple[Service, ...]:
        """The services that this person may see."""
        model = await self._json("GET", "services")
        with _a_hub_answers():
            return tuple(
                Service(
                    str(each["name"]),
                    str(each.get("url") or ""),
                    each.get("admin") is True,
                    tuple(map(str, each.get("roles") or ())),
                )
                for each in model.values()
            )

    async def see(self, path: str, query: Mapping[str, Any]) -> Any:
        """What the API answers, as JSON, to a question that only an export asks.

        Args:
            path: one segment.
            query: arguments.
        """
        return await self._json("GET", path, query=query)

    async def _json(self, method: str, *path: str, query: Mapping[str, Any] | None = None) -> Any:
        answer = await self._api.ask(self._token, method, path, query)
        with _a_hub_answers():
            return json.loads(answer.body)

    async def _page(self, path: tuple[str, ...], query: Mapping[str, Any], read: Any) -> Page[Any]:
        model = await self._json("GET", *path, query=query)
        with _a_hub_answers():
            about, following = model["_pagination"], model["_pagination"].get("next")
            return Page(
                tuple(read(each) for each in model["items"]),
                int(about["total"]),
                int(about["offset"]),
                int(about["limit"]),
                int(following["offset"]) if following else None,
            )


async def walk(hub: Hub, **query: Any) -> AsyncIterator[Person]:
    """All users that `query` finds, page after page; only one page is held at a time.

    Args:
        hub: with somebody's rights.
        query: as for `Hub.users`, without `offset`; by default in the order of their creation,
            in which somebody new moves nobody to another page.
    """
    offset: int | None = 0
    while offset is not None:
        page = await hub.users(**{"limit": PAGE, "sort": "id", **query, "offset": offset})
        for person in page.items:
            yield person
        # a hub that points backwards must not keep us for ever
        offset = page.next if page.next is not None and page.next > offset else None


def _segment(text: str) -> str:
    """A name as one segment of a path, whatever is in it."""
    if text in (".", ".."):
        raise BadRequest("a name may not consist of dots")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise BadRequest("a name contains what is not a character") from None


def _server_path(user: str, server: str) -> tuple[str, ...]:
    return ("users", user, "servers", server) if server else ("users", user, "server")


def _refusal(error: HTTPClientError, perhaps: type[HubUnavailable]) -> Exception:
    """What an answer's status means; its body is not looked at."""
    simple: dict[int, HubError] = {
        400: BadRequest("the hub does not do this"),
        401: HubRefused("the hub does not accept this login any more"),
        403: HubRefused("the hub does not allow you this (any more)"),
        404: NotFound("the hub knows no such user, server or group, or shows you none"),
        409: Conflict("it is so already"),
        429: TooMany(_retry_after(error)),
    }
    if error.code in simple:
        return simple[error.code]
    if error.code == 599:
        return perhaps("the hub broke off its answer")
    return perhaps(f"the hub answered {error.code}")


def _retry_after(error: HTTPClientError) -> float:
    """Seconds, from either form of the header; at most an hour."""
    text = error.response.headers.get("Retry-After", "") if error.response else ""
    if text.isascii() and text.isdigit():
        return min(float(text), 3600.0)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return float(RETRY_AFTER)
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return min(max((until - datetime.now(timezone.utc)).total_seconds(), 0.0), 3600.0)


class _a_hub_answers:
    """Around the reading of an answer: what is not a hub's is not taken for one."""

    def __init__(self, error: type[HubUnavailable] = HubUnavailable) -> None:
        self._error = error

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (ValueError, KeyError, TypeError, AttributeError)):
            raise self._error("something other than a hub answered in its place") from None


def _person(model: Any) -> Person:
    servers = model.get("servers") or {}
    return Person(
        str(model["name"]),
        model.get("admin") is True,
        tuple(map(str, model.get("groups") or ())),
        tuple(map(str, model.get("roles") or ())),
        _time(model.get("last_activity")),
        _time(model.get("created")),
        {str(name): _server(str(name), each) for name, each in servers.items()},
        "servers" in model,
    )


def _server(name: str, model: Any) -> Server:
    options = model.get("user_options")
    options = options if isinstance(options, dict) else {}
    return Server(
        name,
        _words(model.get("display_name")),
        _time(model.get("started")),
        _time(model.get("last_activity")),
        model.get("ready") is True,
        str(model.get("pending") or ""),
        model.get("stopped") is True,
        _chosen(options, "profile"),
        _chosen(options, "image"),
        str(model.get("url") or ""),
    )


def _chosen(options: Mapping[str, Any], name: str) -> str:
    """What was chosen of a kind, as KubeSpawner and DockerSpawner keep it: typed in, or from a list."""
    for key in (f"{name}--unlisted-choice", name):
        value = options.get(key)
        if isinstance(value, str) and value:
            return _words(value)
    return ""


def _words(value: Any) -> str:
    """What people chose or typed, as one line that can be read, of a length to show."""
    return line(str(value or ""))[:MAX_WORDS]


def _group(model: Any) -> Group:
    return Group(
        str(model["name"]),
        tuple(map(str, model.get("users") or ())),
        tuple(map(str, model.get("roles") or ())),
    )


def _time(text: Any) -> datetime | None:
    """A time of the hub's: aware, UTC."""
    if not text:
        return None
    time = datetime.fromisoformat(re.sub(r"Z$", "+00:00", str(text)))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
