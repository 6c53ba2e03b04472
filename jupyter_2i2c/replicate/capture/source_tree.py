"""The source of an editable package: the tree of its commit with the changes since, never the history. Called by environment.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import ReplicateError
from ..work import Work

MOST_BYTES = 512 << 20
MOST_FILES = 50_000
TIMEOUT = 120

LEFT_OUT_DIRECTORIES = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__",
     ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints", ".eggs"}
)  # fmt: skip
LEFT_OUT_ENDINGS = (".pyc", ".ipynb", ".log", ".env", ".pem", ".key", ".sqlite", ".db")
LEFT_OUT_NAMES = frozenset({".netrc", ".pypirc", "pip.conf", ".npmrc", ".git-credentials"})

BUILT_ENDINGS = (".so", ".pyd", "/_version.py")
"""What a build puts among the modules: without it the package cannot be imported."""


@dataclass(frozen=True)
class Source:
    """The tree that an editable package is imported from.

    Attributes:
        top: its directory.
        commit: what is checked out; empty where git does not keep it.
        dirty: whether it differs from the commit.
        files: path in it to the file, of what is carried: the working tree as it is.
        patch: from the commit to `files`; empty if not dirty.
        built: which of them git ignores: compiled modules and the version, which a build put there.
        ignored: paths that git ignores and that are left out; a directory ends in ``/``.
        left_out: paths that are data or may hold secrets: notebooks, logs, settings.
        config: the repository's own settings; None without one.
    """

    top: Path
    commit: str
    dirty: bool
    files: dict[str, Path]
    patch: bytes
    built: tuple[str, ...]
    ignored: tuple[str, ...]
    left_out: tuple[str, ...]
    config: Path | None


def source_tree(top: Path, work: Work) -> Source:
    """What there is at a package's directory.

    Raises:
        ReplicateError: it is not there, or too much to carry.
    """
    if not top.is_dir():
        raise ReplicateError("its directory is not there any more")
    git = shutil.which("git")
    names: list[str]
    built: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    commit, patch, config = "", b"", None
    if git and _is_kept(git, top):
        commit = _git(git, top, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
        config = Path(os.fsdecode(_git(git, top, "rev-parse", "--git-path", "config").strip()))
        config = config if config.is_absolute() else top / config
        names = _names(
            _git(git, top, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        )
        names = [name for name in names if (top / name).is_file()]
        built, ignored = _ignored(git, top)
    else:
        names = list(_walk(top, work))
    carried = [name for name in names if not _is_left_out(name)]
    left_out = tuple(sorted(set(names) - set(carried)))
    files = {name: top / name for name in sorted({*carried, *built})}
    size = sum(_size(path) for path in files.values())
    if size > MOST_BYTES or len(files) > MOST_FILES:
        raise ReplicateError(
            f"its directory holds {len(files):,} files and {size >> 20:,} MiB, more than is carried"
        )
    if git and commit:
        patch = _patch(git, top, carried)
    return Source(top, commit, bool(patch), files, patch, built, ignored, left_out, config)


def _is_kept(git: str, top: Path) -> bool:
    """Whether git keeps this directory; a home that is a repository may well ignore what is in it."""
    inside = _git(git, top, "rev-parse", "--is-inside-work-tree") == b"true\n"
    return inside and not _git(git, top, "check-ignore", ".")


def _ignored(git: str, top: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of what git ignores: what was built among the modules, and the rest, whole directories as one."""
    listing = _git(
        git, top, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
    )
    names = [name for name in _names(listing) if not _is_left_out(name)]
    built = tuple(
        name for name in names if f"/{name}".endswith(BUILT_ENDINGS) and (top / name).is_file()
    )
    rest = {name for name in names if not any(each.startswith(name) for each in built)}
    # some versions of git name a directory and then what is in it, too
    inside = {
        name for name in rest if any(f"{each}/" in rest for each in PurePosixPath(name).parents)
    }
    return built, tuple(sorted(rest - inside))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # it has gone; whoever reads it says so
        return 0


def _is_left_out(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        not name.isprintable()  # which is what a name that is not UTF-8 is
        or name.endswith(LEFT_OUT_ENDINGS)
        or path.name.startswith(".env")
        or path.name in LEFT_OUT_NAMES
        or not LEFT_OUT_DIRECTORIES.isdisjoint(path.parts)
    )


def _patch(git: str, top: Path, carried: Sequence[str]) -> bytes:
    """From the commit to the working tree, new files included; the repository itself is not touched."""
    with tempfile.TemporaryDirectory(prefix="2i2c-git-") as directory:
        objects = _git(git, top, "rev-parse", "--git-path", "objects").strip()
        aside = {
            "GIT_INDEX_FILE": f"{directory}/index",
            "GIT_OBJECT_DIRECTORY": directory,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(top / os.fsdecode(objects)),
        }
        _git(git, top, "read-tree", "HEAD", more=aside)
        paths = "\0".join(carried).encode("utf-8", "surrogateescape")
        _git(git, top, "add", "--update", "--", ".", more=aside)
        # --remove, as one that has gone since must not cost all the others
        _git(
            git, top, "update-index", "-z", "--add", "--remove", "--stdin", more=aside, given=paths
        )
        return _git(
            git, top, "diff", "--cached", "--binary", "--no-color", "--no-ext-diff", "--no-textconv",
            "--relative",
            "HEAD", "--", *(f":(exclude)*{each}" for each in LEFT_OUT_ENDINGS), more=aside,
        )  # fmt: skip


def _git(
    git: str, top: Path, *arguments: str, more: dict[str, str] | None = None, given: bytes = b""
) -> bytes:
    """What git says; empty if it fails. Of what a repository configures only filters run, such as that of
    LFS, without which its files would all seem changed.
    """
    safe = (
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "safe.directory=*",
    )
    try:
        return subprocess.run(
            [git, *safe, *arguments],
            cwd=top,
            capture_output=True,
            input=given,
            check=True,
            timeout=TIMEOUT,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(more or {})},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return b""


def _names(listing: bytes) -> list[str]:
    return sorted({os.fsdecode(each) for each in listing.split(b"\0") if each})


def _walk(top: Path, work: Work) -> list[str]:
    found = []
    for directory, directories, names in os.walk(top):
        work.check()
        directories[:] = [each for each in directories if each not in LEFT_OUT_DIRECTORIES]
        relative = os.path.relpath(directory, top)
        found += [os.path.normpath(f"{relative}/{name}") for name in names]
        if len(found) > MOST_FILES:
            raise ReplicateError(f"its directory holds more than {MOST_FILES:,} files")
    return [name for name in found if (top / name).is_file()]
