"""`/users` and below: who is on this hub, one person's page, and what can be asked for there. Opened from the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, get_args
from urllib.parse import quote

from markupsafe import escape

from ..actions.base import BadTarget
from ..actions.people import names_in
from ..hub_api import HubError, Person, Sort, walk
from ..hub_api import Page as HubPage
from ..identity import HubUnavailable
from ..store import audit
from .base import ConsolePage, Refusal
from .pages import Page
from .render import render

PAGE = 50
STATES = {"": "everybody", "active": "with a server", "inactive": "without a server"}
ORDERS = {
    "name": "name",
    "-name": "name, from the end",
    "-last_activity": "last seen, newest first",
    "last_activity": "last seen, oldest first",
}
SEARCH_LENGTH = 100
FORMAT = "%Y-%m-%d"

ROWS = "<!-- rows -->"
"""Where the page of administrators grows."""

PROGRESS = 200
"""Users between two words on how far the search is."""


@dataclass(frozen=True)
class Query:
    """What a list of users is asked for."""

    state: str
    order: str
    name: str
    before: datetime | None
    offset: int


class UsersPage(ConsolePage):
    """A page of users, by what the hub's own API can do."""

    needs = "list:users"

    async def get(self) -> None:
        """Show it."""
        query = self._query()
        page = await self._page(query)
        self.show(
            "users.html",
            page=page,
            query=query,
            states=STATES,
            orders=ORDERS,
            before=query.before.strftime(FORMAT) if query.before else "",
            earlier=self._link(query, max(query.offset - PAGE, 0)) if query.offset else "",
            later=self._link(query, page.next) if page.next is not None else "",
            may_add="add-users" in self.console.desk.actions,
            now=datetime.now(timezone.utc),
        )

    async def _page(self, query: Query) -> HubPage[Person]:
        sort: Sort = "last_activity" if query.before else query.order  # type: ignore[assignment]
        page = await self.hub.users(
            query.offset,
            PAGE,
            query.state or None,  # type: ignore[arg-type]
            sort,
            query.name,
        )
        return _until(page, query.before) if query.before else page

    def _query(self) -> Query:
        state = self.get_query_argument("state", "")
        order = self.get_query_argument("order", "name")
        return Query(
            state if state in STATES else "",
            order if order in get_args(Sort) and order in ORDERS else "name",
            self.get_query_argument("name", "")[:SEARCH_LENGTH],
            _day(self.get_query_argument("before", "")),
            self.number("from"),
        )

    def _link(self, query: Query, offset: int) -> str:
        return self.link(
            "users",
            state=query.state,
            order=query.order if query.order != "name" else None,
            name=query.name,
            before=query.before.strftime(FORMAT) if query.before else None,
            **{"from": offset},
        )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _until(page: HubPage[Person], before: datetime) -> HubPage[Person]:
    """The part of a page, oldest first, that was last seen before a day."""
    stale = tuple(
        person
        for person in page.items
        if person.last_activity is None or person.last_activity < before
    )
    following = page.next if len(stale) == len(page.items) else None
    return HubPage(stale, page.total, page.offset, page.limit, following, at_most=True)


class UserPage(ConsolePage):
    """One person: servers, groups, and what was done to them by whom."""

    needs = "list:users"

    async def get(self, name: str) -> None:
        """Show them."""
        person = await self.hub.user(name, stopped=True)
        history = await self.console.store.read(audit.about, person.name, 20)
        action, once = self.once("users", person.name)
        self.show(
            "user.html",
            person=person,
            servers=sorted(person.servers.values(), key=lambda server: server.name),
            history=history,
            action=action,
            once=once,
            offered=self.console.desk.actions.keys(),
            server_access=self.console.administration.options.server_access,
            now=datetime.now(timezone.utc),
        )

    async def post(self, name: str) -> None:
        """Ask for something, which is then decided on a page of its own."""
        kind, _, server = self.get_body_argument("ask", "").partition(":")
        if kind == "open-server":
            self.see(self.link("users", name, "open", server=server))
            return
        target: dict[str, Any] = {"user": name}
        if kind in ("start-server", "stop-server"):
            target["server"] = server
        self.see(await ask(self, kind, target))


class OpenServerPage(ConsolePage):
    """Somebody else's server: a link, against a reason that they and the audit log get."""

    needs = "list:users"

    async def get(self, name: str) -> None:
        """Ask for the reason."""
        self._allow()
        server = self.get_query_argument("server", "")
        person = await self.hub.user(name, stopped=True)
        if server and server not in person.servers:
            raise Refusal(404, "This person has no server of that name.")
        action, once = self.once("users", person.name, "open", server=server)
        self.show(
            "open.html",
            person=person,
            server=server,
            action=action,
            once=once,
            address="",
            shared_origin=not self.console.administration.settings.subdomains,
        )

    async def post(self, name: str) -> None:
        """Write it down, and give the link."""
        self._allow()
        server = str(self.form.about["server"])
        reason = self.get_body_argument("reason", "").strip()[:500]
        if not reason:
            raise Refusal(400, "Say why: the person whose server it is will read it.")
        person = await self.hub.user(name)
        await self.console.store.write(
            audit.append,
            self.user,
            "open-server",
            {"user": person.name, "server": server},
            "done",
            reason=reason,
            source="console",
        )
        path = "".join(
            f"{quote(each, safe='@~')}/" for each in ("user", person.name, server) if each
        )
        self.show(
            "open.html",
            person=person,
            server=server,
            action="",
            once="",
            address=self.console.hub_url.removesuffix("hub/") + path,
            shared_origin=not self.console.administration.settings.subdomains,
        )

    def _allow(self) -> None:
        if not self.console.administration.options.server_access:
            raise Refusal(
                403,
                "Opening other people's servers from here is off. The operator can set"
                " HubService.server_access; where all servers share one host, a server that is"
                " opened can act as you, so use a private window if you must.",
            )


class AddUsersPage(ConsolePage):
    """New users, from a list or from a file with one column of names."""

    needs = "admin:users"

    def get(self) -> None:
        """Ask for the names."""
        self._form("")

    def _form(self, names: str, mistake: str = "") -> None:
        action, once = self.once("add-users")
        self.show("add.html", action=action, once=once, names=names, mistake=mistake)

    async def post(self) -> None:
        """Go on to the preview, where it is decided."""
        text = self.get_body_argument("names", "")
        for upload in self.request.files.get("file", []):
            text += "\n" + upload["body"].decode("utf-8-sig", "replace")
        try:
            self.see(await ask(self, "add-users", {"users": names_in(text)}))
        except BadTarget as error:
            self.set_status(400)
            self._form(text, str(error))


class AdministratorsPage(ConsolePage):
    """All administrators. The hub cannot be asked for them, so all users are looked at."""

    needs = "list:users"

    async def get(self) -> None:
        """Show each as soon as it is found; leaving the page ends the search."""
        page = render("administrators.html", **self.frame())
        start, _, end = page.partition(ROWS)
        self.write(start)
        seen = found = 0
        try:
            async for person in walk(self.hub):
                seen += 1
                if person.admin or "admin" in person.roles:
                    found += 1
                    self.write(render("administrator.html", person=person, link=self.link))
                if seen % PROGRESS == 0:
                    self.write(f'<p class="progress">{seen:,} users looked at, {found} found …</p>')
                    await self.flush()
        except (HubError, HubUnavailable) as error:
            if not seen:
                raise
            self.write(
                '<p class="mistake" role="alert">These are not all: after'
                f" {seen:,} users the search ended, because {escape(str(error))}. Reload the page"
                " to begin again.</p>"
            )
        else:
            self.write(f"<p><b>{found:,} of {seen:,} users are administrators.</b></p>")
        self.finish(end)


async def ask(page: ConsolePage, kind: str, target: dict[str, Any]) -> str:
    """Ask for an action from a page of the console.

    Returns:
        The address of the page on which it is decided.
    """
    if kind not in page.console.desk.actions:
        raise Refusal(404, "This hub does not offer that action.")
    intent = await page.console.desk.ask(page.session.identity, kind, target, "", "console")
    return page.link("intents", intent.id)


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = (
        (r"users/?", UsersPage),
        (r"users/([^/]+)", UserPage),
        (r"users/([^/]+)/open", OpenServerPage),
        (r"add-users", AddUsersPage),
        (r"administrators", AdministratorsPage),
    )
    return (Page("users", "Users", "list:users", routes),)
