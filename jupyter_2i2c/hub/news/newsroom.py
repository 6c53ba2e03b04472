"""Who gets which news: what is shown at this moment, and what each person has marked of it. Called by the API, the hub's pages and metrics.

What is shown is read from the store every few seconds, because the command line writes there, too.
What somebody has marked is remembered for a while, because they alone change it, through here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..._version import __version__
from ..identity import Identity
from ..store import announcements
from ..store.announcements import Announcement, Mark, Marks
from ..store.database import Store
from ..store.errors import StoreUnavailable
from ..store.schema import now
from .markdown import render

log = logging.getLogger(__name__)

API_VERSION = 1


class NotTheirs(Exception):
    """There is no such announcement for this person: nobody is told whether there is one for others."""


class NotPossible(Exception):
    """It cannot be marked like this. The text is for a person."""


@dataclass(frozen=True)
class Item:
    """An announcement that is made ready.

    Attributes:
        announcement: as it is in the store.
        fields: as it is told, without what the person has marked.
    """

    announcement: Announcement
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class News:
    """What one person gets.

    Attributes:
        told: each announcement, with what they have marked of it.
        etag: of all that, with its quotation marks.
    """

    told: Sequence[tuple[Item, Marks | None]]
    etag: str

    @property
    def restricted(self) -> bool:
        """Whether any of it is not addressed to everybody."""
        return any(item.announcement.audience["kind"] != "everyone" for item, _ in self.told)

    def body(self) -> bytes:
        """It as JSON."""
        items = [
            {
                **item.fields,
                "seen": mark is not None,
                "acknowledged": mark is not None and mark.acknowledged,
            }
            for item, mark in self.told
        ]
        document = {"version": API_VERSION, "announcements": items}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class Newsroom:
    """Knows what is shown.

    Args:
        store: open.
        clock: the time, aware.
    """

    FRESH = 5.0
    """Seconds for which what was read is taken as what is shown."""
    REMEMBERED = 600.0
    """Seconds for which a person's marks are remembered; another process may change them."""
    CAPACITY = 20_000
    """People whose marks are remembered."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock
        self._items: tuple[Item, ...] = ()
        self._read = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._marks: OrderedDict[str, tuple[float, Mapping[str, Marks]]] = OrderedDict()
        self._written = 0

    def __len__(self) -> int:
        time = self._clock()
        return sum(item.announcement.shown(time) for item in self._items)

    async def news(self, identity: Identity) -> News:
        """What a person gets now, what was changed last first.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        items = await self._for(identity)
        marks = await self._marks_of(identity.name) if items else {}
        told = [
            (item, mark)
            for item in items
            if not (mark := _present(item.announcement, marks)) or not mark.dismissed
        ]
        # another version of this may tell more of the same
        digest = hashlib.sha256(__version__.encode())
        for item, mark in told:
            key = (item.announcement.id, item.announcement.version)
            digest.update(repr((key, mark is not None, mark and mark.acknowledged)).encode())
        return News(told, f'"{digest.hexdigest()[:32]}"')

    async def for_everybody(self) -> list[Announcement]:
        """What is shown now to whoever comes.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        time = self._clock()
        return [
            item.announcement
            for item in await self._current()
            if item.announcement.audience["kind"] == "everyone" and item.announcement.shown(time)
        ]

    async def mark(
        self, identity: Identity, id_: str, what: Mark, edition: int | None = None
    ) -> None:
        """Note what a person did with an announcement.

        Args:
            identity: the person.
            id_: of the announcement.
            what: ``seen``, ``acknowledged`` or ``dismissed``.
            edition: the one that they saw, if that is known.

        Raises:
            NotTheirs: they do not get it.
            NotPossible: it is not to be marked so.
            StoreUnavailable: it is not noted.
        """
        for item in await self._for(identity):
            if item.announcement.id == id_:
                break
        else:
            raise NotTheirs
        announcement = item.announcement
        if edition not in (None, announcement.edition):
            raise NotPossible("it was changed meanwhile; read it as it is now")
        if what == "dismissed" and not announcement.dismissible:
            raise NotPossible(
                "it goes when it is acknowledged"
                if announcement.acknowledge
                else "it stays while it is shown"
            )
        if what == "acknowledged" and not announcement.acknowledge:
            raise NotPossible("nobody is asked to acknowledge it")
        marks = await self._marks_of(identity.name)
        found = _present(announcement, marks)
        if found and (what == "seen" or getattr(found, what)):
            return  # so who asks again and again writes nothing
        await self._store.write(announcements.mark, announcement, identity.name, what)
        self._written += 1
        self._marks.pop(identity.name, None)

    def changed(self) -> None:
        """What is shown was changed by this process: read it anew."""
        self._read = float("-inf")

    async def _for(self, identity: Identity) -> list[Item]:
        time = self._clock()
        return [
            item
            for item in await self._current()
            if item.announcement.shown(time) and concerns(item.announcement.audience, identity)
        ]

    async def _current(self) -> Sequence[Item]:
        if time.monotonic() - self._read > self.FRESH:
            if self._reading is None:
                self._reading = asyncio.ensure_future(self._read_all())
                self._reading.add_done_callback(self._was_read)
            await asyncio.shield(self._reading)
        return self._items

    async def _read_all(self) -> None:
        begun = time.monotonic()
        try:
            found = await self._store.read(announcements.current)
        except StoreUnavailable as error:
            if self._read == float("-inf") and not self._items:
                raise
            log.warning("news is shown as it was last known, because %s", error)
        else:
            known = {
                (item.announcement.id, item.announcement.version): item for item in self._items
            }
            self._items = tuple(known.get((each.id, each.version)) or _item(each) for each in found)
        self._read = begun

    def _was_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()  # seen, even if nobody waits for it any more

    async def _marks_of(self, person: str) -> Mapping[str, Marks]:
        known = self._marks.get(person)
        if known and known[0] > time.monotonic():
            return known[1]
        written = self._written
        marks = await self._store.read(announcements.marks_of, person)
        if written != self._written:
            return marks  # perhaps without the mark that was made meanwhile: not to be remembered
        # spread, so that those who came together are not read together for ever
        until = time.monotonic() + self.REMEMBERED * random.uniform(0.8, 1.0)
        self._marks[person] = (until, marks)
        self._marks.move_to_end(person)
        while len(self._marks) > self.CAPACITY:
            self._marks.popitem(last=False)
        return marks


def concerns(audience: Mapping[str, Any], identity: Identity) -> bool:
    """Whether somebody belongs to an audience."""
    kind = audience.get("kind")
    if kind == "everyone":
        return True
    if kind == "groups":
        return not set(audience.get("groups") or ()).isdisjoint(identity.groups)
    return kind == "administrators" and identity.admin


def _present(announcement: Announcement, marks: Mapping[str, Marks]) -> Marks | None:
    """What somebody has marked of the present edition."""
    found = marks.get(announcement.id)
    return found if found and found.edition == announcement.edition else None


def _item(announcement: Announcement) -> Item:
    said = announcements.to_json(announcement)
    return Item(
        announcement,
        {
            "id": announcement.id,
            "version": announcement.edition,
            "title": announcement.title,
            "body_html": str(render(announcement.body)),
            "body": announcement.body,
            "severity": announcement.severity,
            "starts": said["starts"]
            or said["show_from"]
            or announcements.moment(announcement.created),
            "ends": said["ends"],
            "link": announcement.link,
            "dismissible": announcement.dismissible,
            "acknowledge": announcement.acknowledge,
            "updated": announcements.moment(announcement.updated),
        },
    )
