"""The files of each distribution with their checksums, as they must come back. Called by environment.py and v5_environment.py.

What may differ after a rebuild, and nothing else, is taken out here: compiled ``.pyc`` files and the
installer's own notes are left out, and of a script the interpreter's path in the first line, of an
editable package its own directory's path, is replaced.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from .. import checksums
from ..manifest import Transform
from ..work import Work
from .distributions import OWN_NOTES, Distribution
from .interpreter import Interpreter

TRANSFORMS = (
    Transform("shebang", "the interpreter's path in a script's first line", "it is another place"),
    Transform("pyc", "compiled .pyc files", "Python makes them again"),
    Transform("RECORD", "the RECORD of a distribution", "it lists the .pyc files and scripts"),
    Transform("INSTALLER", "INSTALLER and the installer's own notes", "another installer may do it"),
    Transform("REQUESTED", "whether a distribution was asked for by name", "a lock asks for all"),
    Transform("direct_url", "paths in direct_url.json, and of an editable package's directory",
              "it is another place"),
)  # fmt: skip
"""The differences that are allowed, all of them."""

MOST_SCRIPT = 1 << 20
PREFIX = b"{prefix}"
SOURCE = b"{source}"


@dataclass
class Files:
    """The files of one distribution.

    Attributes:
        exact: path to SHA-256. Paths are those in a virtual environment, with ``/``.
        transformed: path to (transform, SHA-256 with the transform undone).
        modified: paths whose bytes are not what the RECORD says.
        missing: paths that the RECORD names and that are not there.
        contested: paths that another distribution has, too, with other bytes: who is installed last
            wins, so the winner must be carried.
        outside: paths that lead out of the environment, or whose names are not UTF-8.
        on_disk: path to where it is.
        scripts: path to the content with ``{prefix}``.
        size: bytes of all.
    """

    exact: dict[str, str] = field(default_factory=dict)
    transformed: dict[str, tuple[str, str]] = field(default_factory=dict)
    modified: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    contested: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    on_disk: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def listing(self) -> str:
        """The list of checksums."""
        return checksums.write_list(self.exact, self.transformed)

    def expected(self) -> dict[str, tuple[str, str]]:
        """Path to (transform, SHA-256), as a list of checksums is read."""
        return {path: ("", digest) for path, digest in self.exact.items()} | self.transformed


def editable_directory(distribution: Distribution) -> Path | None:
    """The directory that an editable distribution is imported from."""
    told = distribution.direct_url
    if not (told.get("dir_info") or {}).get("editable"):
        return None
    parts = urlsplit(str(told.get("url", "")))
    if parts.scheme != "file":
        return None
    return Path(url2pathname(unquote(parts.path)))


def place_in_environment(of: Interpreter, site: Path, recorded: str) -> str | None:
    """Where a recorded file is in a virtual environment; None if that is outside of it."""
    path = os.path.normpath(recorded)
    if not path.startswith("..") and not os.path.isabs(path):  # noqa: PTH117
        return f"lib/python{of.minor}/site-packages/{path}".replace(os.sep, "/")
    base = of.base_of(site)
    relative = os.path.relpath(os.path.normpath(site / path), base)
    return None if relative.startswith("..") else relative.replace(os.sep, "/")


def files_of(of: Interpreter, all_of_them: Sequence[Distribution], work: Work) -> dict[str, Files]:
    """The files of each distribution, by its key; hashed by all cores."""
    found: dict[str, Files] = {}
    wanted: list[tuple[Files, str, str, str]] = []
    for distribution in all_of_them:
        files = found.setdefault(distribution.key, Files())
        for recorded in distribution.record:
            name = recorded.path.rpartition("/")[2]
            if name.endswith(".pyc") or "__pycache__/" in recorded.path:
                continue
            if (
                name in OWN_NOTES
                and recorded.path.count("/") == 1
                and ".dist-info/" in recorded.path
            ):
                continue
            place = place_in_environment(of, distribution.site, recorded.path)
            if place is None or not place.isprintable():
                files.outside.append(recorded.path)
                continue
            path = os.path.normpath(f"{distribution.site}/{recorded.path}")
            wanted.append((files, place, path, recorded.digest))
        work.check()
    hashes = checksums.of_files((each[2] for each in wanted), work, len(wanted), "hashing")
    owners: dict[str, list[Files]] = {}
    prefixes = _prefixes(of)
    sources = {
        id(found[each.key]): str(directory).encode()
        for each in all_of_them
        if (directory := editable_directory(each))
    }
    for files, place, path, recorded_digest in wanted:
        digest = hashes[path]
        if digest is None:
            files.missing.append(place)
            continue
        files.on_disk[place] = path
        files.exact[place] = digest
        owners.setdefault(place, []).append(files)
        if recorded_digest and recorded_digest != _as_recorded(digest):
            files.modified.append(place)
        if place.startswith("bin/"):
            _script(files, place, path, prefixes)
        elif source := sources.get(id(files)):
            _editable(files, place, path, source)
    for place, several in owners.items():
        if len(several) > 1:
            _contest(place, several)
    return found


def _contest(place: str, several: Sequence[Files]) -> None:
    """Note a file of several distributions: the bytes of one of them are no change to the others'."""
    beaten = [files for files in several if place in files.modified]
    if beaten and len(beaten) < len(several):
        for files in beaten:
            files.modified.remove(place)
        several[0].contested.append(place)


def _as_recorded(digest: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()


def _prefixes(of: Interpreter) -> tuple[bytes, ...]:
    """How scripts may name the environment's interpreter's directory, the longest first."""
    names = {str(of.prefix), str(of.prefix.resolve()), str(of.executable.parent.parent)}
    return tuple(each.encode() for each in sorted(names, key=len, reverse=True))


def _script(files: Files, place: str, path: str, prefixes: Sequence[bytes]) -> None:
    """Note a script with the prefix in its first line (or its second, where a shell starts Python) replaced."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            if file.read(2) != b"#!":
                return
            content = b"#!" + file.read(MOST_SCRIPT)
    except OSError:
        return
    first, newline, rest = content.partition(b"\n")
    if first.rstrip() == b"#!/bin/sh" and rest.startswith(b"'''exec' "):
        second, more, rest = rest.partition(b"\n")
        first, newline = first + newline + second, more
    for prefix in prefixes:
        if prefix + b"/bin/" in first:
            content = first.replace(prefix + b"/bin/", PREFIX + b"/bin/") + newline + rest
            del files.exact[place]
            files.transformed[place] = ("shebang", checksums.of_bytes(content))
            files.scripts[place] = content
            if place in files.modified:  # pip and uv write the shebang after the RECORD's hash
                files.modified.remove(place)
            return


def _editable(files: Files, place: str, path: str, source: bytes) -> None:
    """Note a file that names the directory of an editable package, with that replaced."""
    try:
        content = Path(path).read_bytes()
    except OSError:  # it has gone since it was hashed; whoever carries it says so
        return
    if source in content:
        del files.exact[place]
        content = content.replace(source, SOURCE)
        files.transformed[place] = ("direct_url", checksums.of_bytes(content))


def unowned(
    of: Interpreter, found: Mapping[str, Files], all_of_them: Sequence[Distribution]
) -> list[tuple[str, Path]]:
    """Files that no single distribution brings back, as none or several have them: place and path, sorted."""
    owned = {path for files in found.values() for path in files.on_disk.values()}
    metadata = {str(each.directory) for each in all_of_them}
    result = [
        (place, Path(files.on_disk[place])) for files in found.values() for place in files.contested
    ]
    for site in of.sites:
        if not site.is_relative_to(of.prefix) and not site.is_relative_to(of.user_base):
            continue
        for top, directories, names in os.walk(site):
            directories[:] = sorted(
                each
                for each in directories
                if each != "__pycache__" and f"{top}/{each}" not in metadata
            )
            for name in names:
                path = f"{top}/{name}"
                if path in owned or name.endswith(".pyc") or path in metadata:
                    continue
                if name.startswith("_virtualenv."):  # made with every environment
                    continue
                place = place_in_environment(of, site, os.path.relpath(path, site))
                if place and place.isprintable():
                    result.append((place, Path(path)))
    return sorted(result)
