"""How the console's pages are made: templates, the one style, and the headers that go with every answer. Called by base.py."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

ACTIONS = {
    "stop-server": "Stop a server",
    "start-server": "Start a server",
    "open-server": "Open a server",
    "stop-all": "Stop all servers",
    "grant-admin": "Make an administrator",
    "revoke-admin": "Take an administrator’s rights",
    "export-hub": "Export the hub",
    "download-export": "Download an export",
}

STATES = {
    "pending": "Waits for your approval",
    "executing": "Under way",
    "running": "Under way",
    "partly": "Done in part",
    "waiting": "Begins",
    "unknown": "Not known yet",
}


@lru_cache(maxsize=1)
def style() -> str:
    """The style of all pages."""
    return files(__package__).joinpath("templates/console.css").read_text("utf-8")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates. Everything in them is escaped."""
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # looks at every file for every page, and they do not change
    )
    made.filters["moment"] = moment
    made.filters["ago"] = ago
    made.filters["clock"] = clock
    made.filters["words"] = words
    made.filters["state"] = state
    made.filters["any"] = any
    made.filters["size"] = size
    made.filters["days"] = days
    made.filters["ticked"] = ticked
    return made


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """What every answer of the console carries, errors included.

    The sandbox takes from a page its origin, so that no other page of this host can look into it
    or act in it, a user's server on the same host included.
    """
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": "default-src 'none';"
        f" style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'; sandbox allow-forms allow-scripts allow-downloads",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def moment(value: datetime | None) -> str | Markup:
    """A time as a person reads it, in UTC, because the server does not know where they are."""
    if value is None:
        return "never"
    utc = value.astimezone(timezone.utc)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M")
    )


def clock(value: datetime) -> Markup:
    """The time of day of something that is near."""
    utc = value.astimezone(timezone.utc)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%H:%M")
    )


def words(name: str) -> str:
    """The name of an action, of this room or of another, as people read it."""
    return ACTIONS.get(name) or name.replace("-", " ").replace("_", " ").capitalize()


def named(text: str) -> str:
    """The name of an action that is given by its name or as people read it."""
    for name, shown in ACTIONS.items():
        if text.strip().lower() == shown.lower():
            return name
    return text.strip().lower().replace(" ", "-")


def state(name: str) -> str:
    """The state of an intent or a job, as people read it."""
    return STATES.get(name) or words(name)


def ago(value: datetime | None, now: datetime | None = None) -> str | Markup:
    """How long ago something was."""
    if value is None:
        return "never"
    seconds = ((now or datetime.now(timezone.utc)) - value).total_seconds()
    text = "just now" if seconds < 60 else f"{span(seconds)} ago"
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
        value.astimezone(timezone.utc).isoformat(timespec="seconds"), text
    )


def span(seconds: float) -> str:
    """A duration in at most two units."""
    minutes = int(seconds // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        rest = hours % 24
        return f"{days} d {rest} h" if rest and days < 10 else f"{days} d"
    if hours:
        rest = minutes % 60
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def size(number: float) -> str:
    """A number of bytes as a person reads it."""
    for unit in ("bytes", "kB", "MB"):
        if number < 999.5:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def ticked(text: str) -> Markup:
    """Text in which words between backticks are code, and nothing else is more than text."""
    plain, *rest = text.split("`")
    said = Markup("").join(
        Markup("<code>{}</code>{}").format(code, after)
        for code, after in zip(rest[::2], rest[1::2], strict=False)
    )
    return escape(plain) + said + (escape(f"`{rest[-1]}") if len(rest) % 2 else "")


def days(number: int) -> str:
    """A number of days."""
    return f"{number} day" if number == 1 else f"{number} days"


def render(template: str, **values: Any) -> str:
    """A page."""
    return environment().get_template(template).render(style=Markup(style()), **values)  # noqa: S704, our own file
