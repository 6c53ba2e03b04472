"""What will be taken, written down once: the order, the volumes, what is left out. Called by command.py and volume.py.

The list is kept compressed in a file beside ``plan.json``, so that neither a million files nor
their names have to fit into memory, and a volume can be written again years of clicks later.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import zstandard

from .rules import Rules
from .secret_places import keeps_secrets
from .walk import walk

SCHEMA = 1

MOST_TOLD = 1000
"""Paths of one kind that are listed; beyond that they are counted."""

PER_ENTRY = 1024
"""Bytes that an entry takes in a volume besides its content."""

LIST = "plan.jsonl.zst"
HEAD = "plan.json"


class Entry(NamedTuple):
    """Something that is taken.

    Attributes:
        kind: ``d`` directory, ``f`` file, ``p`` part of a file, ``l`` symbolic link, ``h`` another
            name of a file that comes before it.
        path: below the home.
        mode: permission bits.
        mtime: seconds since the epoch.
        volume: in which it goes, from 1.
        size: of the whole file in bytes.
        mtime_ns: by which a change is noticed.
        target: of a link; of another name, the first one.
        part: which part, from 1.
        parts: how many.
        offset: at which the part begins.
        length: bytes of the part.
    """

    kind: str
    path: str
    mode: int
    mtime: int
    volume: int = 1
    size: int = 0
    mtime_ns: int = 0
    target: str = ""
    part: int = 0
    parts: int = 0
    offset: int = 0
    length: int = 0

    @property
    def stored(self) -> str:
        """The name in the volume; each part has its own."""
        if self.kind != "p":
            return self.path
        digits = max(len(str(self.parts)), 3)
        return f"{self.path}.part{self.part:0{digits}d}of{self.parts:0{digits}d}"


@dataclass
class Plan:
    """A plan's head.

    Attributes:
        name: of the archive, and of the directory it unpacks to.
        home: what is taken.
        created: ISO 8601 in UTC.
        format: ``tar.zst``, ``tar`` or ``zip``.
        volumes: how many.
        volume_size: bytes of content in a volume at most; 0 without a limit.
        files: how many, other names included.
        directories: how many.
        links: how many symbolic links.
        size: bytes of all files; holes count.
        stored: bytes of them that are on the disk.
        sizes: bytes of content by the first part of the path, the largest thousand.
        left_out: ``{"path": …, "why": …}``, the first thousand.
        left_out_counts: how many by reason.
        problems: what could not be looked at, ``{"path": …, "what": …, "more": …}``.
        secrets: paths of files in which credentials are usually kept.
        split: paths of files that go into several volumes.
        leaving: symbolic links that lead out of the home.
    """

    name: str
    home: str
    created: str
    format: str
    volumes: int = 1
    volume_size: int = 0
    files: int = 0
    directories: int = 0
    links: int = 0
    size: int = 0
    stored: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)
    left_out_counts: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    problem_counts: dict[str, int] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    schema: int = SCHEMA

    def save(self, directory: Path) -> None:
        """Write the head beside the list."""
        write_whole(directory / HEAD, json.dumps(asdict(self), indent=1, sort_keys=True).encode())

    @classmethod
    def load(cls, directory: Path) -> Plan:
        """A plan that was saved.

        Raises:
            OSError: there is none.
            ValueError: it is not one, or of a newer version.
        """
        try:
            found = json.loads((directory / HEAD).read_bytes())
            if found["schema"] != SCHEMA:
                raise ValueError(f"it is of schema {found['schema']}, and {SCHEMA} is known here")
            return cls(**found)
        except (TypeError, KeyError) as error:
            raise ValueError(f"it is no plan: {error}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def entries(directory: Path) -> Iterator[Entry]:
    """The list of a plan."""
    with zstandard.open(directory / LIST, "rt", encoding="ascii") as lines:
        for line in lines:
            yield Entry(*json.loads(line))


def make(
    directory: Path,
    plan: Plan,
    rules: Rules,
    names: Sequence[str] = (),
    tell: Callable[[int, int], None] = lambda _files, _size: None,
) -> Plan:
    """Walk the home and write its plan into `directory`.

    Args:
        directory: where the two files go.
        plan: the head, whose counts are filled in.
        rules: what is left out.
        names: what was chosen.
        tell: called now and then with files and bytes so far.

    Returns:
        `plan`.

    Raises:
        OSError: the home cannot be read, or the plan not be written.
    """
    compressor = zstandard.ZstdCompressor(level=1)
    volumes = _Volumes(plan.volume_size)
    first_names: dict[tuple[int, int], str] = {}
    sizes: dict[str, int] = {}
    with (
        (directory / LIST).open("wb") as file,
        compressor.stream_writer(file, closefd=False) as packed,
        TextIOWrapper(packed, encoding="ascii", write_through=False) as lines,
    ):

        def take(entry: Entry) -> None:
            lines.write(json.dumps(entry, separators=(",", ":")) + "\n")

        for found in walk(Path(plan.home), rules, names):
            if found.why:
                _leave_out(plan, found.path, found.why, found.more)
                continue
            status, path = found.status, found.path
            assert status is not None
            mode, mtime = stat.S_IMODE(status.st_mode), int(status.st_mtime)
            if stat.S_ISDIR(status.st_mode):
                plan.directories += 1
                take(Entry("d", path, mode, mtime, volumes.place(0)))
            elif stat.S_ISLNK(status.st_mode):
                try:
                    target = os.readlink(f"{plan.home}/{path}")  # noqa: PTH115 (Path would tidy it)
                except OSError as error:
                    _leave_out(plan, path, "vanished", error.strerror or "")
                    continue
                plan.links += 1
                if _leads_out(path, target) and len(plan.leaving) < MOST_TOLD:
                    plan.leaving.append(path)
                take(Entry("l", path, mode, mtime, volumes.place(0), target=target))
            elif stat.S_ISREG(status.st_mode):
                plan.files += 1
                if len(plan.secrets) < MOST_TOLD and keeps_secrets(path):
                    plan.secrets.append(path)
                inode = (status.st_dev, status.st_ino)
                if status.st_nlink > 1 and inode in first_names:
                    first = first_names[inode]
                    take(Entry("h", path, mode, mtime, volumes.place(0), target=first))
                    continue
                size, stored = status.st_size, min(status.st_size, status.st_blocks * 512)
                # some file systems tell of no blocks for small files
                stored = stored if status.st_blocks else min(size, 4096)
                top = path.partition("/")[0]
                sizes[top] = sizes.get(top, 0) + stored
                plan.size += size
                plan.stored += stored
                whole = Entry("f", path, mode, mtime, 1, size, status.st_mtime_ns)
                split = volumes.split(size, stored)
                if split:
                    plan.split.append(path)
                    for number, (offset, length) in enumerate(split, 1):
                        take(
                            whole._replace(
                                kind="p",
                                volume=volumes.next(),
                                part=number,
                                parts=len(split),
                                offset=offset,
                                length=length,
                            )
                        )
                    volumes.full()
                else:
                    take(whole._replace(volume=volumes.place(stored)))
                    if status.st_nlink > 1:
                        first_names[inode] = path
            else:
                _leave_out(plan, path, "special", "a socket, a pipe or a device")
            if not plan.files % 1000:
                tell(plan.files, plan.stored)
    plan.volumes = volumes.number
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:MOST_TOLD]
    plan.sizes = dict(largest)
    plan.save(directory)
    return plan


PROBLEMS = frozenset({"unreadable", "vanished"})


def _leave_out(plan: Plan, path: str, why: str, more: str) -> None:
    if why in PROBLEMS:
        plan.problem_counts[why] = plan.problem_counts.get(why, 0) + 1
        if len(plan.problems) < MOST_TOLD:
            plan.problems.append({"path": path, "what": why, "more": more})
        return
    plan.left_out_counts[why] = plan.left_out_counts.get(why, 0) + 1
    # nobody wants to read of each __pycache__
    if len(plan.left_out) < MOST_TOLD and not path.endswith("/__pycache__"):
        plan.left_out.append({"path": path, "why": why})


def _leads_out(path: str, target: str) -> bool:
    if target.startswith("/"):
        return True
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False


class _Volumes:
    """Which volume is being filled.

    Args:
        size: bytes that one holds; 0 without a limit.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._filled = 0
        self.number = 1

    def place(self, stored: int) -> int:
        """The volume of an entry with so much content."""
        need = stored + PER_ENTRY
        if self._size and self._filled and self._filled + need > self._size:
            self.number += 1
            self._filled = 0
        self._filled += need
        return self.number

    def split(self, size: int, stored: int) -> list[tuple[int, int]]:
        """Offset and length of each part of a file that no volume holds; empty if one does."""
        if not self._size or stored + PER_ENTRY <= self._size:
            return []
        count = -(-stored // self._size)
        length = -(-size // count)
        return [(start, min(length, size - start)) for start in range(0, size, length)]

    def next(self) -> int:
        """A volume of its own for a part."""
        if self._filled:
            self.number += 1
        self._filled = self._size
        return self.number

    def full(self) -> None:
        """Let nothing follow the last part in its volume."""
        self._filled = self._size
