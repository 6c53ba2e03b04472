"""A bag packed into one file, and back. Called by bundle.py.

The same bag gives the same bytes. What is unpacked is not trusted: paths are looked at before
anything is written, links and devices are refused, and so is what grows out of proportion.
"""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

import zstandard

from .errors import ReplicateError, UnsafeBundle
from .paths import Names
from .work import Work

KINDS = (".tar.zst", ".zip")

FOREIGN = (".7z", ".age", ".bz2", ".gz", ".rar", ".tar", ".tbz", ".tgz", ".txz", ".xz", ".zst")
"""Ends of names that mean an archive of another kind; nobody means a directory by them."""

MOST_FILES = 2_000_000
MOST_GROWTH = 200
"""How many times its packed size a bundle may unpack to, beyond `SMALL`."""
SMALL = 256 << 20
"""Bytes that any bundle may unpack to."""

CHUNK = 1 << 20

FIRST = "data/manifest.json"
"""What a packed bundle begins with, so that it is known from another archive by its first bytes."""


BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What the libraries raise on a file that is broken."""


def kind(path: Path) -> str:
    """``.tar.zst`` or ``.zip``; empty for a directory."""
    return next((each for each in KINDS if path.name.endswith(each)), "")


def stem(path: Path) -> str:
    """The name without what says how it is packed."""
    return path.name.removesuffix(kind(path)) if kind(path) else path.name


def stem_of_encrypted(path: Path) -> str:
    """The name of what is in an encrypted file."""
    return path.name.removesuffix(".age")


def seconds(created: str) -> int:
    """A bundle's time as seconds since 1970."""
    moment = datetime.fromisoformat(created.replace("Z", "+00:00"))
    return int(moment.astimezone(timezone.utc).timestamp())


def pack(bag: Path, destination: Path, name: str, created: str, work: Work) -> None:
    """Pack a bag into a new file.

    Arguments:
        bag: its top directory.
        destination: the file; its ending says how.
        name: of the one directory in it.
        created: what every file's time is set to.
        work: told how far it is.
    """
    files = [each for each in bag.rglob("*") if each.is_file()]
    files.sort(key=lambda each: (each != bag / FIRST, each))
    if kind(destination) == ".zip":
        _pack_zip(bag, files, destination, name, created, work)
    else:
        _pack_tar(bag, files, destination, name, created, work)


def _pack_tar(
    bag: Path, files: list[Path], destination: Path, name: str, created: str, work: Work
) -> None:
    with (
        destination.open("wb") as packed,
        zstandard.ZstdCompressor(level=3).stream_writer(packed) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for done, path in enumerate(files):
            work.step(done, len(files), "packing")
            member = tarfile.TarInfo(f"{name}/{path.relative_to(bag).as_posix()}")
            member.size = path.stat().st_size
            member.mtime = seconds(created)
            member.mode = _mode(path)
            with path.open("rb") as source:
                tar.addfile(member, Watched(source, work))


def _pack_zip(
    bag: Path, files: list[Path], destination: Path, name: str, created: str, work: Work
) -> None:
    moment = datetime.fromtimestamp(max(seconds(created), 315_532_800), timezone.utc)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as packed:
        for done, path in enumerate(files):
            work.step(done, len(files), "packing")
            member = zipfile.ZipInfo(
                f"{name}/{path.relative_to(bag).as_posix()}", moment.timetuple()[:6]
            )
            member.external_attr = (stat.S_IFREG | _mode(path)) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            member.file_size = path.stat().st_size
            with path.open("rb") as source, packed.open(member, "w") as target:
                shutil.copyfileobj(Watched(source, work), target, CHUNK)


def is_bundle(path: Path) -> bool:
    """Whether a directory or a packed file has a manifest of ours; an archive of a home has none."""
    members = {".zip": _zip_members, ".tar.zst": _tar_members}.get(kind(path))
    if path.is_dir() or members is None:
        return (path / FIRST).is_file()
    try:
        return next((name for name, *_ in members(path)), "").endswith(f"/{FIRST}")
    except (OSError, EOFError, UnsafeBundle, *BROKEN):
        return True  # which says what is wrong with it when it is opened


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644


class Watched(io.RawIOBase):
    """A file whose every reading asks whether the work shall stop.

    Arguments:
        source: the file.
        work: asked.
    """

    def __init__(self, source: IO[bytes], work: Work) -> None:
        super().__init__()
        self._source = source
        self._work = work

    def read(self, size: int = -1) -> bytes:
        self._work.check()
        return self._source.read(size)


def unpack(packed: Path, directory: Path, work: Work) -> Path:
    """Unpack into a new directory.

    Returns:
        The bag's top directory.

    Raises:
        ReplicateError: it is not packed as its name says, or is broken off.
        UnsafeBundle: it would do harm.
    """
    members = {".zip": _zip_members, ".tar.zst": _tar_members}.get(kind(packed))
    if members is None:
        raise ReplicateError(
            f"{packed} is no bundle: a bundle is a directory, or ends in {' or '.join(KINDS)}"
        )
    size = packed.stat().st_size
    limit = max(size * MOST_GROWTH, SMALL)
    names = Names(str(packed))
    directory.mkdir(parents=True)
    written = 0
    try:
        for number, (name, content, executable) in enumerate(members(packed), 1):
            path = directory / names.accept(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                while data := content.read(CHUNK):
                    written += len(data)
                    if written > limit or number > MOST_FILES:
                        raise UnsafeBundle(
                            f"{packed} is not opened: it unpacks to more than {MOST_GROWTH} times"
                            " its size. Ask whoever made it for a directory instead"
                        )
                    target.write(data)
                    work.step(0, 0, "unpacking")
            if executable:
                path.chmod(0o755)
    except BROKEN as error:
        raise ReplicateError(
            f"{packed} cannot be unpacked: {error}; it is broken, fetch it anew"
        ) from error
    tops = [each for each in directory.iterdir() if each.is_dir()]
    if len(tops) != 1:
        raise ReplicateError(f"{packed} is no bundle: it holds {len(tops)} directories, not one")
    return tops[0]


def _tar_members(packed: Path) -> Iterator[tuple[str, IO[bytes], bool]]:
    with (
        packed.open("rb") as source,
        zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as stream,
        tarfile.open(fileobj=stream, mode="r|") as tar,
    ):
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content, bool(member.mode & stat.S_IXUSR)
            elif not member.isdir():
                raise _not_a_file(packed, member.name)


def _zip_members(packed: Path) -> Iterator[tuple[str, IO[bytes], bool]]:
    with zipfile.ZipFile(packed) as source:
        for member in source.infolist():
            kind_of_file = stat.S_IFMT(member.external_attr >> 16)
            if kind_of_file not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _not_a_file(packed, member.filename)
            if not member.is_dir():
                with source.open(member) as content:
                    mode = member.external_attr >> 16
                    yield member.filename, content, bool(mode & stat.S_IXUSR)


def _not_a_file(packed: Path, name: str) -> UnsafeBundle:
    return UnsafeBundle(
        f"{packed} is not opened: its {name!r} is a link or a device. Ask whoever made it for another"
    )
