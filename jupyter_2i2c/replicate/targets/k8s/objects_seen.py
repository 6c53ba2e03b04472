"""The objects that a hub was seen to need, where it was captured while it ran and nobody knows what made them. Called by planning.py.

A running hub knows their names, from its values; what ConfigMaps bring into its own pod, it can read.
All else is a decision to take: a word stands in its place that Kubernetes takes, and that reaches nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...importers.source import CHART, HubSource
from .objects import NAME, Object, config_maps_of, head
from .placeholders import MARK, Placeholder
from .provided import maker_of, provided_by_chart
from .references import Reference, references_of_hub

CLASS = f"{MARK}storage-class"
UNSEEN = f"{MARK}key"
"""The key of a ConfigMap of which nobody knows any."""

SIZE = "10Gi"
"""Of a claim whose size nobody saw; most storage classes let it grow."""


def objects_seen(source: HubSource) -> list[Object]:
    """An object for each thing that the hub refers to and that neither its chart nor a person makes.

    Secrets are not among them: for these there are templates.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for reference in _unmade(source):
        keys = wanted.setdefault((reference.kind, reference.name), set())
        if reference.key:
            keys.add(reference.key)
    made = []
    known = config_maps_of(source.values, "")
    for (kind, name), keys in wanted.items():
        if kind == "ServiceAccount":
            made.append(head("v1", kind, name))
        elif kind == "ConfigMap":
            seen = {**known.get(name, {}), **source.config_maps.get(name, {})}
            made.append(_config_map(name, keys, seen))
        elif kind == "PersistentVolumeClaim":
            made.append(_claim(name))
        elif kind == "PriorityClass":
            made.append({**head("scheduling.k8s.io/v1", kind, name), "value": 0})
    return made


def _unmade(source: HubSource) -> Iterator[Reference]:
    values = source.values.get(CHART) or {}
    provided = provided_by_chart(values, source.name)
    for reference in references_of_hub(values):
        _, why = maker_of(reference, provided)
        if why and not reference.optional and NAME.fullmatch(reference.name):
            yield reference


def _config_map(name: str, keys: set[str], seen: Mapping[str, Any]) -> Object:
    """With all that was seen of it; a key that something needs and nobody saw is a decision."""
    data = {key: _placeholder(name, key) for key in sorted(keys)}
    data.update({key: str(text) for key, text in seen.items() if str(text)})
    if not data:
        data = {UNSEEN: _placeholder(name, "what is in it")}
    return {**head("v1", "ConfigMap", name), "data": data}


def _placeholder(name: str, key: str) -> str:
    word = "".join(each if each.isalnum() else "-" for each in f"{name}-{key}".lower())
    return f"{MARK}{word.strip('-')}"


def _claim(name: str) -> Object:
    made = head("v1", "PersistentVolumeClaim", name)
    made["spec"] = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": CLASS,
        "resources": {"requests": {"storage": SIZE}},
    }
    return made


def decisions_in(objects: list[Object]) -> Iterator[Placeholder]:
    """What is to be decided of such objects."""
    claims = [
        each["metadata"]["name"] for each in objects if each["kind"] == "PersistentVolumeClaim"
    ]
    if claims:
        yield Placeholder(
            CLASS,
            "not seen",
            f"the storage class of the claims {', '.join(claims)}",
            "one of `kubectl get storageclass` that several pods can write to; look at the size, too",
        )
    for each in objects:
        for key, text in each.get("data", {}).items():
            if text.startswith(MARK):
                name = each["metadata"]["name"]
                what = f"{key} of the ConfigMap {name}"
                yield Placeholder(
                    text, "not seen", what, "what the hub's pod does with it tells what it is"
                )
