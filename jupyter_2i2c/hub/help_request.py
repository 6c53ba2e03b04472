"""A request for help as it comes: how much it may be and of what, checked and made harmless. Called by support.py and the API."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from ..model import HubFacts
from ..text import line, visible
from .store.requests import Attachment, Content

MAX_ATTACHMENTS = 5
MAX_ATTACHMENT = 5_000_000
MAX_TOTAL = 10_000_000
"""Bytes of all attachments, diagnostics and what is encrypted, together."""

MAX_TEXT = 20_000
MAX_LINE = 200
MAX_ADDRESS = 254

MAX_BODY = MAX_TOTAL * 4 // 3 + 1_000_000
"""Bytes of a request as it comes: files are in base64."""

TYPES = {
    "application/json": b"",
    "application/pdf": b"%PDF-",
    "image/gif": b"GIF8",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF",
    "text/csv": b"",
    "text/plain": b"",
}
"""What may be attached, and how its bytes begin; texts must be UTF-8 instead."""

AGE = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class BadRequest(Exception):
    """What is asked cannot be taken as it is; the message says what to change."""


def is_address(text: str) -> bool:
    """Whether a text has the form of a mail address. Nobody knows whose it is."""
    return len(text) <= MAX_ADDRESS and ".." not in text and bool(_ADDRESS.fullmatch(text))


def read_key(asked: Mapping[str, Any]) -> str:
    """The key by which what is sent twice is known.

    Raises:
        BadRequest: there is none.
    """
    key = asked.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise BadRequest("key must be 8 to 64 letters, digits, - and _, made for this request")
    return key


def read_content(asked: Mapping[str, Any], hub: HubFacts) -> Content:
    """What somebody asks, checked and made harmless.

    Raises:
        BadRequest: something of it cannot be taken.
    """
    category = _text(asked, "category", MAX_LINE)
    if category not in {each.key for each in hub.support_categories}:
        raise BadRequest(f"category: this hub has no {shorten(category)}")
    outage = _text(asked, "outage", MAX_LINE)
    if outage and outage not in {each.key for each in hub.outage_kinds}:
        raise BadRequest(f"outage: this hub has no {shorten(outage)}")
    subject = line(_text(asked, "subject", MAX_LINE))
    if not subject:
        raise BadRequest("subject: say in a few words what it is about")
    reply_to = _text(asked, "reply_to", MAX_ADDRESS).strip()
    if reply_to and not is_address(reply_to):
        raise BadRequest("reply_to: this is no mail address; leave it empty if there is none")
    diagnostics = asked.get("diagnostics")
    if diagnostics is not None and not (
        isinstance(diagnostics, Mapping)
        and all(isinstance(each, str) for each in diagnostics.values())
    ):
        raise BadRequest("diagnostics must be texts by their names, or null")
    encrypted = _encrypted(asked.get("encrypted"))
    attachments = _attachments(asked.get("attachments") or [])
    content = Content(
        category=category,
        outage=outage,
        subject=subject,
        text=visible(_text(asked, "text", MAX_TEXT)),
        affected=line(_text(asked, "affected", MAX_LINE)),
        reply_to=reply_to,
        diagnostics=diagnostics or None,
        encrypted=encrypted,
        attachments=attachments,
    )
    total = len(encrypted or b"") + sum(len(each.data) for each in attachments)
    total += sum(len(name) + len(text) for name, text in (diagnostics or {}).items())
    if total > MAX_TOTAL:
        raise BadRequest(
            f"all files and diagnostics together are {_size(total)}; at most {_size(MAX_TOTAL)}"
            " are taken. Leave something out"
        )
    return content


def _text(asked: Mapping[str, Any], name: str, longest: int) -> str:
    value = asked.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be text")
    if len(value) > longest:
        raise BadRequest(
            f"{name} has {len(value):,} characters; at most {longest:,} are taken. Shorten it, or"
            " attach a file"
        )
    return value


def _encrypted(value: Any) -> bytes | None:
    if value is None:
        return None
    data = _decoded(value, "encrypted")
    if not data.startswith(AGE):
        raise BadRequest("encrypted: this is no age file")
    return data


def _attachments(value: Any) -> tuple[Attachment, ...]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise BadRequest("attachments must be a list of objects with name, type and data")
    if len(value) > MAX_ATTACHMENTS:
        raise BadRequest(f"{len(value)} files are attached; at most {MAX_ATTACHMENTS} are taken")
    return tuple(_attachment(each) for each in value)


def _attachment(value: Mapping[str, Any]) -> Attachment:
    name = file_name(str(value.get("name") or ""))
    type_ = str(value.get("type") or "").partition(";")[0].strip().lower()
    if type_ not in TYPES:
        raise BadRequest(f"{name}: files of the type {shorten(type_)} are not taken")
    data = _decoded(value.get("data"), name)
    if len(data) > MAX_ATTACHMENT:
        raise BadRequest(
            f"{name} has {_size(len(data))}; at most {_size(MAX_ATTACHMENT)} are taken for a file"
        )
    if not _is_of(type_, data):
        raise BadRequest(f"{name}: this is not what its type, {type_}, says")
    return Attachment(name, type_, data)


def _is_of(type_: str, data: bytes) -> bool:
    """Whether bytes begin as those of the type do; a text is UTF-8 without NUL."""
    if beginning := TYPES[type_]:
        return data.startswith(beginning)
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def file_name(name: str) -> str:
    """A file's name without directories, hidden ends, and what file systems or headers stumble over."""
    last = re.split(r"[/\\]", line(name))[-1]
    harmless = re.sub(r'[<>:"|?*;%]', "_", last).strip(". ")
    stem, dot, end = harmless.rpartition(".")
    if len(harmless) > 100:
        harmless = stem[: 99 - len(end)] + dot + end if dot and len(end) < 10 else harmless[:100]
    return harmless or "attachment"


def _decoded(value: Any, what: str) -> bytes:
    if not isinstance(value, str):
        raise BadRequest(f"{what}: send the bytes as base64")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{what}: this is no base64") from None


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def shorten(text: str) -> str:
    """A word of somebody's in an answer to them."""
    return repr(line(text)[:40])
