"""What differs between two bundles of a hub, and what is a hub's own as against the defaults, value by value. Called by `jupyter 2i2c diff` and the console.

Both bundles are other people's text: it is bounded, and characters that would steer a terminal or
reorder a line are shown, not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from .bundle import Bundle, opened
from .errors import ReplicateError
from .hub_change import UNKNOWN, Change, change, clipped, lines, member, texts, wholes
from .hub_defaults import Defaults, defaults_of_settings, defaults_of_values, shared_by
from .hub_view import FUNCTION, PARTS, Fact, Key, View, dotted, view
from .manifest import Manifest
from .work import Work

MOST_CHANGES = 2000

MOST_COMPARED = 2_000_000
"""Characters that are compared line by line, in all texts together."""

MARKS = {"added": "+", "removed": "-", "changed": "~"}


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
                 if value or name not in ("diff", "source", "shared")}
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

    Of a hub from a deployments repository, each change says how many other hubs of the cluster share it.

    Arguments:
        bundle: of a hub.
        chart: a directory with z2jh's chart, for defaults that the bundle does not have.

    Raises:
        ReplicateError: it holds no hub, or is not as it was written.
    """
    seen = view(bundle)
    collected = _Collected(False)
    if seen.source:
        values = {key: fact for key, fact in seen.parts["values"].items() if fact.place}
        collected.against(defaults_of_values(seen.source, chart), values, seen)
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


def with_another(first: Bundle, b: Path | None, identity: Path | None, work: Work) -> HubDifference:
    """A bundle of a hub compared with another one that is still to be opened.

    Raises:
        ReplicateError: there is none, or it is not of a hub.
    """
    if b is None:
        raise ReplicateError(f"{first.place} is of a hub; give another one of it, or --defaults")
    with opened(b, work, identity=identity) as second:
        return compare(first, second)


def _only_one(part: str, called: str, one: View, other: View) -> str:
    which, lacks = ("first", other) if part in one.parts else ("second", one)
    why = f" ({lacks.missing[part]})" if lacks.missing.get(part) else ""
    return f"{called}: only the {which} bundle has that; the other does not{why}"


@dataclass
class _Found:
    """A change that is put into words only if it is shown."""

    layer: str
    what: str
    say: Callable[[], Change]
    texts: tuple[str, str] | None
    place: tuple[str | int, ...] = ()
    unknown: bool = False
    shared: int = 0


class _Collected:
    """Gathers changes."""

    def __init__(self, other_python: bool) -> None:
        self.found: list[_Found] = []
        self.same = 0
        self.notes: list[str] = []
        self.other_python = other_python

    def part(self, before: Mapping[Key, Fact], after: Mapping[Key, Fact], seen: View) -> None:
        """Compare one part."""
        outer = {key[:end] for side in (before, after) for key in side for end in range(len(key))}
        told: set[Key] = set()
        for kind, mine, theirs in (("added", after, before), ("removed", before, after)):
            for key, keys in wholes(mine, theirs).items():
                say = partial(member, key, keys, mine, kind, seen)
                first = mine[keys[0]]
                self.found.append(_Found(first.layer, dotted(key), say, None, first.place))
                told.update(keys)
        for key in sorted({*before, *after} - told):
            old, new = before.get(key), after.get(key)
            if old and new and self._equal(old.value, new.value):
                self.same += 1
            elif key in outer and not (old and new):
                continue  # an empty container whose members are listed
            else:
                say = partial(change, key, old, new, seen)
                fact = new or old
                assert fact
                self.found.append(_Found(fact.layer, dotted(key), say, texts(old, new), fact.place))

    def against(self, defaults: Defaults, after: Mapping[Key, Fact], seen: View) -> None:
        """Compare with what is the default."""
        unknown = {key: fact for key, fact in after.items() if key in defaults.unknown}
        self.part(
            defaults.facts, {key: fact for key, fact in after.items() if key not in unknown}, seen
        )
        there = len(self.found)
        self.part({}, unknown, seen)
        for each in self.found[there:]:
            each.unknown = True
        for each in self.found:
            if seen.source and each.place:
                each.shared = shared_by(seen.source, each.place)
        self.notes += defaults.notes

    def _equal(self, one: Any, other: Any) -> bool:
        if self.other_python and str(one).startswith(FUNCTION) and str(other).startswith(FUNCTION):
            return bool(one.partition(", bytecode")[0] == other.partition(", bytecode")[0])
        return type(one) is type(other) and bool(one == other)

    def result(self, first: Manifest, second: Manifest) -> HubDifference:
        """All of it, in order and bounded."""
        titles = {**first.layers, **second.layers}
        order = {layer: number for number, layer in enumerate(titles)}
        ordered = sorted(
            self.found,
            key=lambda each: (order.get(each.layer, len(order)), each.layer, each.what),
        )
        changes, left = [], MOST_COMPARED
        for each in ordered[:MOST_CHANGES]:
            both = each.texts
            left -= len(both[0]) + len(both[1]) if both else 0
            diff = lines(*both) if both and left > 0 else "too much to be compared" if both else ""
            made = replace(each.say(), diff=diff, shared=each.shared)
            changes.append(replace(made, before=UNKNOWN) if each.unknown else made)
        used = {each.layer for each in changes}
        return HubDifference(
            changes=tuple(changes),
            same=self.same,
            left_out=len(ordered) - len(changes),
            notes=tuple(clipped(each) for each in self.notes),
            titles={layer: clipped(str(title)) for layer, title in titles.items() if layer in used},
        )


def hub_diff_text(difference: HubDifference) -> str:
    """For a terminal: by layer; of what is no default, first this hub's own, and then what hubs share."""
    mine = [each for each in difference.changes if not each.shared]
    shared = [each for each in difference.changes if each.shared]
    said = list(_listed(mine, difference.titles))
    if shared:
        before = [f"This hub's own ({len(mine)})", "", *said, ""] if said else []
        title = f"Shared with other hubs of its cluster ({len(shared)})"
        said = [*before, title, "", *_listed(shared, difference.titles)]
    if difference.left_out:
        said.append(f"  and {difference.left_out} more")
    count = len(difference.changes) + difference.left_out
    differences = f"{count or 'no'} difference{'' if count == 1 else 's'}"
    if shared:
        differences += f", {len(shared)} of them shared with other hubs of its cluster"
    equal = f"{difference.same} value{' is' if difference.same == 1 else 's are'} equal"
    said += [*([""] if said else []), f"{differences}; {equal}"]
    said += [f"  {each}" for each in difference.notes]
    return "\n".join(said)


def _listed(changes: Sequence[Change], titles: Mapping[str, str]) -> Iterator[str]:
    layer = ""
    for each in changes:
        if each.layer != layer:
            if layer:
                yield ""
            layer = each.layer
            yield titles.get(layer, layer)
        yield f"  {MARKS[each.kind]} {_line(each)}"
        yield from (f"      {line}" for line in each.diff.splitlines())


def _line(each: Change) -> str:
    where = f"  ({each.source})" if each.source else ""
    if each.kind == "changed":
        return f"{each.what}: {each.before}, now {each.after}{where}"
    unknown = ", default not known" if each.before == UNKNOWN else ""
    return f"{each.what}: {each.after or each.before}{unknown}{where}"
