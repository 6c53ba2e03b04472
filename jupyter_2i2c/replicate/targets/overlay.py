"""Puts what no index has into an environment: scripts, editable sources, kernels, extensions, settings.

Imported by local.py; and copied into every bundle, where repo2docker's postBuild runs it as a file. So
it needs nothing but the standard library, and knows nothing of the rest.

    python overlay.py ENVIRONMENT-OF-THE-BUNDLE PREFIX SOURCES USER-CONFIG
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

SLOT = "<secret:"


def apply(captured: Path, prefix: Path, sources: Path, user_config: Path) -> list[str]:
    """Lay the parts of a captured environment over an installed one.

    Args:
        captured: the directory ``env/<profile>`` of a bundle.
        prefix: of the environment that is made.
        sources: where the sources of editable packages go, a directory each.
        user_config: where the person's own Jupyter settings go.

    Returns:
        The settings that were left out because a secret belongs there.
    """
    in_prefix = {b"{prefix}": os.fsencode(prefix)}
    vendored = captured / "vendored"
    for path, name in _files(vendored / "unowned"):
        _copy(path, prefix / name)
    for tree in sorted(vendored.glob("*/tree")):
        source = sources / tree.parent.name
        for path, name in _files(tree):
            _copy(path, source / name)
        for path, name in _files(tree.parent / "installed"):
            _copy(path, prefix / name, {b"{source}": os.fsencode(source)})
    for path, name in _files(captured / "scripts"):
        _copy(path, prefix / name, in_prefix, only_head=True)
        _make_executable(prefix / name)
    share = prefix / "share" / "jupyter"
    for path, name in _files(captured / "kernels"):
        _copy(path, share / "kernels" / name, in_prefix if path.name == "kernel.json" else {})
    for path, name in _files(captured / "labextensions"):
        if path.parent != captured / "labextensions":  # where only the lists of checksums are
            _copy(path, share / "labextensions" / name)
    left_out: list[str] = []
    for label in ("system", "local", "env"):
        left_out += _settings(captured, label, prefix / "etc" / "jupyter")
    return left_out + _settings(captured, "user", user_config)


def _settings(captured: Path, label: str, destination: Path) -> list[str]:
    left_out: list[str] = []
    for path, name in _files(captured / "jupyter-config" / label):
        value = without_slots(json.loads(path.read_text("utf-8")), f"{label}/{name}", left_out)
        target = destination / name
        if isinstance(value, dict) and target.is_file():
            value = _merged(json.loads(target.read_text("utf-8")), value)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return left_out


def without_slots(value: Any, where: str, left_out: list[str]) -> Any:
    """A setting whose secret was taken out is no setting: a placeholder must not become a password.

    Args:
        value: of a file of settings.
        where: which one it is, in words.
        left_out: takes what was left out.
    """
    if isinstance(value, dict):
        kept = {}
        for name, each in value.items():
            if isinstance(each, str) and SLOT in each:
                left_out.append(f"{where}: {name}")
            else:
                kept[name] = without_slots(each, where, left_out)
        return kept
    if isinstance(value, list):
        return [
            without_slots(each, where, left_out)
            for each in value
            if not (isinstance(each, str) and SLOT in each)
        ]
    return value


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: _merged(below.get(name), each) for name, each in above.items()}}
    return above


def _copy(
    path: Path, target: Path, replaced: dict[bytes, bytes] | None = None, only_head: bool = False
) -> None:
    """Copy with words replaced; of a script only in the lines that start it, as it may mean them further down."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # never write through a link: the file may be another one's, such as a cache's
    target.unlink(missing_ok=True)
    if not replaced:
        shutil.copyfile(path, target)
    else:
        content = path.read_bytes()
        end = len(content)
        if only_head:
            end = content.find(b"\n") + 1
            if content.startswith(b"#!/bin/sh"):
                end = content.find(b"\n", end) + 1
        head = content[:end]
        for word, value in replaced.items():
            head = head.replace(word, value)
        target.write_bytes(head + content[end:])
    if path.stat().st_mode & stat.S_IXUSR:
        _make_executable(target)


def _make_executable(path: Path) -> None:
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _files(top: Path) -> list[tuple[Path, str]]:
    return sorted(
        (path, path.relative_to(top).as_posix()) for path in top.rglob("*") if path.is_file()
    )


if __name__ == "__main__":
    for line in apply(*(Path(each) for each in sys.argv[1:5])):
        print("left out, as a secret belongs there:", line)
