"""What stands out in a hub's files: what Helm ignores, what is lost on the way, what hides. Called by infrastructure.py.

Each is a small function of what was read; judging what a hub is configured to do is lint's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .source import CHART, Finding, HubSource, at, leaves, pointer
from .source import Path as Place
from .yaml_reading import Document, Node

HELM_TEMPLATE = re.compile(
    r"\{\{-?\s*(include|tpl|template|\.Values|\.Release|\.Chart|if|range|with|toYaml)\b"
)


def noticed(
    source: HubSource,
    documents: Mapping[str, Document],
    cluster: Document,
    entry: Node,
    nesting: str,
) -> tuple[Finding, ...]:
    """All of it.

    Arguments:
        source: the hub, merged.
        documents: the files of its layers, by their paths.
        cluster: the cluster's file.
        entry: the hub in it.
        nesting: the key under which its chart nests everything; empty where it does not.
    """
    files = {each.name: each for each in [cluster, *documents.values()]}
    found = [
        *_twice(files),
        *_more_documents(files),
        *(_outside(source, documents, nesting) if nesting else ()),
        *_lists_in_several_files(source),
        *_public_after_secret(source, cluster.name, entry),
        *_plain_secrets(source),
        *_stubs(source),
        *_settings_in_secret_files(source),
        *_helm_templates(source),
        *_charts(source, cluster.name, entry),
    ]
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.id, each.pointer)))


def _twice(files: Mapping[str, Document]) -> Iterator[Finding]:
    for name, document in files.items():
        for path, first, last in document.duplicates:
            yield Finding(
                "duplicate-key", "error", name, last, pointer(path),
                f"{path[-1]} stands in line {first}, too; Helm takes the later one and drops the other",
                "put both together, or remove one",
            )  # fmt: skip


def _more_documents(files: Mapping[str, Document]) -> Iterator[Finding]:
    for name, document in files.items():
        if document.more:
            yield Finding(
                "second-document", "error", name, document.more, "",
                "a second YAML document begins here, which Helm does not read",
                "put it into a file of its own, or remove the ---",
            )  # fmt: skip


def _outside(
    source: HubSource, documents: Mapping[str, Document], nesting: str
) -> Iterator[Finding]:
    chart = source.hub.helm_chart
    for layer in source.layers:
        if layer.path not in documents or layer.kind not in ("public", "secret"):
            continue
        top = documents[layer.path].node.value
        for key in top:
            if key in (nesting, "sops", "global", chart):
                continue
            yield Finding(
                "stray-top-level-key", "warning", layer.path, top[key].line, pointer((key,)),
                f"{key} stands beside {nesting}, where Helm ignores it: the chart is {chart}",
                f"move it below {nesting}, or remove it",
            )  # fmt: skip


def _lists_in_several_files(source: HubSource) -> Iterator[Finding]:
    seen: dict[Place, list[str]] = {}
    for layer in source.layers:
        if layer.kind in ("public", "secret"):
            for path in _lists(layer.values):
                seen.setdefault(path, []).append(layer.path)
    by_path = {layer.path: layer for layer in source.layers}
    for path, files in seen.items():
        if len(files) < 2:
            continue
        lost = _lost(at(by_path[files[-2]].values, path), at(by_path[files[-1]].values, path))
        yield Finding(
            "list-in-several-files", "warning" if lost else "note", files[-1],
            by_path[files[-1]].origin(path).line, pointer(path),
            f"this list is in {' and '.join(files)}; lists replace each other, so the last one wins"
            + (f" and {lost} of the other are lost" if lost else ""),
            "keep it in one file",
        )  # fmt: skip


def _lost(below: Any, above: Any) -> int:
    if not isinstance(below, list) or not isinstance(above, list):
        return 0
    return sum(each not in above for each in below)


def _lists(values: Any, path: Place = ()) -> Iterator[Place]:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _lists(value, (*path, key))
    elif isinstance(values, list):
        yield path


def _public_after_secret(source: HubSource, cluster: str, entry: Node) -> Iterator[Finding]:
    secret = ""
    listed = entry.value.get("helm_chart_values_files")
    lines = {each.value: each.line for each in listed.value} if listed is not None else {}
    for layer in source.layers:
        if layer.kind == "secret":
            secret = layer.path
        elif layer.kind == "public" and secret:
            yield Finding(
                "public-after-secret", "note", cluster, lines.get(layer.name, entry.line), "",
                f"{layer.path} is laid over {secret}, so it may replace what is encrypted there",
                "list encrypted files last",
            )  # fmt: skip


def _plain_secrets(source: HubSource) -> Iterator[Finding]:
    for slot in source.secrets:
        if slot.found == "plain":
            yield Finding(
                "readable-secret", "warning", slot.file, slot.line, pointer(slot.path),
                f"what looks like a secret stands readable; it is not in the bundle, {slot.name} stands for it",
                "withdraw it and put the new one into an encrypted file",
            )  # fmt: skip


def _stubs(source: HubSource) -> Iterator[Finding]:
    for slot in source.secrets:
        if slot.found == "stub":
            yield Finding(
                "stub-secret", "warning", slot.file, slot.line, pointer(slot.path),
                "only a placeholder stands where a secret belongs, and no file replaces it",
                f"supply it as {slot.name}",
            )  # fmt: skip
        elif slot.found == "required":
            yield Finding(
                "missing-secret", "warning", slot.file, slot.line, pointer(slot.path),
                f"{slot.what}: the code asks for {slot.name}, which no file sets",
                slot.how,
            )  # fmt: skip


def _settings_in_secret_files(source: HubSource) -> Iterator[Finding]:
    for slot in source.secrets:
        if slot.found == "encrypted" and slot.kind in ("setting", "code", "configuration"):
            hides = slot.kind != "setting"
            yield Finding(
                "hidden-behaviour" if hides else "setting-in-secret-file",
                "warning" if hides else "note", slot.file, slot.line, pointer(slot.path),
                f"{slot.what}; nobody without the key knows what it is",
                "ask the operator for it" if hides else "move it to a public file",
            )  # fmt: skip


def _helm_templates(source: HubSource) -> Iterator[Finding]:
    for path, value in leaves(source.values):
        if isinstance(value, str) and HELM_TEMPLATE.search(value):
            origin = source.origin(path)
            if origin.layer not in ("z2jh", "chart"):
                yield Finding(
                    "helm-template-in-value", "note", origin.file, origin.line, pointer(path),
                    "a template of Helm stands in a value; only a chart that renders this value fills it in",
                    "check that the chart it goes to does",
                )  # fmt: skip


def _charts(source: HubSource, cluster: str, entry: Node) -> Iterator[Finding]:
    override = entry.value.get("chart_override")
    line = entry.line if override is None else override.line
    known, wanted = source.chart.get("known", "no"), source.chart.get("version", "")
    # a checkout of the chart has no version yet: it is set when it is published
    if known not in ("no", "yes", wanted) and "set.by" not in known:
        yield Finding(
            "other-chart-version", "warning", cluster, line, "",
            f"the hub runs version {wanted} of the chart {CHART}, and the defaults read are of {known}",
            f"give --chart with version {wanted}",
        )  # fmt: skip
    if source.hub.chart_override:
        yield Finding(
            "chart-override", "note", cluster, line, "",
            f"this hub has dependencies of its own versions, from {source.hub.chart_override}",
            "keep the versions that are noted in the bundle",
        )  # fmt: skip
