"""Makes of a hub's record, where z2jh's chart runs the hub, what an importer of files makes of a checkout. Called by recorded.py.

The record holds the values that Helm computed for the chart; which file set which value, and what the
charts around it made, a hub cannot see. Given the chart, its defaults are told apart from what was set,
and it shows which of them a null deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from .chart_record import SEEN
from .checkout import DEFAULTS_FILE
from .readable_secrets import is_python
from .source import CHART, Code, Hub, HubSource, Layer, Origin, SecretSlot, at, leaves, pointer
from .source import Path as Place
from .yaml_reading import parse, read_text

LAYER = "running"
"""The layer of what was set, as far as it is told apart from the chart's defaults."""

CHART_FILE = "Chart.yaml"
UNSET = "set.by"
"""Stands in the version of a chart that is a checkout and no release."""

CLOUDS = {"eks": "aws", "gke": "gcp"}
"""What 2i2c's chart calls a kind of Kubernetes, in a variable of the hub, to the provider."""

NOT_SEEN = {
    "the files that the values were set in, and what is written beside them": (
        "a running hub has the values merged; a checkout of what it is deployed from has the files"
    ),
    "charts that were installed beside the hub's, such as a file server or Dask": (
        "a running hub sees none of them; a checkout of what it is deployed from does"
    ),
}


def source_of_record(
    document: Mapping[str, Any], chart: Path | None = None, display_name: str = ""
) -> HubSource:
    """The hub of a record.

    Arguments:
        document: its record, with ``kubernetes``.
        chart: a directory with the chart of the version that runs the hub.
        display_name: what people call the hub.

    Raises:
        ReplicateError: the chart cannot be read, or is another.
    """
    told = document["kubernetes"]
    values: dict[str, Any] = {CHART: told["values"]}
    version = str(told["chart"].get("Version", ""))
    defaults = _defaults(chart, version) if chart else None
    own = _own(told["values"], defaults) if defaults is not None else dict(told["values"])
    layers: tuple[Layer, ...] = (Layer(LAYER, "running", SEEN, {CHART: own}),)
    not_captured = {**NOT_SEEN, **told["withheld"]}
    if defaults is None:
        not_captured["which defaults of the chart were deleted"] = (
            "the chart tells its hub what is left; give the same version of it with --chart DIR"
        )
    else:
        name = f"{CHART}-{version}/{DEFAULTS_FILE}" if version else DEFAULTS_FILE
        layers = (Layer("z2jh", "default", name, {CHART: defaults}), *layers)
    origins = _origins(values, {CHART: own}, layers)
    return HubSource(
        hub=_hub(told, display_name),
        values=values,
        layers=layers,
        origins=origins,
        secrets=tuple(_slot(each, values) for each in told["secrets"]),
        chart={
            "name": CHART,
            "version": version,
            "repository": "",
            "known": "no" if defaults is None else version or "yes",
        },
        code=_code(values, origins),
        not_captured=not_captured,
        seen="c",
        config_maps=told["config_maps"],
    )


def _hub(told: Mapping[str, Any], display_name: str) -> Hub:
    values = told["values"]
    hosts = at(values, ("ingress", "hosts")) or at(values, ("proxy", "https", "hosts")) or []
    host = next((each for each in hosts if isinstance(each, str)), "")
    kind = at(told["config_maps"], ("basehub-cluster-info", "K8S_DIST"), "")
    return Hub(
        name=told["namespace"] or told["release"] or "hub",
        cluster="",
        display_name=display_name,
        domain="" if "<" in host or "{" in host else host,
        provider=CLOUDS.get(kind, ""),
    )


def _slot(told: Mapping[str, Any], values: Any) -> SecretSlot:
    slot = SecretSlot(**{**told, "path": tuple(told["path"])})
    if isinstance(at(values, slot.path), str):
        return slot
    raise ReplicateError(
        f"the record says that a secret stands at {pointer(slot.path)}, and nothing does; restart the hub"
    )


def _defaults(directory: Path, version: str) -> dict[str, Any]:
    """The chart's own values, if it is of this version."""
    place = next(
        (each for each in (directory, directory / CHART) if (each / DEFAULTS_FILE).is_file()), None
    )
    if place is None:
        raise ReplicateError(
            f"{directory} holds no {DEFAULTS_FILE}; give the directory of the chart"
        )
    if (place / CHART_FILE).is_file():
        about = parse(read_text(place / CHART_FILE, place, CHART_FILE), CHART_FILE).node.plain()
        given = str(about.get("version") or "")
        if version and given and UNSET not in given and given != version:
            raise ReplicateError(
                f"the chart in {directory} is {given}, and the hub runs {version}; give that one, or none"
            )
    document = parse(read_text(place / DEFAULTS_FILE, place, DEFAULTS_FILE), DEFAULTS_FILE)
    defaults: dict[str, Any] = document.node.plain()
    return defaults


def _own(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What laid over the defaults gives the values: what differs, and None for what is gone."""
    own: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            if inner := _own(value, default):
                own[key] = inner
        elif key not in defaults or not _equal(value, default):
            own[key] = value
    return {**own, **{key: None for key in defaults if key not in values}}


def _equal(value: Any, default: Any) -> bool:
    numbers = all(isinstance(each, (int, float)) for each in (value, default))
    same_kind = type(value) is type(default) or (
        numbers and isinstance(value, bool) == isinstance(default, bool)
    )
    return same_kind and bool(value == default)


def _origins(values: Any, own: Any, layers: tuple[Layer, ...]) -> dict[Place, Origin]:
    """Where each leaf, each list and each empty mapping was set: by the chart, or else."""
    default = layers[0]
    running = layers[-1]
    origins: dict[Place, Origin] = {}
    for path, _ in leaves(values):
        whole = next(
            (place for place in range(len(path)) if isinstance(path[place], int)), len(path)
        )
        layer = (
            running
            if default is running or at(own, path[:whole], MISSING) is not MISSING
            else default
        )
        origin = Origin(layer.path, 0, layer.name)
        for end in range(whole, len(path) + 1):
            origins[path[:end]] = origin
    return origins


MISSING = object()


def _code(values: Any, origins: Mapping[Place, Origin]) -> dict[str, Code]:
    found = {}
    for path, text in leaves(values):
        if isinstance(text, str) and is_python(path, text):
            found[pointer(path)] = Code(path, text, origins[path], origins[path].layer == LAYER)
    return found
