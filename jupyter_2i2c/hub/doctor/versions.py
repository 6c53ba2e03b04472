"""From which version on the known security fixes are in. Used by the checks of both sides."""

from __future__ import annotations

import re
from collections.abc import Mapping

Line = tuple[int, ...]

HUB: Mapping[Line, str] = {(): "5.5.1"}
LAB: Mapping[Line, str] = {(): "4.6.2", (4, 5): "4.5.10"}
SERVER: Mapping[Line, str] = {(): "2.20.0"}
"""For a line of versions, by its first numbers, the first version with the fixes; `()` is any other."""


def behind(version: str, floors: Mapping[Line, str]) -> str:
    """The version to have at least, if `version` is older; empty if it is not, or cannot be read."""
    has = _release(version)
    if not has:
        return ""
    line = next((each for each in floors if each and has[: len(each)] == each), ())
    floor = _release(floors[line])
    if has == floor and re.search(r"\d(a|b|rc|\.dev)\d", version):
        return floors[line]  # a version on the way to it
    return floors[line] if has < floor else ""


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, of which there are at least three."""
    match = re.match(r"\d+(\.\d+)*", version)
    if not match:
        return ()
    numbers = [int(each) for each in match[0].split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))
