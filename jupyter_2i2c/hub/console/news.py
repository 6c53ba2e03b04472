"""`/news` and below: announcements are written, looked at as readers see them, published, changed and withdrawn. Opened from the navigation."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection

from ..news.draft import AUDIENCES, MAX_BODY, MAX_TITLE, SEVERITIES, BadDraft, check
from ..news.markdown import render
from ..news.wording import for_whom, when
from ..store import announcements
from ..store.announcements import (
    EDITED,
    PUBLISHED,
    WITHDRAWN,
    Announcement,
    Changed,
    Content,
    Gone,
)
from .base import ConsolePage, Refusal
from .pages import Page

PAGE = 50
FORM_TIME = "%Y-%m-%dT%H:%M"
TIMES = ("starts", "ends", "show_from", "show_until")

READERS = {
    "dismiss": "can put it away",
    "acknowledge": "are asked to say that they have read it",
    "stay": "see it for as long as it is shown",
}
"""What readers do with it, in place of the two fields of `Content`."""

SOURCE = "console"


class NewsPage(ConsolePage):
    """What is shown or will be, and what was."""

    needs = "custom:2i2c:announce"
    fresh = True

    async def get(self) -> None:
        """Show it."""
        offset = self.number("from")
        store = self.console.store
        past = await store.read(announcements.past, offset, PAGE + 1)
        self.show(
            "news.html",
            current=[] if offset else await store.read(announcements.current),
            past=past[:PAGE],
            first=not offset,
            for_whom=for_whom,
            severities=SEVERITIES,
            now=datetime.now(timezone.utc),
            earlier=self.link("news", **{"from": max(offset - PAGE, 0)}) if offset else "",
            later=self.link("news", **{"from": offset + PAGE}) if len(past) > PAGE else "",
        )


class _Form(ConsolePage):
    """What writing and changing one share."""

    needs = "custom:2i2c:announce"
    fresh = True

    def ask(
        self,
        fields: Mapping[str, Any],
        *,
        before: Announcement | None = None,
        preview: Content | None = None,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        """Show the form, with what was written."""
        parts = ("news", before.id, "edit") if before else ("news", "new")
        action, once = self.once(*parts, version=before.version if before else 0)
        self.show(
            "news_form.html",
            fields=fields,
            before=before,
            preview=preview,
            body=render(preview.body) if preview else "",
            problems=problems or {},
            severities=SEVERITIES,
            audiences=AUDIENCES,
            readers=READERS,
            for_whom=for_whom,
            when=when,
            max_title=MAX_TITLE,
            max_body=MAX_BODY,
            action=action,
            once=once,
        )

    async def decide(self, before: Announcement | None) -> None:
        """Preview it or publish it, as the form says."""
        fields = self._fields()
        try:
            content = check(_given(fields))
        except BadDraft as error:
            self.set_status(400)
            self.ask(fields, before=before, problems=error.problems)
            return
        if self.get_body_argument("do", "") != "publish":
            self.ask(fields, before=before, preview=content)
            return
        try:
            id_ = await self._store(content, before, anew="quietly" not in fields)
        except Gone:
            self.set_status(409)
            problem = "It was withdrawn meanwhile. What you wrote is here still: publish it anew."
            self.ask(fields, problems={"unknown": problem})
            return
        except Changed:
            self.set_status(409)
            problem = "Somebody has changed it meanwhile. What you wrote is here still: compare it."
            self.ask(fields, before=before, problems={"unknown": problem})
            return
        self.see(self.link("news", id_))

    async def _store(self, content: Content, before: Announcement | None, anew: bool) -> str:
        who = self.user

        def store(c: Connection) -> str:
            if before is None:
                made, what = announcements.publish(c, content, who), PUBLISHED
            else:
                version = int(self.form.about["version"])
                made = announcements.edit(c, before.id, content, who, anew=anew, version=version)
                what = EDITED
            announcements.tell_audit(c, made, what, who, SOURCE)
            return made.id

        id_ = await self.console.store.write(store)
        self.console.administration.newsroom.changed()
        return id_

    def _fields(self) -> dict[str, str]:
        """The form's fields as they were sent."""
        names = ("title", "body", "severity", "audience", "groups", *TIMES, "readers", "link")
        fields = {name: self.get_body_argument(name, "", strip=False) for name in names}
        if self.get_body_argument("quietly", ""):
            fields["quietly"] = "yes"
        return fields

    async def present(self, id_: str) -> Announcement:
        """The announcement, if it can still be changed.

        Raises:
            Refusal: it cannot.
        """
        found = await self.console.store.read(announcements.get, id_)
        if found is None or found.withdrawn:
            raise Refusal(404, "There is no such announcement, or it is withdrawn.")
        return found


class NewAnnouncementPage(_Form):
    """A new one."""

    def get(self) -> None:
        """Ask what it says."""
        self.ask(_EMPTY)

    async def post(self) -> None:
        """Preview or publish it."""
        await self.decide(None)


class EditAnnouncementPage(_Form):
    """One that is there, to be changed."""

    async def get(self, id_: str) -> None:
        """Show what it says."""
        found = await self.present(id_)
        self.ask(_as_fields(found), before=found)

    async def post(self, id_: str) -> None:
        """Preview or publish what it is to say."""
        await self.decide(await self.present(id_))


class AnnouncementPage(ConsolePage):
    """One announcement: as readers see it, what it said before, how many have seen it."""

    needs = "custom:2i2c:announce"
    fresh = True

    async def get(self, id_: str) -> None:
        """Show it."""
        store = self.console.store
        found = await store.read(announcements.get, id_)
        if found is None:
            raise Refusal(404, "There is no such announcement.")
        action, once = self.once("news", found.id)
        self.show(
            "announcement.html",
            found=found,
            body=render(found.body),
            counts=await store.read(announcements.counts, found),
            history=await store.read(announcements.history, found.id),
            severities=SEVERITIES,
            for_whom=for_whom,
            when=when,
            shown=found.shown(datetime.now(timezone.utc)),
            action=action,
            once=once,
        )

    async def post(self, id_: str) -> None:
        """Withdraw it."""
        if self.get_body_argument("withdraw", "") != "yes":
            self.see(self.link("news", id_))
            return
        who = self.user

        def withdraw(c: Connection) -> None:
            made = announcements.withdraw(c, id_, who)
            announcements.tell_audit(c, made, WITHDRAWN, who, SOURCE)

        with suppress(Gone):  # in another tab say; its page tells
            await self.console.store.write(withdraw)
        self.console.administration.newsroom.changed()
        self.see(self.link("news", id_))


_EMPTY = {
    **dict.fromkeys(("title", "body", "groups", *TIMES, "link"), ""),
    "severity": "info",
    "audience": "everyone",
    "readers": "dismiss",
}


def _given(fields: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as draft.py reads it. Its times are in UTC, and it says so."""
    readers = fields["readers"]
    groups = [line.strip() for line in fields["groups"].splitlines()]
    return {
        **{name: fields[name] for name in ("title", "body", "severity", "link")},
        **{name: f"{fields[name]}Z" if fields[name] else "" for name in TIMES},
        "audience": {"kind": fields["audience"], "groups": groups},
        "acknowledge": readers == "acknowledge",
        "dismissible": readers != "stay",
    }


def _as_fields(found: Content) -> dict[str, str]:
    """What an announcement says, as the form has it."""
    times = {name: getattr(found, name) for name in TIMES}
    readers = "dismiss" if found.dismissible else "stay"
    return {
        "title": found.title,
        "body": found.body,
        "severity": found.severity,
        "audience": str(found.audience.get("kind")),
        "groups": "\n".join(found.audience.get("groups") or ()),
        **{name: time.strftime(FORM_TIME) if time else "" for name, time in times.items()},
        "readers": "acknowledge" if found.acknowledge else readers,
        "link": found.link,
    }


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = (
        (r"news/?", NewsPage),
        (r"news/new", NewAnnouncementPage),
        (r"news/([A-Za-z0-9_-]{1,64})", AnnouncementPage),
        (r"news/([A-Za-z0-9_-]{1,64})/edit", EditAnnouncementPage),
    )
    return (Page("news", "News", NewsPage.needs, routes),)
