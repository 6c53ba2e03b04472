"""V3: what was built equals the source, apart from the listed transforms. Called by verify/__init__.py.

The source's effective values, with the plan's changes made in them, are compared leaf by leaf with what
Helm would compute from the files that were built. What a person filled in for a placeholder or a secret
is taken as it is, as long as it is the same wherever that placeholder stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from ..importers.source import CHART, HubSource, at, pointer
from ..importers.source import Path as Place
from ..targets.k8s.placeholders import MARK
from ..targets.k8s.planning import FACTS, SLOT, Design, design
from .built_k8s import BuiltHub, defaults_of, over_defaults
from .chart import chart_in, defaults_for, version_of
from .ladder import Result, Rung, judged

TO_FILL = re.compile(rf"{re.escape(MARK)}[a-z0-9.-]*[a-z0-9]|{re.escape(SLOT)}[A-Za-z0-9_.-]+>")
LONGEST = 200
"""Characters of a value that a report shows."""

MISSING = object()


def check(built: BuiltHub, source: HubSource, chart: Path | None = None) -> Rung:
    """Compare a built hub with its source.

    Arguments:
        built: the hub.
        source: that it was built from.
        chart: a directory with z2jh's chart: of a hub that was captured while it ran without it, it
            shows which defaults come back that the hub does not have.
    """
    planned = design(source)
    expected = _expected(source, planned)
    filled: dict[str, str] = {}
    items: dict[str, Result] = {}
    defaults = _defaults(source, chart)
    whole = over_defaults(built.values, defaults)
    wanted = expected.pop(CHART, {})
    if source.seen == "c" and not defaults_of(source.layers):
        wanted = _without_nulls(wanted, defaults)
    _compare("values", wanted, whole, items, filled)
    for name, values in expected.items():
        if name in FACTS:
            continue
        there = built.charts.get(name)
        if there is None:
            items[f"charts/{name}"] = Result("fail", "its values are not there")
        else:
            _compare(f"charts/{name}", values, there, items, filled)
    for name in set(built.charts) - set(expected):
        items[f"charts/{name}"] = Result("fail", "the source has no such chart")
    _compare_objects(planned, built, items, filled)
    _compare_versions(planned, built, items)
    return judged(items, "groups of values and objects")


def _defaults(source: HubSource, chart: Path | None) -> Mapping[str, Any]:
    """What Helm lays the built values over, as far as it is known; another version's is not."""
    if source.seen == "d" or chart is None:
        return defaults_of(source.layers)
    given, wanted = version_of(chart_in(chart)), source.chart.get("version", "")
    same = not (given and wanted) or given == wanted
    return defaults_for(source, chart if same else None)


def _without_nulls(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values without the nulls that are a chart's own: to Helm, one that is set takes it away."""
    return {
        key: _without_nulls(each, defaults[key])
        if isinstance(each, Mapping) and isinstance(defaults.get(key), Mapping)
        else each
        for key, each in values.items()
        if each is not None or key not in defaults
    }


def _expected(source: HubSource, planned: Design) -> dict[str, Any]:
    """The effective values with the plan's changes in them."""
    values: dict[str, Any] = deepcopy(dict(source.values))
    for step in planned.plan.steps:
        for change in step.changes:
            if step.kind == "left-out":
                around = at(values, change.path[:-1])
                if isinstance(around, dict):
                    around.pop(change.path[-1], None)
            elif step.kind != "secret" or change.was != change.now:
                _put(values, change.path, deepcopy(change.now))
    return values


def _put(values: Any, path: Place, value: Any) -> None:
    for each in path[:-1]:
        if isinstance(values, list):
            values = values[int(each)]
        else:
            if not isinstance(values.get(each), (dict, list)):
                values[each] = {}
            values = values[each]
    values[path[-1]] = value


def _compare(
    where: str, expected: Any, there: Any, items: dict[str, Result], filled: dict[str, str]
) -> None:
    """A result for each group of values, two keys deep, and one for each leaf that differs."""
    groups: dict[str, int] = {}
    broken: set[str] = set()
    for path, why in compared(expected, there, (), filled):
        group = pointer(path[:2])
        groups[group] = groups.get(group, 0) + 1
        if why:
            broken.add(group)
            items[f"{where} {pointer(path)}"] = Result("fail", why)
    for group, number in groups.items():
        if group not in broken:
            items[f"{where} {group}"] = Result("pass", f"{number} values are equal")


def compared(
    expected: Any, there: Any, path: Place, filled: dict[str, str]
) -> Iterator[tuple[Place, str]]:
    """Each leaf with why it differs; the text is empty where it does not.

    Arguments:
        expected: a value.
        there: what stands in its place.
        path: of both.
        filled: placeholder to what a person put for it; is added to.
    """
    if isinstance(expected, Mapping) and isinstance(there, Mapping):
        if not expected and not there:
            yield path, ""
        for key in [*expected, *(each for each in there if each not in expected)]:
            inner, found = expected.get(key, MISSING), there.get(key, MISSING)
            yield from compared(inner, found, (*path, key), filled)
    elif isinstance(expected, list) and isinstance(there, list):
        if not expected and not there:
            yield path, ""
        for index in range(max(len(expected), len(there))):
            inner = expected[index] if index < len(expected) else MISSING
            found = there[index] if index < len(there) else MISSING
            yield from compared(inner, found, (*path, index), filled)
    else:
        yield path, _why(expected, there, filled)


def _why(expected: Any, there: Any, filled: dict[str, str]) -> str:
    if expected is MISSING:
        return f"the source has nothing here; built was {_shown(there)}"
    if there is MISSING:
        return f"it is lost; the source has {_shown(expected)}"
    if isinstance(expected, str) and TO_FILL.search(expected):
        return _filled_in(expected, there, filled)
    if type(expected) is type(there) and expected == there:
        return ""
    if _numbers(expected, there) and expected == there:
        return ""  # 1 and 1.0 are one number to Helm
    return f"the source has {_shown(expected)}, built was {_shown(there)}"


def _numbers(*values: Any) -> bool:
    return all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in values)


def _filled_in(expected: str, there: Any, filled: dict[str, str]) -> str:
    """Whether a text is the expected one with its placeholders filled in, each as elsewhere."""
    if expected == there:
        return ""
    names = TO_FILL.findall(expected)
    if not isinstance(there, str):
        whole = names == [expected] and expected.startswith(SLOT) and there is not None
        return "" if whole else f"the source has {_shown(expected)}, built was {_shown(there)}"
    pattern, last = "", 0
    for found in TO_FILL.finditer(expected):
        pattern += re.escape(expected[last : found.start()]) + "(.*)"
        last = found.end()
    match = re.fullmatch(pattern + re.escape(expected[last:]), there, re.DOTALL)
    if match is None:
        return f"the source has {_shown(expected)}, built was {_shown(there)}"
    for name, value in zip(names, match.groups(), strict=True):
        if filled.setdefault(name, value) != value:
            return f"{name} is {_shown(value)} here and {_shown(filled[name])} elsewhere"
    return ""


def filled_in(expected: Any, there: Any, filled: dict[str, str]) -> bool:
    """Whether a value is the expected one, with its placeholders as they are or filled in."""
    return isinstance(expected, str) and not _why(expected, there, filled)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _compare_objects(
    planned: Design, built: BuiltHub, items: dict[str, Result], filled: dict[str, str]
) -> None:
    there = {_id(each): each for _, each in built.objects}
    wanted = {_id(each): each for each in (*planned.objects, *planned.secrets)}
    for name, document in wanted.items():
        if name not in there:
            items[name] = Result("fail", "it is not among the objects that were built")
            continue
        differences = [
            f"{pointer(path)}: {why}"
            for path, why in compared(document, there[name], (), filled)
            if why
        ]
        items[name] = Result("fail", "; ".join(differences)) if differences else Result("pass")
    for name in set(there) - set(wanted):
        items[name] = Result("fail", "the source asks for no such object")


def _compare_versions(planned: Design, built: BuiltHub, items: dict[str, Result]) -> None:
    noted = {each.get("name"): each for each in built.notes.get("charts", [])}
    for chart in (planned.hub, *planned.charts):
        told = noted.get(chart.name, {})
        for what, wanted in (("version", chart.version), ("repository", chart.repository)):
            name = f"{what} of {chart.name}"
            if told.get(what) == wanted:
                items[name] = Result("pass", wanted)
            else:
                why = f"the source has {_shown(wanted)}, built was {_shown(told.get(what))}"
                items[name] = Result("fail", why)


def _id(document: Mapping[str, Any]) -> str:
    return f"{document.get('kind')}/{(document.get('metadata') or {}).get('name')}"
