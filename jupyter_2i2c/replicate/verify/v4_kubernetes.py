"""V4 of a hub built for Kubernetes: the chart's own hub files, executed with the source's values and with what was built. Called by verify/kubernetes.py.

No Kubernetes is needed: a pod's files and variables are laid out in a directory, once as the umbrella chart
would and once as the built files do, and both run in the sandbox. What differs by a listed placeholder or
secret is set back before, so that every setting must be equal, functions by their bytecode.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from pathlib import Path
from threading import Event
from typing import Any

from ..errors import ReplicateError
from ..importers.source import CHART, HubSource, SecretSlot, at
from ..importers.source import Path as Place
from ..sandbox.start import Executed, NotExecuted, NotHere
from ..targets.k8s.objects import Object
from ..targets.k8s.planning import SLOT, design, objects_around, put
from ..work import Work
from .built_k8s import BuiltHub, defaults_of, over_defaults
from .chart import chart_in, code_of, defaults_for
from .hub_pod import SECTION, Pod, said_by
from .ladder import Result, Rung, failed, judged, not_run
from .v3_equal import compared, filled_in

NO_CHART = (
    "it executes the chart's own files, which are not ours to ship; give --chart DIR, a checkout of"
    " zero-to-jupyterhub-k8s or the chart unpacked"
)
SAMPLES: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True}


def check(
    built: BuiltHub, source: HubSource, chart: Path | None, python: Path | None, work: Work
) -> Rung:
    """Execute both and compare each setting.

    Arguments:
        built: the hub that was built.
        source: that it was built from.
        chart: a directory with z2jh's chart.
        python: the interpreter of the hub's image; this one by default.
        work: told how far it is.
    """
    if chart is None:
        return not_run(NO_CHART)
    code = code_of(chart_in(chart))
    if code is None:
        return not_run(f"{chart} holds no files/hub/jupyterhub_config.py; give the whole chart")
    work.step(0, 0, "executing both configurations in a sandbox")
    defaults = defaults_for(source, chart)
    pods = (_of_source(source, defaults, code), _of_built(built, source, defaults, code))
    with tempfile.TemporaryDirectory(prefix="2i2c-pods-") as directory:
        places = [Path(directory) / each for each in ("source", "built")]
        stopped = Event()

        def cancelled() -> bool:
            work.check()
            return stopped.is_set()

        with ThreadPoolExecutor(2) as both:
            started = [
                both.submit(said_by, pod, place, python, Work(cancelled=cancelled))
                for pod, place in zip(pods, places, strict=True)
            ]
            try:
                wait(started)
            except BaseException:  # by hand: neither goes on alone
                stopped.set()
                raise
        try:
            before = started[0].result()
        except NotHere as error:
            return not_run(str(error))
        except (NotExecuted, ReplicateError) as error:
            return not_run(f"the source's own configuration does not run here: {error}")
        try:
            after = started[1].result()
        except (NotExecuted, ReplicateError) as error:
            return failed(f"what was built does not run: {error}")
    return _judged(before, after)


def _judged(before: Executed, after: Executed) -> Rung:
    mine, theirs = dict(before.config), dict(after.config)
    items = _stand_ins(mine, theirs)
    for path in sorted({*mine, *theirs}):
        if path not in theirs:
            items[path] = Result("fail", "what was built does not set it")
        elif path not in mine:
            items[path] = Result("fail", "the source does not set it")
        else:
            items[path] = _same(_plain(mine[path]), _plain(theirs[path]))
    return judged(items, "settings")


def _stand_ins(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Result]:
    """An item for each module that is not here, which is never a pass."""
    items = {}
    calls = [_of_section(each, "calls") for each in (mine, theirs)]
    modules = {str(each) for told in (mine, theirs) for each in told.pop(f"{SECTION}.modules", [])}
    for module in sorted(modules):
        of_it = [
            [_plain(each) for each in told if str(each.get("call", "")).split(".")[0] == module]
            for told in calls
        ]
        if of_it[0] != of_it[1]:
            items[f"module {module}"] = Result("fail", "it is called otherwise by what was built")
        else:
            asked = (
                f"; what is asked of it is equal, call by call ({len(of_it[0])})"
                if of_it[0]
                else ""
            )
            items[f"module {module}"] = Result("not-run", f"needs {module}{asked}")
    return items


def _of_section(told: dict[str, Any], name: str) -> list[Any]:
    """Take the calls out of a record, which may have an item for each."""
    whole = told.pop(f"{SECTION}.{name}", None)
    if whole is not None:
        return list(whole)
    keys = [each for each in told if each.startswith(f"{SECTION}.{name}[")]
    return [told.pop(each) for each in keys]


def _plain(value: Any) -> Any:
    """A value without where its code stands."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    left = {"file", "line"} if {"bytecode", "functions"} & set(value) else set()
    return {name: _plain(each) for name, each in value.items() if name not in left}


def _same(mine: Any, theirs: Any) -> Result:
    if mine == theirs:
        return Result("pass")
    for path, why in compared(mine, theirs, (), {}):
        if why:
            place = "/".join(map(str, path))
            if place.endswith("bytecode"):
                return Result(
                    "fail", f"{place}: the function does something else than the source's"
                )
            return Result("fail", f"{place}: {why}" if place else why)
    return Result("fail", "it is of another kind")


def _of_source(source: HubSource, defaults: Mapping[str, Any], code: tuple[str, str]) -> Pod:
    objects = objects_around(source, source.values)
    values = source.values.get(CHART) or {}
    if not defaults_of(source.layers):  # else they are in it
        values = over_defaults(values, defaults)
    return _pod(values, _config_maps(objects), source, code)


def _of_built(
    built: BuiltHub, source: HubSource, defaults: Mapping[str, Any], code: tuple[str, str]
) -> Pod:
    """What was built, with placeholders and secrets set back to what stood there."""
    values = deepcopy(over_defaults(built.values, defaults))
    filled: dict[str, str] = {}
    for step in design(source).plan.steps:
        for change in step.changes:
            inside = change.path[0] == CHART and len(change.path) > 1
            if step.kind not in ("placeholder", "secret", "rewrite", "left-out") or not inside:
                continue
            place = change.path[1:]
            there = at(values, place, None)
            if step.kind == "secret" and change.was is None:
                continue  # a variable that was added
            gone = step.kind == "left-out" and there is None
            if gone or step.kind == "secret" or filled_in(change.now, there, filled):
                _put_back(values, place, change.was)
    words = {each.name: each.was for each in design(source).placeholders if each.places}
    for token, word in filled.items():
        words[word] = words.get(token, word)
    maps = _config_maps([dict(document) for _, document in built.objects])
    for data in maps.values():
        for key, text in data.items():
            for word, was in words.items():
                text = str(text).replace(word, was)
            data[key] = text
    return _pod(values, maps, source, code)


def _put_back(values: dict[str, Any], place: Place, was: Any) -> None:
    try:
        put(values, place, deepcopy(was))
    except (KeyError, IndexError, TypeError):
        return  # it is gone, which the comparison will say


def _config_maps(objects: list[Object]) -> dict[str, dict[str, Any]]:
    return {
        str(each["metadata"]["name"]): dict(each.get("data") or {})
        for each in objects
        if each.get("kind") == "ConfigMap"
    }


def _pod(
    values: Mapping[str, Any],
    config_maps: dict[str, dict[str, Any]],
    source: HubSource,
    code: tuple[str, str],
) -> Pod:
    secrets = {each.name: _sample(each) for each in source.secrets}
    return Pod(
        _with_stand_ins(values, {f"{SLOT}{name}>": value for name, value in secrets.items()}),
        config_maps,
        source.name,
        source.chart.get("version", ""),
        code,
        secrets,
    )


def _sample(slot: SecretSlot) -> Any:
    return SAMPLES.get(slot.type, f"stand-in-for-{slot.name}")


def _with_stand_ins(value: Any, samples: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_stand_ins(each, samples) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_stand_ins(each, samples) for each in value]
    if not isinstance(value, str) or SLOT not in value:
        return value
    if value in samples:
        return samples[value]
    for name, sample in samples.items():
        value = value.replace(name, str(sample))
    return value
