"""Which distributions are installed, and every file of them. Called by environment.py, verify/v5_environment.py and the panel.

Reads the ``.dist-info`` directories itself: only a few lines of each are needed, and reading those
takes a fraction of what a parser of the whole metadata takes.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .interpreter import Interpreter, interpreter

OWN_NOTES = frozenset(
    {
        "RECORD",
        "RECORD.jws",
        "RECORD.p7s",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
        "uv_cache.json",
        "uv_build.json",
    }
)
"""What an installer writes about its own work; it differs from one installer to another."""


@dataclass(frozen=True)
class Distribution:
    """A distribution that is installed.

    Attributes:
        name: as its metadata says it.
        version: the same.
        directory: its ``.dist-info``, ``.egg-info``, or a file of the latter name.
        site: the directory of packages that it is in.
    """

    name: str
    version: str
    directory: Path
    site: Path

    @property
    def key(self) -> str:
        """The name as all its spellings are compared."""
        return normalised(self.name)

    def note(self, name: str) -> str:
        """A file of its metadata; empty if it is not there."""
        try:
            return (self.directory / name).read_text("utf-8", "surrogateescape")
        except OSError:
            return ""

    @cached_property
    def direct_url(self) -> dict[str, Any]:
        """Where it was installed from, if not from an index by its name (PEP 610); else empty."""
        try:
            told = json.loads(self.note("direct_url.json") or "{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    @cached_property
    def wheel(self) -> dict[str, list[str]]:
        """The fields of its ``WHEEL``."""
        return headers(self.note("WHEEL"))

    @cached_property
    def entry_points(self) -> frozenset[str]:
        """The names of the commands that its installer makes for it."""
        names, wanted = set(), False
        for line in self.note("entry_points.txt").splitlines():
            if line.startswith("["):
                wanted = line.strip() in ("[console_scripts]", "[gui_scripts]")
            elif wanted and "=" in line:
                names.add(line.partition("=")[0].strip())
        return frozenset(names)

    @cached_property
    def record(self) -> tuple[Recorded, ...]:
        """Its files; empty where nothing says which they are."""
        if text := self.note("RECORD"):
            return tuple(_record(text))
        if text := self.note("installed-files.txt"):
            base = os.path.relpath(self.directory, self.site)
            return tuple(
                Recorded(os.path.normpath(f"{base}/{line}"), "")
                for line in text.splitlines()
                if line
            )
        return ()


@dataclass(frozen=True)
class Recorded:
    """A file as the RECORD names it.

    Attributes:
        path: relative to the directory of packages.
        digest: urlsafe base64 without padding of the SHA-256; empty if not said.
    """

    path: str
    digest: str


def normalised(name: str) -> str:
    """A distribution's name as all its spellings are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(python: str | None = None) -> list[tuple[str, str]]:
    """Name and version of everything installed, sorted; fast enough for a panel.

    Arguments:
        python: another interpreter than the one that runs this.
    """
    return [(each.name, each.version) for each in distributions(interpreter(python))]


def distributions(of: Interpreter) -> list[Distribution]:
    """Everything installed, sorted by name; of several with the same name, the one that is imported."""
    found: dict[str, Distribution] = {}
    for site in of.sites:
        for each in _in(site):
            found.setdefault(each.key, each)
    return [found[key] for key in sorted(found)]


def _in(site: Path) -> Iterator[Distribution]:
    try:
        names = sorted(os.listdir(site))  # noqa: PTH208  (half the time of iterdir)
    except OSError:
        return
    for name in names:
        if name.endswith(".dist-info"):
            metadata = f"{site}/{name}/METADATA"
        elif name.endswith(".egg-info"):
            metadata = f"{site}/{name}"
            if os.path.isdir(metadata):  # noqa: PTH112
                metadata += "/PKG-INFO"
        else:
            continue
        title, version = _name_and_version(metadata)
        if title and version:
            yield Distribution(title, version, site / name, site)


def _name_and_version(metadata: str) -> tuple[str, str]:
    name = version = ""
    try:
        with open(metadata, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("Name:"):
                    name = line[5:].strip()
                elif line.startswith("Version:"):
                    version = line[8:].strip()
                elif line == "\n":
                    break
                if name and version:
                    break
    except OSError:
        pass
    return name, version


def headers(text: str) -> dict[str, list[str]]:
    """The fields of a file of headers, each with its values."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator and not line[:1].isspace():
            found.setdefault(name.strip(), []).append(value.strip())
        elif not line.strip():
            break
    return found


def _record(text: str) -> Iterator[Recorded]:
    rows: Iterable[list[str]]
    lines = text.splitlines()
    # the other way takes a tenth of the time, and is right for most
    rows = csv.reader(lines) if '"' in text else (line.rsplit(",", 2) for line in lines)
    for row in rows:
        if len(row) == 3 and row[0]:
            algorithm, _, digest = row[1].partition("=")
            yield Recorded(row[0], digest if algorithm == "sha256" else "")
