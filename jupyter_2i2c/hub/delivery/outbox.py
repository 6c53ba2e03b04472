"""The courier: takes from the outbox what is due, delivers it, and writes down what came of it. Started by hub/support.py.

Whatever happens to one message, the others go on: each is tried by itself, a few at a time, and one
that fails waits longer each time. Nothing is marked as delivered before the other side took it, so
after a crash it is sent again, with the same key.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from ..store import outbox
from ..store.database import Store, StoreUnavailable
from ..store.outbox import Depth, Taken
from ..store.schema import now
from .base import TIMEOUT, Delivered, Refused, TryLater

AT_ONCE = 4
"""Messages on their way at a time."""

LOOK = 5.0
"""Seconds after which the outbox is looked into, whether or not anybody said that something is in it."""

log = logging.getLogger(__name__)


class Courier:
    """Works off the outbox of a store.

    Args:
        store: the store.
        deliver: makes the message of a row and delivers it; raises `TryLater` or `Refused`.
    """

    def __init__(self, store: Store, deliver: Callable[[Taken], Awaitable[Delivered]]) -> None:
        self._store = store
        self._deliver = deliver
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._closing = False
        self.depth = Depth(0, 0, None, None)

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Something was put in the outbox."""
        self._wake.set()

    async def close(self) -> None:
        """Begin nothing more. What is on its way is given up, and sent again by the next process."""
        # until Python 3.12, wait_for may swallow that it is cancelled
        self._closing = True
        tasks = [*self._under_way, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            try:
                await self._take()
                self.depth = await self._store.read(outbox.depth)
            except StoreUnavailable as error:
                log.warning("the outbox waits: %s", error)
            except Exception:
                log.exception("the outbox waits")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())

    async def _take(self) -> None:
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            return
        for row in await self._store.write(outbox.take, free):
            task = asyncio.create_task(self._try(row))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    def _pause(self) -> float:
        """Seconds until the outbox is worth a look."""
        if self.depth.next is None or len(self._under_way) >= AT_ONCE:
            return LOOK
        return max(0.05, min(LOOK, (self.depth.next - now()).total_seconds()))

    async def _try(self, row: Taken) -> None:
        try:
            delivered = await asyncio.wait_for(self._deliver(row), TIMEOUT)
        except Refused as error:
            log.warning("outbox %d: given up: %s", row.id, error)
            await self._note(outbox.give_up, row.id, str(error))
        except TryLater as error:
            await self._later(row, str(error), error.after)
        except (TimeoutError, asyncio.TimeoutError):
            await self._later(row, "it takes too long to deliver")
        except Exception as error:
            # without the error's own words, which may quote the message
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("outbox %d: %s\n%s", row.id, type(error).__name__, where)
            await self._later(row, f"delivering it failed in the service ({type(error).__name__})")
        else:
            await self._note(outbox.delivered, row.id, delivered.reference)

    async def _later(self, row: Taken, why: str, after: float | None = None) -> None:
        wait = outbox.delay(row.attempts - 1)
        if after is not None:
            wait = max(wait, timedelta(seconds=after))
        log.warning("outbox %d, attempt %d: %s", row.id, row.attempts, why)
        await self._note(outbox.later, row.id, why, now() + wait)

    async def _note(self, change: Callable[..., None], *arguments: object) -> None:
        """Write down what came of it; where that fails, it is tried again after its lease."""
        try:
            await self._store.write(change, *arguments)
        except StoreUnavailable as error:
            log.warning("what came of a delivery could not be stored: %s", error)
