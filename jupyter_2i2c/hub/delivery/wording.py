"""A request in plain words, for people who read it in their mail or in a ticket. Called by smtp.py and freshdesk.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timezone

from ...text import line, visible
from .base import Message

NOT_VERIFIED = "typed by the person, not verified"


def title(message: Message) -> str:
    """One line that says which hub, what kind, and what about."""
    subject = line(message.subject)[:200]
    return f"[{line(message.hub)}] {line(message.category_name)}: {subject} ({message.reference})"


def words(message: Message) -> str:
    """All that is not in a file of its own."""
    if message.kind == "answer":
        return (
            f"{line(message.person)} was answered on the hub's console, and reads it in JupyterLab:"
            f"\n\n{visible(message.body)}\n"
        )
    created = message.created.astimezone(timezone.utc)
    rows = {
        "Hub": " ".join(filter(None, (line(message.hub), message.hub_url))),
        "From": f"{line(message.person)} (user name on the hub"
        + (", community representative)" if message.representative else ")"),
        "Reply to": f"{line(message.reply_to)} ({NOT_VERIFIED})" if message.reply_to else "",
        "Kind": ", ".join(filter(None, (line(message.category_name), line(message.outage_name)))),
        "Affected": line(message.affected),
        "Sent": created.strftime("%Y-%m-%d %H:%M UTC"),
        "Reference": message.reference,
    }
    head = "\n".join(f"{name}: {value}" for name, value in rows.items() if value)
    parts = [head, visible(message.text).strip()]
    if message.encrypted:
        parts.append(
            "What happened is encrypted with age for the operator. Save the attachment request.age"
            " and run: age --decrypt -i KEY request.age > request.zip"
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def diagnostics_text(diagnostics: Mapping[str, str]) -> str:
    """What the person's server found out: a text after the other, under its name."""
    return "\n\n".join(
        f"# {line(name)}\n\n{visible(text).strip()}" for name, text in diagnostics.items()
    )


def files(message: Message) -> list[tuple[str, str, bytes]]:
    """Name, type and bytes of everything that is attached, what was found out among it."""
    found = []
    if message.kind == "request":
        if message.diagnostics:
            text = diagnostics_text(message.diagnostics) + "\n"
            found.append(("diagnostics.txt", "text/plain", text.encode("utf-8", "replace")))
        if message.encrypted:
            found.append(("request.age", "application/octet-stream", message.encrypted))
        found += [(each.name, each.type, each.data) for each in message.attachments]
    return found
