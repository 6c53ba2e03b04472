"""`api/v1/support`, `api/v1/requests` and `api/v1/requests/ID`: asking for help, and following it. Called by each user's server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

from tornado import web
from tornado.http1connection import HTTP1Connection

from ..administration import Administration
from ..help_request import MAX_BODY, BadRequest
from ..identity import HubIdentities, Identity
from ..store import requests
from ..store.database import StoreUnavailable
from ..store.requests import AnotherRequest, Request, TooManyRequests
from ..support import NotOffered, Support
from .base import Wait, json_object
from .intents import PERSONAL, AdministrationHandler, asking_server

LARGEST = 100 << 20
"""Bytes that somebody may send and still be told why they are not taken."""

BUSY = 10
"""Seconds after which somebody who sends too much at a time may try again."""

WHAT_NOW = {
    "queued": "it is tried again, and nothing is lost",
    "failed": "whoever looks after this hub's requests sees it, and can try again",
}


class SupportHandler(AdministrationHandler):
    """A route about help."""

    max_age = PERSONAL

    def initialize(  # type: ignore[override]
        self, identities: HubIdentities, administration: Administration, support: Support
    ) -> None:
        super().initialize(identities, administration)
        self.support = support


class OfferHandler(SupportHandler):
    """What a person is shown before they ask."""

    async def get(self) -> None:
        """Tell it.

        Returns:
            ``{"version": 1, "offered": bool, "categories": […], "outages": […], "reader": who will
            read it, "kept_days": …, "representative": bool, "recipient": an age recipient or
            empty, "limits": {…}, "reply_to": the address given last}``.
        """
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.support.offer(self.identity))


@web.stream_request_body
class RequestsHandler(SupportHandler):
    """Where requests are sent, and one's own are listed."""

    def prepare(self) -> Awaitable[None] | None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._counted = False
        if self.request.method == "POST":
            self.max_age = 0.0
            # what is too much, or of nobody, is read to its end and not kept: then the answer arrives
            cast("HTTP1Connection", self.request.connection).set_max_body_size(LARGEST)
            declared = self.request.headers.get("Content-Length", "")[:18]  # more is too much
            self._check(int(declared) if declared.isdecimal() else 0)
        return super().prepare()

    def _let_in(self, owner: Identity | None) -> None:
        super()._let_in(owner)
        if self.request.method == "POST" and not self._counted:
            self._counted = self.support.begin(self.identity.name)
            if not self._counted:
                raise Wait(
                    BUSY,
                    "others of your requests are on their way just now; nothing is lost: try again"
                    f" in {BUSY} s",
                )

    def on_finish(self) -> None:
        if self._counted:
            self._counted = False
            self.support.end(self.identity.name)

    def on_connection_close(self) -> None:
        super().on_connection_close()  # ends the wait for a body that does not come
        self.on_finish()

    def data_received(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size <= MAX_BODY:
            self._chunks.append(chunk)

    @staticmethod
    def _check(size: int) -> None:
        if size > MAX_BODY:
            raise web.HTTPError(
                413,
                "%s",
                f"the request has {size / 1e6:.1f} MB; at most {MAX_BODY / 1e6:.1f} MB are taken."
                " Leave something out",
            )

    async def post(self) -> None:
        """Store a request; it is delivered from there, whatever happens.

        The body is ``{"key": …, "category": …, "outage": …, "subject": …, "text": …, "affected":
        …, "reply_to": …, "diagnostics": {…} or null, "attachments": [{"name", "type", "data":
        base64}], "encrypted": base64 of an age file, or null}``.

        Returns:
            201, ``{"id": …, "state": "queued", "reference": …}``; 200 where it came before.

        Raises:
            web.HTTPError: 400 for what cannot be taken, 404 where nobody would read it, 409 for a
                key of another request, 413 for too much, 429 for too many, 503 without a store.
        """
        self._check(self._size)
        _ = self.administration
        asked = await asyncio.to_thread(json_object, b"".join(self._chunks))
        self._chunks = []
        try:
            request, new = await self.support.submit(
                self.identity, asked, asking_server(self.identity)
            )
        except BadRequest as error:
            raise web.HTTPError(400, "%s", str(error)) from None
        except NotOffered as error:
            raise web.HTTPError(404, "%s", str(error)) from None
        except AnotherRequest as error:
            raise web.HTTPError(409, "%s", str(error)) from None
        except TooManyRequests as error:
            raise Wait(error.retry_after, str(error)) from None
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_status(201 if new else 200)
        self.finish({name: to_json(request)[name] for name in ("id", "state", "reference")})

    async def get(self) -> None:
        """List one's own, the newest first.

        Returns:
            ``{"version": 1, "requests": [{"id", "reference", "category", "subject", "created",
            "state", "why", "answer"}, …]}``.
        """
        try:
            found = await self.administration.store.read(requests.by_person, self.identity.name)
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_header("Cache-Control", "no-store")
        self.finish({"version": 1, "requests": [to_json(each) for each in found]})


class RequestHandler(SupportHandler):
    """One of one's own requests."""

    async def get(self, id_: str) -> None:
        """Tell how it stands.

        Returns:
            An element of the list, with ``text`` and ``affected``.

        Raises:
            web.HTTPError: 404 for anybody else's, and for one that never was.
        """
        try:
            found = await self.administration.store.read(requests.get, id_, self.identity.name)
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        if found is None:
            raise web.HTTPError(404, "there is no such request of yours, or it has been deleted")
        self.set_header("Cache-Control", "no-store")
        self.finish({**to_json(found), "text": found.text, "affected": found.affected})


def to_json(request: Request) -> dict[str, Any]:
    """A request as the person who asked gets it."""
    return {
        "id": request.id,
        "reference": request.desk or request.reference,
        "category": request.category,
        "subject": request.subject,
        "created": request.created.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "state": request.state,
        "why": _why(request),
        "answer": request.answer,
    }


def _why(request: Request) -> str:
    """Why it is not sent, for the person: our words for it, not those of the other side after them."""
    ours = request.delivery.error.partition(":")[0]
    what_now = WHAT_NOW.get(request.state, "")
    return f"{ours}; {what_now}" if ours and what_now else ""
