"""Files among the packages that no single distribution brings back. Called by environment.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import checksums
from ..errors import UnsafeBundle
from .collected import Collected, some
from .distributions import Distribution
from .files import Files, unowned
from .interpreter import Interpreter

MOST_FILES = 500
MOST_BYTES = 1 << 20
"""Of one file."""


def capture(
    of: Interpreter,
    files: Mapping[str, Files],
    found: Sequence[Distribution],
    collected: Collected,
) -> None:
    """Carry the small ones of them; name the others.

    Arguments:
        of: the interpreter.
        files: of each distribution, by its key.
        found: the distributions.
        collected: takes it.
    """
    stray = unowned(of, files, found)
    hashes: dict[str, str] = {}
    left_out = []
    for place, path in stray:
        try:
            if path.is_symlink() or path.stat().st_size > MOST_BYTES or len(hashes) == MOST_FILES:
                left_out.append(place)
                continue
            data = path.read_bytes()
        except OSError:
            left_out.append(place)
            continue
        if collected.holds_secret(place, data):
            left_out.append(place)
            continue
        try:
            hashes[place] = collected.text(f"vendored/unowned/{place}", data)[1]
        except UnsafeBundle:  # a name that only this system can have
            left_out.append(place)
    if hashes:
        listing, digest, _ = collected.text(
            "vendored/unowned.sha256", checksums.write_list(hashes, {})
        )
        collected.item("python", "files of none or several", "captured",
                       f"{len(hashes)} files among the packages", path=listing, sha256=digest)  # fmt: skip
    if left_out:
        collected.item("python", "other files of none or several", "not-captured",
                       f"{len(left_out)} files among the packages",
                       reason=f"links, large, many, secret, gone, or of an odd name: {some(left_out)}",
                       action="copy them if they are needed")  # fmt: skip
