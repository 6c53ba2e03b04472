"""An editable package: its source, and what its installer wrote, for any place. Called by packages.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .. import checksums
from ..errors import ReplicateError, UnsafeBundle
from .collected import PROFILE, Collected, file_name, some
from .distributions import Distribution
from .files import SOURCE, Files, editable_directory, place_in_environment
from .interpreter import Interpreter
from .source_tree import source_tree


def capture(
    of: Interpreter, distribution: Distribution, files: Files, collected: Collected
) -> dict[str, Any]:
    """Carry its source and what was installed of it.

    Returns:
        What was seen of the source: commit, whether it differs from that, and the like.

    Raises:
        ReplicateError: it cannot be carried.
    """
    directory = editable_directory(distribution)
    assert directory is not None
    base = f"vendored/{file_name(distribution.key)}"
    source = source_tree(directory, collected.work)
    left_out = list(source.left_out)
    hashes: dict[str, str] = {}
    unread: list[str] = []
    for name, path in source.files.items():
        try:
            data, mode = path.read_bytes(), path.stat().st_mode
        except OSError:
            unread.append(name)
            continue
        if collected.holds_secret(name, data):
            left_out.append(name)
            continue
        try:
            hashes[name] = collected.text(f"{base}/tree/{name}", data)[1]
        except UnsafeBundle:  # a name that only this system can have
            left_out.append(name)
            continue
        if mode & 0o100:
            (collected.staging.bag / "data" / PROFILE / base / "tree" / name).chmod(0o755)
    for place, on_disk in files.on_disk.items():
        if place in files.scripts:
            continue
        try:
            data = Path(on_disk).read_bytes()
        except OSError as error:
            raise ReplicateError(f"{place} cannot be read any more: {error.strerror}") from error
        if files.transformed.get(place, ("",))[0] == "direct_url":
            data = data.replace(str(directory).encode(), SOURCE)
        if why := collected.holds_secret(place, data):
            raise ReplicateError(f"{place}: {why}")
        collected.text(f"{base}/installed/{place}", data)
    _installers_notes(of, distribution, files, collected, f"{base}/installed")
    patch_path = ""
    if source.patch and collected.holds_secret("dirty.patch", source.patch):
        left_out.append("the patch since the commit")
    elif source.patch:
        patch_path = collected.text(f"{base}/dirty.patch", source.patch)[0]
    listing, digest, _ = collected.text(f"{base}/tree.sha256", checksums.write_list(hashes, {}))
    state = f"commit {source.commit[:12]}" if source.commit else "no version control"
    reasons = []
    if left_out:
        reasons.append(
            f"left out, as they are data, may hold secrets or have odd names: {some(left_out)}"
        )
    if unread:
        reasons.append(f"gone, or not readable, when their turn came: {some(unread)}")
    if source.ignored:
        reasons.append(f"left out, as git ignores them: {some(source.ignored)}")
    if source.built:
        reasons.append(
            f"carried although git ignores them, as a build made them: {some(source.built)}"
        )
    collected.item(
        "python", f"{distribution.name}/source", "captured",
        f"{len(hashes)} files, {state}{', with changes' if source.dirty else ''}",
        path=listing, sha256=digest, reason="; ".join(reasons),
    )  # fmt: skip
    return {
        "commit": source.commit,
        "dirty": source.dirty,
        "patch": patch_path,
        "built": list(source.built),
        "ignored": list(source.ignored),
        "left_out": sorted(left_out),
        "unread": sorted(unread),
    }


def _installers_notes(
    of: Interpreter, distribution: Distribution, files: Files, collected: Collected, base: str
) -> None:
    """What an installer would write about an editable package, for any place."""
    metadata = place_in_environment(
        of, distribution.site, os.path.relpath(distribution.directory, distribution.site)
    )
    packages = f"lib/python{of.minor}/site-packages"
    listed = [os.path.relpath(place, packages) for place in sorted(files.on_disk)]
    own = os.path.relpath(f"{metadata}/RECORD", packages)
    url = json.dumps({"dir_info": {"editable": True}, "url": f"file://{SOURCE.decode()}"})
    notes = {
        "RECORD": "".join(f"{each},,\n" for each in [*listed, own]),
        "INSTALLER": "jupyter_2i2c\n",
        "direct_url.json": url,
    }
    for name, text in notes.items():
        collected.text(f"{base}/{metadata}/{name}", text)
