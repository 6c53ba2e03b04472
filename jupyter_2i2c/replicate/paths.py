"""Which paths a bundle may have. Used by bundle.py and archive.py, for every name before anything is done with it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from .errors import UnsafeBundle

DRIVE = re.compile(r"^[A-Za-z]:")


class Names:
    """The names of a bundle, seen one after the other.

    Arguments:
        bundle: what they are in, for messages.
    """

    def __init__(self, bundle: str) -> None:
        self._bundle = bundle
        self._files: dict[str, str] = {}
        self._directories: set[str] = set()

    def accept(self, name: str) -> str:
        """A file's name in the bundle, once.

        Raises:
            UnsafeBundle: it leads outside, is not portable, was there before, or differs from one
                that was there only by case or by how Unicode writes it.
        """
        name = name.removeprefix("./")
        parts = name.split("/")
        if not name or name.startswith("/") or DRIVE.match(name):
            raise self._unsafe(name, "is absolute")
        if ".." in parts:
            raise self._unsafe(name, "leads outside of it")
        if "\\" in name or "\0" in name or "" in parts or "." in parts:
            raise self._unsafe(name, "is not a plain path")
        folded = _folded(name)
        if folded in self._files:
            if self._files[folded] == name:
                raise self._unsafe(name, "is there twice")
            raise self._unsafe(name, f"and {self._files[folded]!r} differ only by case")
        if folded in self._directories:
            raise self._unsafe(name, "is a file and a directory")
        for end in range(1, len(parts)):
            directory = _folded("/".join(parts[:end]))
            if directory in self._files:
                raise self._unsafe(name, "is a file and a directory")
            self._directories.add(directory)
        self._files[folded] = name
        return name

    def _unsafe(self, name: str, why: str) -> UnsafeBundle:
        return UnsafeBundle(
            f"{self._bundle} is not opened: its path {name!r} {why}. Ask whoever made it for another"
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def inside(top: Path, name: str) -> Path:
    """The path of a name that was accepted; once more not outside, through links."""
    path = top / name
    if not path.resolve().is_relative_to(top.resolve()):
        raise UnsafeBundle(f"{name!r} leads outside of {top}; ask whoever made it for another")
    return path
