"""How full the home directory is. Called by observation.py.

On shared storage the size of the file system says nothing about one person's share of it, so it
is used only where an operator says that each home is a file system of its own. Otherwise the files
are counted, in a process of the lowest priority, at most once an hour.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets import Callable as CallableTrait
from traitlets import Enum, Integer, List, Unicode, Union
from traitlets.config import Config, Configurable

from .resources import amount

WALK = Path(__file__).with_name("home_walk.py")

WALK_TIMEOUT = 1800
"""Seconds after which counting is given up."""


@dataclass(frozen=True)
class Home:
    """A home directory.

    Attributes:
        state: ``measured``, ``measuring`` (the first count still runs) or ``unknown``.
        used: bytes; None if not known.
        limit: bytes; None if there is none, or it is not known.
        age: seconds since it was measured; None if it was not.
        left_out: names of directories in it that belong to everybody and were not counted.
    """

    state: str
    used: int | None = None
    limit: int | None = None
    age: int | None = None
    left_out: tuple[str, ...] = ()


class HomeDirectory(Configurable):
    """How full a user's home directory is, and where that is known from."""

    path = Unicode(help="The home directory. Default: ``$HOME``.").tag(config=True)
    quota = Union(
        [Integer(min=0), Unicode()],
        default_value=0,
        help="What a home directory may hold, in bytes or as ``'10G'``. 0: not known. May also be"
        " set by the variable ``JUPYTER_2I2C_HOME_QUOTA``.",
    ).tag(config=True)
    source = Enum(
        ["walk", "filesystem"],
        default_value="walk",
        help="``walk`` counts the files. ``filesystem`` asks the file system, which is right only"
        " where each home is one of its own, or has a quota that its file system shows.",
    ).tag(config=True)
    usage_hook: Any = CallableTrait(
        default_value=None,
        allow_none=True,
        help="A function without arguments that returns bytes used and bytes allowed (or None),"
        " for operators who know better. Called in a thread of its own, at most once an hour.",
    ).tag(config=True)
    shared = List(
        Unicode(),
        default_value=["shared", "shared-readwrite", "shared-public", "allusers"],
        help="Directories in a home that are everybody's, and are not counted.",
    ).tag(config=True)
    max_age = Integer(
        3600, min=60, help="Seconds after which it is measured again, once somebody looks."
    ).tag(config=True)

    @classmethod
    def configured(cls, config: Config, log: logging.Logger | Any) -> HomeDirectory:
        """The home directory by its configuration; by the defaults if that is wrong."""
        try:
            return cls(config=config)
        except Exception as error:
            log.warning("jupyter_2i2c: HomeDirectory is left at its defaults: %s", error)
            return cls()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._directory = Path(self.path or Path.home())
        self._quota = _bytes(self.quota) or _bytes(os.environ.get("JUPYTER_2I2C_HOME_QUOTA", ""))
        self._measured: tuple[float, int, int | None] | None = None
        self._tried = float("-inf")
        self._running: threading.Thread | None = None
        self._walk: subprocess.Popen[str] | None = None

    def look(self) -> Home:
        """What is known now; begins to measure behind it if that is old."""
        now = time.monotonic()
        running = self._running is not None and self._running.is_alive()
        if not running and now - self._tried >= self.max_age:
            self._tried = now
            self._running = threading.Thread(target=self._measure, daemon=True, name="2i2c-home")
            self._running.start()
            running = True
        if self._measured is None:
            return Home("measuring" if running else "unknown", limit=self._quota)
        since, used, limit = self._measured
        return Home("measured", used, limit or self._quota, int(now - since), self._left_out())

    def stop(self) -> None:
        """End a count that still runs."""
        if self._walk and self._walk.poll() is None:
            self._walk.kill()

    def _measure(self) -> None:
        measure: Callable[[], tuple[int, int | None]]
        if self.usage_hook:
            measure = self.usage_hook
        else:
            measure = self._of_filesystem if self.source == "filesystem" else self._by_walk
        try:
            used, limit = measure()
            self._measured = (time.monotonic(), int(used), None if limit is None else int(limit))
        except Exception as error:  # an operator's hook may fail in any way
            logging.getLogger("jupyter_2i2c").warning(
                "the use of the home directory cannot be measured: %s", error
            )

    def _of_filesystem(self) -> tuple[int, int | None]:
        usage = shutil.disk_usage(self._directory)
        return usage.used, usage.total

    def _by_walk(self) -> tuple[int, int | None]:
        self._walk = subprocess.Popen(
            [sys.executable, "-I", "-S", str(WALK), str(self._directory), *self.shared],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            output, _ = self._walk.communicate(timeout=WALK_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._walk.kill()
            raise
        return int(output), None

    def _left_out(self) -> tuple[str, ...]:
        if self.source != "walk" or self.usage_hook:
            return ()
        return tuple(name for name in self.shared if (self._directory / name).is_dir())


def _bytes(told: int | str) -> int | None:
    value = amount(str(told))
    return int(value) if value else None
