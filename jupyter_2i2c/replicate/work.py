"""How long work tells how far it is and learns that it shall stop. Used by everything in replicate that takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from .errors import Cancelled

Progress = Callable[[int, int, str], object]
"""Called with what is done, what there is in all (0: not known), and what it is, in words."""

CancelledCheck = Callable[[], object]
"""Returns True, or raises, once the work shall stop."""

INTERVAL = 0.1
"""Seconds between two calls of either, at least."""


class Work:
    """One piece of work, for its parts to report to.

    Arguments:
        progress: told how far it is.
        cancelled: asked whether to stop.
    """

    def __init__(
        self, progress: Progress | None = None, cancelled: CancelledCheck | None = None
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._last = float("-inf")
        self._what = ""

    def step(self, done: int, total: int, what: str) -> None:
        """Tell how far it is; cheap, as most calls do nothing.

        Raises:
            Cancelled: it shall stop.
        """
        now = time.monotonic()
        if now - self._last < INTERVAL and what == self._what:
            return
        self._last, self._what = now, what
        self.check()
        if self._progress:
            self._progress(done, total, what)

    def check(self) -> None:
        """Ask whether it shall stop.

        Raises:
            Cancelled: it shall.
        """
        if self._cancelled and self._cancelled():
            raise Cancelled("it was cancelled; nothing was written")


class Terminal:
    """Progress on a terminal: one line that is written over. In a pipe it is silent.

    Arguments:
        stream: where people look.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream if stream.isatty() else None

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._stream:
            share = f"{100 * done // total:3} %" if total else "     "
            self._stream.write(f"\r\x1b[K{share}  {what}")
            self._stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._stream:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
