"""Goes through a home, in one order every time. Called by plan.py."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .rules import CACHE_TAG, Rules

TAG = "CACHEDIR.TAG"


class Found(NamedTuple):
    """Something in a home.

    Attributes:
        path: below the home, with slashes; bytes that are no UTF-8 as surrogates.
        status: what the file system says of it, links not followed; None if it says nothing.
        why: why it is left out, a word; empty if it is taken.
        more: what the system said, if it could not be read.
    """

    path: str
    status: os.stat_result | None
    why: str = ""
    more: str = ""


def walk(home: Path, rules: Rules, names: Sequence[str] = ()) -> Iterator[Found]:
    """All that is in `home`: each directory, what is in it, and only then what comes after it.

    A tar that is unpacked sets a directory's time and permissions once something else follows, so
    whatever came later would change the one and be stopped by the other. What is left out is told as well, a directory once and not what is in it.

    Args:
        home: the directory.
        rules: what is left out.
        names: paths below it that were chosen; all of them if there are none.

    Raises:
        OSError: the home itself cannot be read.
    """
    top = os.fspath(home)
    device = home.stat().st_dev
    if not names:
        yield from _directory(top, "", device, rules)
        return
    chosen: list[str] = []
    parents: set[str] = set()
    for name in sorted(set(names), key=lambda name: name.split("/")):
        if any(name.startswith(other + "/") for other in chosen):
            continue
        chosen.append(name)
        parts = name.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            if parent not in parents:
                parents.add(parent)
                yield from _look(top, parent, device, rules, deep=False)
        yield from _look(top, name, device, rules, deep=True)


def _look(top: str, path: str, device: int, rules: Rules, deep: bool) -> Iterator[Found]:
    try:
        status = os.lstat(f"{top}/{path}")
    except OSError as error:
        yield Found(path, None, "unreadable", error.strerror or str(error))
        return
    # what was chosen by name is wanted, whatever the defaults say
    yield Found(path, status)
    if deep and stat.S_ISDIR(status.st_mode):
        yield from _directory(top, path, device, rules)


def _directory(top: str, path: str, device: int, rules: Rules) -> Iterator[Found]:
    """What is in a directory: first what is no directory itself, then each with all that is in it."""
    stack: list[Found] = [Found(path, None)]
    while stack:
        directory = stack.pop()
        if directory.status:
            yield directory
        path = directory.path
        where = f"{top}/{path}" if path else top
        try:
            with os.scandir(where) as entries:
                names = sorted(entry.name for entry in entries)
        except OSError as error:
            yield Found(path, None, "unreadable", error.strerror or str(error))
            continue
        if path and TAG in names and _is_cache(where) and not rules.included(path):
            yield Found(path, None, "cache")  # the directory is taken, empty
            continue
        below: list[Found] = []
        for name in names:
            each = f"{path}/{name}" if path else name
            try:
                status = os.lstat(f"{where}/{name}")
            except FileNotFoundError:
                yield Found(each, None, "vanished")
                continue
            except OSError as error:
                yield Found(each, None, "unreadable", error.strerror or str(error))
                continue
            is_directory = stat.S_ISDIR(status.st_mode)
            why = rules.why_not(each, name, is_directory)
            if not why and is_directory and status.st_dev != device and not rules.included(each):
                why = "other-file-system"
            if is_directory and not why:
                below.append(Found(each, status))
            else:
                yield Found(each, status, why)
        stack.extend(reversed(below))


def _is_cache(directory: str) -> bool:
    """Whether a directory says of itself that it is a cache (bford.info/cachedir)."""
    try:
        descriptor = os.open(f"{directory}/{TAG}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return os.read(descriptor, len(CACHE_TAG)) == CACHE_TAG
    except OSError:
        return False
    finally:
        os.close(descriptor)
