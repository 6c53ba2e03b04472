"""`jupyter-2i2c/news`: what the hub's people announce to this server's owner. Called by the panel once, and when an event tells it to."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from .intents import NotAsked, OwnersHandler

EVENT = "https://github.com/2i2c-org/jupyter_2i2c/events/news"
"""The id of the event that says that there is something new."""

EVENT_SCHEMA = {
    "$id": EVENT,
    "version": "1",
    "title": "News of the hub",
    "description": "How many announcements wait for the server's owner. Their words are not told.",
    "personal-data": True,
    "type": "object",
    "properties": {
        "unread": {"type": "integer", "description": "How many are not read yet."},
        "loud": {"type": "integer", "description": "How many are worth interrupting for."},
        "revision": {"type": "string", "description": "Changes whenever an announcement does."},
    },
    "required": ["unread", "loud", "revision"],
}

NOTHING: dict[str, Any] = {
    "state": "visitor",
    "age": None,
    "unread": 0,
    "loud": 0,
    "revision": "",
    "announcements": [],
}
"""What a visitor is told: the owner's news are the owner's."""


class NewsHandler(OwnersHandler):
    """The announcements for the owner."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what is known, and from now on keep it fresh.

        Returns:
            ``{"state": "ok" | "none" | "visitor" | "no-service" | "restart" | "unavailable",
            "age": seconds or null, "unread": …, "loud": …, "revision": …, "announcements": […]}``,
            where each is as in ``tests/data/announcements.json``, with ``loud``: whether it should
            interrupt.
        """
        news = await self.extension.news.look() if self.is_owner else NOTHING
        self.finish(json.dumps(news))


class AnnouncementHandler(OwnersHandler):
    """One announcement."""

    @web.authenticated
    @authorized
    async def post(self, announcement: str) -> None:
        """Remember what became of it: ``{"what": "seen" | "acknowledged" | "dismissed"}``.

        With ``{"what": "told"}``, ask whether to interrupt the owner with it. One browser is told
        so, once.

        Returns:
            ``{}``; for ``told`` ``{"first": bool}``.

        Raises:
            web.HTTPError: 400 for something else; 403 for anybody but the owner; 404 if the
                service has no such announcement for them; 503 if it does not answer.
        """
        from .announcements import MARKS
        from .hub_client import HubError

        self.owner_only()
        asked = self.get_json_body()
        what = asked.get("what") if isinstance(asked, dict) else None
        if what == "told":
            self.finish(json.dumps({"first": self.extension.news.claim(announcement)}))
            return
        if what not in MARKS:
            raise web.HTTPError(400, 'send {"what": "seen", "acknowledged" or "dismissed"}')
        try:
            await self.extension.news.mark(announcement, what)
        except HubError as error:
            raise NotAsked(error) from None
        self.finish("{}")
