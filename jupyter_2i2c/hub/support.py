"""Requests for help: who may ask what, who gets it, how long it is kept. Called by the API; starts the courier that delivers."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from ..model import Contact, HubFacts, OutageKind
from .delivery.base import Delivered, Message, TryLater
from .delivery.outbox import Courier
from .facts import Facts
from .help_request import (
    MAX_ATTACHMENT,
    MAX_ATTACHMENTS,
    MAX_TEXT,
    MAX_TOTAL,
    TYPES,
    is_address,
    read_content,
    read_key,
)
from .identity import Identity
from .store import requests
from .store.database import Store, StoreUnavailable
from .store.outbox import Taken
from .store.requests import Attachment, Enclosed, Request
from .store.schema import now
from .support_traits import SupportOptions

COMMUNITY, OPERATOR = "community", "operator"
"""The routes: to the community's own contacts, and to who operates the hub."""

MAX_AT_ONCE = 2
"""Requests of one person that may be on their way to the service: each may be large."""

PURGE_EVERY = 6 * 3600.0


log = logging.getLogger(__name__)


class NotOffered(Exception):
    """Nobody is there to read it, so it is not taken."""


class Support:
    """Where requests for help are taken and sent on.

    Args:
        options: by the operator.
        facts: the hub's, for its contacts and categories.
        store: the store; None while it cannot be used.
    """

    def __init__(self, options: SupportOptions, facts: Facts, store: Store | None) -> None:
        self._options = options
        self._facts = facts
        self._store = store
        self._courier = Courier(store, self._deliver) if store else None
        self._purging: asyncio.Task[None] | None = None
        self._on_their_way: Counter[str] = Counter()

    def start(self) -> None:
        """Go on with what an earlier process left, and delete what is old."""
        if self._courier:
            self._courier.start()
            self._purging = asyncio.create_task(self._purge_again_and_again())

    async def close(self) -> None:
        """Stop. What is on its way is sent again by the next process."""
        if self._purging:
            self._purging.cancel()
            with suppress(asyncio.CancelledError):
                await self._purging
        if self._courier:
            await self._courier.close()
        for channel in set(self._options.channels.values()):
            channel.close()

    def measure(self, gauge: Callable[[str, str, Callable[[], float]], None]) -> None:
        """Show how full the outbox is.

        Args:
            gauge: takes a name, what it means, and a function that returns the number.
        """
        if courier := self._courier:
            gauge("outbox_depth", "Messages to be delivered", lambda: courier.depth.waiting)
            gauge("outbox_dead", "Messages that were given up", lambda: courier.depth.dead)

            def age() -> float:
                oldest = courier.depth.oldest
                return max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0

            gauge("outbox_age_seconds", "How long the oldest of them has waited", age)

    # --- what is offered --------------------------------------------------------------------

    def route(self, identity: Identity) -> str:
        """Who gets what this person asks; empty if nobody would."""
        order = [OPERATOR] if self.represents(identity) else [COMMUNITY]
        if not self._contacts(COMMUNITY) and _open_to_all(self._hub.contacts):
            order.append(OPERATOR)
        return next((each for each in order if self._reachable(each)), "")

    def represents(self, identity: Identity) -> bool:
        """Whether this person speaks for the community, by the operator's list."""
        return identity.name in self._options.representatives or not (
            self._options.representative_groups.isdisjoint(identity.groups)
        )

    async def offer(self, identity: Identity) -> dict[str, Any]:
        """What a person is shown before they ask; see the API."""
        hub, route = self._hub, self.route(identity)
        reply_to = ""
        if self._store:
            with suppress(StoreUnavailable):
                reply_to = await self._store.read(requests.last_reply_to, identity.name)
        if not reply_to and is_address(identity.name):
            reply_to = identity.name
        return {
            "version": 1,
            "offered": bool(route and self._store),
            "categories": [
                {
                    "key": each.key,
                    "name": each.name,
                    "meaning": each.meaning,
                    "objective": each.objective,
                }
                for each in hub.support_categories
            ],
            "outages": [
                {
                    "key": each.key,
                    "name": each.name,
                    "reportable": each.reportable,
                    "card": "" if each.reportable else self._card(each, route),
                }
                for each in hub.outage_kinds
            ],
            "reader": ", ".join(self._readers(route or COMMUNITY)),
            "kept_days": self._options.kept_days,
            "representative": self.represents(identity),
            # the community's own contacts could not read it
            "recipient": hub.age_recipient if route == OPERATOR else "",
            "limits": {
                "attachments": MAX_ATTACHMENTS,
                "attachment_bytes": MAX_ATTACHMENT,
                "total_bytes": MAX_TOTAL,
                "types": sorted(TYPES),
                "text": MAX_TEXT,
            },
            "reply_to": reply_to,
        }

    @property
    def _hub(self) -> HubFacts:
        return self._facts.sheet.facts

    def _contacts(self, route: str) -> list[Contact]:
        """Whom a route leads to: the community's contacts, else its representatives; or the operator."""
        for role in ("operator",) if route == OPERATOR else ("community", "representative"):
            if found := [each for each in self._hub.contacts if each.role == role]:
                return found
        return []

    def _reachable(self, route: str) -> bool:
        """Whether something can be sent that way: by mail, only if there is an address."""
        channel = self._options.channels.get(route)
        if channel is None:
            return False
        return not channel.needs_recipients or bool(self._recipients(route))

    def _readers(self, route: str) -> list[str]:
        """Who reads what goes that way; by mail, those with an address."""
        channel = self._options.channels.get(route)
        by_mail = channel is not None and channel.needs_recipients
        return [
            each.name for each in self._contacts(route) if not by_mail or is_address(each.email)
        ]

    def _recipients(self, route: str) -> tuple[str, ...]:
        addresses = (each.email for each in self._contacts(route))
        return tuple(dict.fromkeys(each for each in addresses if is_address(each)))

    def _card(self, outage: OutageKind, route: str) -> str:
        """What somebody needs on paper who cannot reach the hub."""
        contacts = self._contacts(route or COMMUNITY) or list(self._hub.contacts)
        write_to = ", ".join(each.email or each.url for each in contacts if each.email or each.url)
        lines = [
            f"{self._hub.name}: {outage.name}",
            self._hub.url and f"Hub: {self._hub.url}",
            write_to
            and f"Write to {write_to}: your user name, since when (with the time zone),"
            " the exact message, and what you have tried.",
            self._hub.status_url and f"Is it known already? {self._hub.status_url}",
        ]
        return "\n".join(each for each in lines if each)

    # --- taking requests --------------------------------------------------------------------

    def begin(self, person: str) -> bool:
        """Somebody begins to send a request; False if too many of theirs are on their way."""
        if self._on_their_way[person] >= MAX_AT_ONCE:
            return False
        self._on_their_way[person] += 1
        return True

    def end(self, person: str) -> None:
        """It has come, or never will."""
        self._on_their_way[person] -= 1
        if not self._on_their_way[person]:
            del self._on_their_way[person]

    async def submit(
        self, identity: Identity, asked: Mapping[str, Any], source: str
    ) -> tuple[Request, bool]:
        """Store a request, to be delivered.

        Args:
            identity: who asks.
            asked: as the API takes it.
            source: which server asks.

        Returns:
            The request; and whether it is new.

        Raises:
            BadRequest: it cannot be taken as it is.
            NotOffered: nobody would get it.
            requests.AnotherRequest: its key belongs to another content.
            requests.TooManyRequests: the person asks too often.
            StoreUnavailable: the store does not take it now.
        """
        route = self.route(identity)
        if not route or self._store is None or self._courier is None:
            raise NotOffered("this hub's service sends no requests on; write to its contacts")
        key = read_key(asked)
        content = await asyncio.to_thread(read_content, asked, self._hub)
        request, new = await self._store.write(
            requests.create,
            content,
            key=key,
            person=identity.name,
            route=route,
            representative=self.represents(identity),
            source=source,
        )
        self._courier.wake()
        return request, new

    # --- sending them on --------------------------------------------------------------------

    async def _deliver(self, row: Taken) -> Delivered:
        assert self._store
        found = await self._store.read(_whole, row.request)
        if found is None:
            return Delivered()  # deleted meanwhile, so there is nothing to tell anybody
        request, enclosed, attachments = found
        channel = self._options.channels.get(request.route)
        if channel is None or (channel.needs_recipients and not self._recipients(request.route)):
            raise TryLater("the service's configuration has nobody to send it to any more")
        return await channel.deliver(self._message(row, request, enclosed, attachments))

    def _message(
        self, row: Taken, request: Request, enclosed: Enclosed, attachments: list[Attachment]
    ) -> Message:
        hub = self._hub
        categories = {each.key: each.name for each in hub.support_categories}
        outages = {each.key: each.name for each in hub.outage_kinds}
        return Message(
            key=request.id if row.kind == "request" else f"{request.id}.{row.id}",
            id=request.id,
            kind=row.kind,
            body=row.body,
            reference=request.reference,
            desk=request.desk,
            hub=hub.name,
            hub_url=hub.url,
            recipients=self._recipients(request.route),
            person=request.person,
            representative=request.representative,
            category=request.category,
            category_name=categories.get(request.category, request.category),
            outage_name=outages.get(request.outage, request.outage),
            subject=request.subject,
            text=request.text,
            affected=request.affected,
            reply_to=request.reply_to,
            created=request.created,
            diagnostics=enclosed.diagnostics,
            encrypted=enclosed.encrypted,
            attachments=attachments,
        )

    # --- keeping them -----------------------------------------------------------------------

    async def _purge_again_and_again(self) -> None:
        while True:
            try:
                await self.purge()
            except StoreUnavailable as error:
                log.warning("old requests are deleted later: %s", error)
            except Exception:
                log.exception("old requests are deleted later")
            await asyncio.sleep(PURGE_EVERY)

    async def purge(self) -> None:
        """Delete what is older than people were promised."""
        assert self._store
        time = now()
        kept = time - timedelta(days=self._options.kept_days)
        gone = await self._store.write(requests.forget, kept)
        files = time - timedelta(days=self._options.diagnostics_days)
        emptied = await self._store.write(requests.forget_diagnostics, files)
        if gone or emptied:
            log.info("deleted %d old requests, and the files of %d", gone, emptied)


def _whole(c: Connection, id_: str) -> tuple[Request, Enclosed, list[Attachment]] | None:
    request = requests.get(c, id_)
    if request is None:
        return None
    return request, requests.enclosed(c, id_), requests.attachments(c, id_)


def _open_to_all(contacts: tuple[Contact, ...]) -> bool:
    return any(each.role == "operator" and each.audience == "everyone" for each in contacts)
