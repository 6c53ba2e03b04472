"""Writes one volume of a plan to a stream, and records what went into it. Called by command.py."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, Protocol

import zstandard

from .plan import Entry, Plan, entries
from .reading import SMALL, Content, Opened, Unreadable, open_file, read_small
from .secret_places import holds_secrets, known_values
from .tar import Sink, TarWriter
from .zip import ZipWriter, portable

Tell = Callable[[int, int], None]
"""Told files and bytes since it was last called."""


class Record(NamedTuple):
    """What became of an entry.

    Attributes:
        kind: as in `Entry`.
        path: as it is stored, below the home.
        sha256: of the content as it is stored, in hex; empty for links and what is not there.
        problem: ``changed`` (it is stored as it was at some moment, or at several), ``vanished``
            or ``unreadable`` (it is not there); else empty.
        more: what the system said.
        target: of a link, or the first name.
        named: the true name, where the archive cannot carry it.
        secret: whether its content looks as if it held a credential.
    """

    kind: str
    path: str
    sha256: str = ""
    problem: str = ""
    more: str = ""
    target: str = ""
    named: str = ""
    secret: bool = False

    @property
    def stored(self) -> bool:
        """Whether it is in the archive."""
        return self.problem in ("", "changed")


class Archive(Protocol):
    """What a format can do."""

    def directory(self, path: str, mode: int, mtime: int) -> None: ...
    def link(self, path: str, target: str, mode: int, mtime: int) -> None: ...
    def small(self, path: str, mode: int, mtime: int, content: bytes) -> None: ...
    def stream(
        self, path: str, mode: int, mtime: int, size: int, chunks: Iterator[bytes]
    ) -> None: ...
    def large(self, path: str, mode: int, mtime: int, content: Content) -> None: ...
    def close(self) -> None: ...


def archive(form: str, sink: Sink, root: str) -> Archive:
    """An archive of a format: ``tar.zst``, ``tar`` or ``zip``."""
    if form == "zip":
        return ZipWriter(sink, root)
    return TarWriter(sink, root, compress=form == "tar.zst")


def records_path(directory: Path, number: int) -> Path:
    """Where the records of a volume are, once it has been written whole."""
    return directory / f"records-{number:04d}.jsonl.zst"


def read_records(directory: Path, volumes: int) -> Iterator[Record]:
    """The records of all volumes, in the order of the plan."""
    for number in range(1, volumes + 1):
        with zstandard.open(records_path(directory, number), "rt", encoding="ascii") as lines:
            for line in lines:
                yield Record(*json.loads(line))


def write_members(
    out: Archive, directory: Path, plan: Plan, number: int, tell: Tell = lambda _files, _size: None
) -> None:
    """Write the members of a volume, and its records beside the plan.

    Args:
        out: the archive; it is not closed.
        directory: where the plan is.
        plan: its head.
        number: which volume.
        tell: told of the progress.

    Raises:
        OSError: the plan cannot be read, the records not be written, or the sink failed.
    """
    final = records_path(directory, number)
    partial = final.with_name(final.name + ".partial")
    with (
        partial.open("wb") as file,
        zstandard.ZstdCompressor(level=1).stream_writer(file, closefd=False) as packed,
        TextIOWrapper(packed, encoding="ascii") as lines,
    ):
        members = _Members(out, plan, tell)
        for entry in entries(directory):
            if entry.volume == number:
                record = members.write(entry)
                lines.write(json.dumps(record, separators=(",", ":")) + "\n")
    partial.replace(final)


class _Members:
    def __init__(self, out: Archive, plan: Plan, tell: Tell) -> None:
        self._out = out
        self._home = plan.home
        self._tell = tell
        self._known = known_values()
        self._gone: set[str] = set()
        self._several_names = isinstance(out, TarWriter)

    def write(self, entry: Entry) -> Record:
        """Put an entry into the archive."""
        stored = f"data/{entry.stored}"
        named = entry.path if not self._several_names and portable(stored) != stored else ""
        shown = portable(entry.stored) if named else entry.stored
        if entry.kind == "d":
            self._out.directory(stored, entry.mode, entry.mtime)
            return Record("d", shown, named=named)
        if entry.kind == "l":
            self._out.link(stored, entry.target, entry.mode, entry.mtime)
            return Record("l", shown, target=entry.target, named=named)
        if entry.kind == "h" and self._several_names and self._is_there(entry):
            assert isinstance(self._out, TarWriter)
            self._out.other_name(stored, f"data/{entry.target}", entry.mode, entry.mtime)
            self._tell(1, 0)
            return Record("h", shown, target=entry.target)
        try:
            opened = open_file(f"{self._home}/{entry.path}")
        except Unreadable as error:
            self._gone.add(entry.path)
            return Record("f", shown, "", error.what, error.more, named=named)
        try:
            record = self._file(entry, stored, shown, opened)
        finally:
            opened.close()
        return record._replace(named=named)

    def _is_there(self, entry: Entry) -> bool:
        """Whether the first name of a file still is one, and is in the archive."""
        if entry.target in self._gone:
            return False
        try:
            return os.path.samestat(
                os.lstat(f"{self._home}/{entry.path}"), os.lstat(f"{self._home}/{entry.target}")
            )
        except OSError:
            return False

    def _file(self, entry: Entry, stored: str, shown: str, opened: Opened) -> Record:
        mode, mtime = opened.status.st_mode & 0o7777, int(opened.status.st_mtime)
        if entry.kind != "p" and opened.status.st_size <= SMALL:
            try:
                content, steady = read_small(opened)
            except Unreadable as error:
                self._gone.add(entry.path)
                return Record("f", shown, "", error.what, error.more)
            self._out.small(stored, mode, int(opened.status.st_mtime), content)
            self._tell(1, len(content))
            return Record(
                "f",
                shown,
                hashlib.sha256(content).hexdigest(),
                "" if steady else "changed",
                "" if steady else "it was written to while it was read",
                secret=holds_secrets(content, self._known),
            )
        offset, length = 0, opened.status.st_size
        since_planned = False
        if entry.kind == "p":
            offset, length = entry.offset, entry.length
            now = (opened.status.st_size, opened.status.st_mtime_ns)
            since_planned = now != (entry.size, entry.mtime_ns)
        content_of = Content(opened, offset, length, tell=lambda size: self._tell(0, size))
        self._out.large(stored, mode, mtime, content_of)
        self._tell(1, 0)
        if content_of.fault:
            problem, more = "changed", f"it could not be read to its end: {content_of.fault}"
        elif content_of.short:
            problem, more = "changed", "it became shorter; zeros stand for what was missing"
        elif opened.changed() or since_planned:
            problem, more = "changed", "it was written to while it was read"
        else:
            problem = more = ""
        return Record(
            entry.kind if entry.kind == "p" else "f", shown, content_of.sha256(), problem, more
        )
