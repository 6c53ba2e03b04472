"""A checkout of a deployments repository: where its clusters and charts are. Called by infrastructure.py.

They are found by what files are called and hold, never by the names of directories around them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from .source import CHART
from .yaml_reading import Document, Node, NotReadable, parse, read_text

CLUSTER_FILE = "cluster.yaml"
CHART_FILE = "Chart.yaml"
DEFAULTS_FILE = "values.yaml"

UNRELEASED = "set.by.chartpress"
"""What stands for the version in a checkout of a chart that is released with chartpress."""

PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages", "vendor", "docs"})
"""Directories, besides hidden ones, that hold no deployment."""

MOST_DIRECTORIES = 20_000

TEMPLATE = re.compile(r"\{\{|\{%")
"""In a file that is no YAML: it is to be filled in first."""


@dataclass(frozen=True)
class Cluster:
    """A cluster's file.

    Attributes:
        name: as it names itself, or else its directory.
        directory: that its value files are in.
        document: what it says.
    """

    name: str
    directory: Path
    document: Document

    @property
    def spec(self) -> dict[str, Node]:
        """What it says, by key."""
        found: dict[str, Node] = self.document.node.value
        return found

    def hubs(self) -> dict[str, Node]:
        """Its hubs by name, in order."""
        listed = self.spec.get("hubs")
        found: dict[str, Node] = {}
        for each in listed.value if listed is not None and isinstance(listed.value, list) else []:
            name = each.value.get("name") if isinstance(each.value, dict) else None
            if name is not None and isinstance(name.value, str):
                found.setdefault(name.value, each)
        return found


@dataclass(frozen=True)
class Chart:
    """A chart, unpacked.

    Attributes:
        name, version: as it says; the version may be empty.
        directory: that it is in.
        dependencies: name to what is said of it (``version``, ``repository``, ``condition``).
    """

    name: str
    version: str
    directory: Path
    dependencies: dict[str, dict[str, str]]


class Checkout:
    """A directory with clusters and charts; files are read once.

    Arguments:
        top: the directory.
        chart: a directory with the plain chart, or with the chart around it.
        rendered: a directory with the computed layers, ``CLUSTER/HUB.values.yaml``.

    Raises:
        ReplicateError: it is no directory, or no cluster's file is in it.
    """

    def __init__(
        self, top: Path, *, chart: Path | None = None, rendered: Path | None = None
    ) -> None:
        for each in (top, chart, rendered):
            if each is not None and not each.is_dir():
                raise ReplicateError(f"{each} is no directory; give one that is there")
        self.top = top
        self.rendered = rendered
        self._chart = chart
        self._documents: dict[tuple[Path, int], Document] = {}
        self._clusters: dict[str, list[Path]] = {}
        self._charts: dict[str, list[Chart]] = {}
        self._given: set[str] = set()
        self._unreadable: dict[str, NotReadable] = {}
        self._passed_over: dict[str, str] = {}
        self._look()
        if not self._clusters and not self._unreadable:
            raise ReplicateError(
                f"no {CLUSTER_FILE} is below {top}; give a checkout of a deployments repository"
            )

    @property
    def unreadable(self) -> dict[str, NotReadable]:
        """The clusters' files that cannot be read, by their names in the checkout."""
        return dict(self._unreadable)

    @property
    def passed_over(self) -> dict[str, str]:
        """The clusters' files that are of no cluster, by their names in the checkout, and why it seems so."""
        examples = {
            self.relative(self._clusters[name][0] / CLUSTER_FILE): (
                "none of the files that its hubs name is there, so it is taken for an example"
            )
            for name in self._examples
        }
        return {**self._passed_over, **examples}

    @cached_property
    def _examples(self) -> frozenset[str]:
        """Clusters of which no hub has a single file, as tests of a repository hold them, where there are others."""
        found = {
            name
            for name, places in self._clusters.items()
            if len(places) == 1 and not self._has_files(name)
        }
        return frozenset(found if len(found) < len(self._clusters) else ())

    def _has_files(self, name: str) -> bool:
        cluster = self.cluster(name)
        listed = [each.value.get("helm_chart_values_files") for each in cluster.hubs().values()]
        names = [
            each.value
            for files in listed
            if files is not None and isinstance(files.value, list)
            for each in files.value
        ]
        return not names or any(
            isinstance(each, str) and os.path.lexists(cluster.directory / each)
            for each in names
            if "\0" not in str(each)
        )

    def _look(self) -> None:
        chart_directories = []
        for count, (directory, inner, files) in enumerate(os.walk(self.top), 1):
            if count > MOST_DIRECTORIES:
                raise ReplicateError(
                    f"{self.top} has more than {MOST_DIRECTORIES} directories; give the checkout itself"
                )
            inner[:] = sorted(
                each for each in inner if not each.startswith(".") and each not in PASSED_OVER
            )
            place = Path(directory)
            if CLUSTER_FILE in files:
                self._add_cluster(place)
            if CHART_FILE in files:
                chart_directories.append(place)
            elif DEFAULTS_FILE in files and re.fullmatch(rf"{CHART}-\d[\w.+-]*", place.name):
                version = place.name.removeprefix(f"{CHART}-")
                self._charts.setdefault(CHART, []).append(Chart(CHART, version, place, {}))
        for place in chart_directories:
            self._add_chart(place, self.top)
        if self._chart is not None:
            own = [self._chart, *sorted(each for each in self._chart.iterdir() if each.is_dir())]
            found = [each for each in own if (each / CHART_FILE).is_file()]
            for place in found:
                self._add_chart(place, self._chart, first=True)
            if not found and (self._chart / DEFAULTS_FILE).is_file():
                version = self._chart.name.removeprefix(f"{CHART}-")
                version = version if re.match(r"\d", version) else ""
                plain = Chart(CHART, version, self._chart, {})
                self._charts.setdefault(CHART, []).insert(0, plain)
                self._given.add(CHART)
            elif not found:
                raise ReplicateError(
                    f"{self._chart} holds no chart: there is no {CHART_FILE} and no {DEFAULTS_FILE};"
                    " give the directory of one, unpacked"
                )

    def _add_cluster(self, place: Path) -> None:
        path = place / CLUSTER_FILE
        try:
            node = self.document(path).node
        except NotReadable as error:
            if self._is_template(path):
                self._passed_over[self.relative(path)] = (
                    "it is no YAML before something is filled in where {{ stands: a template"
                )
            else:
                self._unreadable[self.relative(path)] = error
            return
        if "hubs" not in node.value:
            return
        name = node.value.get("name")
        named = name.value if name is not None and isinstance(name.value, str) else place.name
        self._clusters.setdefault(named, []).append(place)

    def _is_template(self, path: Path) -> bool:
        try:
            return bool(TEMPLATE.search(read_text(path, self.top, self.relative(path))))
        except NotReadable:
            return False

    def _add_chart(self, place: Path, top: Path, *, first: bool = False) -> None:
        try:
            chart = chart_of(self.document(place / CHART_FILE, top=top).node, place)
        except NotReadable:
            return  # a template of a chart, most likely; what is missed is said where it is needed
        listed = self._charts.setdefault(chart.name, [])
        listed.insert(0 if first else len(listed), chart)
        if first:
            self._given.add(chart.name)

    def clusters(self) -> list[str]:
        """The names of all clusters."""
        return sorted(self._clusters)

    def cluster(self, name: str) -> Cluster:
        """One of them.

        Raises:
            ReplicateError: there is none of this name, or there are several.
        """
        places = self._clusters.get(name, [])
        if len(places) != 1:
            if not places and self._unreadable:
                raise next(iter(self._unreadable.values()))
            if not places:
                known = ", ".join(self.clusters()) or "none"
                raise ReplicateError(
                    f"no {CLUSTER_FILE} below {self.top} is of a cluster {name!r}; there are: {known}"
                )
            listed = " and ".join(self.relative(each) for each in places)
            raise ReplicateError(f"{listed} are both of a cluster {name!r}; give one of them alone")
        return Cluster(name, places[0], self.document(places[0] / CLUSTER_FILE))

    def hubs(self) -> list[tuple[str, str]]:
        """Cluster and name of every hub that may run."""
        names = [each for each in self.clusters() if each not in self._examples]
        return [(name, hub) for name in names for hub in self._hubs_of(name)]

    def _hubs_of(self, name: str) -> list[str]:
        return list(self.cluster(name).hubs()) if len(self._clusters[name]) == 1 else []

    def chart(self, name: str, version: str = "") -> Chart | None:
        """A chart by its name: the one that was given, or else of several one of this version."""
        found = self._charts.get(name, [])
        if name in self._given:
            return found[0]
        return next(
            (each for each in found if each.version == version), found[0] if found else None
        )

    def document(self, path: Path, source: int = 0, top: Path | None = None) -> Document:
        """A file of YAML, read once for each place in the order of layers.

        Raises:
            NotReadable: it cannot be read.
        """
        if (path, source) not in self._documents:
            name = self.relative(path)
            text = read_text(path, top or self.top, name)
            self._documents[path, source] = parse(text, name, source)
        return self._documents[path, source]

    def commit(self) -> str:
        """The commit that is checked out, in hexadecimal digits; empty where it is no checkout of git."""
        git = self.top / ".git"
        try:
            head = (git / "HEAD").read_text("ascii").strip()
            if head.startswith("ref: "):
                name = head.removeprefix("ref: ")
                packed = git / "packed-refs"
                if (git / name).is_file():
                    head = (git / name).read_text("ascii").strip()
                else:
                    lines = packed.read_text("utf-8").splitlines()
                    head = next((each[:40] for each in lines if each.endswith(f" {name}")), "")
        except (OSError, ValueError):
            return ""
        return head if re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", head) else ""

    def relative(self, path: Path) -> str:
        """A path as it is shown: within the checkout, or else with its directory's name."""
        for top in (self.top, self.rendered, self._chart):
            if top is not None and path.is_relative_to(top):
                inside = path.relative_to(top).as_posix()
                return inside if top == self.top else f"{top.name}/{inside}"
        return path.name


def chart_of(node: Node, place: Path) -> Chart:
    """What a chart's file says of it."""
    said = node.plain()
    dependencies = {}
    for each in said.get("dependencies") or []:
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            told = {
                key: str(each[key])
                for key in ("version", "repository", "condition", "alias")
                if key in each
            }
            dependencies[str(each.get("alias") or each["name"])] = {**told, "name": each["name"]}
    version = _text(said.get("version"))
    if version.endswith(UNRELEASED):
        version = ""
    return Chart(_text(said.get("name")), version, place, dependencies)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
