"""Whether there is room for an archive, before it is begun. Called by command.py and by the server."""

from __future__ import annotations

import os
from pathlib import Path

SPARE = 64 << 20
"""Bytes that must be left over: a home that is full keeps a server from starting."""


def room(directory: Path, quota: int | None = None, used: int | None = None) -> int:
    """Bytes that may be written to `directory`.

    Args:
        directory: it, or what is to be its parent.
        quota: bytes that the home may hold, where that is known; it must be where `directory` is.
        used: bytes that it holds.
    """
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    status = os.statvfs(directory)
    left = status.f_bavail * status.f_frsize
    if quota is not None and used is not None:
        left = min(left, quota - used)
    return max(left - SPARE, 0)


def same_file_system(home: Path, directory: Path) -> bool:
    """Whether what is written to `directory` takes room of the home."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory.stat().st_dev == home.stat().st_dev
