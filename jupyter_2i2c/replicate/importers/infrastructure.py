"""A hub from a deployments repository laid out like 2i2c's. Called by `capture hub --infrastructure`, by lint and by the drill.

The layers, the lowest first: the plain chart's defaults, the defaults of the chart around it, what that
chart computes for each hub, and the hub's value files in the order in which its cluster lists them.
Nothing is decrypted: of an encrypted file the places are read, which stay readable.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ReplicateError, SecretFound
from ..redact import Redactor
from . import computed, helm, sops, wrinkles
from .checkout import CLUSTER_FILE, DEFAULTS_FILE, Chart, Checkout, Cluster, chart_of
from .missing_secrets import required_slots
from .readable_secrets import ReadableSecrets, is_python
from .shape import shape_of
from .source import (
    CHART,
    Code,
    Finding,
    Hub,
    HubSource,
    Layer,
    Origin,
    SecretSlot,
    at,
    from_pointer,
    leaves,
    pointer,
)
from .source import Path as Place
from .yaml_reading import Document, Node, NotReadable

COMPUTED_FILE = "values.jsonnet"

DISTRIBUTIONS = {"aws": "eks", "gcp": "gke"}
"""Provider to what 2i2c's chart calls the kind of Kubernetes; for others it says ``aks``."""


def read(
    directory: Path | str,
    cluster: str,
    hub: str,
    *,
    rendered: Path | None = None,
    chart: Path | None = None,
    keep_comments: bool = False,
) -> HubSource:
    """One hub of a checkout.

    Arguments:
        directory: the checkout.
        cluster: the name of its cluster.
        hub: its name there.
        rendered: a directory with the computed layers, where there is no jsonnet.
        chart: a directory with the plain chart.
        keep_comments: whether comments stay in the hub's Python.

    Raises:
        ReplicateError: there is no such hub, or a file of it cannot be read; says which and what to do.
        SecretFound: one stands readable and cannot be taken out for certain.
    """
    checkout = Checkout(Path(directory), chart=chart, rendered=rendered)
    return read_from(checkout, cluster, hub, keep_comments=keep_comments)


def read_from(
    checkout: Checkout, cluster: str, hub: str, *, keep_comments: bool = False
) -> HubSource:
    """One hub of a checkout that was looked at before, as `read` does."""
    return _Reading(checkout, checkout.cluster(cluster), hub, keep_comments).source()


@dataclass
class _Layer:
    """A layer while it is read: `node` is nested as its file is, `inner` is not."""

    name: str
    kind: str
    path: str
    node: Node
    inner: Node
    document: Document | None = None


class _Reading:
    """One hub while it is read."""

    def __init__(
        self, checkout: Checkout, cluster: Cluster, name: str, keep_comments: bool
    ) -> None:
        self.checkout = checkout
        self.cluster = cluster
        listed = cluster.hubs()
        if name not in listed:
            hubs = cluster.spec.get("hubs")
            if hubs is not None and not isinstance(hubs.value, list):
                place = f"{checkout.relative(cluster.directory / CLUSTER_FILE)}:{hubs.line}"
                raise ReplicateError(f"{place}: hubs is no list; each hub is an entry with a name")
            known = ", ".join(listed) or "none"
            raise ReplicateError(f"{cluster.name} has no hub {name!r}; there are: {known}")
        self.spec = listed[name]
        self.hub = self._hub(name)
        self.shape = shape_of(checkout, self.hub.helm_chart)
        self.readable = ReadableSecrets(keep_comments)
        self.findings: list[Finding] = []
        self.not_captured: dict[str, str] = {}
        self.layers: list[_Layer] = []
        self.slots: list[SecretSlot] = []

    def _hub(self, name: str) -> Hub:
        said = self.spec.plain()
        spec = self.cluster.document.node.plain()
        cloud = spec.get(str(spec.get("provider")))
        cloud = cloud if isinstance(cloud, dict) else {}
        files = said.get("helm_chart_values_files") or []
        if not isinstance(files, list) or not all(isinstance(each, str) for each in files):
            where = f"{self.cluster.document.name}:{self.spec.line}"
            raise NotReadable(f"{where}: helm_chart_values_files is no list of names; mend it")
        return Hub(
            name=name,
            cluster=self.cluster.name,
            display_name=_text(said.get("display_name")),
            domain=_text(said.get("domain")),
            provider=_text(spec.get("provider")),
            account=_text(cloud.get("account") or cloud.get("project")),
            region=_text(cloud.get("region") or cloud.get("zone")),
            helm_chart=_text(said.get("helm_chart")),
            chart_override=_text(said.get("chart_override")),
            value_files=tuple(files),
        )

    def source(self) -> HubSource:
        outer = self._outer_chart()
        wanted = outer.dependencies.get(CHART, {}) if outer else {}
        plain = self.checkout.chart(CHART, wanted.get("version", ""))
        self._add_chart(CHART, "z2jh", plain)
        if not self.shape.plain:
            self._add_chart(outer.name if outer else self.hub.helm_chart, "chart", outer)
        outermost = self.shape.outermost
        if outermost and (outermost.directory / DEFAULTS_FILE).exists():
            self._add_chart(outermost.name, "outermost", outermost)
        self._add_computed()
        for name in self.hub.value_files:
            self._add_file(name)
        self._note_hidden_domain()
        self._clean()
        merged = self._merge(outer)
        values = merged.plain()
        origins = self._origins(merged)
        secrets = self._secrets(values, origins)
        self._not_captured(outer)
        source = HubSource(
            hub=self.hub,
            values=values,
            layers=tuple(self._layer(each) for each in self.layers),
            origins=origins,
            secrets=secrets,
            chart={
                "name": CHART,
                "version": wanted.get("version", "") or (plain.version if plain else ""),
                "repository": wanted.get("repository", ""),
                "known": (plain.version or "yes") if plain else "no",
            },
            umbrella=self._umbrella(outer),
            code=self._code(values, origins),
            not_captured=self.not_captured,
            commit=self.checkout.commit(),
            originals=self._originals(secrets),
        )
        documents = {
            each.path: each.document
            for each in self.layers
            if each.document and each.kind != "default"
        }
        found = wrinkles.noticed(
            source, documents, self.cluster.document, self.spec, self.shape.nesting
        )
        source = replace(source, findings=(*self.findings, *found))
        self._sweep(source)
        return source

    def _outer_chart(self) -> Chart | None:
        """The chart around the plain one, with the dependencies that this hub overrides."""
        chart = self.shape.outer
        if self.hub.chart_override:
            document = self.checkout.document(self._listed(self.hub.chart_override))
            directory = chart.directory if chart else self.cluster.directory
            override = chart_of(document.node, directory)
            name = chart.name if chart else override.name
            chart = Chart(name, override.version, directory, override.dependencies)
        return chart

    def _listed(self, name: str) -> Path:
        """A file that the cluster's file names; one with directories may stand below the checkout."""
        path = self.cluster.directory / name
        return path if path.exists() or "/" not in name else self.checkout.top / name

    def _add(
        self, name: str, kind: str, path: str, node: Node, document: Document | None = None
    ) -> None:
        inner = node
        number = len(self.layers)
        if self.shape.plain and kind != "default":
            inner = Node({CHART: node}, 1, number)
        elif self.shape.nesting and (kind != "default" or name == "outermost"):
            nested = node.value.get(self.shape.nesting)
            is_mapping = nested is not None and isinstance(nested.value, dict)
            inner = nested if nested is not None and is_mapping else Node({}, 1, number)
        self.layers.append(_Layer(name, kind, path, node, inner, document))

    def _add_chart(self, name: str, layer: str, chart: Chart | None) -> None:
        if chart is None:
            self.not_captured[f"the defaults of the chart {name}"] = (
                "the chart is not in what was read; give its directory with --chart"
            )
            return
        path = chart.directory / DEFAULTS_FILE
        if not path.exists():
            return
        top = self.checkout.top if path.is_relative_to(self.checkout.top) else chart.directory
        document = self.checkout.document(path, len(self.layers), top)
        node = document.node
        if name == CHART:
            node = Node({CHART: node}, 1, len(self.layers))
        self._add(layer, "default", self.checkout.relative(path), node, document)

    def _add_computed(self) -> None:
        number = len(self.layers)
        rendered = self.checkout.rendered
        path = rendered / self.cluster.name / f"{self.hub.name}.values.yaml" if rendered else None
        if path is not None and rendered is not None and path.exists():
            document = self.checkout.document(path, number, rendered)
            self._add("computed", "computed", self.checkout.relative(path), document.node, document)
            return
        chart = self.checkout.chart(self.hub.helm_chart)
        program = chart.directory / COMPUTED_FILE if chart else None
        if program is not None and program.exists():
            name = self.checkout.relative(program)
            self._add("computed", "computed", name, self._evaluated(program, name))
        elif path is not None:
            raise ReplicateError(
                f"{self.checkout.relative(path)} is not there; --rendered DIR needs it for this hub"
            )
        else:
            self.not_captured["what the chart computes for each hub"] = (
                "neither the chart's values.jsonnet nor its result was there; give it with --rendered"
            )

    def _evaluated(self, path: Path, name: str) -> Node:
        spec = self.cluster.document.node.plain()
        cloud = spec.get("aws") if self.hub.provider == "aws" else None
        cluster = _text(cloud.get("clusterName")) if isinstance(cloud, dict) else ""
        given = computed.variables(self.hub, cluster or self.cluster.name)
        top = self.checkout.top
        if not path.is_relative_to(top):
            top = path.parent.parent
        return computed.evaluate(path, top, name, given, len(self.layers))

    def _add_file(self, name: str) -> None:
        path = self._listed(name)
        if path.suffix == ".jsonnet":
            shown = self.checkout.relative(path)
            self._add(name, "computed", shown, self._evaluated(path, shown))
            return
        try:
            document = self.checkout.document(path, len(self.layers))
        except NotReadable as error:
            if str(error).startswith(f"{self.checkout.relative(path)}:"):
                raise  # it says the line itself
            raise NotReadable(f"{error} ({self._where_listed(name)} lists it)") from None
        if not sops.is_encrypted(document):
            self._add(name, "public", document.name, document.node, document)
            return
        nested = self.shape.nesting in document.node.value
        nesting = (self.shape.nesting,) if nested else ()
        node, slots = sops.opened(document, nesting, self.readable.taken)
        self._add(name, "secret", document.name, node, document)
        # what stands beside the nesting reaches no chart, so nobody needs it
        self.slots += [
            each for each in slots if not nested or each.path != from_pointer(each.pointer)
        ]

    def _where_listed(self, name: str) -> str:
        listed = self.spec.value["helm_chart_values_files"].value
        line = next((each.line for each in listed if each.value == name), self.spec.line)
        return f"{self.cluster.document.name}:{line}"

    def _note_hidden_domain(self) -> None:
        node = self.spec.value.get("domain_override_file")
        if node is not None:
            self.findings.append(
                Finding(
                    "hidden-domain", "warning", self.cluster.document.name, node.line, "",
                    f"the hub's real domain is encrypted, in {node.value}; what was computed is for"
                    f" {self.hub.domain or 'none'}",
                    "give the replica a domain of its own",
                )
            )  # fmt: skip

    def _clean(self) -> None:
        """Take what is secret out of every layer; what one layer tells is looked for in all."""
        for each in self.layers:
            self.readable.look(each.inner, each.path)
        for each in self.layers:
            self.readable.look_at_code(each.inner, each.path)
        for each in self.layers:
            each.inner = self.readable.cleaned(each.inner, each.path)
        self.slots += self.readable.slots
        for path, node, file in self.readable.not_parsed:
            self.findings.append(
                Finding(
                    "code-not-read", "note", file, node.line, pointer(path),
                    "this is no Python that can be read here, so its secrets were looked for by their form alone",
                    "read it before you pass the bundle on",
                )
            )  # fmt: skip

    def _merge(self, outer: Chart | None) -> Node:
        defaults = {each.name: each.inner for each in self.layers if each.kind == "default"}
        merged = Node({}, 1, len(self.layers) - 1)
        for each in self.layers:
            if each.kind != "default":
                merged = helm.over_file(merged, each.inner)
        if "outermost" in defaults:
            merged = helm.over_parent(merged, defaults["outermost"])
        if "chart" in defaults:
            subcharts = {CHART, *(outer.dependencies if outer else ())}
            merged = helm.over_chart(merged, defaults["chart"], subcharts)
        if "z2jh" in defaults:
            inner = merged.value.get(CHART)
            if inner is None or not isinstance(inner.value, dict):
                inner = Node({}, 1, 0)
            over = helm.over_chart(inner, defaults["z2jh"].value[CHART])
            merged = Node({**merged.value, CHART: over}, 1, 0)
        return merged

    def _origins(self, merged: Node) -> dict[Place, Origin]:
        return {
            place: Origin(self.layers[node.source].path, node.line, self.layers[node.source].name)
            for place, node in merged.places()
            if place and (not isinstance(node.value, dict) or not node.value)
        }

    def _layer(self, layer: _Layer) -> Layer:
        lines = {place: node.line for place, node in layer.inner.places() if place}
        listed = layer.name in self.hub.value_files and layer.kind != "default"
        shared = self._shared(layer.name) if listed else None
        return Layer(layer.name, layer.kind, layer.path, layer.inner.plain(), lines, shared)

    def _shared(self, name: str) -> int:
        """How many other hubs of the cluster list a file, by whatever way to it."""
        wanted = os.path.normpath(self._listed(name))
        others = 0
        for hub, spec in self.cluster.hubs().items():
            listed = spec.value.get("helm_chart_values_files")
            files = listed.value if listed is not None and isinstance(listed.value, list) else []
            names = (each.value for each in files if isinstance(each.value, str))
            if hub != self.hub.name:
                others += any(os.path.normpath(self._listed(each)) == wanted for each in names)
        return others

    def _secrets(
        self, values: dict[str, Any], origins: dict[Place, Origin]
    ) -> tuple[SecretSlot, ...]:
        slots = [
            replace(each, effective=_holds(at(values, each.path), each.name)) for each in self.slots
        ]
        return (*slots, *required_slots(values, origins))

    def _code(self, values: dict[str, Any], origins: dict[Place, Origin]) -> dict[str, Code]:
        kinds = {each.name: each.kind for each in self.layers}
        found = {}
        for place, origin in origins.items():
            text = at(values, place)
            if isinstance(text, str) and is_python(place, text):
                own = kinds[origin.layer] in ("public", "secret")
                found[pointer(place)] = Code(place, text, origin, own)
        return found

    def _umbrella(self, outer: Chart | None) -> dict[str, Any]:
        if outer is None:
            return {}
        return {
            "name": self.hub.helm_chart or outer.name,
            "version": outer.version,
            "inner": self.shape.nesting or outer.name,
            "dependencies": _each_of(outer, "version"),
            "repositories": _each_of(outer, "repository"),
            "k8s_distribution": DISTRIBUTIONS.get(self.hub.provider, "aks"),
        }

    def _originals(self, secrets: tuple[SecretSlot, ...]) -> dict[str, str]:
        """The public files as they were written, where no secret stood in them nor in a comment."""
        if not self.readable.keep_comments:
            return {}
        redactor = Redactor(self.readable.known)
        kept = {}
        for each in self.layers:
            if each.kind != "public" or each.document is None:
                continue
            text = each.document.text
            here = any(slot.found == "plain" and slot.file == each.path for slot in secrets)
            if here or redactor.slots_in(text.encode()) or self.readable.found_in(text):
                self.not_captured[f"the comments of {each.path}"] = "a secret stood in that file"
            else:
                kept[each.path] = text
        return kept

    def _sweep(self, source: HubSource) -> None:
        """Look for every known secret once more, in keys and names too, where none is taken out."""
        about = [asdict(source.hub), source.umbrella, source.chart]
        told = [about, source.values, source.not_captured, list(map(asdict, source.findings))]
        layers = [(each.path, each.values) for each in source.layers]
        where = f"{self.cluster.document.name}:{self.spec.line}"
        if self.shape.outer:
            where += f" or {self.checkout.relative(self.shape.outer.directory)}"
        self.readable.look_around((str(text) for _, text in leaves(about)), where)
        text = json.dumps([told, layers], ensure_ascii=False)
        if left := Redactor(self.readable.known).slots_in(text.encode("utf-8", "surrogatepass")):
            places = sorted(self.readable.places(left))
            raise SecretFound(
                f"the secret that stands at {', '.join(places)} is also a name, a key or an address of the"
                " hub's configuration, where it cannot be taken out; nothing was written. Withdraw it, and"
                " put something else there"
            )

    def _not_captured(self, outer: Chart | None) -> None:
        for name in outer.dependencies if outer else ():
            if name != CHART:
                self.not_captured[f"the defaults of the chart {name}"] = (
                    "they come with the chart, whose version is noted"
                )


def _each_of(chart: Chart, what: str) -> dict[str, str]:
    return {name: each[what] for name, each in chart.dependencies.items() if what in each}


def _holds(value: Any, name: str) -> bool:
    if not isinstance(value, str):
        return False
    return f"<secret:{name}>" in value or f"environ['{name}']" in value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


__all__ = ["NotReadable", "read", "read_from"]
