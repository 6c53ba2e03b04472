"""A bundle on disk: a BagIt bag, as a directory or packed. Written by capture, opened by everything else.

It is made beside its destination and renamed when it is whole, so that whatever happens meanwhile
nothing looks like a bundle that is none. The writer is ours because `bagit` changes the working
directory of the process, which a server cannot have; verification reads with `bagit`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from . import archive, checksums
from .appearing import beside
from .errors import ReplicateError, UnsafeBundle
from .manifest import Manifest, read
from .paths import Names, inside
from .work import Work

MANIFEST = "data/manifest.json"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def created_now(created: str | None = None) -> str:
    """When a bundle was made, in UTC: `created`, or ``SOURCE_DATE_EPOCH``, or now.

    Raises:
        ReplicateError: what was given is no time.
    """
    if created:
        try:
            moment = datetime.fromisoformat(created.replace("Z", "+00:00"))
        except ValueError:
            raise ReplicateError(
                f"{created!r} is no time; write it like 2026-01-31T12:00:00Z"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
    elif epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        if not epoch.isdecimal():
            raise ReplicateError(f"SOURCE_DATE_EPOCH={epoch!r} is no number of seconds; unset it")
        moment = datetime.fromtimestamp(int(epoch), timezone.utc)
    else:
        moment = datetime.now(timezone.utc)
    return moment.astimezone(timezone.utc).strftime(TIME)


class Staging:
    """A bundle that is being made. Use it in ``with``; what was not finished is removed.

    Arguments:
        destination: the bundle: a directory that is not there yet, or a file ``.tar.zst`` or ``.zip``.
        created: as `created_now` gives it.

    Raises:
        ReplicateError: the destination is taken, or cannot be written.
    """

    def __init__(self, destination: Path, created: str) -> None:
        self.destination = destination
        self.created = created
        if os.path.lexists(destination):
            raise ReplicateError(
                f"{destination} is there already and is not overwritten; give another name"
            )
        if not archive.kind(destination) and destination.suffix.lower() in archive.FOREIGN:
            raise ReplicateError(
                f"{destination} would be no such file: a bundle is a directory, or ends in"
                f" {' or '.join(archive.KINDS)}; name it so"
            )
        try:
            self._top = beside(destination)
        except OSError as error:
            raise _cannot_write(destination, error) from error
        self._hashes: dict[str, str] = {}
        self._names = Names(str(destination))
        self.payload_bytes = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._top, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            raise _cannot_write(self.destination, error) from error

    @property
    def bag(self) -> Path:
        """Where it is made: the bag's top directory."""
        return self._top / "bag"

    def add(self, name: str, data: bytes | str) -> str:
        """Write ``data/NAME``.

        Returns:
            Its SHA-256.
        """
        data = data.encode() if isinstance(data, str) else data
        name = self._names.accept(f"data/{name}")
        path = self.bag / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self._note(name, checksums.of_bytes(data), len(data))

    def path_for(self, name: str) -> Path:
        """Where to write ``data/NAME`` piece by piece; call `added` when it is done."""
        path = self.bag / self._names.accept(f"data/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def added(self, name: str, digest: str = "") -> str:
        """``data/NAME`` is written, with this SHA-256 if it is known already.

        Returns:
            Its SHA-256.
        """
        path = self.bag / "data" / name
        return self._note(f"data/{name}", digest or checksums.of_file(path), path.stat().st_size)

    def _note(self, name: str, digest: str, size: int) -> str:
        self._hashes[name] = digest
        self.payload_bytes += size
        return digest

    def payload(self) -> list[tuple[str, Path]]:
        """Name and path of each file that was added, sorted."""
        return [(name, self.bag / name) for name in sorted(self._hashes)]

    def finish(self, manifest: Manifest, work: Work, sign_with: Path | None = None) -> Path:
        """Write the manifests, sign them if asked to, pack it if its name says so, and move it to its place.

        Returns:
            The destination.
        """
        self.add("manifest.json", manifest.to_text())
        self._write_tags(manifest)
        if sign_with:
            from .signature import sign

            sign(self.bag, sign_with, self.created)
        _equal_times(self.bag, self.created)
        work.check()
        whole = self.bag
        if archive.kind(self.destination):
            whole = self._top / f"packed{archive.kind(self.destination)}"
            name = archive.stem(self.destination)
            archive.pack(self.bag, whole, name, self.created, work)
        if os.path.lexists(self.destination):
            raise ReplicateError(
                f"{self.destination} appeared meanwhile and is not overwritten; give another name"
            )
        whole.rename(self.destination)
        return self.destination

    def _write_tags(self, manifest: Manifest) -> None:
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": (
                f"Bagging-Date: {self.created[:10]}\n"
                f"Bag-Software-Agent: {manifest.tool['name']} {manifest.tool['version']}\n"
                f"Payload-Oxum: {self.payload_bytes}.{len(self._hashes)}\n"
            ),
            "manifest-sha256.txt": _bagit_list(self._hashes),
        }
        for name, text in tags.items():
            (self.bag / name).write_bytes(text.encode())
        of_tags = {name: checksums.of_bytes(text.encode()) for name, text in tags.items()}
        (self.bag / "tagmanifest-sha256.txt").write_bytes(_bagit_list(of_tags).encode())


def _bagit_list(hashes: Mapping[str, str]) -> str:
    lines = []
    for name in sorted(hashes):
        escaped = name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
        lines.append(f"{hashes[name]}  {escaped}\n")
    return "".join(lines)


def _equal_times(top: Path, created: str) -> None:
    moment = archive.seconds(created)
    for each in [*top.rglob("*"), top]:
        os.utime(each, (moment, moment))


def _cannot_write(destination: Path, error: OSError) -> ReplicateError:
    why = error.strerror or str(error)
    where = f" ({error.filename})" if error.filename else ""
    return ReplicateError(
        f"{destination} cannot be written: {why}{where}. Nothing was left there;"
        " make room or give another place"
    )


@dataclass(frozen=True)
class Bundle:
    """A bundle that can be read.

    Attributes:
        top: the bag's top directory.
        place: what the person named: that directory, or the file it was unpacked from.
    """

    top: Path
    place: Path

    @property
    def report_directory(self) -> Path:
        """Where reports about it go: beside it, never into it."""
        return self.place.with_name(f"{self.place.name}.report")

    def path(self, name: str) -> Path:
        """``data/NAME``."""
        return inside(self.top, f"data/{name}")

    def text(self, name: str) -> str:
        """What ``data/NAME`` says.

        Raises:
            ReplicateError: it is not there, or is no text.
        """
        try:
            return self.path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ReplicateError(
                f"data/{name} of {self.place} cannot be read: {error}; take the bundle anew"
            ) from error

    def manifest(self) -> Manifest:
        """What it says about itself.

        Raises:
            ReplicateError: that cannot be read.
        """
        return read(self.text("manifest.json"))

    def names(self) -> list[str]:
        """The names of all files in ``data/``, sorted."""
        return sorted(
            each.relative_to(self.top / "data").as_posix()
            for each in (self.top / "data").rglob("*")
            if each.is_file()
        )


@contextmanager
def opened(
    place: Path, work: Work | None = None, *, identity: Path | None = None
) -> Iterator[Bundle]:
    """A bundle, unpacked if need be; nothing of it is executed.

    Arguments:
        place: a directory, or a file ``.tar.zst``, ``.zip`` or one of them with ``.age``.
        work: told how far the unpacking is.
        identity: a file with the key of an encrypted bundle.

    Raises:
        ReplicateError: it is no bundle, or cannot be read.
        UnsafeBundle: its paths or its size would do harm.
    """
    work = work or Work()
    if not place.exists():
        raise ReplicateError(f"{place} is not there; give the bundle's directory or file")
    bag = archive.kind(place) or (place / "bagit.txt").is_file()
    if bag and not archive.is_bundle(place):
        raise ReplicateError(
            f"{place} has no manifest of ours: if it is the archive of a home, `verify` checks it,"
            " and tar or unzip opens it"
        )
    if place.is_dir():
        _check_directory(place)
        yield Bundle(place, place)
        return
    with tempfile.TemporaryDirectory(prefix="2i2c-bundle-") as directory:
        unpacked = Path(directory)
        packed = place
        if place.suffix == ".age":
            from .encryption import decrypt

            packed = decrypt(place, unpacked / archive.stem_of_encrypted(place), identity)
        top = archive.unpack(packed, unpacked / "bag", work)
        _check_directory(top)
        yield Bundle(top, place)


def _check_directory(top: Path) -> None:
    if not (top / "bagit.txt").is_file():
        raise ReplicateError(f"{top} is no bundle: there is no bagit.txt in it")
    for each in top.rglob("*"):
        if each.is_symlink() or not (each.is_file() or each.is_dir()):
            raise UnsafeBundle(
                f"{top} is not opened: {each.relative_to(top)} is a link or a device."
                " Ask whoever made it for another"
            )
    for listing in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names = Names(str(top))
        with suppress(FileNotFoundError):
            for line in (top / listing).read_text("utf-8", "surrogateescape").split("\n"):
                _, separator, name = line.partition(" ")
                if not separator:
                    continue  # which `bagit` judges
                name = name.strip().replace("%0A", "\n").replace("%0D", "\r")
                names.accept(name.replace("%25", "%"))
