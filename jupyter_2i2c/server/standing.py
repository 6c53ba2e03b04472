"""What the service says of this server's owner: a hint on what to offer them, and what was done to them. Called by intents.py and done.py.

Nothing here decides what anybody may do. That is decided by the hub, when a person approves an
intent on the console.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..hub.scopes import ACCESS, mints_tokens
from .hub_client import HubClient, HubError

MAX_AGE = 30.0
"""Seconds for which an answer is good enough for everybody who asks."""

MAX_DONE = 20
"""Things done to the owner that are told, the service's first."""

MAX_TEXT = 500
"""Characters of each of their fields."""

MINTING = (
    "This server's token can make itself a token with all of your rights, so any notebook here"
    " could act as an administrator. Admin actions are refused from here until the hub's operator"
    " takes the scopes self, tokens and inherit from administrators' servers, as"
    " setup_hub(c, narrow_admin_servers=True) does, and you restart this server."
)


RESTART = "This server started before the hub's service did. Restart it for admin actions."

UNAVAILABLE = "Admin actions are offered again when it does; the console may answer already."


@dataclass(frozen=True)
class Done:
    """Something that was done to the owner.

    Attributes:
        time: when, ISO 8601 in UTC.
        actor: who did it.
        action: its name, such as ``stop-server``.
        text: what it was, for a person.
        reason: what the actor wrote for the owner; empty if nothing.
    """

    time: str
    actor: str
    action: str
    text: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """How it stands with admin actions from this server.

    Attributes:
        state: ``ok`` (they are offered), ``none`` (to this person there is nothing to offer),
            ``visitor`` (this is somebody else's server), ``minting`` (the server's token is too
            strong), ``restart`` or ``unavailable``, as `HubError` has them.
        why: what there is to know about that, for a person; empty where it concerns nobody.
        console: the console's address, or its path on the hub's host.
        actions: the names of the actions that can be asked for.
        done: what was done to the owner.
    """

    state: str
    why: str = ""
    console: str = ""
    actions: tuple[str, ...] = ()
    done: tuple[Done, ...] = ()


class OwnersStanding:
    """Asks the service when somebody looks, once for everybody who does.

    Args:
        hub: the way to the service.
    """

    def __init__(self, hub: HubClient) -> None:
        self._hub = hub
        self._known = Standing("none")
        self._ask_again = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def look(self, refresh: bool = False) -> Standing:
        """What is known; at most `MAX_AGE` old, unless the service does not answer.

        Args:
            refresh: whether to ask at once, such as after a refusal.
        """
        if refresh or time.monotonic() >= self._ask_again or self._asking:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            await asyncio.shield(self._asking)
        return self._known

    async def _ask(self) -> None:
        wait = MAX_AGE
        try:
            self._known = await self._standing()
        except HubError as error:
            wait = min(error.retry_after, MAX_AGE)
            done = self._known.done  # what was done stays done
            if error.state == "restart":
                self._known = Standing("restart", RESTART, done=done)
            elif error.state == "unavailable":
                message = f"{error.message[:1].upper()}{error.message[1:]}. {UNAVAILABLE}"
                self._known = Standing("unavailable", message, done=done)
            else:
                self._known = Standing("none", done=done)
        finally:
            self._asking = None
        self._ask_again = time.monotonic() + wait

    async def _standing(self) -> Standing:
        try:
            answer = await self._hub.ask_service("v1/me")
        except HubError as error:
            # the same status says that the token is too weak, and that it is too strong
            scopes = await self._scopes() if error.state == "restart" else []
            if ACCESS in scopes and _mints(scopes):
                return Standing("minting", error.said or MINTING, done=self._known.done)
            raise
        me = answer.body if isinstance(answer.body, Mapping) else {}
        console, done = _address(me.get("console")), _done(me.get("done"))
        if me.get("administrator") is not True:
            return Standing("none", done=done)
        if _mints(await self._scopes()):
            return Standing("minting", MINTING, console, done=done)
        return Standing("ok", "", console, _names(me.get("actions")), done)

    async def _scopes(self) -> list[str]:
        """What this server's own token may do; nothing if that is not known.

        That refuses less, but then the service decides it anew for every intent.
        """
        try:
            answer = await self._hub.ask_hub("user")
        except HubError:
            return []
        scopes = answer.body.get("scopes") if isinstance(answer.body, Mapping) else None
        return (
            [each for each in scopes if isinstance(each, str)] if isinstance(scopes, list) else []
        )


def _mints(scopes: list[str]) -> bool:
    """Whether a token with these scopes could make one with all of its owner's rights."""
    return any(mints_tokens(scope) for scope in scopes)


def _address(told: Any) -> str:
    """An http address, or a path on the hub's host; empty if it is something else."""
    if isinstance(told, str) and re.fullmatch(r"(https?://|/(?!/))[^\s\\]{0,2000}", told):
        return told
    return ""


def _names(told: Any) -> tuple[str, ...]:
    names = told if isinstance(told, list) else []
    return tuple(
        name for name in names if isinstance(name, str) and re.fullmatch(r"[a-z-]{1,40}", name)
    )


def _done(told: Any) -> tuple[Done, ...]:
    entries = [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []
    return tuple(
        Done(
            **{
                name: entry[name][:MAX_TEXT] if isinstance(entry.get(name), str) else ""
                for name in ("time", "actor", "action", "text", "reason")
            }
        )
        for entry in entries[:MAX_DONE]
    )
