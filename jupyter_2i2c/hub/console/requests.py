"""`/requests` and below: what people asked for help with, who looks after it, and what they are answered. Opened from the navigation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..delivery.wording import diagnostics_text
from ..help_request import MAX_TEXT
from ..store import requests
from ..store.requests import OPEN, Attachment, Enclosed, Request, WrongState
from .base import ConsolePage, Refusal
from .pages import Page

RIGHT = "custom:2i2c:support"
PAGE = 50
SHOWN = 100_000
"""Characters of diagnostics on the page; all of them are in the file."""

SHOWS = {
    "open": ("Open", OPEN),
    "failed": ("Not delivered", ("failed",)),
    "answered": ("Answered", ("answered",)),
    "closed": ("Closed", ("closed",)),
}

ENCRYPTED = "request.age"
DIAGNOSTICS = "diagnostics.txt"


class RequestsPage(ConsolePage):
    """The queue, the oldest first."""

    needs = RIGHT
    fresh = True

    async def get(self) -> None:
        """Show it."""
        shown = self.get_query_argument("show", "open")
        shown = shown if shown in SHOWS else "open"
        mine = self.get_query_argument("mine", "") == "1"
        offset = self.number("from")
        store = self.console.store
        found: list[Request] = await store.read(
            requests.queue,
            SHOWS[shown][1],
            assignee=self.user if mine else None,
            offset=offset,
            limit=PAGE + 1,
        )
        counts = await store.read(requests.counts)
        given = {"show": shown, "mine": "1" if mine else ""}
        self.show(
            "requests.html",
            requests=found[:PAGE],
            shown=shown,
            mine=mine,
            shows={
                name: (title, sum(counts.get(state, 0) for state in states))
                for name, (title, states) in SHOWS.items()
            },
            categories=_categories(self),
            later=self.link("requests", **given, **{"from": offset + PAGE})
            if len(found) > PAGE
            else "",
            earlier=self.link("requests", **given, **{"from": max(0, offset - PAGE)})
            if offset
            else "",
        )


class RequestPage(ConsolePage):
    """One request."""

    needs = RIGHT
    fresh = True

    async def get(self, id_: str) -> None:
        """Show it."""
        await self._show(await _find(self, id_))

    async def _show(self, request: Request, mistake: str = "", text: str = "") -> None:
        store = self.console.store
        enclosed = await store.read(requests.enclosed, request.id)
        diagnostics = diagnostics_text(enclosed.diagnostics) if enclosed.diagnostics else ""
        action, once = self.once("requests", request.id)
        self.show(
            "request.html",
            request=request,
            categories=_categories(self),
            outages={each.key: each.name for each in self.console.facts.sheet.facts.outage_kinds},
            diagnostics=diagnostics[:SHOWN],
            cut=len(diagnostics) > SHOWN,
            attachments=await store.read(requests.listed, request.id),
            encrypted=enclosed.encrypted is not None,
            names={"encrypted": ENCRYPTED, "diagnostics": DIAGNOSTICS},
            longest=MAX_TEXT,
            mistake=mistake,
            text=text or request.answer,
            action=action,
            once=once,
        )

    async def post(self, id_: str) -> None:
        """Do what the visitor chose."""
        request = await _find(self, id_)
        decision = self.get_body_argument("decision", "")
        text = self.get_body_argument("answer", "").replace("\r\n", "\n").strip()
        if decision == "answer" and not 0 < len(text) <= MAX_TEXT:
            self.set_status(400)
            mistake = (
                f"The answer is too long: at most {MAX_TEXT:,} characters."
                if text
                else "Write an answer first."
            )
            await self._show(request, mistake, text)
            return
        about: dict[str, tuple[Any, tuple[str, ...]]] = {
            "take": (requests.assign, (self.user,)),
            "leave": (requests.assign, ("",)),
            "answer": (requests.answer, (text,)),
            "close": (requests.close, ()),
            "reopen": (requests.reopen, ()),
            "retry": (requests.retry, ()),
        }
        if decision in about:
            change, arguments = about[decision]
            try:
                await self.console.store.write(change, request.id, *arguments, actor=self.user)
            except WrongState as error:
                raise Refusal(409, f"It is too late for that: {error}.") from None
        self.see(self.link("requests", request.id))


class FilePage(ConsolePage):
    """A file of a request, only ever as a download: nothing of it is opened here."""

    needs = RIGHT
    fresh = True

    async def get(self, id_: str, which: str) -> None:
        """Send it."""
        request = await _find(self, id_)
        name, data = await self._file(request, which)
        plain = "".join(
            each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name
        )
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header(
            "Content-Disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        )
        self.finish(data)

    async def _file(self, request: Request, which: str) -> tuple[str, bytes]:
        enclosed: Enclosed = await self.console.store.read(requests.enclosed, request.id)
        if which == ENCRYPTED and enclosed.encrypted:
            return f"{request.reference}.age", enclosed.encrypted
        if which == DIAGNOSTICS and enclosed.diagnostics:
            text = diagnostics_text(enclosed.diagnostics)
            return f"{request.reference}-diagnostics.txt", text.encode("utf-8", "replace")
        found: list[Attachment] = []
        if which.isdecimal() and len(which) < 19:
            found = await self.console.store.read(requests.attachments, request.id, int(which))
        if not found:
            raise Refusal(404, "There is no such file, or it has been deleted.")
        return found[0].name, found[0].data


async def _find(page: ConsolePage, id_: str) -> Request:
    request: Request | None = await page.console.store.read(requests.get, id_)
    if request is None:
        raise Refusal(404, "There is no such request, or it has been deleted.")
    return request


def _categories(page: ConsolePage) -> dict[str, str]:
    return {each.key: each.name for each in page.console.facts.sheet.facts.support_categories}


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    one = r"requests/([A-Za-z0-9_-]{1,64})"
    routes: tuple[tuple[str, Any], ...] = (
        (r"requests/?", RequestsPage),
        (one, RequestPage),
        (one + r"/files/([a-z0-9.]{1,30})", FilePage),
    )
    return (Page("requests", "Help requests", RIGHT, routes),)
