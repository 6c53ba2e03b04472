"""Prebuilt extensions of JupyterLab that no distribution owns, and which are switched off. Called by environment.py."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from .. import checksums
from ..errors import UnsafeBundle
from .collected import PROFILE, Collected

MOST_BYTES = 256 << 20


def labextensions(directories: Sequence[Path]) -> dict[str, Path]:
    """Each prebuilt extension's directory by its name; the first that Jupyter finds."""
    found: dict[str, Path] = {}
    for directory in directories:
        top = directory / "labextensions"
        for path in sorted([*top.glob("[!@]*"), *top.glob("@*/*")]):
            if (path / "package.json").is_file():
                found.setdefault(path.relative_to(top).as_posix(), path)
    return found


def capture(directories: Sequence[Path], owned: Collection[str], collected: Collected) -> None:
    """Note each extension; carry those that no distribution brings back.

    Arguments:
        directories: where Jupyter looks for its data, in its order.
        owned: real paths of files that belong to distributions.
        collected: takes it.
    """
    for name, directory in sorted(labextensions(directories).items()):
        version = _version(directory / "package.json")
        evidence = f"package.json of {name} {version}"
        files = dict(_files(directory))
        if all(os.path.realpath(path) in owned for path in files.values()):
            collected.item("labextensions", name, "captured", evidence + ", of a distribution")
            continue
        size = sum(path.stat().st_size for path in files.values())
        if size > MOST_BYTES:
            collected.item("labextensions", name, "not-captured", evidence,
                           reason=f"it is {size >> 20} MiB, more than is carried")  # fmt: skip
            continue
        contents = {file: path.read_bytes() for file, path in files.items()}
        why = next(
            (f"{file}: {why}" for file, data in contents.items()
             if (why := collected.holds_secret(file, data))), "",
        )  # fmt: skip
        if why:
            collected.item("labextensions", name, "not-captured", evidence, reason=why)
            continue
        hashes = {}
        try:
            for file, data in contents.items():
                path, digest, _ = collected.text(f"labextensions/{name}/{file}", data)
                hashes[path.removeprefix(f"{PROFILE}/labextensions/")] = digest
        except UnsafeBundle as error:
            collected.item("labextensions", name, "not-captured", evidence, reason=str(error))
            continue
        listing = checksums.write_list(hashes, {})
        listed, digest, _ = collected.text(
            f"labextensions/{name.replace('/', '__')}.sha256", listing
        )
        collected.item(
            "labextensions", name, "captured", evidence + ", installed by hand",
            path=listed, sha256=digest,
        )  # fmt: skip


def _version(package: Path) -> str:
    try:
        return str(json.loads(package.read_text("utf-8")).get("version", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    real = directory.resolve()  # one that is being developed is a link
    for path in sorted(real.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(real).as_posix(), path
