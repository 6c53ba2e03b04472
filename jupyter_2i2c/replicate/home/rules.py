"""What of a home is not taken, and why. Called by walk.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

IGNORE_FILE = ".2i2cignore"
"""A file at the top of a home, in the syntax of ``.gitignore``."""

MAX_IGNORE_FILE = 1_000_000
"""Bytes of it that are read."""

CACHES = frozenset(
    {
        ".cache",
        ".cargo/registry",
        ".conda/pkgs",
        ".cupy",
        ".gradle/caches",
        ".julia/compiled",
        ".julia/logs",
        ".m2/repository",
        ".mamba/pkgs",
        ".npm",
        ".nv",
        ".yarn/cache",
        "mambaforge/pkgs",
        "miniconda3/pkgs",
        "miniforge3/pkgs",
    }
)
"""Directories, below the home, of what programs fetch or make again by themselves."""

CACHES_ANYWHERE = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})

TRASH = frozenset({".local/share/Trash", "lost+found"})

SNAPSHOTS = frozenset({".snapshot", ".snapshots", ".zfs"})

SHARED = ("shared", "shared-readwrite", "shared-public", "allusers")
"""Directories of a home on a hub that are everybody's, unless the hub says otherwise."""

OWN = ".local/share/jupyter_2i2c/exports"
"""Where earlier exports are kept."""

CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
"""How a ``CACHEDIR.TAG`` begins that means it."""


class Rules:
    """Why something is not taken.

    Args:
        patterns: lines in the syntax of ``.gitignore``, of the home's own ``.2i2cignore``.
        exclude: more of them, of the call.
        include: paths that are taken although the defaults leave them out.
        shared: names at the top of the home that are everybody's.
        own: paths that the export itself writes to.
    """

    def __init__(
        self,
        patterns: Iterable[str] = (),
        exclude: Iterable[str] = (),
        include: Iterable[str] = (),
        shared: Sequence[str] = SHARED,
        own: Sequence[str] = (),
    ) -> None:
        self._patterns = [each for line in patterns if (each := Pattern.read(line))]
        self._excluded = [each for line in exclude if (each := Pattern.read(line))]
        self._include = {name.strip("/") for name in include}
        self._shared = frozenset(shared)
        self._own = {OWN, *own}

    @classmethod
    def of_home(cls, home: Path, **options: Sequence[str]) -> Rules:
        """The rules of a home, with its ``.2i2cignore`` if it has one."""
        try:
            with (home / IGNORE_FILE).open("rb") as file:
                text = file.read(MAX_IGNORE_FILE).decode("utf-8", "surrogateescape")
        except OSError:
            text = ""
        return cls(text.splitlines(), **options)

    def included(self, path: str) -> bool:
        """Whether the call asks for `path`, or for something above or below it, in so many words."""
        return any(
            path == name or path.startswith(name + "/") or name.startswith(path + "/")
            for name in self._include
        )

    def why_not(self, path: str, name: str, is_directory: bool) -> str:
        """Why `path` is left out: a word; empty if it is taken.

        Args:
            path: below the home, with slashes.
            name: its last part.
            is_directory: whether it is one, and not a link to one.
        """
        if path in self._own:
            return "own-export"
        if is_directory and not (self._include and self.included(path)):
            if path in CACHES or name in CACHES_ANYWHERE:
                return "cache"
            if path in TRASH or name.startswith(".Trash-"):
                return "trash"
            if name in SNAPSHOTS:
                return "snapshot"
            if path in self._shared:
                return "shared"
        elif name.startswith(".nfs") and not is_directory:
            return "deleted"
        if self._excluded and _last(self._excluded, path, is_directory):
            return "excluded"
        if self._patterns and _last(self._patterns, path, is_directory):
            return "ignored"
        return ""


def _last(patterns: list[Pattern], path: str, is_directory: bool) -> bool:
    """What the last pattern that matches says, as git does it."""
    for pattern in reversed(patterns):
        if pattern.matches(path, is_directory):
            return not pattern.negated
    return False


class Pattern:
    """One line of a ``.gitignore``.

    Args:
        expression: for the whole path below the home.
        negated: whether it brings back what an earlier line left out.
        only_directories: whether it is about directories.
    """

    def __init__(self, expression: str, negated: bool, only_directories: bool) -> None:
        self._matches = re.compile(expression, re.DOTALL).fullmatch
        self.negated = negated
        self._only_directories = only_directories

    @classmethod
    def read(cls, line: str) -> Pattern | None:
        """A line's pattern; None for a comment or an empty line."""
        line = re.sub(r"(?<!\\) +$", "", line.rstrip("\r\n"))
        if not line or line.startswith("#"):
            return None
        negated = line.startswith("!")
        line = line[1:] if negated else line
        only_directories = line.endswith("/")
        line = line.rstrip("/")
        anchored = "/" in line
        line = line.lstrip("/")
        if not line:
            return None
        head = "" if anchored else "(?:.*/)?"
        return cls(head + _expression(line), negated, only_directories)

    def matches(self, path: str, is_directory: bool) -> bool:
        """Whether it is about `path`."""
        return (is_directory or not self._only_directories) and self._matches(path) is not None


_TOKENS = re.compile(
    r"(?P<any_head>^\*\*/)|(?P<any_middle>/\*\*/)|(?P<any_tail>/\*\*$)"
    r"|(?P<stars>\*+)|(?P<one>\?)|(?P<set>\[[!^]?\]?[^\]]*\])|\\(?P<escaped>.)",
    re.DOTALL,
)


def _expression(glob: str) -> str:
    def translate(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "set":
            body = match["set"][1:-1]
            negated = body[:1] in ("!", "^")
            body = body[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            return f"(?!/)[{'^' if negated else ''}{body}]"
        if kind == "escaped":
            return re.escape(match["escaped"])
        return {
            "any_head": "(?:.*/)?",
            "any_middle": "/(?:.*/)?",
            "any_tail": "/.*",
            "stars": "[^/]*",
            "one": "[^/]",
        }[kind or ""]

    parts, end = [], 0
    for match in _TOKENS.finditer(glob):
        parts += [re.escape(glob[end : match.start()]), translate(match)]
        end = match.end()
    return "".join([*parts, re.escape(glob[end:])])
