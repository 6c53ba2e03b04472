"""A bag packed into one file, and back. Called by bundle.py; home/verify.py reads archives as warily.

The same bag gives the same bytes. What is unpacked is not trusted: paths are looked at before
anything is written, links and devices are refused, and so is what grows out of proportion.
"""

from __future__ import annotations

import io
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING

import zstandard

from .errors import ReplicateError, UnsafeBundle
from .paths import Names
from .work import Work

if TYPE_CHECKING:
    from typing_extensions import Self

KINDS = (".tar.zst", ".zip")

FOREIGN = (".7z", ".age", ".bz2", ".gz", ".rar", ".tar", ".tbz", ".tgz", ".txz", ".xz", ".zst")
"""Ends of names that mean an archive of another kind; nobody means a directory by them."""

MOST_FILES = 2_000_000
MOST_GROWTH = 200
"""How many times its packed size a bundle may unpack to, beyond `SMALL`."""
SMALL = 256 << 20
"""Bytes that any bundle may unpack to."""

SMALL_MANY = 10_000
"""Files that any bundle may hold; beyond, one for each byte that it has packed."""

CHUNK = 1 << 20

FIRST = "data/manifest.json"
"""What a packed bundle begins with, so that it is known from another archive by its first bytes."""


LARGEST_HEADER = 1 << 20
"""Bytes of what a tar tells of a member beside its content, such as its long name; it is read at once."""

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
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
        files = (name for name, content, _ in members(path) if content is not None)
        return next(files, "").endswith(f"/{FIRST}")
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
    most = min(MOST_FILES, max(size, SMALL_MANY))
    names = Names(str(packed))
    directory.mkdir(parents=True)
    written = 0
    try:
        for number, (name, content, executable) in enumerate(members(packed), 1):
            if number > most:
                raise _too_much(packed, f"to more than {most} files")
            if content is None:
                continue
            path = directory / names.accept(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                while data := content.read(CHUNK):
                    written += len(data)
                    if written > limit:
                        raise _too_much(packed, f"to more than {MOST_GROWTH} times its size")
                    target.write(data)
                    work.step(0, 0, "unpacking")
            if executable:
                path.chmod(0o755)
    except BROKEN as error:
        raise ReplicateError(
            f"{packed} cannot be unpacked: {error}; it is broken, fetch it anew"
        ) from error
    except OSError as error:
        # too long a name as well as too little room
        raise ReplicateError(
            f"{packed} cannot be unpacked in {directory.parent}: {error.strerror or error}; make room"
            " there, set TMPDIR to another directory, or fetch it anew if it is broken"
        ) from error
    tops = [each for each in directory.iterdir() if each.is_dir()]
    if len(tops) != 1:
        raise ReplicateError(f"{packed} is no bundle: it holds {len(tops)} directories, not one")
    return tops[0]


def _too_much(packed: Path, how_much: str) -> UnsafeBundle:
    return UnsafeBundle(
        f"{packed} is not opened: it unpacks {how_much}. Ask whoever made it for a directory instead"
    )


class Header(tarfile.TarInfo):
    """A member of a tar whose name and the like do not fill the memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """What is read of each header first."""
        made = super().frombuf(buf, encoding, errors)
        if not made.isreg() and made.size > LARGEST_HEADER:
            raise UnsafeBundle(
                f"what is to be unpacked says {made.size >> 20} MiB of a member beside its content;"
                " it is not opened. Ask whoever made it for another"
            )
        return made


Member = tuple[str, IO[bytes] | None, bool]
"""Its name, its content if it is a file, and whether it may be executed."""


def _tar_members(packed: Path) -> Iterator[Member]:
    with (
        packed.open("rb") as source,
        zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as stream,
        tarfile.open(fileobj=stream, mode="r|", tarinfo=Header) as tar,
    ):
        for member in tar:
            tar.members.clear()  # type: ignore[attr-defined]  # which it would keep, all of them
            content = tar.extractfile(member) if member.isreg() else None
            if content is None and not member.isdir():
                raise _not_a_file(packed, member.name)
            yield member.name, content, bool(member.mode & stat.S_IXUSR)


def _zip_members(packed: Path) -> Iterator[Member]:
    with zipfile.ZipFile(packed) as source:
        for member in source.infolist():
            kind_of_file = stat.S_IFMT(member.external_attr >> 16)
            if kind_of_file not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _not_a_file(packed, member.filename)
            if member.is_dir():
                yield member.filename, None, False
                continue
            with source.open(member) as content:
                mode = member.external_attr >> 16
                yield member.filename, content, bool(mode & stat.S_IXUSR)


def _not_a_file(packed: Path, name: str) -> UnsafeBundle:
    return UnsafeBundle(
        f"{packed} is not opened: its {name!r} is a link or a device. Ask whoever made it for another"
    )
