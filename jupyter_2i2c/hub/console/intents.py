"""`/intents/ID`: an intent is shown, and approved or refused. Opened from Lab, and by the console's own pages."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from typing_extensions import override

from ..actions.base import Effect
from ..intents import (
    Impossible,
    NoSuchIntent,
    NotAllowed,
    NotConfirmed,
    NotConsented,
    UnknownKind,
)
from ..store import intents
from ..store.intents import Intent, NotPending
from .base import ConsolePage, Refusal
from .pages import Page

REASON_LENGTH = 500


class IntentPage(ConsolePage):
    """One intent: what it would do while it waits, and what became of it."""

    async def get(self, key: str) -> None:
        """Show it to the person whose intent it is."""
        intent = await self._find(key)
        if intent.state != "pending":
            await self._show_outcome(intent)
            return
        await self._ask(intent)

    async def _ask(self, intent: Intent, mistake: str = "") -> None:
        effect = await self._effect(intent)
        action, once = self.once("intents", intent.id)
        self.show(
            "intent.html",
            intent=intent,
            effect=effect,
            asked_from=asked_from(intent),
            action=action,
            once=once,
            mistake=mistake,
            # what was written stays; what must be chosen anew does not
            message=self.get_body_argument("message", "")[:REASON_LENGTH],
            typed=self.get_body_argument("typed", "")[:REASON_LENGTH],
            reason_length=REASON_LENGTH,
        )

    async def _show_outcome(self, intent: Intent) -> None:
        if intent.state == "unknown":
            intent = await self.console.desk.settle(intent.id, self.session.token, self.user)
        if intent.state in ("executing", "unknown"):
            self.set_header("Refresh", "5")  # as pages of jobs and exports, it comes anew by itself
        self.show("outcome.html", intent=intent, asked_from=asked_from(intent))

    async def post(self, key: str) -> None:
        """Approve or refuse it."""
        intent = await self._find(key)
        if intent.state != "pending":
            self.see(self.link("intents", intent.id))
            return
        decision = self.get_body_argument("decision", "")
        if decision == "refuse":
            with suppress(NotPending):  # decided in another tab; its page tells
                await self.console.desk.refuse(
                    intent.id, self.user, self.get_body_argument("message", "")[:REASON_LENGTH]
                )
        elif decision == "approve":
            effect = await self._effect(intent)
            mistake = self._mistake(effect) or await self._approve(intent)
            if mistake:
                self.set_status(400)
                await self._ask(intent, mistake)
                return
        self.see(self.link("intents", intent.id))

    async def _approve(self, intent: Intent) -> str:
        """Carry it out; why not, if nothing was done and it can still be decided."""
        try:
            await self.console.desk.approve(
                intent.id,
                self.session.token,
                self.user,
                self.get_body_argument("message", "")[:REASON_LENGTH],
                self.get_body_argument("typed", ""),
                self.get_body_argument("consent", "") == "yes",
            )
        except (NotAllowed, Impossible, NotConfirmed, NotConsented) as error:
            return f"{error} Nothing was done."
        except NotPending:
            pass  # somebody was faster, in another tab say; its page tells
        return ""

    def _mistake(self, effect: Effect) -> str:
        if effect.impossible:
            return effect.impossible
        if self.get_body_argument("asked", "") != "yes":
            return "Say that you asked for this, or refuse it."
        return ""

    async def _effect(self, intent: Intent) -> Effect:
        try:
            return await self.console.desk.describe(intent, self.session.token)
        except UnknownKind:
            raise Refusal(404, "This hub does not offer that action any more.") from None

    async def _find(self, key: str) -> Intent:
        """The intent, for its own actor; for anybody else there is none."""
        try:
            return await self.console.desk.get(key, self.user)
        except NoSuchIntent:
            await self.console.desk.refused_to(key, self.user, "somebody else asked for it")
            raise

    @override
    async def note_refusal(self, why: str) -> None:
        await self.console.desk.refused_to(self.path_args[0], self.user, why)


def asked_from(intent: Intent) -> str:
    """Where an intent came from, in words."""
    kind, _, place = intent.source.partition(":")
    if kind == "server":
        return f"from the server /user/{place}"
    if kind == "token":
        return "with a personal token"
    return "in the console"


class MyIntentsPage(ConsolePage):
    """`/intents`: what the visitor asked for lately."""

    async def get(self) -> None:
        """Show the last ones."""
        found = await self.console.store.read(intents.by_actor, self.user, 50)
        self.show("intents.html", intents=found, asked_from=asked_from)


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = (
        (r"intents/?", MyIntentsPage),
        (r"intents/([A-Za-z0-9_-]{1,64})", IntentPage),
    )
    return (Page("intents", "Approvals", "", routes),)
