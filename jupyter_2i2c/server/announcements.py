"""News of this hub, as this server's owner may read them: asked for once a minute and pushed to Lab. Called by news.py.

One task asks for all browsers, and only once somebody has looked. What it finds is told through
the server's events, as numbers only: an operator may record events, and news can be personal.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from traitlets import Float
from traitlets.config import Config, Configurable

from .hub_client import HubClient, HubError

JITTER = 0.15
"""By which part of an interval a question may come later, so that servers do not ask together."""

LONGEST = 900.0
"""Seconds between two questions to a service that does not answer."""

REMIND = 600.0
"""Seconds after which it is told again that something is unread, to who was not connected then."""

MOST = 100
"""Announcements that are taken, the service's first."""

MAX_BODY = 50_000
"""Characters of a body."""

SEVERITIES = ("info", "maintenance", "incident", "resolved")

MARKS = ("seen", "acknowledged", "dismissed")
"""What the service keeps for a person; and `told`, which is kept here."""


@dataclass(frozen=True)
class Announcement:
    """Something the hub's people want its users to know.

    Attributes:
        id: given by the service.
        version: counts its edits.
        title: plain text.
        body: Markdown.
        body_html: the same as the service renders it; empty from one that does not.
        severity: one of `SEVERITIES`.
        starts: ISO 8601.
        ends: ISO 8601; None if it is open.
        link: an http address, or empty.
        dismissible: whether it may be put away.
        acknowledge: whether the reader is asked to say that they read it.
        seen: whether they have had it before their eyes.
        acknowledged: whether they said so.
        updated: ISO 8601.
    """

    id: str
    version: int
    title: str
    body: str
    body_html: str
    severity: str
    starts: str
    ends: str | None
    link: str
    dismissible: bool
    acknowledge: bool
    seen: bool
    acknowledged: bool
    updated: str

    @property
    def unread(self) -> bool:
        """Whether it still wants something of its reader."""
        return not self.seen or (self.acknowledge and not self.acknowledged)

    @property
    def loud(self) -> bool:
        """Whether it is worth interrupting its reader for, who has not dealt with it yet."""
        if self.acknowledge:
            return not self.acknowledged
        return self.severity == "incident" and not self.seen

    def over(self, now: datetime) -> bool:
        """Whether its end has passed."""
        with suppress(ValueError, TypeError):
            ends = datetime.fromisoformat((self.ends or "").replace("Z", "+00:00"))
            return ends <= now
        return False


class NewsReader(Configurable):
    """How a user's server asks for news."""

    interval = Float(
        60.0,
        min=1.0,
        help="Seconds between two questions for news, plus up to 15 % so that the servers of a hub"
        " do not ask together. Nobody asks before somebody has opened Lab.",
    ).tag(config=True)

    @classmethod
    def configured(cls, config: Config, log: logging.Logger | Any) -> NewsReader:
        """The settings; the defaults if they are wrong."""
        try:
            return cls(config=config)
        except Exception as error:
            log.warning("jupyter_2i2c: NewsReader is left at its defaults: %s", error)
            return cls()


class Told:
    """Which announcements have interrupted the owner, in whichever browser; none does so twice.

    Args:
        path: the file that remembers it when this server ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            told = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            told = []
        self._ids = [each for each in _list(told) if isinstance(each, str)]

    def __contains__(self, announcement: str) -> bool:
        return announcement in self._ids

    def claim(self, announcement: str) -> bool:
        """Whether whoever asks is the first to interrupt with this one."""
        if announcement in self._ids:
            return False
        self._ids = [*self._ids, announcement][-MOST:]
        with suppress(OSError):  # a full home: it is remembered while this server lives
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._ids), "utf-8")
        return True


class News:
    """The announcements, and the task that keeps them fresh.

    Args:
        hub: the way to the service.
        tell: called with an event's data when something has changed.
        told: what has interrupted the owner.
        interval: seconds between two questions.
    """

    def __init__(
        self,
        hub: HubClient,
        tell: Callable[[dict[str, Any]], None],
        told: Told,
        interval: float = 60.0,
    ) -> None:
        self._hub = hub
        self._tell = tell
        self._told = told
        self._interval = interval
        self._known: tuple[Announcement, ...] = ()
        self._etag = ""
        self._marks = 0
        self._marking = asyncio.Lock()
        self._state = "none"
        self._since: float | None = None
        self._failures = 0
        self._last: dict[str, Any] = {}
        self._last_at = 0.0
        self._first: asyncio.Future[None] | None = None
        self._running: asyncio.Task[None] | None = None

    async def look(self) -> dict[str, Any]:
        """What is known; only the first look waits for the service.

        Returns:
            ``{"state": …, "age": seconds or null, "unread": …, "loud": …, "revision": …,
            "announcements": […]}``.
        """
        ended = self._running is None or self._running.done()
        if ended and self._hub.on_hub and self._hub.service_url:
            self._first = asyncio.get_running_loop().create_future()
            self._running = asyncio.ensure_future(self._run())
        if self._first is not None:
            await asyncio.shield(self._first)
        age = None if self._since is None else int(time.monotonic() - self._since)
        return {
            "state": self._state,
            "age": age,
            **self._counts(),
            "announcements": [
                {**asdict(each), "loud": self._is_loud(each)} for each in self._current()
            ],
        }

    async def mark(self, announcement: str, what: str) -> None:
        """Remember with the service that something was seen, acknowledged or put away.

        Args:
            announcement: its id.
            what: one of `MARKS`.

        Raises:
            HubError: the service says no, or does not answer; nothing has changed then.
        """
        path = f"v1/announcements/{quote(announcement, safe='')}/seen"
        body: dict[str, Any] = {"what": what}
        # what was read is this version, even if another one has come meanwhile
        for each in self._known:
            if each.id == announcement:
                body["version"] = each.version
        async with self._marking:  # one after the other, as their reader did
            await self._hub.ask_service(path, method="POST", body=body)
        self._etag, self._marks = "", self._marks + 1
        self._known = tuple(
            _marked(each, what) if each.id == announcement else each
            for each in self._known
            if not (each.id == announcement and what == "dismissed")
        )
        self._tell_changes()

    def claim(self, announcement: str) -> bool:
        """Whether whoever asks may interrupt the owner with this; one of all browsers may, once."""
        known = any(each.id == announcement and each.loud for each in self._known)
        first = known and self._told.claim(announcement)
        if first:
            self._tell_changes()
        return first

    async def stop(self) -> None:
        """Ask no more."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while True:
                wait = await self._ask()
                self._answered()
                self._tell_changes()
                await asyncio.sleep(wait * random.uniform(1, 1 + JITTER))
        finally:
            self._answered()  # whatever ended it, nobody waits for it for ever

    def _answered(self) -> None:
        """Let go whoever waits for the first answer."""
        if self._first and not self._first.done():
            self._first.set_result(None)

    async def _ask(self) -> float:
        """Ask once; the seconds after which to ask again."""
        marks = self._marks
        try:
            answer = await self._hub.ask_service("v1/announcements", self._etag)
        except HubError as error:
            self._state = error.state
            self._failures += 1
            backed_off = self._interval * 2.0 ** min(self._failures, 10)
            return min(max(backed_off, error.retry_after), max(LONGEST, self._interval))
        self._failures = 0
        self._state = "ok"
        self._since = time.monotonic()
        # what came while somebody marked something may be older than the mark
        if answer.body is not None and self._marks == marks:
            self._known = _announcements(answer.body)
            self._etag = answer.etag
        return self._interval

    def _current(self) -> list[Announcement]:
        now = datetime.now(timezone.utc)
        return [each for each in self._known if not each.over(now)]

    def _is_loud(self, each: Announcement) -> bool:
        return each.loud and each.id not in self._told

    def _counts(self) -> dict[str, Any]:
        current = self._current()
        return {
            "unread": sum(each.unread for each in current),
            "loud": sum(self._is_loud(each) for each in current),
            "revision": _revision(current),
        }

    def _tell_changes(self) -> None:
        now = time.monotonic()
        counts = self._counts()
        remind = counts["unread"] > 0 and now - self._last_at >= REMIND
        if counts != self._last or remind:
            self._last, self._last_at = counts, now
            self._tell(counts)


def _marked(each: Announcement, what: str) -> Announcement:
    acknowledged = each.acknowledged or what == "acknowledged"
    return replace(each, seen=True, acknowledged=acknowledged)


def _revision(announcements: Iterable[Announcement]) -> str:
    """Something short that is another whenever one of them is."""
    told = json.dumps([asdict(each) for each in announcements]).encode()
    return hashlib.sha256(told).hexdigest()[:16]


def _announcements(body: Any) -> tuple[Announcement, ...]:
    """What of an answer can be used; the service may be newer or older than this."""
    entries = body.get("announcements") if isinstance(body, Mapping) else None
    found = [_announcement(each) for each in _list(entries)[:MOST]]
    return tuple(each for each in found if each)


def _announcement(entry: Any) -> Announcement | None:
    if not isinstance(entry, Mapping):
        return None

    def text(name: str, most: int = 500) -> str:
        value = entry.get(name)
        return value[:most] if isinstance(value, str) else ""

    version = entry.get("version")
    link = text("link", 2000)
    if not text("id") or not text("title"):
        return None
    return Announcement(
        id=text("id"),
        version=version if isinstance(version, int) else 1,
        title=text("title"),
        body=text("body", MAX_BODY),
        # cut HTML is another HTML; whoever gets none shows the source
        body_html=text("body_html", 2 * MAX_BODY) if _fits(entry, "body_html") else "",
        severity=text("severity") if text("severity") in SEVERITIES else "info",
        starts=text("starts"),
        ends=text("ends") or None,
        link=link if link.startswith(("https://", "http://")) else "",
        dismissible=entry.get("dismissible") is not False,
        acknowledge=entry.get("acknowledge") is True,
        seen=entry.get("seen") is True,
        acknowledged=entry.get("acknowledged") is True,
        updated=text("updated"),
    )


def _fits(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name)
    return isinstance(value, str) and len(value) <= 2 * MAX_BODY


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
