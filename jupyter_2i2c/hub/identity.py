"""Whose token is it? Asks the hub, without keeping anybody else waiting. Called by the service's API handlers.

JupyterHub's own `HubAuth` answers the same question for one request at a time. This asks for many
at once: the event loop is never blocked, a token is asked for once however many requests carry it,
and only a few questions are on their way to the hub at any time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

RETRY_AFTER = 10
"""Seconds after which it is worth asking again when the hub does not answer."""


ANY_AGE = float("inf")
"""As old as a remembered answer may be where nothing depends on whether it still holds."""


class HubUnavailable(Exception):
    """The hub did not say whose token it is; nobody is let in or sent away for that."""


@dataclass(frozen=True)
class Identity:
    """The owner of a token, as far as the token shows it.

    Attributes:
        name: the user's name on the hub.
        scopes: the token's own scopes, expanded.
        groups: the groups that the user is in.
        admin: whether the hub calls the user an administrator; never an authority.
    """

    name: str
    scopes: frozenset[str]
    groups: tuple[str, ...] = ()
    admin: bool = False


class HubIdentities:
    """Tokens and their owners, remembered for a while.

    What is used all the time is asked for again before it is too old, at moments when the hub is
    asked little: so ten thousand servers that were all new at once do not all ask at once again.

    Args:
        api_url: the hub's API, as in ``JUPYTERHUB_API_URL``.
        max_age: seconds for which an answer may be used for what is addressed to everybody.
        concurrency: questions to the hub at a time.
        capacity: answers to remember.
        on_version: called with the hub's version whenever an answer tells it.
        on_failure: called whenever the hub does not answer as one.
        client_options: for tornado's HTTP client, such as certificates.
    """

    CONNECT_TIMEOUT = 2.0
    TOTAL_TIMEOUT = 5.0
    UNKNOWN_MAX_AGE = 30.0
    """Seconds for which a token that the hub does not know is turned away without asking again."""
    RENEW_FROM = 0.5
    """The part of its time after which a token that is in use is asked for again."""
    RENEWALS = 15.0
    """Questions a second, all taken together, above which nothing is asked for early."""

    def __init__(
        self,
        api_url: str,
        *,
        max_age: float = 600,
        concurrency: int = 4,
        capacity: int = 20_000,
        on_version: Callable[[str], None] | None = None,
        on_failure: Callable[[], None] = lambda: None,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        self._url = api_url.rstrip("/") + "/user"
        self._max_age = max_age
        self._capacity = capacity
        self._on_version = on_version
        self._on_failure = on_failure
        self._options = client_options or {}
        self._remembered: OrderedDict[bytes, tuple[float, float, Identity | None]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Identity | None]] = {}
        self._waiting: dict[bytes, asyncio.Task[Identity | None]] = {}
        self._quiet_from = 0.0
        self._places = asyncio.Semaphore(concurrency)
        self._client = AsyncHTTPClient(force_instance=True, max_clients=concurrency)

    def __len__(self) -> int:
        return len(self._remembered)

    def close(self) -> None:
        """Give up the client; questions on their way are dropped."""
        self._client.close()

    def remembered(self, token: str, max_age: float | None = None) -> tuple[Identity | None] | None:
        """What is remembered of a token: a tuple with its owner, or None if the hub must be asked.

        Args:
            token: as it came in the header.
            max_age: seconds; None for what is addressed to everybody, less for what is personal.
                `ANY_AGE` takes what was so once: for an answer that tells nothing.
        """
        key = _key(token)
        entry = self._remembered.get(key)
        if entry is None:
            return None
        until, learnt, owner = entry
        now = time.monotonic()
        if max_age == ANY_AGE:
            if owner is None and until < now:
                return None
        elif until < now or (max_age is not None and learnt + max_age <= now):
            return None
        old = now >= learnt + self._max_age * self.RENEW_FROM
        quiet = now >= self._quiet_from and not self._places.locked()
        if owner and old and quiet and key not in self._asking:
            self._begin_to_ask(token, key)
        return (owner,)

    async def owner(self, token: str, *, use_cache: bool = True) -> Identity | None:
        """The owner of a token; None if the hub knows no such token.

        Args:
            token: as it came in the header.
            use_cache: False for anything that changes something.

        Raises:
            HubUnavailable: the hub is down, slow, or does not answer as a hub does.
        """
        if use_cache and (known := self.remembered(token)):
            return known[0]
        key = _key(token)
        # a question that is not on its way yet is as good as a new one, so who asks for much at
        # once with one token asks the hub little
        task = (self._asking if use_cache else self._waiting).get(key)
        if task is None:
            task = self._begin_to_ask(token, key)
        # a request that goes away must not take the answer from the others that wait for it
        return await asyncio.shield(task)

    def _begin_to_ask(self, token: str, key: bytes) -> asyncio.Task[Identity | None]:
        now = time.monotonic()
        # a burst of questions is over when it is over, however many they were
        self._quiet_from = min(max(self._quiet_from, now) + 1 / self.RENEWALS, now + 1)
        task = asyncio.ensure_future(self._ask(token, key))
        self._asking[key] = self._waiting[key] = task
        task.add_done_callback(lambda done: self._forget_task(key, done))
        return task

    def _forget_task(self, key: bytes, task: asyncio.Task[Identity | None]) -> None:
        for tasks in (self._asking, self._waiting):
            if tasks.get(key) is task:
                del tasks[key]
        if not task.cancelled():
            task.exception()  # seen, even if every request that waited for it has gone

    async def _ask(self, token: str, key: bytes) -> Identity | None:
        try:
            identity = await asyncio.wait_for(self._in_turn(token, key), self.TOTAL_TIMEOUT)
        except (TimeoutError, asyncio.TimeoutError):
            self._on_failure()
            raise HubUnavailable("the hub takes too long to answer") from None
        except HubUnavailable:
            self._on_failure()
            raise
        # spread, so that servers that started together do not ask together for ever
        age = self._max_age * random.uniform(0.8, 1.0) if identity else self.UNKNOWN_MAX_AGE
        now = time.monotonic()
        self._remembered[key] = (now + age, now, identity)
        # strangers go first: however many come, they do not make the others be asked for again
        self._remembered.move_to_end(key, last=identity is not None)
        while len(self._remembered) > self._capacity:
            self._remembered.popitem(last=False)
        return identity

    async def _in_turn(self, token: str, key: bytes) -> Identity | None:
        async with self._places:
            self._waiting.pop(key, None)
            return await self._fetch(token)

    async def _fetch(self, token: str) -> Identity | None:
        request = HTTPRequest(
            self._url,
            headers={"Authorization": f"token {token}"},
            connect_timeout=self.CONNECT_TIMEOUT,
            request_timeout=self.TOTAL_TIMEOUT,
            follow_redirects=False,
            **self._options,
        )
        try:
            response = await self._client.fetch(request)
        except HTTPTimeoutError:
            raise HubUnavailable("the hub takes too long to answer") from None
        except HTTPClientError as error:
            if error.code in (401, 403):
                return None
            raise HubUnavailable(f"the hub answered {error.code}") from None
        except (OSError, ValueError) as error:
            raise HubUnavailable(f"the hub cannot be reached ({error})") from None
        if self._on_version and (version := response.headers.get("X-JupyterHub-Version")):
            self._on_version(version)
        return _identity(response.body)


def _identity(body: bytes) -> Identity:
    try:
        model = json.loads(body)
        return Identity(
            str(model["name"]),
            frozenset(model["scopes"]),
            tuple(model.get("groups") or ()),
            model.get("admin") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # a proxy's page, say
        raise HubUnavailable("something other than a hub answered in its place") from None


def _key(token: str) -> bytes:
    """What a token is remembered under; the token itself is not kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
