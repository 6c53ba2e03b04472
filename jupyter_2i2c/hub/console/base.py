"""What every page of the console shares: its headers, who may read it, and how a form gets in. All its handlers inherit from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from tornado import web
from tornado.iostream import StreamClosedError

from ..administration import Administration
from ..facts import Facts
from ..hub_api import Hub, HubError, HubRefused, NotFound, TooMany
from ..identity import RETRY_AFTER, HubUnavailable, Identity
from ..intents import IntentDesk, NoSuchIntent
from ..scopes import ADMINISTRATOR, CONSOLE, CUSTOM_SCOPES
from ..store import audit
from ..store.database import Store, StoreUnavailable
from .login import Login
from .pages import Page
from .render import headers, render
from .session import Form, Session, Sessions


@dataclass
class Console:
    """What the console's handlers work with.

    Attributes:
        prefix: the path of the console, with slashes at both ends.
        hub_url: the hub's own pages, such as ``/hub/``.
        login: the way in.
        administration: what it acts with.
        facts: the hub's name.
        sessions: who is logged in.
        pages: its navigation.
    """

    prefix: str
    hub_url: str
    login: Login
    administration: Administration
    facts: Facts
    sessions: Sessions = field(default_factory=Sessions)
    pages: tuple[Page, ...] = ()

    @property
    def store(self) -> Store:
        """Intents, jobs and the audit log."""
        return self.administration.store

    @property
    def desk(self) -> IntentDesk:
        """Where intents are decided."""
        return self.administration.desk

    @property
    def cookie(self) -> str:
        """The name of the login's cookie."""
        return f"{CONSOLE}-session"

    def rights(self, identity: Identity) -> frozenset[str]:
        """What a person may do here, by the scopes of their own token."""
        own = self.administration.options.administrators_have_custom_scopes
        if own and ADMINISTRATOR in identity.scopes:
            return identity.scopes | CUSTOM_SCOPES.keys()
        return identity.scopes


class Refusal(web.HTTPError):
    """A page that says why something is not to be had, and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, "%s", message)
        self.message = message


class Framed(web.RequestHandler):
    """What the console answers, errors included, in its frame and with its headers."""

    visitor: Session | None = None
    """The login of who asks, once it is known."""

    def initialize(self, console: Console) -> None:
        self.console = console

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in headers().items():
            self.set_header(name, value)

    def require_navigation(self) -> None:
        """Refuse what was not asked by the browser itself, for a page of its own.

        Raises:
            Refusal: a script, a frame or a picture of some page asks, or it cannot be told.
        """
        mode = self.request.headers.get("Sec-Fetch-Mode")
        if mode is None:
            raise Refusal(
                403,
                "Your browser did not say how it came here, so this cannot be told from another"
                " page that pretends to be you. Browsers say it only at https addresses and on"
                " the same machine: open the console at an https address, in a current browser.",
            )
        if mode != "navigate" or self.request.headers.get("Sec-Fetch-Dest") != "document":
            raise Refusal(403, "The console can only be opened as a page of its own.")

    def link(self, *parts: str, **query: str | int | None) -> str:
        """An address in the console."""
        path = self.console.prefix + "/".join(quote(part, safe="") for part in parts)
        asked = [f"{name}={quote(str(value), safe='')}" for name, value in query.items() if value]
        return f"{path}?{'&'.join(asked)}" if asked else path

    def frame(self) -> dict[str, Any]:
        """What every template needs."""
        rights = self.console.rights(self.visitor.identity) if self.visitor else frozenset()
        return {
            "hub_name": self.console.facts.sheet.facts.name,
            "hub_url": self.console.hub_url,
            "prefix": self.console.prefix,
            "path": self.request.path,
            "user": self.visitor.identity.name if self.visitor else "",
            "administrator": ADMINISTRATOR in rights,
            "pages": [
                page for page in self.console.pages if not page.needs or page.needs in rights
            ],
            "link": self.link,
        }

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        status_code, message = _told(error, status_code)
        self.set_status(status_code)
        if status_code == 503:
            self.set_header("Retry-After", str(RETRY_AFTER))
        elif self.visitor and isinstance(error, HubRefused):
            # the hub does not know the token any more, or not for this: log in anew
            self.console.sessions.end(self.visitor)
        title = HTTPStatus(status_code).phrase.capitalize()
        self.finish(render("error.html", **self.frame(), title=title, message=message))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        if self._headers_written and not self._finished:
            # the beginning of a file must not look like the whole of it
            self.detach().close()
            return
        super().send_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        # who leaves a long page or a file while it comes is no fault of ours
        if _told(value, 500)[0] == 500 and not isinstance(value, StreamClosedError):
            super().log_exception(typ, value, tb)


class ConsolePage(Framed):
    """A page of the console.

    Reading takes a login and a navigation of the browser itself: what a script of another page
    fetches is refused. Changing takes a one-time value that only a page of ours was given.
    """

    needs = ""
    """The scope without which this page says that it is not for the visitor; empty: any login."""

    fresh = False
    """Whether reading asks the hub for the visitor's rights: where the page asks it nothing else."""

    form: Form

    async def prepare(self) -> None:
        self.require_navigation()
        if self.request.method in ("GET", "HEAD"):
            key = self.get_cookie(self.console.cookie) or ""
            self.visitor = self.console.sessions.find(key)
            if self.visitor is None or (self.fresh and not await self._still_known()):
                self._log_in()
                return
        else:
            await self._take_form()
        if self.needs and self.needs not in self.console.rights(self.session.identity):
            if self.request.method == "POST":
                await self.note_refusal(f"the hub does not grant {self.needs}")
            raise Refusal(
                403,
                "Your account may not use this page. The hub's operator can give you the right.",
            )

    def _log_in(self) -> None:
        """Send the visitor to the hub's login.

        What comes from a page of another origin may be the end of a form, for the console's own
        sandboxed pages have none. A form may not lead to the hub's host (`form-action`), and a
        browser holds that against redirects, too; a page may lead there.
        """
        address = self.console.login.begin(self)
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":
            self.set_header("Refresh", f"0; url={address}")
            self.show("login.html", address=address)
        else:
            self.redirect(address)

    async def _still_known(self) -> bool:
        """Ask the hub for the visitor's rights; False if their token has ended, and the login with it."""
        try:
            await self.check_again()
        except HubRefused:
            self.console.sessions.end(self.session)
            self.visitor = None
            return False
        return True

    async def _take_form(self) -> None:
        taken = self.console.sessions.take_form(
            self.get_body_argument("once", ""), self.request.path
        )
        if taken is None:
            raise Refusal(
                403,
                "This form is too old, was sent already, or is not the console's own. Nothing was"
                " done. Go back, reload the page and decide again.",
            )
        self.visitor, self.form = taken
        try:
            await self.check_again()
        except HubRefused:
            await self.note_refusal("the hub does not take the login any more")
            raise

    async def note_refusal(self, why: str) -> None:
        """Write down that somebody tried to change something, and may not any more."""
        page = self.request.path.removeprefix(self.console.prefix)
        await self.console.store.write(
            audit.append,
            self.user,
            "use-console",
            {"page": page},
            "denied",
            source="console",
            detail={"why": why},
        )

    async def check_again(self) -> Identity:
        """Ask the hub who this is and what they may, now."""
        self.session.identity = await self.hub.whoami()
        return self.session.identity

    @property
    def session(self) -> Session:
        """The visitor's login."""
        assert self.visitor
        return self.visitor

    @property
    def hub(self) -> Hub:
        """The hub, with the visitor's own rights."""
        return self.console.administration.api.as_person(self.session.token)

    @property
    def rights(self) -> frozenset[str]:
        """What the visitor may do."""
        return self.console.rights(self.session.identity)

    @property
    def user(self) -> str:
        """The visitor's name."""
        return self.session.identity.name

    def once(self, *parts: str, **about: Any) -> tuple[str, str]:
        """A form's action and one-time value.

        Args:
            parts: of the path that it is sent to.
            about: what the form is shown for; back in `self.form.about` when it is sent.
        """
        action = self.link(*parts)
        return action, self.console.sessions.give_form(self.session, action, about)

    def show(self, template: str, **values: Any) -> None:
        """Answer with a page."""
        self.finish(render(template, **self.frame(), **values))

    def see(self, address: str) -> None:
        """Go on with another page of the console, so that a reload repeats nothing."""
        self.redirect(address, status=303)

    def number(self, name: str, default: int = 0) -> int:
        """A number in the address; the default where it is none."""
        text = self.get_query_argument(name, "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default


KNOWN: Mapping[type[Exception], int] = {
    HubUnavailable: 503,
    StoreUnavailable: 503,
    TooMany: 503,
    HubRefused: 403,
    NotFound: 404,
    NoSuchIntent: 404,
    HubError: 409,
}


def _told(error: BaseException | None, status: int) -> tuple[int, str]:
    """The status and the words for an error."""
    if isinstance(error, Refusal):
        return error.status_code, error.message
    for kind, code in KNOWN.items():
        if isinstance(error, kind):
            if code == 503:
                return code, f"{error}. Nothing was changed by this page. Try again in a moment."
            if code == 403:
                return (
                    code,
                    "The hub does not let you do that, or no longer. Reload to log in again.",
                )
            if code == 409:
                return code, f"Nothing was done: {error}."
            return code, "There is nothing of that name here, or not any more."
    if status == 404:
        return status, "There is no such page."
    if status == 405:
        return status, "That page cannot be asked in this way."
    if isinstance(error, web.HTTPError) and status < 500:
        return status, "The console cannot make sense of this request."
    return status, "Something went wrong in the service. Its log says what."


class UnusablePage(web.RequestHandler):
    """Every page while the store cannot be used: nothing can be done that would not be written down."""

    def initialize(self, facts: Facts) -> None:
        self._facts = facts

    def prepare(self) -> None:
        for name, value in headers().items():
            self.set_header(name, value)
        self.set_status(503)
        self.set_header("Retry-After", str(RETRY_AFTER))
        self.finish(
            render(
                "unusable.html",
                hub_name=self._facts.sheet.facts.name,
                message="The console is off, because the service cannot use its store. The hub's"
                " operator finds the reason in the service's log, and with jupyter 2i2c doctor.",
            )
        )


class NotFoundPage(ConsolePage):
    """Whatever is not there, for people who are logged in; others log in first."""

    def get(self, *_: str) -> None:
        raise Refusal(404, "There is no such page.")

    def post(self, *_: str) -> None:
        raise Refusal(404, "There is no such page.")
