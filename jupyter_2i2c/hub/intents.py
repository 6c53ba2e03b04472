"""The desk at which intents are asked for, decided and carried out. Called by the API (ask) and the console (decide).

What is asked for changes nothing. It is carried out once, after the person who asked has approved
it on the console, with that person's own token, and only if the hub still grants what it needs.
What nobody saw end is ``unknown`` until it has been read what is so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection

from ..text import line
from .actions.base import Action, BadTarget, Effect, Outcome, holds
from .hub_api import Hub, HubApi, HubError, HubRefused, TooMany, Uncertain
from .identity import HubUnavailable, Identity
from .jobs import TOKEN_LIFETIME, JobRunner
from .store import audit, intents, jobs
from .store.database import Store
from .store.errors import StoreUnavailable
from .store.intents import MAX_NOTE, Intent, NotPending, TooLong

log = logging.getLogger(__name__)


class UnknownKind(Exception):
    """This hub does not offer such an action."""


class NoSuchIntent(Exception):
    """There is no such intent, or it is somebody else's: nobody is told which."""


class NotAllowed(Exception):
    """The person may not do this, or no longer. The text is for them."""


class Impossible(Exception):
    """It cannot be done as things are now; nothing was done. The text is for a person."""


class NotConfirmed(Exception):
    """What was typed is not what must be typed.

    Args:
        wanted: what must be.
    """

    def __init__(self, wanted: str) -> None:
        super().__init__(f"type “{wanted}” to confirm")
        self.wanted = wanted


class NotConsented(Exception):
    """What needs a consent of its own did not get it."""

    def __init__(self) -> None:
        super().__init__("Say that you consent, or refuse it.")


class IntentDesk:
    """Takes intents in, has them decided and carries them out.

    Args:
        store: open.
        api: the way to the hub.
        actions: what can be asked for, by name; other parts add theirs.
        runner: for what takes long.

    Attributes:
        actions: what can be asked for, by name.
    """

    PATIENCE = 8.0
    """Seconds for which who approved waits to see the end; it goes on after that."""
    LOOK = 2.0
    """Seconds for which somebody who looks at what is not known waits for it."""
    FAILED_AFTER = timedelta(seconds=60)
    """A change that the hub may still have on its way does not count as failed before."""
    CHECK_AFTER = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
    """Seconds between two looks at what came of something."""

    def __init__(
        self, store: Store, api: HubApi, actions: Mapping[str, Action], runner: JobRunner
    ) -> None:
        self._store = store
        self._api = api
        self.actions = actions
        self._runner = runner
        self._executing: set[asyncio.Task[None]] = set()
        self._checking: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """After a start: what was being carried out when the service ended is not known."""
        await self._store.write(_leave_unknown)

    async def close(self) -> None:
        """Let what is being carried out end, for a while; checks go on at the person's next visit."""
        for task in self._checking.values():
            task.cancel()
        if self._executing:
            await asyncio.wait(self._executing, timeout=self.PATIENCE)
        for task in self._executing:
            task.cancel()  # the next start looks what came of it
        await asyncio.gather(*self._executing, *self._checking.values(), return_exceptions=True)

    # --- asking -----------------------------------------------------------------------------

    async def ask(
        self,
        identity: Identity,
        kind: str,
        target: Any,
        note: str = "",
        source: str = intents.CONSOLE,
    ) -> Intent:
        """Store what somebody asks for; nothing happens before it is approved.

        Args:
            identity: the owner of the token that asks.
            kind: the action's name.
            target: as it came.
            note: what the asking server says; only ever quoted.
            source: from where, derived from the token and never from what it sent.

        Raises:
            UnknownKind: no such action here.
            BadTarget: the target or the note makes no sense.
            TooManyIntents: (store.intents) with the seconds to wait.
            StoreUnavailable: it is not stored.
        """
        action = self._action(kind)
        if not isinstance(target, Mapping):
            raise BadTarget("the request does not say to whom or what")
        checked = action.check(target)
        try:
            return await self._store.write(
                _ask, kind=kind, actor=identity.name, target=checked, note=line(note), source=source
            )
        except TooLong as error:
            raise BadTarget(str(error)) from None

    async def get(self, id_: str, actor: str) -> Intent:
        """An intent of this person's, as it stands.

        Raises:
            NoSuchIntent: none of theirs.
        """
        intent = await self._store.read(intents.get, id_)
        if intent is None or intent.actor != actor:
            raise NoSuchIntent
        if intent.state == "pending" and intent.expires <= datetime.now(timezone.utc):
            await self.expire()
            return await self.get(id_, actor)
        return intent

    async def expire(self) -> None:
        """Say of all that was not decided in time that it has expired."""
        await self._store.write(intents.expire_old)

    # --- deciding ---------------------------------------------------------------------------

    async def describe(self, intent: Intent, token: str) -> Effect:
        """What approving would do, from what is so at this moment.

        Raises:
            UnknownKind: the action is not offered any more.
            HubError, HubUnavailable: it cannot be seen.
        """
        action = self._action(intent.kind)
        return await action.describe(self._api.as_person(token), intent.target, intent.actor)

    async def approve(
        self,
        id_: str,
        token: str,
        actor: str,
        message: str = "",
        typed: str = "",
        consented: bool = False,
    ) -> Intent:
        """Carry it out, if all that was so when it was shown still is.

        Args:
            id_: the intent.
            token: the approver's own.
            actor: whose session it is; the token must be theirs.
            message: what the approver tells the person it concerns.
            typed: what was typed to confirm; compared with what must be.
            consented: whether they consent to what must be consented to.

        Returns:
            The intent when it has ended, or after `PATIENCE` as it is then.

        Raises:
            NoSuchIntent: none of theirs.
            NotPending: (store.intents) it was decided before, or has expired.
            UnknownKind, NotAllowed, Impossible, NotConfirmed, NotConsented: nothing happened; it
                still waits.
            HubRefused: the login has ended; it still waits.
            HubError, HubUnavailable: the hub cannot be asked; it still waits.
            StoreUnavailable: nothing happened; it still waits.
        """
        hub = self._api.as_person(token)
        try:
            identity = await hub.whoami()
        except HubRefused:
            await self.refused_to(id_, actor, "the hub does not take the login any more")
            raise
        if identity.name != actor:
            raise HubRefused("this login is somebody else's")
        intent = await self._store.read(intents.get, id_)
        if intent is not None and intent.actor == actor and intent.state == "pending":
            action = self._action(intent.kind)
            if not holds(identity.scopes, action.scopes):
                await self._store.write(_deny, intent, actor, "the hub does not grant it")
                raise NotAllowed("The hub does not grant you what this needs (any more).")
            effect = await action.describe(hub, intent.target, actor)
            if effect.impossible:
                await self._store.write(_deny, intent, actor, effect.impossible)
                raise Impossible(effect.impossible)
            if typed.strip() != effect.type_to_confirm and effect.type_to_confirm:
                raise NotConfirmed(effect.type_to_confirm)
            if effect.consent and not consented:
                raise NotConsented
        intent = await self._decide(intents.take, id_, actor=actor, message=_message(message))
        task = asyncio.create_task(self._execute(self._action(intent.kind), hub, token, intent))
        self._executing.add(task)
        task.add_done_callback(self._executing.discard)
        # who closes the page does not stop what has begun
        await asyncio.wait({task}, timeout=self.PATIENCE)
        return await self.get(id_, actor)

    async def refuse(self, id_: str, actor: str, message: str = "") -> Intent:
        """Refuse it; nothing happens.

        Raises:
            NoSuchIntent: none of theirs.
            NotPending: (store.intents) it was decided before, or has expired.
        """
        return await self._decide(intents.refuse, id_, actor=actor, message=_message(message))

    async def refused_to(self, id_: str, actor: str, why: str) -> None:
        """Note in the audit log that somebody wanted to see or decide what they may not."""
        intent = await self._store.read(intents.get, id_)
        if intent is not None:
            await self._store.write(_deny, intent, actor, why)

    async def visit(self, token: str, actor: str) -> None:
        """Somebody has come to the console: check, with their login, what came of their intents."""
        for intent in await self._store.read(intents.in_state, "unknown", actor=actor):
            self._check(intent, self._api.as_person(token))

    async def settle(self, id_: str, token: str, actor: str) -> Intent:
        """Check now what came of an intent that is not known; it goes on in the background.

        Raises:
            NoSuchIntent: none of theirs.
        """
        intent = await self.get(id_, actor)
        if intent.state == "unknown":
            task = self._check(intent, self._api.as_person(token))
            if task:
                await asyncio.wait({task}, timeout=self.LOOK)
        return await self.get(id_, actor)

    async def _decide(self, how: Any, id_: str, **arguments: Any) -> Intent:
        try:
            intent: Intent = await self._store.write(how, id_, **arguments)
            return intent
        except NotPending as error:
            if error.state in ("missing", "not-yours"):
                raise NoSuchIntent from None
            raise

    def _action(self, kind: Any) -> Action:
        if not isinstance(kind, str) or kind not in self.actions:
            raise UnknownKind("this hub does not offer such an action")
        return self.actions[kind]

    # --- carrying out -----------------------------------------------------------------------

    async def _execute(self, action: Action, hub: Hub, token: str, intent: Intent) -> None:
        try:
            outcome = await action.execute(hub, intent.target, intent)
        except TooMany as error:
            outcome = Outcome(
                "failed",
                f"The hub has too much to do just now. Nothing was done; ask again in"
                f" {error.retry_after:.0f} seconds.",
            )
        except HubRefused:
            outcome = Outcome(
                "failed", "The hub does not allow you this, or your login ended. Nothing was done."
            )
        except HubError as error:
            outcome = Outcome("failed", f"Nothing was done: {error}.")
        except Uncertain as error:
            outcome = Outcome(
                "unknown", f"Not known yet, because {error}. It is being checked what is so."
            )
        except HubUnavailable as error:
            outcome = Outcome("failed", f"Nothing was done, because {error}. Ask again later.")
        except Exception:
            log.exception("the action %s failed", intent.kind)
            outcome = Outcome(
                "unknown", "The service failed meanwhile. It is being checked what is so."
            )
        if outcome.state == "running" and outcome.kind:
            job = await self._write(_begin_job, intent, outcome, token)
            self._runner.run(job)
            return
        if (await self._finish(intent, outcome)) and outcome.state == "unknown":
            self._check(intent, hub)

    async def _finish(self, intent: Intent, outcome: Outcome) -> bool:
        """Store what came of it; False if that was known before."""
        told = {**outcome.detail, "text": outcome.text}
        try:
            await self._write(intents.finish, intent.id, outcome.state, told)
        except intents.WrongState:
            return False
        return True

    async def _write(self, function: Any, *args: Any) -> Any:
        """Write what is so, again and again until the store takes it."""
        delay = 1.0
        while True:
            try:
                return await self._store.write(function, *args)
            except StoreUnavailable as error:
                log.warning("what came of an action is not stored yet: %s", error)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 30.0)

    def _check(self, intent: Intent, hub: Hub) -> asyncio.Task[None] | None:
        """Find out in the background what came of something."""
        if intent.id not in self._checking and intent.kind in self.actions:
            task = asyncio.create_task(self._settle(self.actions[intent.kind], hub, intent))
            self._checking[intent.id] = task
            task.add_done_callback(lambda done: self._checked(intent.id, done))
        return self._checking.get(intent.id)

    def _checked(self, id_: str, task: asyncio.Task[None]) -> None:
        self._checking.pop(id_, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("what came of an action could not be checked", exc_info=error)

    async def _settle(self, action: Action, hub: Hub, intent: Intent) -> None:
        for delay in (0.0, *self.CHECK_AFTER):
            await asyncio.sleep(delay)
            try:
                outcome = await action.settle(hub, intent.target, intent)
            except HubRefused:
                return  # the login has ended; the next visit brings another
            except (HubError, HubUnavailable):
                continue
            since = datetime.now(timezone.utc) - (intent.decided or intent.created)
            if outcome and (outcome.state == "done" or since > self.FAILED_AFTER):
                await self._finish(intent, outcome)
                return


def _message(text: str) -> str:
    return line(text)[:MAX_NOTE]


# --- in the store's threads ---------------------------------------------------------------------


def _ask(c: Connection, /, **arguments: Any) -> Intent:
    intents.expire_old(c)
    return intents.create(c, **arguments)


def _leave_unknown(c: Connection) -> None:
    intents.expire_old(c)
    text = "The service was interrupted meanwhile. It is being checked what is so."
    for intent in intents.executing(c):
        intents.finish(c, intent.id, "unknown", {"text": text})


def _deny(c: Connection, intent: Intent, actor: str, why: str) -> None:
    detail = {"intent": intent.id, "asked by": intent.actor, "why": why}
    audit.append(
        c, actor, intent.kind, intent.target, "denied", source=intent.source, detail=detail
    )


def _begin_job(c: Connection, intent: Intent, outcome: Outcome, token: str) -> str:
    """Store the job and that the intent runs as it, both or neither."""
    job = jobs.create(
        c,
        kind=outcome.kind,
        actor=intent.actor,
        items=outcome.items,
        token=token,
        token_expires=datetime.now(timezone.utc) + TOKEN_LIFETIME,
        reason=intent.message,
        source=intent.source,
    )
    intents.finish(c, intent.id, "running", {"text": outcome.text}, job=job.id)
    return job.id
