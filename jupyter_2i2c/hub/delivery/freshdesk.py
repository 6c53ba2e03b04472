"""Delivery to Freshdesk, by its documented API v2: a request becomes a ticket, an answer a note on it.

Freshdesk has no key by which it knows what comes twice, so each ticket carries the request's own as
a tag. Its search lags behind, so whether an earlier attempt arrived after all cannot be asked.
"""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Mapping, Sequence
from email.utils import parseaddr

from tornado.httpclient import AsyncHTTPClient

from .base import Channel, Delivered, Message, Refused
from .http import checked, mapping, post
from .wording import files, title, words

OPEN = 2
PRIORITIES = {"incident": 3}
"""Of Freshdesk's 1 (low) to 4 (urgent); everything else is 2."""

MAX_TAG = 32


class Freshdesk(Channel):
    """A Freshdesk.

    Args:
        url: such as ``https://example.freshdesk.com``.
        key: an agent's API key.
        sender: the hub's own address, in whose name tickets are opened.
        types: Freshdesk's type for each category; a category that is not here gets none.
        tags: for every ticket.

    Raises:
        ValueError: the address is none.
    """

    def __init__(
        self,
        url: str,
        key: str,
        sender: str,
        types: Mapping[str, str] | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        self._url = checked(url, "HubService.support_freshdesk_url").rstrip("/") + "/api/v2/tickets"
        self._login = {"auth_username": key, "auth_password": "X"}
        self._sender = parseaddr(sender)[1]
        self._types = types or {}
        self._tags = tags
        self._client = AsyncHTTPClient(force_instance=True)

    async def deliver(self, message: Message) -> Delivered:
        """Open a ticket, or add a note to the one that was opened."""
        if message.kind == "answer":
            return await self._note(message)
        fields = [
            ("subject", title(message)),
            ("description", _html(words(message))),
            ("email", self._sender),
            ("status", str(OPEN)),
            ("priority", str(PRIORITIES.get(message.category, 2))),
            *(("tags[]", tag[:MAX_TAG]) for tag in (*self._tags, f"request-{message.id}")),
        ]
        if type_ := self._types.get(message.category):
            fields.append(("type", type_))
        boundary = secrets.token_hex(16)
        answer = await post(
            self._client,
            self._url,
            multipart(boundary, fields, files(message)),
            {"Content-Type": f"multipart/form-data; boundary={boundary}"},
            "Freshdesk",
            **self._login,
        )
        number = mapping(answer).get("id")
        return Delivered(str(number) if isinstance(number, int) else "")

    async def _note(self, message: Message) -> Delivered:
        if not message.desk.isdecimal():
            raise Refused("the ticket's number is not known, so nothing can be added to it")
        await post(
            self._client,
            f"{self._url}/{message.desk}/notes",
            json.dumps({"body": _html(words(message)), "private": True}).encode(),
            {"Content-Type": "application/json"},
            "Freshdesk",
            **self._login,
        )
        return Delivered()

    def close(self) -> None:
        self._client.close()


def _html(text: str) -> str:
    """Plain text where Freshdesk takes HTML."""
    return html.escape(text).replace("\n", "<br>\n")


def multipart(
    boundary: str,
    fields: Sequence[tuple[str, str]],
    files: Sequence[tuple[str, str, bytes]],
) -> bytes:
    """A form's body (RFC 7578): fields, and files as ``attachments[]``."""
    parts = []
    for name, value in fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(head.encode() + value.encode("utf-8", "replace") + b"\r\n")
    for name, type_, data in files:
        quoted = name.replace("\\", "_").replace('"', "%22")
        head = (
            f"--{boundary}\r\nContent-Disposition: form-data;"
            f' name="attachments[]"; filename="{quoted}"\r\nContent-Type: {type_}\r\n\r\n'
        )
        parts.append(head.encode("utf-8", "replace") + data + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])
