"""The templates of the hub's page and of a person's own, and their one style. Called by page.py and me.py."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from ..news.draft import SEVERITIES
from ..news.markdown import render
from ..news.wording import when


@lru_cache(maxsize=1)
def style() -> str:
    """The style of both."""
    return files(__package__).joinpath("templates/page.css").read_text("utf-8")


@lru_cache(maxsize=1)
def digest() -> str:
    """What the policy of a page with that style says of it."""
    return base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["markdown"] = render
    environment.filters["moment"] = moment
    environment.globals.update(severities=SEVERITIES, when=when)
    return environment


def template(name: str) -> Template:
    """A page's template. Everything in it is escaped."""
    return _environment().get_template(name)


def moment(value: datetime) -> Markup:
    """A time in UTC, because the service does not know where the reader is."""
    utc = value.astimezone(timezone.utc)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M")
    )
