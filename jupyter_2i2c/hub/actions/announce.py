"""Publish, change and withdraw announcements, as intents from Lab. Added to the registry by administration.py.

They are done in our own store, once: what is published has the intent's own id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from ..hub_api import Hub
from ..news.draft import SEVERITIES, BadDraft, check
from ..news.markdown import render
from ..news.newsroom import Newsroom
from ..news.wording import for_whom, moment, when
from ..store import announcements
from ..store.announcements import Announcement, Content, Gone
from ..store.database import Store
from ..store.errors import StoreUnavailable
from .base import Action, Asked, BadTarget, Effect, Outcome, only

MAX_ID = 64

GONE = "There is no such announcement, or it is withdrawn."


class _Announcing(Action):
    """What the three share.

    Args:
        store: where announcements are.
        newsroom: told when they change.
        scopes: of which the approver needs one.
    """

    def __init__(self, store: Store, newsroom: Newsroom, scopes: frozenset[str]) -> None:
        self._store = store
        self._newsroom = newsroom
        self.scopes = scopes

    async def _write(self, function: Any, *arguments: Any, **more: Any) -> Outcome | None:
        """Write; why not, if nothing was."""
        try:
            await self._store.write(function, *arguments, **more)
        except Gone:
            return Outcome("failed", f"Nothing was done: {GONE}")
        except StoreUnavailable as error:
            return Outcome("failed", f"Nothing was done, because {error}. Ask again later.")
        self._newsroom.changed()
        return None

    async def _find(self, target: Mapping[str, Any]) -> Announcement | None:
        found = await self._store.read(announcements.get, target["id"])
        return found if found and not found.withdrawn else None


class PublishAnnouncement(_Announcing):
    """Publish one. The target holds the fields of `Content`."""

    name = "publish-announcement"

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        return _told(_content(target))

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        return _effect(target, "Publish this announcement?", "Publish an announcement", "Publish")

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        try:
            content = check(target)
        except BadDraft as error:
            return Outcome("failed", f"Nothing was published. {error}")
        failed = await self._write(announcements.publish, content, intent.actor, id=intent.id)
        return failed or Outcome("done", f"Published for {for_whom(content)}.")

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        if await self._store.read(announcements.get, intent.id):
            return Outcome("done", "Published.")
        return Outcome("failed", "Nothing was published. Ask again if it is still wanted.")


class EditAnnouncement(_Announcing):
    """Say something else in its place. The target holds the fields of `Content`, its ``id``, and the ``version`` it was."""

    name = "edit-announcement"

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in target.items() if key not in ("id", "version")}
        version = target.get("version")
        if type(version) is not int:
            raise BadTarget("the request does not say which version it changes")
        return {**_told(_content(rest)), "id": _id(target), "version": version}

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        effect = _effect(_without(target), "Change this announcement?", "Change it", "Change")
        found = await self._find(target)
        if found is None:
            return _impossible(effect, GONE)
        if found.version != target["version"]:
            return _impossible(effect, "Somebody has changed it meanwhile. Look at it again.")
        return effect

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        try:
            content = check(_without(target))
        except BadDraft as error:
            return Outcome("failed", f"Nothing was changed. {error}")
        try:
            failed = await self._write(
                announcements.edit, target["id"], content, intent.actor, version=target["version"]
            )
        except announcements.Changed:
            return Outcome("failed", "Nothing was done: somebody has changed it meanwhile.")
        return failed or Outcome("done", f"Changed, for {for_whom(content)} to read anew.")

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        for each in await self._store.read(announcements.history, target["id"]):
            if each.version == target["version"] + 1 and each.who == intent.actor:
                return Outcome("done", "Changed.")
        return Outcome("failed", "Nothing was changed. Ask again if it is still wanted.")


class WithdrawAnnouncement(_Announcing):
    """Take one back. The target holds its ``id``."""

    name = "withdraw-announcement"

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target, "id")
        return {"id": _id(target)}

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        found = await self._find(target)
        effect = Effect(
            "Withdraw this announcement?",
            "Withdraw an announcement",
            "nobody sees it any more; its history stays",
            verb="Withdraw",
        )
        if found is None:
            return _impossible(effect, GONE)
        return _with_content(effect, found)

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        failed = await self._write(announcements.withdraw, target["id"], intent.actor)
        return failed or Outcome("done", "Withdrawn. Open panels stop showing it within a minute.")

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        if await self._find(target) is None:
            return Outcome("done", "Withdrawn.")
        return Outcome("failed", "It is still shown. Ask again if it is to be withdrawn.")


def announcing(store: Store, newsroom: Newsroom, scopes: frozenset[str]) -> dict[str, Action]:
    """The actions of this room, by name.

    Args:
        store: where announcements are.
        newsroom: told when they change.
        scopes: of which the approver needs one.
    """
    kinds = (PublishAnnouncement, EditAnnouncement, WithdrawAnnouncement)
    return {kind.name: kind(store, newsroom, scopes) for kind in kinds}


def _content(target: Mapping[str, Any]) -> Content:
    try:
        return check(target)
    except BadDraft as error:
        raise BadTarget(str(error)) from None


def _told(content: Content) -> dict[str, Any]:
    """The content as an intent keeps it: what says nothing is left out."""
    told = announcements.to_json(content)
    return {name: value for name, value in told.items() if value not in (None, "")}


def _without(target: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in target.items() if key not in ("id", "version")}


def _id(target: Mapping[str, Any]) -> str:
    found = target.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise BadTarget("the request does not say which announcement")
    return found


def _effect(target: Mapping[str, Any], title: str, action: str, verb: str) -> Effect:
    effect = Effect(title, action, "open panels show it within about a minute", verb=verb)
    try:
        return _with_content(effect, check(target))
    except BadDraft as error:
        return _impossible(effect, str(error))


def _with_content(effect: Effect, content: Content) -> Effect:
    rows = [
        ("For", for_whom(content), ""),
        ("What", SEVERITIES[content.severity], ""),
        ("Title", content.title, ""),
    ]
    if said := when(content):
        rows.append(("When", said, ""))
    if content.show_from:
        rows.append(("Shown from", moment(content.show_from), ""))
    if content.show_until:
        rows.append(("Shown until", moment(content.show_until), ""))
    if content.link:
        rows.append(("Link", content.link, ""))
    if content.acknowledge:
        rows.append(("Asks", "everybody to acknowledge it", ""))
    return Effect(
        effect.title,
        effect.action,
        effect.detail,
        tuple(rows),
        effect.verb,
        preview=render(content.body),
    )


def _impossible(effect: Effect, why: str) -> Effect:
    return Effect(effect.title, effect.action, effect.detail, effect.rows, impossible=why)
