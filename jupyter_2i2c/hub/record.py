"""Writes down, in the hub's own process, what the hub is configured to do, for `jupyter 2i2c capture hub`. Called by setup.py.

The configuration that counts is the one in the running hub: computed values, files that load other
files, functions. Secrets are taken out before anything is written, and the file is its owner's only.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from traitlets.config import Config

from ..replicate.importers.recording import recorded
from ..replicate.sandbox.recorder import Rules, record
from .private_file import put

SECONDS = 30
"""How long the hub's start may wait for it."""


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Give up after so long, where the machine and the thread can be told to."""

    def give_up(*_: object) -> NoReturn:
        raise TimeoutError(f"it takes more than {seconds:g} s")

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, give_up)
    others = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        signal.setitimer(signal.ITIMER_REAL, *others)


def record_path(config_file: Path) -> Path:
    """Where the record lies: beside the file that the service reads."""
    return config_file.with_name(f"{config_file.stem}.record.json")


def write(path: Path, config: Config, file: Path | None, directory: Path | None = None) -> None:
    """Write the record of a configuration that has been read whole.

    Args:
        path: where; whole or not at all, and for its owner only.
        config: the hub's.
        file: the configuration file; None where there is none.
        directory: the hub runs in; this process's by default.

    Raises:
        OSError: it cannot be written; TimeoutError, if it takes too long.
    """

    def look(rules: Rules) -> dict[str, object]:
        return record(config, rules)

    # what setup_hub writes for its service names people, and a replica's hub writes it anew
    handed_over = path.with_name(path.name.replace(".record.json", ".json"))
    with _no_longer_than(SECONDS):
        document = recorded(look, file, directory or Path.cwd(), ours=(path, handed_over))
    put(path, document)
