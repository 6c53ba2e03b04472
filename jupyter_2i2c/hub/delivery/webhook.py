"""Delivery to a webhook: JSON, signed, with a key by which what comes twice is known."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from ...text import line
from .base import Channel, Delivered, Message
from .http import checked, mapping, post

VERSION = 1


class Webhook(Channel):
    """An address that takes requests as JSON.

    Args:
        url: of the operator's configuration.
        secret: shared with the receiver, to sign with.

    Raises:
        ValueError: the address is none.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url = checked(url, "HubService.support_webhook_url")
        self._secret = secret.encode()
        self._client = AsyncHTTPClient(force_instance=True)

    async def deliver(self, message: Message) -> Delivered:
        """Post it.

        Signed is the timestamp, a full stop and the body, so that an old request cannot be sent
        again later.
        """
        body = json.dumps(document(message), ensure_ascii=False).encode("utf-8", "replace")
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            "X-Jupyter-2i2c-Timestamp": timestamp,
            "X-Jupyter-2i2c-Signature": signature(self._secret, timestamp, body),
        }
        answer = await post(self._client, self._url, body, headers, "the webhook")
        reference = mapping(answer).get("reference")
        return Delivered(line(str(reference))[:100] if isinstance(reference, str | int) else "")

    def close(self) -> None:
        self._client.close()


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What a receiver compares: ``sha256=`` and the HMAC in hexadecimal digits."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()


def document(message: Message) -> dict[str, Any]:
    """The message as JSON. Fields may be added, none is taken away."""
    common = {
        "version": VERSION,
        "event": message.kind,
        "key": message.key,
        "id": message.id,
        "reference": message.reference,
        "hub": {"name": message.hub, "url": message.hub_url},
        "person": {"name": message.person, "representative": message.representative},
    }
    if message.kind == "answer":
        return {**common, "answer": message.body}
    return {
        **common,
        "reply_to": {"address": message.reply_to, "verified": False} if message.reply_to else None,
        "category": message.category,
        "outage": message.outage_name,
        "subject": message.subject,
        "text": message.text,
        "affected": message.affected,
        "created": message.created.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "diagnostics": message.diagnostics,
        "encrypted": _base64(message.encrypted) if message.encrypted else None,
        "attachments": [
            {"name": each.name, "type": each.type, "data": _base64(each.data)}
            for each in message.attachments
        ],
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
