"""What differs between two bundles of a hub, and what is a hub's own as against the defaults, value by value. Called by `jupyter 2i2c diff` and the console.

Both bundles are other people's text: it is bounded, and characters that would steer a terminal or
reorder a line are shown, not sent.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .bundle import Bundle, opened
from .errors import ReplicateError
from .hub_defaults import Defaults, defaults_of_settings, defaults_of_values
from .hub_view import FUNCTION, PARTS, Fact, Key, View, dotted, view
from .manifest import Manifest
from .report_text import plain
from .work import Progress, Work

MOST_CHANGES = 2000
LONGEST = 240
"""Characters that are shown of a value."""

DIFF_LINES = 80
LONGEST_TEXT = 200_000
"""Characters of a text whose lines are compared."""

FEW = 6
"""Members up to which a list is shown whole."""

UNKNOWN = "not known"
"""Stands for a default that nobody here knows."""

CALLED = (".title", ".display_name", ".name")
"""What is told first of a member."""

MARKS = {"added": "+", "removed": "-", "changed": "~"}


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
    """

    layer: str
    what: str
    kind: str
    before: str
    after: str
    diff: str = ""
    source: str = ""


@dataclass(frozen=True)
class HubDifference:
    """What differs.

    Attributes:
        changes: by layer, in the layers' order, then by path.
        same: how many values are equal.
        left_out: how many changes there are beyond `MOST_CHANGES`.
        notes: what could not be compared, and why.
        titles: of the layers.
    """

    changes: tuple[Change, ...]
    same: int
    left_out: int
    notes: tuple[str, ...]
    titles: Mapping[str, str]

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.changes)

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and the console."""
        return {
            "changes": [
                {name: value for name, value in vars(each).items()
                 if value or name not in ("diff", "source")}
                for each in self.changes
            ],
            "same": self.same,
            "left_out": self.left_out,
            "notes": list(self.notes),
            "titles": dict(self.titles),
        }  # fmt: skip


def compare(first: Bundle, second: Bundle) -> HubDifference:
    """What the second says of its hub that the first does not, and the other way round.

    Raises:
        ReplicateError: one of them holds no hub, or is not as it was written.
    """
    one, other = view(first), view(second)
    collected = _Collected(bool(one.python and other.python and one.python != other.python))
    for part, called in PARTS.items():
        if part in one.parts and part in other.parts:
            collected.part(one.parts[part], other.parts[part], other)
        elif part in one.parts or part in other.parts:
            collected.notes.append(_only_one(part, called, one, other))
        elif part in one.missing:
            collected.notes.append(f"{called}: in neither bundle ({one.missing[part]})")
    collected.notes.append("of secrets only the slots are compared; no bundle has their values")
    if collected.other_python:
        collected.notes.append(
            f"functions are compared by name, because their bytecode is of Python {one.python} and"
            f" {other.python}; the files that they stand in are compared line by line"
        )
    return collected.result(first.manifest(), second.manifest())


def own(bundle: Bundle, chart: Path | None = None) -> HubDifference:
    """What is this hub's own, as against the defaults: of the charts and the template, or of JupyterHub.

    Arguments:
        bundle: of a hub.
        chart: a directory with z2jh's chart, for defaults that the bundle does not have.

    Raises:
        ReplicateError: it holds no hub, or is not as it was written.
    """
    seen = view(bundle)
    collected = _Collected(False)
    if seen.source:
        collected.against(defaults_of_values(seen.source, chart), seen.parts["values"], seen)
    if "settings" in seen.parts:
        versions = {
            key[-1][1:]: str(fact.value) for key, fact in seen.parts.get("packages", {}).items()
        }
        collected.against(
            defaults_of_settings(seen.parts["settings"], versions), seen.parts["settings"], seen
        )
    for part in ("files", "announcements"):
        collected.part({}, seen.parts.get(part, {}), seen)
    return collected.result(bundle.manifest(), bundle.manifest())


def between_hubs(
    a: Path,
    b: Path | None,
    defaults: bool = False,
    chart: Path | None = None,
    identity: Path | None = None,
    progress: Progress | None = None,
) -> HubDifference | None:
    """What `diff` says of bundles of hubs; None where both are bundles of something else.

    Raises:
        ReplicateError: only one of them is of a hub, or the call is no comparison.
    """
    work = Work(progress)
    with ExitStack() as stack:
        first = stack.enter_context(opened(a, work, identity=identity))
        second = stack.enter_context(opened(b, work, identity=identity)) if b else None
        kinds = {each.manifest().kind for each in (first, second) if each}
        if defaults and second:
            raise ReplicateError("--defaults compares one bundle with the defaults; give only one")
        if defaults:
            return own(first, chart)
        if "hub" not in kinds:
            return None
        if second is None:
            raise ReplicateError(f"{a} is of a hub; give another one of it, or --defaults")
        if len(kinds) > 1:
            raise ReplicateError(f"one of {a} and {b} is of a hub, the other is not")
        return compare(first, second)


def _only_one(part: str, called: str, one: View, other: View) -> str:
    which, lacks = ("first", other) if part in one.parts else ("second", one)
    why = f" ({lacks.missing[part]})" if lacks.missing.get(part) else ""
    return f"{called}: only the {which} bundle has that; the other does not{why}"


class _Collected:
    """Gathers changes."""

    def __init__(self, other_python: bool) -> None:
        self.changes: list[Change] = []
        self.same = 0
        self.notes: list[str] = []
        self.other_python = other_python

    def part(self, before: Mapping[Key, Fact], after: Mapping[Key, Fact], seen: View) -> None:
        """Compare one part."""
        outer = {key[:end] for side in (before, after) for key in side for end in range(len(key))}
        wholes = {"added": _whole(after, before), "removed": _whole(before, after)}
        for kind, found in wholes.items():
            side = after if kind == "added" else before
            self.changes += [_member(key, keys, side, kind, seen) for key, keys in found.items()]
        told = {key for found in wholes.values() for keys in found.values() for key in keys}
        for key in sorted({*before, *after} - told):
            old, new = before.get(key), after.get(key)
            if old and new and self._equal(old.value, new.value):
                self.same += 1
            elif key in outer and not (old and new):
                continue  # an empty container whose members are listed
            else:
                self.changes.append(_change(key, old, new, seen))

    def against(self, defaults: Defaults, after: Mapping[Key, Fact], seen: View) -> None:
        """Compare with what is the default."""
        unknown = {key: fact for key, fact in after.items() if key in defaults.unknown}
        self.part(
            defaults.facts, {key: fact for key, fact in after.items() if key not in unknown}, seen
        )
        there = len(self.changes)
        self.part({}, unknown, seen)
        self.changes[there:] = [replace(each, before=UNKNOWN) for each in self.changes[there:]]
        self.notes += defaults.notes

    def _equal(self, one: Any, other: Any) -> bool:
        if self.other_python and str(one).startswith(FUNCTION) and str(other).startswith(FUNCTION):
            return bool(one.partition(", bytecode")[0] == other.partition(", bytecode")[0])
        return type(one) is type(other) and bool(one == other)

    def result(self, first: Manifest, second: Manifest) -> HubDifference:
        """All of it, in order and bounded."""
        titles = {**first.layers, **second.layers}
        order = {layer: number for number, layer in enumerate(titles)}
        changes = sorted(
            self.changes,
            key=lambda each: (order.get(each.layer, len(order)), each.layer, each.what),
        )
        used = {each.layer for each in changes}
        return HubDifference(
            changes=tuple(changes[:MOST_CHANGES]),
            same=self.same,
            left_out=max(0, len(changes) - MOST_CHANGES),
            notes=tuple(_clipped(each) for each in self.notes),
            titles={
                layer: _clipped(str(title)) for layer, title in titles.items() if layer in used
            },
        )


def _whole(mine: Mapping[Key, Fact], theirs: Mapping[Key, Fact]) -> dict[Key, list[Key]]:
    """Named members that only one side has, each with the keys of all that is in it."""
    known = {key[:end] for key in theirs for end in range(len(key) + 1)}
    found: dict[Key, list[Key]] = {}
    for key in sorted(mine):
        for end in range(1, len(key)):
            if key[end - 1].startswith("[") and key[:end] not in known:
                found.setdefault(key[:end], []).append(key)
                break
    return found


def _member(key: Key, keys: list[Key], side: Mapping[Key, Fact], kind: str, seen: View) -> Change:
    """A named member as a whole: what it says, in one line."""
    name = key[-1][1:]
    inner = sorted(keys, key=lambda each: (each[-1] not in CALLED, keys.index(each)))
    words = [f"{dotted(each[len(key) :])} {_said(side[each].value)}" for each in inner
             if side[each].value not in (None, "", [], {}, name)]  # fmt: skip
    text = _clipped(", ".join(words) or _said(name))
    fact = side[keys[0]]
    source = _clipped(str(seen.source.origin(fact.place))) if seen.source and fact.place else ""
    both = ("", text) if kind == "added" else (text, "")
    return Change(fact.layer, _clipped(dotted(key)), kind, *both, source=source)


def _change(key: Key, old: Fact | None, new: Fact | None, seen: View) -> Change:
    fact = new or old
    assert fact
    kind = "added" if old is None else "removed" if new is None else "changed"
    before, after, diff = _both(old, new)
    source = ""
    if seen.source and fact.place and new:
        source = _clipped(str(seen.source.origin(fact.place)))
    return Change(fact.layer, _clipped(dotted(key)), kind, before, after, diff, source)


def _both(old: Fact | None, new: Fact | None) -> tuple[str, str, str]:
    """Both values as they are shown, and the lines that differ."""
    one, other = (old.value if old else None), (new.value if new else None)
    if (
        old
        and new
        and isinstance(one, list)
        and isinstance(other, list)
        and max(len(one), len(other)) > FEW
    ):
        return (*_members(one, other), "")
    texts = [each for each in (one, other) if isinstance(each, str) and "\n" in each]
    if texts and all(isinstance(each, str) for each in (one, other) if each is not None):
        diff = _lines(str(one), str(other)) if old and new else ""
        return (_size(str(one)) if old else "", _size(str(other)) if new else "", diff)
    before, after = (_said(each) if fact else "" for each, fact in ((one, old), (other, new)))
    if old and new:
        start = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                     min(len(before), len(after)))  # fmt: skip
        return _clipped(before, start), _clipped(after, start), ""
    return _clipped(before), _clipped(after), ""


def _said(value: Any) -> str:
    if isinstance(value, str) and (
        re.fullmatch(r"<secret:\w+>", value) or value.startswith(FUNCTION)
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
        words.append(_clipped(f"{len(mine)} members{more}"))
    return words[0], words[1]


def _lines(one: str, other: str) -> str:
    """The lines that differ, bounded in their number and length."""
    if max(len(one), len(other)) > LONGEST_TEXT:
        return "too long to be compared line by line"
    lines = list(difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=2))[2:]
    shown = [_clipped(each) for each in lines[:DIFF_LINES]]
    if len(lines) > DIFF_LINES:
        shown.append(f"… {len(lines) - DIFF_LINES} more lines")
    return "\n".join(shown) or "they differ in how their lines end"


def _clipped(text: str, around: int = 0) -> str:
    """A text of bounded length, with the place that matters in it, and nothing that steers a terminal."""
    start = max(0, around - LONGEST // 2) if len(text) > LONGEST else 0
    part = text[start : start + LONGEST]
    before, after = "…" if start else "", "…" if start + LONGEST < len(text) else ""
    size = f" ({len(text)} characters)" if before or after else ""
    return f"{before}{plain(part)}{after}{size}"


def hub_diff_text(difference: HubDifference) -> str:
    """For a terminal: by layer."""
    lines: list[str] = []
    layer = ""
    for each in difference.changes:
        if each.layer != layer:
            layer = each.layer
            lines += (
                ["", difference.titles.get(layer, layer)]
                if lines
                else [difference.titles.get(layer, layer)]
            )
        lines.append(f"  {MARKS[each.kind]} {_line(each)}")
        lines += [f"      {line}" for line in each.diff.splitlines()]
    if difference.left_out:
        lines.append(f"  and {difference.left_out} more")
    lines += [""] if lines else []
    count = len(difference.changes) + difference.left_out
    differences = f"{count or 'no'} difference{'' if count == 1 else 's'}"
    equal = f"{difference.same} value{' is' if difference.same == 1 else 's are'} equal"
    lines.append(f"{differences}; {equal}")
    lines += [f"  {each}" for each in difference.notes]
    return "\n".join(lines)


def _line(each: Change) -> str:
    where = f"  ({each.source})" if each.source else ""
    if each.kind == "changed":
        return f"{each.what}: {each.before}, now {each.after}{where}"
    unknown = ", default not known" if each.before == UNKNOWN else ""
    return f"{each.what}: {each.after or each.before}{unknown}{where}"
