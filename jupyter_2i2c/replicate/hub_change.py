"""One value of a hub that differs, in words of bounded length that steer no terminal. Called by hub_diff.py."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .hub_view import FUNCTION, SLOT, Fact, Key, View, dotted
from .report_text import plain

LONGEST = 240
"""Characters that are shown of a value."""

DIFF_LINES = 80
LONGEST_TEXT = 200_000
MOST_LINES = 5_000
"""Characters and lines of a text whose lines are compared."""

FEW = 6
"""Members up to which a list is shown whole."""

UNKNOWN = "not known"
"""Stands for a default that nobody here knows."""

CALLED = (".title", ".display_name", ".name")
"""What is told first of a member."""


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes:
        layer: it belongs to.
        what: its dotted path.
        kind: ``added``, ``removed`` or ``changed``.
        before: the value in the first bundle, or the default (`UNKNOWN` where that is not known);
            empty where there is none.
        after: the value in the second bundle, or the hub's own.
        diff: of a text of several lines: the lines that differ, as `diff -u` has them.
        source: file and line where the hub's own value was written, where that is known.
        shared: how many other hubs of the cluster have it from the same file; 0 for what is this hub's
            alone, and where two bundles are compared.
    """

    layer: str
    what: str
    kind: str
    before: str
    after: str
    diff: str = ""
    source: str = ""
    shared: int = 0


def wholes(mine: Mapping[Key, Fact], theirs: Mapping[Key, Fact]) -> dict[Key, list[Key]]:
    """Named members that only one side has, each with the keys of all that is in it."""
    known = {key[:end] for key in theirs for end in range(len(key) + 1)}
    found: dict[Key, list[Key]] = {}
    for key in sorted(mine):
        for end in range(1, len(key)):
            if key[end - 1].startswith("[") and key[:end] not in known:
                found.setdefault(key[:end], []).append(key)
                break
    return found


def member(key: Key, keys: list[Key], side: Mapping[Key, Fact], kind: str, seen: View) -> Change:
    """A named member as a whole: what it says, in one line.

    Arguments:
        key: of the member.
        keys: of all that is in it.
        side: where it is.
        kind: ``added`` or ``removed``.
        seen: knows where values were written.
    """
    name = key[-1][1:]
    inner = sorted(keys, key=lambda each: (each[-1] not in CALLED, keys.index(each)))
    words = [f"{dotted(each[len(key) :])} {_said(side[each].value)}" for each in inner
             if side[each].value not in (None, "", [], {}, name)]  # fmt: skip
    text = clipped(", ".join(words) or _said(name), most=2 * LONGEST)
    both = ("", text) if kind == "added" else (text, "")
    fact = side[keys[0]]
    return Change(fact.layer, clipped(dotted(key)), kind, *both, source=_source(fact, seen))


def change(key: Key, old: Fact | None, new: Fact | None, seen: View) -> Change:
    """One value that differs; without the lines of a text, which `lines` gives."""
    fact = new or old
    assert fact
    kind = "added" if old is None else "removed" if new is None else "changed"
    before, after = _both(old, new)
    source = _source(new, seen) if new else ""
    return Change(fact.layer, clipped(dotted(key)), kind, before, after, source=source)


def _source(fact: Fact, seen: View) -> str:
    return clipped(str(seen.source.origin(fact.place))) if seen.source and fact.place else ""


def _both(old: Fact | None, new: Fact | None) -> tuple[str, str]:
    """Both values as they are shown; empty where there is none."""
    if old is None or new is None:
        shown = "".join(_alone(each.value) for each in (old, new) if each)
        return (shown, "") if old else ("", shown)
    one, other = old.value, new.value
    if isinstance(one, list) and isinstance(other, list) and max(len(one), len(other)) > FEW:
        return _members(one, other)
    if texts(old, new):
        return _size(one), _size(other)
    before, after = _said(one), _said(other)
    pairs = enumerate(zip(before, after, strict=False))
    start = next((at for at, (a, b) in pairs if a != b), min(len(before), len(after)))
    return clipped(before, start), clipped(after, start)


def _alone(value: Any) -> str:
    return _size(value) if isinstance(value, str) and "\n" in value else clipped(_said(value))


def texts(old: Fact | None, new: Fact | None) -> tuple[str, str] | None:
    """Two texts that are compared line by line; nothing where these are none."""
    if old is None or new is None:
        return None
    one, other = old.value, new.value
    if not isinstance(one, str) or not isinstance(other, str) or "\n" not in one + other:
        return None
    return one, other


def _said(value: Any) -> str:
    if isinstance(value, str) and (
        re.fullmatch(r"<secret:\w+>", value) or value.startswith((FUNCTION, SLOT))
    ):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _size(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    return f"{lines} line{'' if lines == 1 else 's'}"


def _members(one: list[Any], other: list[Any]) -> tuple[str, str]:
    """Two longer lists by what only one of them has."""
    said = [[_said(each) for each in side] for side in (one, other)]
    if sorted(said[0]) == sorted(said[1]):
        return f"{len(one)} members", "the same in another order"
    words = []
    for mine, theirs in ((said[0], set(said[1])), (said[1], set(said[0]))):
        only = [each for each in mine if each not in theirs]
        more = f"; only here: {', '.join(only)}" if only else ""
        words.append(clipped(f"{len(mine)} members{more}"))
    return words[0], words[1]


def lines(one: str, other: str) -> str:
    """The lines that differ, as `diff -u` has them, bounded in their number and length."""
    before, after = one.splitlines(), other.splitlines()
    if max(len(one), len(other)) > LONGEST_TEXT or max(len(before), len(after)) > MOST_LINES:
        return "too long to be compared line by line"
    different = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    shown = [clipped(each) for each in different[:DIFF_LINES]]
    if len(different) > DIFF_LINES:
        shown.append(f"… {len(different) - DIFF_LINES} more lines")
    return "\n".join(shown) or "they differ in how their lines end"


def clipped(text: str, around: int = 0, most: int = LONGEST) -> str:
    """A text of bounded length, with the place that matters in it, and nothing that steers a terminal."""
    start = max(0, around - most // 2) if len(text) > most else 0
    part = text[start : start + most]
    before, after = "…" if start else "", "…" if start + most < len(text) else ""
    size = f" ({len(text)} characters)" if before or after else ""
    return f"{before}{plain(part)}{after}{size}"
