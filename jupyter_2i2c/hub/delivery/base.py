"""What every way of delivery shares: the message, and what can come of it. The channels beside it implement `Channel`; outbox.py calls them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..store.requests import Attachment


@dataclass(frozen=True)
class Message:
    """One thing to deliver, the same at every attempt.

    All of it but `key`, `id`, `hub` and `recipients` is untrusted text.

    Attributes:
        key: the same for every attempt; whoever gets it twice can tell by it.
        id: the request's.
        kind: ``request``, or ``answer`` for what was answered on the console.
        body: the answer.
        reference: short, for people.
        desk: what the desk calls the request; empty before it has it.
        hub: the hub's name.
        hub_url: its address; may be empty.
        recipients: mail addresses, from the operator's configuration.
        person: the user name of who asks, which the hub vouches for.
        representative: whether they speak for the community.
        category: its key.
        category_name: as people read it.
        outage_name: the kind of outage; empty if there is none.
        subject: one line.
        text: what happened.
        affected: who is affected.
        reply_to: an address that nobody has checked; may be empty.
        created: when it was asked.
        diagnostics: as the person saw them; None if they left them out.
        encrypted: an age file; None if there is none.
        attachments: files.
    """

    key: str
    id: str
    kind: str
    body: str = field(repr=False)
    reference: str
    desk: str
    hub: str
    hub_url: str
    recipients: Sequence[str]
    person: str
    representative: bool
    category: str
    category_name: str
    outage_name: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    affected: str = field(repr=False)
    reply_to: str = field(repr=False)
    created: datetime
    diagnostics: Mapping[str, str] | None = field(repr=False)
    encrypted: bytes | None = field(repr=False)
    attachments: Sequence[Attachment] = field(repr=False)


@dataclass(frozen=True)
class Delivered:
    """It has arrived.

    Attributes:
        reference: what the desk calls it; empty where it gives no name.
    """

    reference: str = ""


class TryLater(Exception):
    """It may arrive another time; the message says what was in the way, without the other side's words.

    Args:
        why: for those who operate the hub.
        after: seconds that the other side asks to wait; None if it does not say.
    """

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Refused(Exception):
    """It will never arrive as it is; the message says why."""


class Channel(ABC):
    """A way to deliver messages. At least once: after a crash, the same message comes again."""

    needs_recipients = False
    """Whether it goes to the mail addresses of the contacts, rather than to one place."""

    @abstractmethod
    async def deliver(self, message: Message) -> Delivered:
        """Deliver it, or fail within `TIMEOUT` seconds.

        Raises:
            TryLater: it may work another time.
            Refused: it never will.
        """

    def close(self) -> None:  # noqa: B027, few have something to close
        """Let go of what is open."""


TIMEOUT = 40.0
"""Seconds for one attempt. Less than `store.outbox.LEASE`, after which the next one may begin."""
