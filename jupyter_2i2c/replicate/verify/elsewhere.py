"""V6 and V7 of a replica that runs elsewhere, on Kubernetes, TLJH or wherever, by its address and tokens. Called by verify/__init__.py, only where its address was given.

It reads, and starts and stops one server; of the bundle it runs nothing, here or there.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bundle import Bundle, created_now
from ..errors import ReplicateError
from ..live_hub import LiveHub, Who
from ..targets import hub_local, tljh
from ..work import Work
from . import v6_declared, v6_elsewhere, v7_elsewhere
from .ladder import RUNGS, Rung, Verification, failed, not_run

Climbed = tuple[dict[str, Rung], str]
"""Rungs, and as whom they were asked."""

TLJH_BRINGS = {"services/cull-idle": "it is new: TLJH stops idle servers by it"}
"""Items of V6 that only TLJH has."""


@dataclass(frozen=True)
class Live:
    """A replica that runs.

    Attributes:
        url: as `safe_address` gives it.
        token: for its API.
        server_token: for the server that V7 starts; the other one where it is empty.
        user: whose server; empty: of whoever owns the token.
    """

    url: str
    token: str
    server_token: str = ""
    user: str = ""


def added(
    verification: Verification,
    bundle: Bundle,
    live: Live,
    built: Path | None,
    up_to: str,
    work: Work,
) -> Verification:
    """A verification with V6 and V7 of the replica that runs elsewhere.

    Arguments:
        verification: of all other rungs.
        bundle: of a hub.
        live: the replica.
        built: what was built for it, which says what is different on purpose.
        up_to: the last rung to try.
        work: told how far it is.

    Raises:
        ReplicateError: what was built cannot be read, or the server that was started may still run.
    """
    wanted = [each for each in ("V6", "V7") if each in list(RUNGS)[: list(RUNGS).index(up_to) + 1]]
    broken = next((name for name in ("V0", "V1") if verification.rungs[name].status == "fail"), "")
    asked = {"url": live.url, "at": created_now(), "as": ""}
    if broken or not wanted:
        why = f"{broken} failed" if broken else f"asked for no more than {up_to}"
        rungs = {each: not_run(why) for each in ("V6", "V7")}
        return replace(verification, rungs={**verification.rungs, **rungs})
    reasons, named = _reasons(bundle, built), v6_declared.declared(bundle, built)
    try:
        rungs, asked["as"] = asyncio.run(
            _cancelled_by_signals(_climb(bundle, live, reasons, named, wanted, work))
        )
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    return replace(verification, rungs={**verification.rungs, **rungs}, live=asked)


async def _cancelled_by_signals(climbing: Coroutine[Any, Any, Climbed]) -> Climbed:
    """Let whoever ends the process end only what is under way, so that the server is stopped before."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None or threading.current_thread() is not threading.main_thread():
        return await climbing
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        loop.add_signal_handler(each, task.cancel)
    try:
        return await climbing
    finally:
        for each, handler in before.items():
            loop.remove_signal_handler(each)
            signal.signal(each, handler)


async def _climb(
    bundle: Bundle,
    live: Live,
    reasons: Mapping[str, str],
    named: v6_declared.Declared,
    wanted: Sequence[str],
    work: Work,
) -> Climbed:
    rungs: dict[str, Rung] = {}
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(LiveHub(live.url, live.token))
        try:
            who = await hub.who()
        except ReplicateError as error:
            return {wanted[0]: failed(str(error))}, ""
        name = said(who)
        if "V6" in wanted:
            rungs["V6"] = await v6_elsewhere.check(
                bundle, hub, live.token, who, reasons, named, work
            )
        if "V7" in wanted:
            token = live.server_token or live.token
            if live.server_token:
                hub = await stack.enter_async_context(LiveHub(live.url, token))
                try:
                    who = await hub.who()
                except ReplicateError as error:
                    return {**rungs, "V7": failed(f"with the token for the server: {error}")}, name
                name += f", and for the server as {said(who)}" if said(who) != name else ""
            rungs["V7"] = await v7_elsewhere.check(bundle, hub, token, who, live.user, work)
    return rungs, name


def said(who: Who) -> str:
    """Whose token it is, for the report."""
    of = "administrator" if who.administers else who.kind
    return f"{who.name} ({of})"


def _reasons(bundle: Bundle, built: Path | None) -> dict[str, str]:
    """Settings that are not as they were, by the plan of what was built, and what the target brings; with the reason."""
    if built is None or not hub_local.is_hub(bundle):
        return {}
    if tljh.is_built(built):
        changes = hub_local.read_built(built / tljh.EXTRA / tljh.CAPTURED).plan.changes
    else:
        changes = hub_local.read_built(built).plan.changes
    # what only moves into another file is the same
    reasons = {
        each.path: f"{each.what}: {each.why}" for each in changes if each.id != "config.yaml"
    }
    return {**TLJH_BRINGS, **reasons} if tljh.is_built(built) else reasons
