"""V1 of a hub built for Kubernetes: objects by Kubernetes' schemas, values by the chart's. Called by verify/kubernetes.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..importers.source import HubSource, SecretSlot, at, pointer
from ..importers.source import Path as Place
from ..importers.yaml_reading import parse, read_text
from .built_k8s import BuiltHub, over_defaults
from .chart import chart_in, defaults_in, schema_of, version_of
from .ladder import Result, Rung, judged

KUBERNETES = "1.34"
"""The version whose schemas are asked; none of the objects has changed since long before it."""

CONTAINER = "io.k8s.api.core.v1.Container"
VOLUME = "io.k8s.api.core.v1.Volume"
FRAGMENTS: tuple[tuple[Place, str], ...] = (
    (("hub", "initContainers"), CONTAINER),
    (("hub", "extraContainers"), CONTAINER),
    (("hub", "extraVolumes"), VOLUME),
    (("singleuser", "initContainers"), CONTAINER),
    (("singleuser", "extraContainers"), CONTAINER),
    (("singleuser", "storage", "extraVolumes"), VOLUME),
)
"""Where z2jh's values hold parts of pods, and what they are."""

LISTING = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
"""What the listing of the objects says of itself, beside the namespace and what it lists."""

NO_SCHEMAS = "Kubernetes' schemas are not there; the extra `replicate` brings them"
SAMPLES: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True}
"""What stands for a secret while values are checked, by the type that it has."""


def check(built: BuiltHub, source: HubSource, chart: Path | None = None) -> Rung:
    """Every object and every part of a pod by Kubernetes' schemas; the values by the chart's.

    Arguments:
        built: the hub.
        source: that it was built from.
        chart: a directory with the chart; without one its schema cannot be asked.

    Raises:
        ReplicateError: the chart cannot be read.
    """
    items = dict(_objects(built))
    items.update(_fragments(built))
    items.update(_listed(built, source.name))
    items["values.yaml"] = _values(built, source, chart)
    return judged(items, "objects and values")


def _objects(built: BuiltHub) -> Iterator[tuple[str, Result]]:
    for name, document in built.objects:
        try:
            schema = _schema_of(str(document.get("kind")), str(document.get("apiVersion")))
        except ImportError:
            yield name, Result("not-run", NO_SCHEMAS)
            continue
        if schema is None:
            kind = f"{document.get('kind')} of {document.get('apiVersion')}"
            yield name, Result("fail", f"Kubernetes {KUBERNETES} has no {kind}")
        else:
            yield name, _by(_kubernetes_validator(schema), document)


def _fragments(built: BuiltHub) -> Iterator[tuple[str, Result]]:
    for place, kind in FRAGMENTS:
        value = at(built.values, place)
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value or [])
        for key, fragment in pairs:
            if fragment is None:
                continue
            name = f"values.yaml {pointer((*place, key))}"
            try:
                yield name, _by(_kubernetes_validator(f"#{kind}"), fragment)
            except ImportError:
                yield name, Result("not-run", NO_SCHEMAS)


def _listed(built: BuiltHub, hub: str) -> Iterator[tuple[str, Result]]:
    """Whether `kubectl apply -k` finds what the listing names, and the listing all there is and nothing more.

    What else such a listing can hold, such as patches, images or another namespace, would change the
    objects after every rung has looked at them.
    """
    name = "kustomization.yaml"
    try:
        listing = parse(read_text(built.directory / name, built.directory, name), name).node.plain()
        listed = {str(each) for each in listing.get("resources") or []}
    except (ReplicateError, AttributeError) as error:
        yield name, Result("fail", str(error))
        return
    there = {each for each, _ in built.objects if each.startswith("objects/")}
    wrong = [f"{each} is not there" for each in sorted(listed - there)]
    wrong += [f"{each} is not listed" for each in sorted(there - listed)]
    written = {**LISTING, "namespace": hub}
    for key in sorted({*listing, *written} - {"resources"}, key=str):
        if listing.get(key) != written.get(key):
            wrong.append(f"{key} is not as it was built")
    yield name, Result("fail", "; ".join(wrong)) if wrong else Result("pass")


def _values(built: BuiltHub, source: HubSource, chart: Path | None) -> Result:
    if chart is None:
        return Result("not-run", "give --chart DIR, the chart jupyterhub as it is unpacked")
    try:
        from jsonschema import Draft7Validator
    except ImportError:
        return Result("not-run", "jsonschema is not there; the extra `replicate` brings it")
    schema, defaults = _chart(chart_in(chart))
    values = over_defaults(_with_samples(built.values, source.secrets), defaults)
    result = _by(Draft7Validator(schema), values)
    given, wanted = version_of(chart_in(chart)), source.chart.get("version", "")
    if result.status == "pass" and given and wanted and given != wanted:
        return Result("pass", f"by the schema of version {given}; the hub runs {wanted}")
    return result


@cache
def _chart(directory: Path) -> tuple[Any, Mapping[str, Any]]:
    """The schema and the defaults of a chart."""
    found = schema_of(directory)
    name = found.name if found else ""
    schema = parse(read_text(directory / name, directory, name), name).node.plain()
    return schema, defaults_in(directory)


def _with_samples(values: Mapping[str, Any], slots: tuple[SecretSlot, ...]) -> dict[str, Any]:
    """The values with something of the right type where a secret is not filled in yet."""
    samples = {each.placeholder: SAMPLES[each.type] for each in slots if each.type in SAMPLES}

    def sampled(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: sampled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [sampled(each) for each in value]
        return samples.get(value, value) if isinstance(value, str) else value

    return {key: sampled(each) for key, each in values.items()}


def _by(validator: Any, document: Any) -> Result:
    from jsonschema import exceptions

    error = exceptions.best_match(validator.iter_errors(document))
    if error is None:
        return Result("pass")
    message = error.message if len(error.message) <= 300 else error.message[:299] + "…"
    return Result("fail", f"{error.json_path}: {message}")


@cache
def _schemas() -> Any:
    import kubernetes_validate  # noqa: F401 -- the package is only its data here

    top = files("kubernetes_validate") / "kubernetes-json-schema"
    return top / f"v{KUBERNETES}.0-local-strict"


def _schema_of(kind: str, version: str) -> str | None:
    """The name of the file with the schema of a kind; None where there is none."""
    group, _, number = version.rpartition("/")
    short = f"{group.partition('.')[0]}-{number}" if group else number
    name = f"{kind.lower()}-{short}.json"
    return name if (_schemas() / name).is_file() else None


@cache
def _kubernetes_validator(name: str) -> Any:
    """What checks a kind by its file, or a part of one by ``#`` and its definition."""
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    definitions = Resource.from_contents(_definitions())
    registry: Any = definitions @ Registry()
    if name.startswith("#"):
        schema: Any = {"$ref": f"{definitions.id()}#/$defs/{name[1:]}"}
    else:
        schema = json.loads((_schemas() / name).read_text("utf-8"))
    return Draft202012Validator(schema, registry=registry)


@cache
def _definitions() -> Any:
    return json.loads((_schemas() / "_definitions.json").read_text("utf-8"))
