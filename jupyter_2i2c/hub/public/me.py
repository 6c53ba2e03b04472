"""`GET /services/2i2c/me`: somebody's own news and requests, in a browser without Lab. Opened from the hub's page.

The hub says who comes, and nothing more: the login asks for no rights, and its cookie opens pages
that are read only. What is kept here of it ends with the process.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from jinja2 import Template
from jupyterhub.services.auth import HubOAuth
from markupsafe import Markup
from tornado import web

from ..administration import Administration
from ..api.base import ACCESS_SCOPES
from ..api.intents import PERSONAL
from ..console.login import Login, by_https
from ..console.session import Session, Sessions
from ..facts import Facts
from ..identity import RETRY_AFTER, HubIdentities, HubUnavailable, Identity
from ..scopes import SERVICE
from ..store import requests
from ..store.database import StoreUnavailable
from .pages import digest, style, template

COOKIE = "2i2c-me"

NOT_KNOWN = (
    "The hub does not let you in here, or no longer. Log in to the hub and open the page again."
)

STATES = {
    "queued": "waits to be sent",
    "sent": "sent",
    "failed": "could not be sent; whoever looks after requests sees it",
    "answered": "answered",
    "closed": "closed",
}


@dataclass
class Own:
    """What the handlers of this page work with.

    Attributes:
        prefix: the service's path, with a slash at its end.
        hub_url: the hub's own pages.
        login: the way in.
        facts: the hub's name.
        identities: whose token it is.
        administration: where news and requests are.
        sessions: who is logged in.
    """

    prefix: str
    hub_url: str
    login: Login
    facts: Facts
    identities: HubIdentities
    administration: Administration
    sessions: Sessions = field(default_factory=Sessions)

    async def who(self, token: str) -> Identity | None:
        """Whose token this is, by a word of the hub's that is not older than what is personal needs.

        Raises:
            HubUnavailable: the hub does not say.
        """
        known = self.identities.remembered(token, PERSONAL)
        owner = known[0] if known else await self.identities.owner(token, use_cache=False)
        return owner if owner and not ACCESS_SCOPES.isdisjoint(owner.scopes) else None


def own_pages(
    prefix: str,
    facts: Facts,
    identities: HubIdentities,
    administration: Administration,
) -> Own:
    """What the handlers work with, as a client of the hub that asks for no rights.

    Args:
        prefix: the service's path, with a slash at its end.
        facts: the hub's name.
        identities: whose token it is.
        administration: where news and requests are.
    """
    auth = HubOAuth(
        oauth_client_id=f"service-{SERVICE}",
        base_url=prefix,
        cookie_options={"samesite": "Lax"},
    )
    hub_url = f"{auth.hub_host}{auth.hub_prefix}"
    return Own(prefix, hub_url, Login(auth), facts, identities, administration)


class Refused(web.HTTPError):
    """A page that says why there is nothing to see, and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, "%s", message)
        self.message = message


class OwnPage(web.RequestHandler):
    """What both handlers share: their headers, and that only the browser itself opens them."""

    def initialize(self, own: Own) -> None:
        self.own = own

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        # the sandbox takes the page's origin away, so that no other page of this host looks into it
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{digest()}'; img-src data:; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'; sandbox",
        )
        for name, value in (
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.set_header(name, value)

    def prepare(self) -> Awaitable[None] | None:
        said = (
            self.request.headers.get("Sec-Fetch-Mode"),
            self.request.headers.get("Sec-Fetch-Dest"),
        )
        if said == (None, None):
            raise Refused(
                403,
                "Your browser did not say how it came here, so this cannot be told from another"
                " page that pretends to be you. Browsers say it only at https addresses and on the"
                " same machine. Your news and your requests are in JupyterLab, too.",
            )
        if said != ("navigate", "document"):
            raise Refused(403, "This can only be opened as a page of its own.")
        if self.own.administration.unusable:
            raise Refused(503, "This hub's service cannot use its store just now.")
        return None

    def page(self, **values: Any) -> str:
        """The page."""
        made: Template = template("me.html")
        return made.render(
            style=Markup(style()),  # noqa: S704, our own file
            hub_name=self.own.facts.sheet.facts.name,
            hub_url=self.own.hub_url,
            prefix=self.own.prefix,
            **values,
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = "Something went wrong in the service. Its log says what."
        if isinstance(error, Refused):
            message = error.message
        elif isinstance(error, (HubUnavailable, StoreUnavailable)):
            status_code, message = 503, f"It cannot be shown now: {error}. Try again in a moment."
        elif status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            message = "That page cannot be asked in this way."
        self.set_status(status_code)
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", str(RETRY_AFTER))
        self.finish(self.page(user="", message=message, news=(), requests=()))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Only our own faults are worth a line."""
        if not isinstance(value, (web.HTTPError, HubUnavailable, StoreUnavailable)):
            super().log_exception(typ, value, tb)


class MePage(OwnPage):
    """Somebody's own news and requests."""

    async def get(self) -> None:
        """Show them; log in first, which the hub does without a question."""
        own = self.own
        session = own.sessions.find(self.get_cookie(COOKIE) or "")
        identity = await self._who(session) if session else None
        if identity is None:
            self.redirect(own.login.begin(self))
            return
        newsroom = own.administration.newsroom
        news = await newsroom.news(identity)
        asked = await own.administration.store.read(requests.by_person, identity.name)
        told = [(item.announcement, item.fields, mark) for item, mark in news.told]
        self.finish(
            self.page(user=identity.name, message="", news=told, requests=asked, states=STATES)
        )

    async def _who(self, session: Session) -> Identity | None:
        """Who it is by now; None if the hub knows the login no more, which then ends."""
        identity = await self.own.who(session.token)
        if identity is None:
            self.own.sessions.end(session)
        return identity


class MeCallback(OwnPage):
    """`GET oauth_callback`: where the hub sends people back."""

    async def get(self) -> None:
        """End the login, and go to the page.

        Raises:
            Refused: somebody else began it, it is too old, or the hub does not go along.
        """
        own = self.own
        try:
            token, _ = await own.login.finish(self)
        except web.HTTPError as error:
            if error.status_code == HTTPStatus.BAD_GATEWAY:
                raise Refused(503, "The hub does not answer. Try again in a moment.") from None
            raise Refused(
                403,
                "This login was not begun in this browser, or it took too long. Open the page"
                " again.",
            ) from None
        identity = await own.who(token)
        if identity is None:
            raise Refused(403, NOT_KNOWN)
        self.set_cookie(
            COOKIE,
            own.sessions.start(token, identity),
            path=f"{own.prefix}me",
            httponly=True,
            samesite="Lax",
            secure=by_https(self.request),
        )
        self.redirect(f"{own.prefix}me", status=303)
