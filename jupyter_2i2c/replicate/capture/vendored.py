"""Wheels made of what is installed, for what no index has. Called by environment.py.

Made of the very files that are there, so that what was changed after the installation comes back
changed, and neither a source nor a compiler is needed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from ..errors import ReplicateError
from ..work import Work
from .distributions import Distribution
from .files import Files
from .interpreter import Interpreter

EPOCH = (1980, 1, 1, 0, 0, 0)
CHUNK = 1 << 20


def wheel_name(distribution: Distribution) -> str:
    """The file name of its wheel.

    Raises:
        ReplicateError: its metadata does not say for which Pythons and platforms it is.
    """
    tags = [tag.split("-") for tag in distribution.wheel.get("Tag", []) if tag.count("-") == 2]
    stem = distribution.directory.name.removesuffix(".dist-info")
    if not tags or stem == distribution.directory.name or stem.count("-") != 1:
        raise ReplicateError("its metadata is not that of a wheel")
    parts = (".".join(sorted({tag[place] for tag in tags})) for place in range(3))
    return f"{stem}-{'-'.join(parts)}.whl"


def write_wheel(
    of: Interpreter, distribution: Distribution, files: Files, destination: Path, work: Work
) -> None:
    """Write the wheel of an installed distribution; the same files give the same bytes.

    Commands that the installer makes from entry points are left out: the next one makes them.
    """
    stem = distribution.directory.name.removesuffix(".dist-info")
    packages = f"lib/python{of.minor}/site-packages/"
    members = []
    for place, path in files.on_disk.items():
        if place.startswith(packages):
            members.append((place.removeprefix(packages), Path(path), b""))
        elif place.startswith("bin/"):
            name = place.removeprefix("bin/")
            if name in distribution.entry_points or "/" in name:
                continue
            script = files.scripts.get(place, b"")
            if script:
                _, newline, rest = script.partition(b"\n")
                script = b"#!python" + newline + rest
            members.append((f"{stem}.data/scripts/{name}", Path(path), script))
        else:
            members.append((f"{stem}.data/data/{place}", Path(path), b""))
    record = []
    with zipfile.ZipFile(destination, "w") as wheel:
        for inside, source, content in sorted(members, key=lambda member: member[0]):
            with io.BytesIO(content) if content else source.open("rb") as stream:
                digest, size = _add(wheel, inside, stream, source.stat().st_mode, work)
            record.append(f"{_quoted(inside)},{digest},{size}\n")
        own = f"{stem}.dist-info/RECORD"
        _add(wheel, own, io.BytesIO("".join([*record, f"{own},,\n"]).encode()), 0o644, work)


def _add(
    wheel: zipfile.ZipFile, name: str, stream: IO[bytes], mode: int, work: Work
) -> tuple[str, int]:
    """Add a file. Returns its hash as a RECORD has it, and its size."""
    member = zipfile.ZipInfo(name, EPOCH)
    member.external_attr = (stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)) << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    digest, size = hashlib.sha256(), 0
    with wheel.open(member, "w", force_zip64=True) as target:
        while data := stream.read(CHUNK):
            work.check()
            digest.update(data)
            size += len(data)
            target.write(data)
    encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return f"sha256={encoded}", size


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name or '"' in name else name


def tags_of(name: str) -> set[str]:
    """The tags in a wheel's file name, one by one."""
    parts = name.removesuffix(".whl").split("-")[-3:]
    if len(parts) != 3:
        return set()
    return {
        f"{python}-{abi}-{platform}"
        for python in parts[0].split(".")
        for abi in parts[1].split(".")
        for platform in parts[2].split(".")
    }


def fits(distribution: Distribution, wheels: Iterable[str]) -> bool:
    """Whether one of these wheels is what is installed, by its tags.

    A wheel whose file was renamed for a platform still says ``none-any`` inside.
    """
    # some write several tags as one, as in a file name
    installed = {
        tag for line in distribution.wheel.get("Tag", []) for tag in tags_of(f"{line}.whl")
    }
    names = list(wheels)
    renamed = bool(names) and all(tag.endswith("-none-any") for tag in installed)
    return renamed or any(installed & tags_of(each) for each in names)
