"""Whether a home that was taken away is whole, without unpacking it: V8 of the ladder. Called by replicate/verify/.

A file, a directory of volumes and an unpacked bag are read alike. Nothing is written, and no name
in an archive is used as a path.
"""

from __future__ import annotations

import hashlib
import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from ..archive import BROKEN, Header
from ..errors import ReplicateError
from ..work import Work
from .bag import MANIFEST, ODD_NAMES
from .reading import CHUNK

SUFFIXES = (".tar.zst", ".tar", ".zip")

LISTS = (MANIFEST, ODD_NAMES)

LONGEST_LIST = 1 << 30
"""Bytes of a list of checksums; a larger one is no list."""


@dataclass
class Checked:
    """What was found.

    Attributes:
        files: how many files have the checksum that is listed for them.
        wrong: path and what is wrong with it.
    """

    files: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether there are checksums, and all of them hold."""
        return self.files > 0 and not self.wrong


def verify_home(path: Path, work: Work | None = None) -> Checked:
    """Compare all checksums.

    Args:
        path: an archive, a directory of volumes, or an unpacked bag.
        work: told how far it is.

    Raises:
        ReplicateError: it is none of them.
        OSError: it cannot be read.
    """
    work = work or Work()
    checked = Checked()
    if path.is_dir():
        if not (path / "bagit.txt").is_file():
            raise ReplicateError(
                f"{path} is no finished export: it has no bagit.txt; call `capture home` again to end it"
            )
        seen = _Seen()
        for name in LISTS:
            if (path / name).is_file():
                with (path / name).open("rb") as file:
                    seen.read_list(file)
        for stored in seen.listed:
            where = path / stored
            if where.resolve().is_relative_to(path.resolve()) and where.is_file():
                with where.open("rb") as file:
                    seen.digests[stored] = _digest(file, work, stored)
        seen.compare(checked)
        volumes = sorted(each for each in (path / "data").glob("*") if _is_archive(each))
        if not (path / "data").is_dir() or not all(_is_volume(each) for each in volumes):
            return checked
        if not volumes:
            return checked
    elif _is_archive(path):
        volumes = [path]
    else:
        raise ReplicateError(f"{path} is neither a directory nor one of {', '.join(SUFFIXES)}")
    seen = _Seen()
    try:
        for each in volumes:
            for name, kind, target, content in _members(each):
                seen.member(name, kind, target, content, work)
    except BROKEN as error:
        checked.wrong.append((each.name, f"it is cut off or harmed: {error}"))
        return checked
    if not seen.lists:
        checked.wrong.append((path.name, "it has no list of checksums: it is not whole"))
    seen.compare(checked)
    return checked


class _Seen:
    """The files of a home, and what is listed of them."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self.listed: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.lists = 0

    def member(
        self, name: str, kind: str, target: str, content: IO[bytes] | None, work: Work
    ) -> None:
        """Take note of a member of an archive."""
        inside = name.partition("/")[2]
        if kind == "file" and content:
            if inside in LISTS:
                self.read_list(content)
            elif inside.startswith("data/"):
                if inside in self.digests:
                    self.digests[inside] = "twice"
                else:
                    self.digests[inside] = _digest(content, work, inside)
        elif kind == "name":
            first = target.partition("/")[2]
            self.digests[inside] = self.digests.get(first, "")
        elif kind == "link":
            at = posixpath.join(posixpath.dirname(inside), target)
            self.links[inside] = posixpath.normpath(at)

    def read_list(self, file: IO[bytes]) -> None:
        """Read a list as ``sha256sum`` wrote it."""
        self.lists += 1
        text = file.read(LONGEST_LIST)
        for line in text.split(b"\n"):
            if not line:
                continue
            escaped = line.startswith(b"\\")
            digest, _, name = line[escaped:].partition(b"  ")
            path = name.decode("utf-8", "surrogateescape")
            if escaped:
                path = (
                    path.replace("\\\\", "\0")
                    .replace("\\n", "\n")
                    .replace("\\r", "\r")
                    .replace("\0", "\\")
                )
            self.listed[path] = digest.decode("ascii", "replace")

    def compare(self, checked: Checked) -> None:
        """Add what holds and what does not."""
        for path, digest in self.listed.items():
            found = self.digests.get(path) or self.digests.get(self.links.get(path, ""))
            if found is None:
                checked.wrong.append((path, "it is listed and not there"))
            elif found != digest:
                checked.wrong.append((path, "its content is not what was taken"))
            else:
                checked.files += 1
        for path in self.digests:
            if path not in self.listed:
                checked.wrong.append((path, "it is there and not listed"))


def _digest(file: IO[bytes], work: Work, name: str) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        work.step(0, 0, f"verifying {ascii(name)[1:-1]}")
    return digest.hexdigest()


def _is_archive(path: Path) -> bool:
    return path.is_file() and path.name.endswith(SUFFIXES)


def _is_volume(path: Path) -> bool:
    stem = path.name.removesuffix(".zst").removesuffix(".tar").removesuffix(".zip")
    return stem.rpartition("-")[2].isdigit() or stem.endswith("-checksums")


def _members(path: Path) -> Iterator[tuple[str, str, str, IO[bytes] | None]]:
    """Name, kind (``file``, ``name``, ``link``, ``other``), target and content of each member."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as content:
                    if stat.S_ISLNK(info.external_attr >> 16):
                        yield (
                            info.filename,
                            "link",
                            content.read(4096).decode("utf-8", "replace"),
                            None,
                        )
                    elif not info.is_dir():
                        yield info.filename, "file", "", content
        return
    with path.open("rb") as file:
        stream: IO[bytes] = file
        if path.suffix == ".zst":
            stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        with tarfile.open(
            fileobj=stream, mode="r|", errors="surrogateescape", tarinfo=Header
        ) as tar:
            known: list[tarfile.TarInfo] = cast("Any", tar).members
            for member in tar:
                if member.isreg():
                    yield member.name, "file", "", tar.extractfile(member)
                elif member.islnk():
                    yield member.name, "name", member.linkname, None
                elif member.issym():
                    yield member.name, "link", member.linkname, None
                known.clear()  # or it keeps all of them
        # what is behind the end of the archive shows whether the stream is whole
        while stream.read(CHUNK):
            pass
