"""What an importer knows of a hub, wherever it read it. Made by importers/, used by the bundle, the targets, the rungs and lint.

A place in values is a `Path`: a tuple of keys (texts) and positions in lists (numbers). On paper it is
written as a JSON pointer, because keys hold dots, slashes and addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

SEVERITIES = ("error", "warning", "note")

CHART = "jupyterhub"
"""The key of an umbrella chart's values under which all that is z2jh's own stands."""


@dataclass(frozen=True)
class Origin:
    """Where a value was written.

    Attributes:
        file: relative to the directory that was read, with ``/``; a chart's file where it is a default.
        line: from 1; 0 where it was computed.
        layer: the name of the layer.
    """

    file: str
    line: int
    layer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Layer:
    """One of the layers that the values were merged from, the lowest first.

    Attributes:
        name: ``z2jh``, ``chart``, ``computed``, or the file's name as the cluster lists it.
        kind: ``default`` (of a chart), ``computed``, ``public``, ``secret`` or ``running`` (all that
            a running hub was told, wherever it came from).
        path: the file, relative to the directory that was read; or a chart's.
        values: its values, un-nested and redacted; what it empties is None. The chart's own
            (``z2jh``) stand under ``jupyterhub``, as everywhere else.
        lines: place to line, for every place of `values`.
        shared: how many other hubs of the cluster list the file; None where that is not known, or
            where it is no file that hubs list.
    """

    name: str
    kind: str
    path: str
    values: Mapping[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)
    shared: int | None = None

    def origin(self, path: Path) -> Origin:
        """Where in this layer a place is, or else the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Origin(self.path, self.lines.get(path, 0), self.name)


@dataclass(frozen=True)
class SecretSlot:
    """A secret that a hub needs, by its place; its value is nowhere here.

    Attributes:
        name: of the variable that stands for it, such as ``GITHUBOAUTHENTICATOR_CLIENT_SECRET``;
            ``<secret:NAME>`` stands in the values in its place.
        path: where, in the merged un-nested values; inside code or a longer text, of the whole text.
        found: ``encrypted``; ``plain`` where the value was readable and was taken out; ``stub`` where
            something stands there that is a placeholder; ``required`` where nothing stands there;
            ``running`` where the running hub has it.
        type: what sops says it is: ``str``, ``int``, ``float``, ``bool``, ``bytes`` or ``comment``.
        kind: what sort of secret, one of `secret_kinds.KINDS`; ``setting`` for what is encrypted
            and is no secret.
        what: it is, in words.
        issued_by: whoever gives a new one.
        how: to get a new one, in words.
        file: it was in.
        line: in that file.
        pointer: inside that file, nesting included.
        effective: False where a later layer puts something else in its place.
    """

    name: str
    path: Path
    found: str
    type: str
    kind: str
    what: str
    issued_by: str
    how: str
    file: str
    line: int
    pointer: str
    effective: bool = True

    @property
    def placeholder(self) -> str:
        """What stands in its place."""
        return f"<secret:{self.name}>"

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Finding:
    """Something that was noticed while it was read.

    Attributes:
        id: short name of the kind.
        severity: one of `SEVERITIES`.
        file: it is in, as an `Origin` has it; may be empty.
        line: from 1, or 0.
        pointer: of the place in the un-nested values; may be empty.
        message: what it is and why it matters.
        mend: what to do.
    """

    id: str
    severity: str
    file: str
    line: int
    pointer: str
    message: str
    mend: str

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Code:
    """Python of the configuration, as it is carried: secrets and comments taken out, else verbatim.

    Attributes:
        path: in the values, such as ``("jupyterhub", "hub", "extraConfig", "01-own")``.
        text: the code.
        origin: where it was written.
        own: whether it is the hub's own, and not a chart's.
    """

    path: Path
    text: str
    origin: Origin
    own: bool


@dataclass(frozen=True)
class Hub:
    """Which hub, as its cluster lists it.

    Attributes:
        name: of the hub; its namespace and release, too.
        cluster: of its cluster.
        display_name, domain: as listed; may be empty.
        provider: ``aws``, ``gcp``, ``azure``, ``kubeconfig`` or another; may be empty.
        account: of the cloud: account or project; may be empty.
        region: as the cluster states it; may be empty.
        helm_chart: the umbrella chart's name.
        chart_override: the file that changes its dependencies; may be empty.
        value_files: as listed, in order.
    """

    name: str
    cluster: str
    display_name: str = ""
    domain: str = ""
    provider: str = ""
    account: str = ""
    region: str = ""
    helm_chart: str = ""
    chart_override: str = ""
    value_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class HubSource:
    """All that an importer knows of a hub. Holds no secret's value; may hold names of people.

    Attributes:
        hub: which.
        values: the effective values as Helm would compute them: un-nested (``basehub:`` is gone,
            what is z2jh's stands under ``jupyterhub``), secrets replaced by ``<secret:NAME>``.
            A null that found nothing to delete is None.
        layers: that they were merged from, the lowest first.
        origins: where each leaf, list and empty mapping of `values` was written, and each place
            inside of lists.
        secrets: each slot; several encrypted leaves of the same place are several slots.
        chart: ``name`` and ``version`` of the plain chart (``jupyterhub``), ``repository`` and
            ``known`` ("yes" where its defaults are in `values`).
        umbrella: ``name`` and ``version`` of the chart around it, ``inner`` (the key that one around
            both nests everything under), ``dependencies`` (name to version), ``repositories`` (name
            to address), and ``k8s_distribution``; empty where there is no such chart.
        code: each piece of Python in the values, by JSON pointer.
        findings: what was noticed.
        not_captured: what to reason, for what is described nowhere here.
        commit: of the repository, if it is a checkout; may be empty.
        seen: who saw it, as `manifest.Item` says it: ``d`` a checkout, ``c`` the hub's own process.
        config_maps: name to key to text of the ConfigMaps that the hub's pod was seen to have; only
            where the hub's own process saw it.
        originals: path to text of each public file as it was written, comments included; only
            where that was asked for, and only of files in which no secret stood.
    """

    hub: Hub
    values: Mapping[str, Any]
    layers: tuple[Layer, ...]
    origins: Mapping[Path, Origin] = field(repr=False)
    secrets: tuple[SecretSlot, ...] = ()
    chart: Mapping[str, str] = field(default_factory=dict)
    umbrella: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Code] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    not_captured: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    seen: str = "d"
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Of the hub."""
        return self.hub.name

    @property
    def cluster(self) -> str:
        """Its cluster's name."""
        return self.hub.cluster

    @property
    def provider(self) -> str:
        """Its cluster's provider."""
        return self.hub.provider

    @property
    def extra_config(self) -> Mapping[str, str]:
        """The hub's Python by its key in ``hub.extraConfig``; the hub runs them in the keys' order."""
        prefix = (CHART, "hub", "extraConfig")
        return {
            str(each.path[-1]): each.text for each in self.code.values() if each.path[:-1] == prefix
        }

    def origin(self, path: Path) -> Origin:
        """Where a place of `values` was written, or else the nearest place around it or in it."""
        outer = path
        while outer and outer not in self.origins:
            outer = outer[:-1]
        if outer:
            return self.origins[outer]
        inner = (origin for each, origin in self.origins.items() if each[: len(path)] == path)
        return next(inner, Origin("", 0, ""))


def pointer(path: Path) -> str:
    """A place as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


def from_pointer(text: str) -> Path:
    """The place of a JSON pointer; numbers stay texts, as a pointer does not tell them apart."""
    parts = text.split("/")[1:]
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in parts)


def at(values: Any, path: Path, default: Any = None) -> Any:
    """What stands at a place, or `default`."""
    for each in path:
        if isinstance(values, list):
            if not isinstance(each, int) or each >= len(values):
                return default
            values = values[each]
        elif isinstance(values, Mapping) and each in values:
            values = values[each]
        else:
            return default
    return values


def leaves(values: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each scalar, null and empty container with its place, in order."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    elif isinstance(values, list) and values:
        for index, value in enumerate(values):
            yield from leaves(value, (*path, index))
    else:
        yield path, values
