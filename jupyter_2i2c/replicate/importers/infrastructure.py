"""A hub from a deployments repository laid out like 2i2c's. Called by `capture hub --infrastructure`, by lint and by the drill.

The layers, the lowest first: the plain chart's defaults, the defaults of the chart around it, what that
chart computes for each hub, and the hub's value files in the order in which its cluster lists them.
Nothing is decrypted: of an encrypted file the places are read, which stay readable.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from . import helm, sops
from .checkout import Chart, Checkout, Cluster, chart_of
from .source import CHART, Finding, Hub, HubSource, Layer, Origin, SecretSlot, at
from .source import Path as Place
from .yaml_reading import Node, NotReadable

UMBRELLA = "basehub"
"""The key under which a chart around the chart around the plain one nests everything."""


def read(
    directory: Path | str,
    cluster: str,
    hub: str,
    *,
    rendered: Path | None = None,
    chart: Path | None = None,
) -> HubSource:
    """One hub of a checkout.

    Arguments:
        directory: the checkout.
        cluster: the name of its cluster.
        hub: its name there.
        rendered: a directory with the computed layers, where there is no jsonnet.
        chart: a directory with the plain chart.

    Raises:
        ReplicateError: there is no such hub, or a file of it cannot be read; says which and what to do.
    """
    return read_from(Checkout(Path(directory), chart=chart, rendered=rendered), cluster, hub)


def read_from(checkout: Checkout, cluster: str, hub: str) -> HubSource:
    """One hub of a checkout that was looked at before, as `read` does."""
    return _Reading(checkout, checkout.cluster(cluster), hub).source()


class _Reading:
    """One hub while it is read."""

    def __init__(self, checkout: Checkout, cluster: Cluster, name: str) -> None:
        self.checkout = checkout
        self.cluster = cluster
        listed = cluster.hubs()
        if name not in listed:
            known = ", ".join(listed) or "none"
            raise ReplicateError(f"{cluster.name} has no hub {name!r}; there are: {known}")
        self.spec = listed[name]
        self.hub = self._hub(name)
        self.findings: list[Finding] = []
        self.not_captured: dict[str, str] = {}
        self.layers: list[tuple[str, str, str, Node]] = []
        self.slots: list[SecretSlot] = []

    def _hub(self, name: str) -> Hub:
        said = self.spec.plain()
        spec = self.cluster.document.node.plain()
        cloud = spec.get(str(spec.get("provider"))) or {}
        files = said.get("helm_chart_values_files") or []
        return Hub(
            name=name,
            cluster=self.cluster.name,
            display_name=str(said.get("display_name") or ""),
            domain=str(said.get("domain") or ""),
            provider=str(spec.get("provider") or ""),
            account=str(cloud.get("account") or cloud.get("project") or ""),
            region=str(cloud.get("region") or cloud.get("zone") or ""),
            helm_chart=str(said.get("helm_chart") or ""),
            chart_override=str(said.get("chart_override") or ""),
            value_files=tuple(str(each) for each in files),
        )

    def source(self) -> HubSource:
        outer = self._outer_chart()
        plain_version = outer.dependencies.get(CHART, {}).get("version", "") if outer else ""
        plain = self.checkout.chart(CHART, plain_version)
        self._add_chart(CHART, "z2jh", plain)
        self._add_chart(UMBRELLA, "chart", outer)
        self._add_computed()
        for name in self.hub.value_files:
            self._add_file(name)
        merged = self._merge(outer)
        values = merged.plain()
        origins = self._origins(merged)
        return HubSource(
            hub=self.hub,
            values=values,
            layers=tuple(
                Layer(
                    name,
                    kind,
                    path,
                    node.plain(),
                    {place: each.line for place, each in node.places()},
                )
                for name, kind, path, node in self.layers
            ),
            origins=origins,
            secrets=tuple(
                replace(each, effective=at(values, each.path) == each.placeholder)
                for each in self.slots
            ),
            chart={
                "name": CHART,
                "version": plain.version if plain else plain_version,
                "repository": (outer.dependencies.get(CHART, {}) if outer else {}).get(
                    "repository", ""
                ),
                "known": "yes" if plain else "no",
            },
            umbrella=self._umbrella(outer),
            findings=tuple(self.findings),
            not_captured=self.not_captured,
        )

    def _outer_chart(self) -> Chart | None:
        """The chart around the plain one, with the dependencies that this hub overrides."""
        chart = self.checkout.chart(UMBRELLA) or self.checkout.chart(self.hub.helm_chart)
        if chart and self.hub.chart_override:
            path = self._listed(self.hub.chart_override)
            override = chart_of(self.checkout.document(path).node, chart.directory)
            chart = Chart(chart.name, override.version, chart.directory, override.dependencies)
        return chart

    def _listed(self, name: str) -> Path:
        """A file that the cluster's file names; one with directories stands below the checkout."""
        path = self.cluster.directory / name
        return path if path.exists() or "/" not in name else self.checkout.top / name

    def _add_chart(self, name: str, layer: str, chart: Chart | None) -> None:
        if chart is None:
            self.not_captured[f"the defaults of the chart {name}"] = (
                "the chart is not in what was read; give its directory with --chart"
            )
            return
        path = chart.directory / "values.yaml"
        if not path.exists():
            return
        top = self.checkout.top if path.is_relative_to(self.checkout.top) else chart.directory
        node = self.checkout.document(path, len(self.layers), top).node
        if name == CHART:
            node = Node({CHART: node}, 1, len(self.layers))
        self.layers.append((layer, "default", self.checkout.relative(path), node))

    def _add_computed(self) -> None:
        rendered = self.checkout.rendered
        if rendered is None:
            self.not_captured["the computed layer"] = "give it with --rendered"
            return
        path = rendered / self.cluster.name / f"{self.hub.name}.values.yaml"
        node = self.checkout.document(path, len(self.layers), rendered).node
        self.layers.append(
            ("computed", "computed", self.checkout.relative(path), self._unnested(node))
        )

    def _add_file(self, name: str) -> None:
        path = self._listed(name)
        number = len(self.layers)
        document = self.checkout.document(path, number)
        kind = "public"
        node = document.node
        if sops.is_encrypted(document):
            kind = "secret"
            node, slots = sops.opened(document)
            nesting = (UMBRELLA,) if self._is_nested(document.node) else ()
            self.slots += [
                replace(each, path=each.path[len(nesting) :])
                for each in slots
                if each.path[: len(nesting)] == nesting
            ]
        self.layers.append((name, kind, document.name, self._unnested(node)))

    def _is_nested(self, node: Node) -> bool:
        return self.hub.helm_chart != UMBRELLA and UMBRELLA in node.value

    def _unnested(self, node: Node) -> Node:
        return node.value[UMBRELLA] if self._is_nested(node) else node

    def _merge(self, outer: Chart | None) -> Node:
        by_name = {name: node for name, _, _, node in self.layers if name in ("z2jh", "chart")}
        merged = Node({}, 1, len(self.layers) - 1)
        for name, _, _, node in self.layers:
            if name not in ("z2jh", "chart"):
                merged = helm.over_file(merged, node)
        if "chart" in by_name:
            subcharts = {CHART, *(outer.dependencies if outer else ())}
            merged = helm.over_chart(merged, by_name["chart"], subcharts)
        if "z2jh" in by_name:
            inner = merged.value.get(CHART) or Node({}, 1, 0)
            defaults = by_name["z2jh"].value[CHART]
            merged = Node({**merged.value, CHART: helm.over_chart(inner, defaults)}, 1, 0)
        return merged

    def _origins(self, merged: Node) -> dict[Place, Origin]:
        files = [(path, name) for name, _, path, _ in self.layers]
        return {
            place: Origin(files[node.source][0], node.line, files[node.source][1])
            for place, node in merged.places()
            if place and (not isinstance(node.value, dict) or not node.value)
        }

    def _umbrella(self, outer: Chart | None) -> dict[str, Any]:
        if outer is None:
            return {}
        dependencies = {name: each.get("version", "") for name, each in outer.dependencies.items()}
        distribution = {"aws": "eks", "gcp": "gke"}.get(self.hub.provider, "aks")
        return {
            "name": self.hub.helm_chart,
            "version": outer.version,
            "dependencies": dependencies,
            "k8s_distribution": distribution,
        }


__all__ = ["NotReadable", "read", "read_from"]
