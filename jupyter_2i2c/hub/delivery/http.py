"""What the channels share that speak HTTP: one question to an address from the configuration, and what an answer means. Called by webhook.py and freshdesk.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError

from .base import TIMEOUT, Refused, TryLater

CONNECT_TIMEOUT = 10.0

NEVER = frozenset({400, 405, 406, 411, 413, 414, 415, 422})
"""Statuses that are about this message; all others may be about the moment or the configuration."""


def checked(address: str, what: str) -> str:
    """An address from the configuration.

    Raises:
        ValueError: it is none that a request can be sent to.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{what} must be an address that begins with https:// or http://")
    return address


async def post(
    client: AsyncHTTPClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    what: str,
    **more: Any,
) -> HTTPResponse:
    """Send it; redirects are not followed.

    Args:
        client: a client.
        url: from the configuration.
        body: what to send.
        headers: with it.
        what: who is asked, for the errors.
        more: options of the request.

    Raises:
        TryLater: there is no answer, or one that may be another one later.
        Refused: the other side does not take this.
    """
    request = HTTPRequest(
        url,
        method="POST",
        body=body,
        headers=dict(headers),
        connect_timeout=CONNECT_TIMEOUT,
        request_timeout=TIMEOUT - 5,
        follow_redirects=False,
        **more,
    )
    try:
        answer = await client.fetch(request, raise_error=False)
    except HTTPTimeoutError:
        raise TryLater(f"{what} takes too long to answer") from None
    except (OSError, ValueError) as error:
        raise TryLater(f"{what} cannot be reached ({type(error).__name__})") from None
    if answer.code == 599:
        raise TryLater(f"{what} cannot be reached")
    if 200 <= answer.code < 300:
        return answer
    if answer.code in NEVER:
        raise Refused(f"{what} refused it (it answered {answer.code})")
    if answer.code in (401, 403):
        raise TryLater(f"{what} does not let the hub in, check the secret ({answer.code})")
    if 300 <= answer.code < 400:
        raise TryLater(f"{what} leads elsewhere ({answer.code}), which is not followed")
    raise TryLater(f"{what} answered {answer.code}", _retry_after(answer))


def mapping(answer: HTTPResponse) -> Mapping[str, Any]:
    """An answer's JSON object; empty where it is none."""
    try:
        found = json.loads(answer.body or b"")
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _retry_after(answer: HTTPResponse) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
