"""What every API handler of the service shares: who may ask, and errors as JSON. The handlers beside it inherit from here."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

from tornado import web

from ..facts import Answer
from ..identity import ANY_AGE, RETRY_AFTER, HubIdentities, HubUnavailable, Identity
from ..scopes import ACCESS

MAX_AGE = 60
"""Seconds for which an answer that was made ready may be kept without asking again."""

_TOKEN = re.compile(r"(?:token|bearer)\s+(\S+)\s*", re.IGNORECASE)

ACCESS_SCOPES = frozenset({ACCESS, "access:services"})
"""Either of these lets a token in."""


class Wait(web.HTTPError):
    """Too much was asked for.

    Args:
        retry_after: seconds after which it is worth asking again.
        message: why, for a person.
    """

    def __init__(self, retry_after: int, message: str) -> None:
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, "%s", message)
        self.retry_after = retry_after


def json_object(
    body: bytes, wanted: str = "send what is asked for as a JSON object"
) -> dict[str, Any]:
    """What was sent, as a JSON object.

    Args:
        body: of the request.
        wanted: what to say where it is none.

    Raises:
        web.HTTPError: 400, it is none.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise web.HTTPError(400, "%s", wanted)
    return sent


class ApiHandler(web.RequestHandler):
    """Answers a request whose header carries a token of the hub with access to this service.

    Cookies are not looked at, nor tokens in the address: a browser cannot be made to send what
    this surface accepts.
    """

    max_age: float | None = None
    """Seconds for which the hub's word on a token is good enough here; None as configured.

    0 for what changes something, and little for what is personal.
    """

    identity: Identity

    def initialize(self, identities: HubIdentities) -> None:
        self._identities = identities

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("X-Content-Type-Options", "nosniff")

    def prepare(self) -> Awaitable[None] | None:
        match = _TOKEN.fullmatch(self.request.headers.get("Authorization", ""))
        if not match:
            raise web.HTTPError(401, "send a token of this hub in the Authorization header")
        self._token = match[1]
        known = self._identities.remembered(self._token, self.max_age)
        if known:  # the usual case, without a turn of the event loop
            self._let_in(known[0])
            return None
        return self._ask(self._token)

    async def _ask(self, token: str) -> None:
        try:
            use_cache = self.max_age in (None, ANY_AGE)
            owner = await self._identities.owner(token, use_cache=use_cache)
        except HubUnavailable as error:
            raise web.HTTPError(503, f"{error}; try again in {RETRY_AFTER} s") from None
        self._let_in(owner)

    async def be_sure(self, max_age: float | None) -> None:
        """Ask the hub again where its word is older than that; who is not to be let in now is not.

        Args:
            max_age: as of the class.
        """
        self.max_age = max_age
        known = self._identities.remembered(self._token, max_age)
        if known:
            self._let_in(known[0])
        else:
            await self._ask(self._token)

    def _let_in(self, owner: Identity | None) -> None:
        if owner is None:
            raise web.HTTPError(403, "this hub does not know that token")
        if ACCESS_SCOPES.isdisjoint(owner.scopes):
            raise web.HTTPError(
                403, f"that token may not use this service: it lacks the scope {ACCESS}"
            )
        self.identity = owner

    def send(self, answer: Answer) -> None:
        """Send what was made ready once, or that the asker has it."""
        self.set_header("ETag", answer.etag)
        self.set_header("Cache-Control", f"private, max-age={MAX_AGE}")
        self.set_header("Vary", "Authorization, Accept-Encoding")
        if answer.etag in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
        elif "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(answer.gzipped)
        else:
            self.finish(answer.body)

    def last_known(self) -> str:
        """JSON of what is public and known all the same while the hub does not answer; empty: none."""
        return ""

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Only our own faults are worth a line; who is turned away is told so in the answer."""
        if not isinstance(value, web.HTTPError) or value.status_code >= 500:
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors are JSON with a message that a person can act on."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = HTTPStatus(status_code).phrase
        if isinstance(error, web.HTTPError) and error.log_message:
            message = error.log_message % error.args  # tornado doubles % where nothing is put in
        body = json.dumps({"message": message})
        if isinstance(error, Wait):
            self.set_header("Retry-After", str(error.retry_after))
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", str(RETRY_AFTER))
            if known := self.last_known():
                body = f'{body[:-1]}, "last_known": {known}}}'
        self.finish(body)

    def get(self, *_: Any) -> Any:
        """No such page, unless a subclass has one."""
        raise web.HTTPError(404, "there is nothing at this address")
