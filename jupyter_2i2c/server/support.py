"""Requests for help, as this server's owner writes, sends and follows them. Called by requests.py.

What is sent is what came from the browser, where its owner has read all of it. Here it is only
encrypted, if they want that: the service beside the hub then never sees it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

from ..model import HubFacts
from .hub_client import HubClient, HubError
from .no_secrets import NoSecrets

SENDING = 60.0
"""Seconds for which a request may be on its way: it may carry files over a slow line."""

LIMITS: dict[str, Any] = {
    "attachments": 5,
    "attachment_bytes": 5_000_000,
    "total_bytes": 10_000_000,
    "types": [
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    ],
    "text": 20_000,
}
"""What a request may carry where no service says so."""

MOST = 100
"""Requests, categories and the like that are taken from an answer."""

STATES = ("queued", "sent", "failed", "answered", "closed")

NO_SERVICE = "This hub takes no requests by itself, so yours goes by mail."
UNAVAILABLE = "The hub's service does not answer just now. Send it a little later, or by mail."
RESTART = (
    "This server started before the hub's service did. Restart it to send from here, or use mail."
)


@dataclass(frozen=True)
class Request:
    """A request of this server's owner, as the service keeps it.

    Attributes:
        id: given by the service.
        reference: by which whoever reads it calls it; empty until it has one.
        category: its key.
        subject: plain text.
        created: ISO 8601.
        state: one of `STATES`.
        why: what there is to know about the state.
        answer: what was answered; empty if nothing was.
    """

    id: str
    reference: str
    category: str
    subject: str
    created: str
    state: str
    why: str
    answer: str


class NotSendable(Exception):
    """Something is wrong with a request; the message says what, for a person."""


class Support:
    """Asks the service, or does without it.

    Args:
        hub: the way to the service.
        facts: asks for the hub's facts.
        secrets: makes what knows the secrets; it reads files, so it is called in a thread.
    """

    def __init__(
        self, hub: HubClient, facts: Callable[[], Any], secrets: Callable[[], NoSecrets]
    ) -> None:
        self._hub = hub
        self._facts = facts
        self._secrets = secrets

    async def offer(self) -> dict[str, Any]:
        """What the composer needs to know.

        Returns:
            what the service answers to ``api/v1/support``, filled in from the hub's facts, with
            ``why`` (why it takes no request just now; empty if it does), ``mailto`` (whom to write
            to then; empty if nobody is known), ``encrypts`` (whether this server can) and ``user``.
        """
        facts: HubFacts = await self._facts()
        told: Mapping[str, Any] = {}
        why = ""
        try:
            answer = await self._hub.ask_service("v1/support")
            told = answer.body if isinstance(answer.body, Mapping) else {}
            why = "" if told.get("offered") is True else NO_SERVICE
        except HubError as error:
            why = {"restart": RESTART, "unavailable": UNAVAILABLE}.get(error.state, NO_SERVICE)
        return {**_offer(told, facts, self._hub.user), "why": why, "offered": not why}

    async def send(self, request: Mapping[str, Any]) -> dict[str, str]:
        """Hand a request to the service, which keeps it before it answers.

        Args:
            request: as the panel sends it, see `RequestsHandler.post`.

        Returns:
            ``{"id": …, "state": …, "reference": …}``. The same ``key`` again is the same request.

        Raises:
            NotSendable: something is wrong with it.
            HubError: the service says no, or does not answer. Then it may be sent again.
        """
        body = _checked(request)
        if body.pop("encrypt"):
            body = await asyncio.to_thread(_encrypted, body, await self._recipient())
        else:
            await asyncio.to_thread(self._refuse_secrets, body)
            body["encrypted"] = None
        answer = await self._hub.ask_service(
            "v1/requests", method="POST", body=body, timeout=SENDING
        )
        told = answer.body if isinstance(answer.body, Mapping) else {}
        if not isinstance(told.get("id"), str):
            raise HubError("unavailable", "the hub's service answered something else")
        return {name: _text(told, name) for name in ("id", "state", "reference")}

    async def sent(self) -> tuple[Request, ...]:
        """The owner's requests, the latest first.

        Raises:
            HubError: the service does not answer.
        """
        answer = await self._hub.ask_service("v1/requests")
        told = answer.body if isinstance(answer.body, Mapping) else {}
        return tuple(
            Request(
                **{
                    name: _text(each, name, 20_000 if name == "answer" else 500)
                    for name in Request.__dataclass_fields__
                }
            )
            for each in _mappings(told.get("requests"))
        )

    async def _recipient(self) -> str:
        """To whom it is encrypted; asked now, because it must be the operator's.

        Raises:
            HubError: the service does not answer.
        """
        answer = await self._hub.ask_service("v1/support")
        return _text(answer.body, "recipient") if isinstance(answer.body, Mapping) else ""

    def _refuse_secrets(self, body: Mapping[str, Any]) -> None:
        """Stop before a secret of this server or of its owner leaves in what they wrote or attached.

        Raises:
            NotSendable: it would.
        """
        secrets = self._secrets()
        written = {name: body[name].encode() for name in ("subject", "text", "affected")}
        parts = {name: text.encode() for name, text in (body["diagnostics"] or {}).items()}
        files = {each["name"]: _bytes_of(each) for each in body["attachments"]}
        for where, data in {**written, **parts, **files}.items():
            if names := secrets.named_in(data, ""):
                what = {"subject": "the subject", "text": "what you wrote"}.get(where, where)
                raise NotSendable(
                    f"Nothing was sent, because {what} holds a secret: the value of"
                    f" {', '.join(sorted(names))}. Take it out, or encrypt the request."
                )


def _offer(told: Mapping[str, Any], facts: HubFacts, user: str) -> dict[str, Any]:
    contact = next(
        (each for each in facts.contacts if each.email and each.audience != "representatives"), None
    ) or next((each for each in facts.contacts if each.email), None)
    mailto = contact.email if contact else ""
    categories = [
        {name: _text(each, name) for name in ("key", "name", "meaning", "objective")}
        for each in _mappings(told.get("categories"))
    ] or [
        {"key": each.key, "name": each.name, "meaning": each.meaning, "objective": each.objective}
        for each in facts.support_categories
    ]
    outages = [
        {
            "key": _text(each, "key"),
            "name": _text(each, "name"),
            "reportable": each.get("reportable") is not False,
            "card": _text(each, "card", 4000),
        }
        for each in _mappings(told.get("outages"))
    ] or [
        {"key": each.key, "name": each.name, "reportable": each.reportable, "card": ""}
        for each in facts.outage_kinds
    ]
    for each in outages:
        if not each["reportable"] and not each["card"]:
            each["card"] = _card(str(each["name"]), facts, mailto, user)
    days = told.get("kept_days")
    reply_to = _text(told, "reply_to")
    return {
        "categories": categories,
        "outages": outages,
        "reader": _text(told, "reader") or (contact.name if contact else ""),
        "kept_days": days if isinstance(days, int) and days > 0 else 0,
        "representative": told.get("representative") is True,
        "recipient": _text(told, "recipient"),
        "limits": _limits(told.get("limits")),
        # a user name often is an address
        "reply_to": reply_to or (user if "@" in user else ""),
        "mailto": mailto,
        "encrypts": bool(_text(told, "recipient")) and find_spec("pyrage") is not None,
        "user": user,
    }


def _card(name: str, facts: HubFacts, mailto: str, user: str) -> str:
    """What to keep for a day on which this Lab cannot be reached."""
    lines = [f"{facts.name}: {name}", facts.url]
    if facts.status_url:
        lines.append(f"Is it known already? {facts.status_url}")
    if mailto:
        lines.append(f"Write to {mailto}:")
    else:
        urls = [each.url for each in facts.contacts if each.url]
        lines.append(f"Ask at {urls[0]}:" if urls else "Tell whoever runs it:")
    lines.append(f"- your user name{f' ({user})' if user else ''}, and who else has it")
    lines.append("- since when, with your time zone")
    lines.append("- the exact words on the screen, and what you tried")
    return "\n".join(line for line in lines if line)


def _limits(told: Any) -> dict[str, Any]:
    limits = dict(LIMITS)
    if isinstance(told, Mapping):
        for name in ("attachments", "attachment_bytes", "total_bytes", "text"):
            if isinstance(told.get(name), int) and told[name] >= 0:
                limits[name] = told[name]
        if isinstance(told.get("types"), list):
            limits["types"] = [each for each in told["types"] if isinstance(each, str)][:MOST]
    return limits


def _checked(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request of the right form; how much it may be is the service's to say.

    Raises:
        NotSendable: it is of another form.
    """
    body: dict[str, Any] = {}
    for name in ("key", "category", "outage", "subject", "text", "affected", "reply_to"):
        value = request.get(name, "")
        if not isinstance(value, str):
            raise NotSendable(f"{name} must be text")
        body[name] = _characters(value)
    if not body["key"] or not body["category"]:
        raise NotSendable("key and category must be given")
    if not body["subject"].strip() or not body["text"].strip():
        raise NotSendable("Say what it is about, and what happened.")
    parts = request.get("diagnostics")
    if parts is not None and not (
        isinstance(parts, Mapping) and all(isinstance(each, str) for each in parts.values())
    ):
        raise NotSendable("diagnostics must be texts by their names, or null")
    told = {_characters(name): _characters(each) for name, each in (parts or {}).items()}
    body["diagnostics"] = told or None
    body["attachments"] = []
    attached = request.get("attachments", [])
    for each in attached if isinstance(attached, list) else [None]:
        if not isinstance(each, Mapping) or not all(
            isinstance(each.get(name), str) for name in ("name", "type", "data")
        ):
            raise NotSendable("each attachment must have name, type and data")
        one = {"name": _file_name(each["name"]), "type": each["type"], "data": each["data"]}
        _bytes_of(one)
        body["attachments"].append(one)
    body["encrypt"] = request.get("encrypt") is True
    return body


def _characters(text: str) -> str:
    """Text without halves of characters, which a browser leaves where it cuts one in two."""
    return text.encode("utf-8", "replace").decode()


def _file_name(name: str) -> str:
    """The last part of a path, without what no file's name should have."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(each for each in last if each.isprintable()).strip(". ")[:120] or "file"


def _bytes_of(attachment: Mapping[str, str]) -> bytes:
    try:
        return base64.b64decode(attachment["data"], validate=True)
    except (ValueError, binascii.Error):
        raise NotSendable(f"{attachment['name']} did not arrive whole; attach it again") from None


def _encrypted(body: dict[str, Any], recipient: str) -> dict[str, Any]:
    """What only the holder of the recipient's key can read, in place of what was written.

    Raises:
        NotSendable: there is no such key, or this server cannot encrypt.
    """
    from ..replicate.encryption import recipients_of
    from ..replicate.errors import ReplicateError

    if not recipient:
        raise NotSendable("This hub has no key to encrypt to. Nothing was sent.")
    try:
        keys = recipients_of([recipient])
    except ReplicateError as error:
        raise NotSendable(f"Nothing was sent: {error}") from None
    import pyrage

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, time.gmtime()[:6]), content)

        add("request.txt", as_text(body).encode())
        for name, text in (body["diagnostics"] or {}).items():
            add(f"diagnostics/{_file_name(name)}.txt", text.encode())
        for number, each in enumerate(body["attachments"], 1):
            add(f"attachments/{number}-{each['name']}", _bytes_of(each))
    sealed = pyrage.encrypt(packed.getvalue(), keys)
    return {
        **body,
        "text": "",
        "affected": "",
        "diagnostics": None,
        "attachments": [],
        "encrypted": base64.b64encode(sealed).decode(),
    }


def as_text(body: Mapping[str, Any]) -> str:
    """What a person wrote, as they would in a letter."""
    lines = [body["subject"], "", body["text"]]
    if body["affected"]:
        lines += ["", f"Who is affected: {body['affected']}"]
    return "\n".join(lines) + "\n"


def _mappings(told: Any) -> list[Mapping[str, Any]]:
    entries = told[:MOST] if isinstance(told, list) else []
    return [each for each in entries if isinstance(each, Mapping)]


def _text(told: Mapping[str, Any], name: str, most: int = 500) -> str:
    value = told.get(name)
    return value[:most] if isinstance(value, str) else ""
