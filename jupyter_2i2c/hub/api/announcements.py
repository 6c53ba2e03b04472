"""`GET api/v1/announcements`, `POST api/v1/announcements/ID/seen`: a person's news, and what they did with it. Called by their server."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, get_args

from tornado import web

from ..identity import ANY_AGE
from ..news.newsroom import NotPossible, NotTheirs
from ..store.announcements import Mark
from ..store.database import StoreUnavailable
from .base import json_object
from .intents import PERSONAL, AdministrationHandler

WANTED = 'send {"what": "seen"}, "acknowledged" or "dismissed" as JSON'


class AnnouncementsHandler(AdministrationHandler):
    """What is shown to the owner of a token.

    Ten thousand servers ask this once a minute. Who has all of it already is told so, whatever
    has become of their token: that tells them nothing, and does not wait for the hub. For what is
    addressed to everybody the hub's word on a token is good for a while; what is not goes only to
    whom the hub has known just now.
    """

    def prepare(self) -> Awaitable[None] | None:
        self._has = self.request.headers.get("If-None-Match", "")
        if self._has:
            self.max_age = ANY_AGE
        return super().prepare()

    async def get(self) -> None:
        """Answer with the news.

        Returns:
            ``{"version": 1, "announcements": [{"id", "version", "title", "body", "body_html",
            "severity", "starts", "ends", "link", "dismissible", "acknowledge", "seen",
            "acknowledged", "updated"}, …]}``, what was changed last first; or 304 where the asker
            has it. ``version`` grows when it is to be read anew; ``ends`` can be null. What
            somebody has dismissed is left out.
        """
        newsroom = self.administration.newsroom
        try:
            news = await newsroom.news(self.identity)
            if news.etag not in self._has:
                await self.be_sure(None)
                news = await newsroom.news(self.identity)
            if news.restricted and news.etag not in self._has:
                await self.be_sure(PERSONAL)
                news = await newsroom.news(self.identity)
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_header("ETag", news.etag)
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Vary", "Authorization")
        if news.etag in self._has:
            self.set_status(304)
            self.finish()
        else:
            self.finish(news.body())

    def compute_etag(self) -> str | None:
        """The tag is made from what is told, before it is written."""
        return None


class SeenHandler(AdministrationHandler):
    """Where it is noted what a person did with an announcement."""

    max_age = 0.0

    async def post(self, id_: str) -> None:
        """Note it, once and for all browsers of this person.

        The body is ``{"what": "seen" | "acknowledged" | "dismissed"}``, and may hold the
        ``version`` that was seen.

        Returns:
            204.

        Raises:
            web.HTTPError: 400 for what makes no sense, 404 for what is not theirs, 409 for what
                cannot be done to it (any more), 503 without a store.
        """
        what, version = self._asked()
        try:
            await self.administration.newsroom.mark(self.identity, id_, what, version)
        except NotTheirs:
            raise web.HTTPError(404, "there is no such announcement for you") from None
        except NotPossible as error:
            raise web.HTTPError(409, "%s", str(error)) from None
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_status(204)
        self.finish()

    def _asked(self) -> tuple[Mark, int | None]:
        asked = json_object(self.request.body, WANTED)
        what: Any = asked.get("what")
        version = asked.get("version")
        if what not in get_args(Mark) or not (version is None or type(version) is int):
            raise web.HTTPError(400, "%s", WANTED)
        return what, version
