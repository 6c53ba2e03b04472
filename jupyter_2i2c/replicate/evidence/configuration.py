"""A hub's configuration as evidence is looked for in it, wherever it was read. Called by hub.py, ties.py and pins.py.

Of what it is set to nothing leaves this room; what does are names of settings and of images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..importers.running import source_of_record
from ..importers.source import CHART, HubSource, Path, leaves
from ..lint.images import images_in
from ..targets.k8s.planning import carried_values

OWN_ROOMS = frozenset(
    {"extraConfig", "extraFiles", "group_overrides", "load_groups", "stringData", "users"}
)
"""Below these keys people choose the keys, after persons and groups, too; those are not told."""

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,80}")
NAME_AND_ITEM = re.compile(r"(.+?)\[(.*)\]")


@dataclass(frozen=True)
class Configuration:
    """A hub's.

    Attributes:
        values: of charts, un-nested, z2jh's own under ``jupyterhub``; or sections of traits.
        traits: sections of traits; of a chart's hub those that its values do not have.
        source: where it was read, in words.
        slots: names of the secrets that it needs.
        domain, namespace: as the cluster lists them; may be empty.
        umbrella: name of the chart around z2jh's; empty where there is none.
    """

    values: Mapping[str, Any]
    traits: Mapping[str, Any]
    source: str
    slots: tuple[str, ...] = ()
    domain: str = ""
    namespace: str = ""
    umbrella: str = ""

    @property
    def chart(self) -> Mapping[str, Any]:
        """z2jh's values; empty where no chart runs the hub."""
        found = self.values.get(CHART)
        return found if isinstance(found, Mapping) else {}

    def settings(self) -> Iterator[tuple[Path, Any]]:
        """Each leaf of values and traits with its place."""
        for each in [self.values] if self.traits is self.values else [self.values, self.traits]:
            yield from (found for found in leaves(each) if found[0])


def from_record(document: Mapping[str, Any]) -> Configuration:
    """Of a hub by the record that it wrote when it started.

    Raises:
        ValueError: it is not one.
        ReplicateError: it contradicts itself.
    """
    config = document.get("config")
    if not isinstance(config, Mapping):
        raise ValueError("the record holds no configuration")
    traits: dict[str, Any] = {}
    for name, value in config.items():
        section, _, trait = str(name).partition(".")
        inside = traits.setdefault(section, {})
        item = NAME_AND_ITEM.fullmatch(trait)
        if item:
            inside.setdefault(item[1], {})[item[2]] = value
        else:
            inside[trait] = value
    said = "the configuration of the running hub"
    if isinstance(document.get("kubernetes"), Mapping):
        of_chart = from_source(source_of_record(document))
        return replace(of_chart, traits=traits, source=said)
    slots = document.get("slots")
    names = tuple(map(str, slots)) if isinstance(slots, Mapping) else ()
    return Configuration(traits, traits, said, names)


def from_source(source: HubSource) -> Configuration:
    """Of a hub that was read from files."""
    values = carried_values(source)
    return Configuration(
        values,
        values,
        "the hub's configuration files",
        tuple(dict.fromkeys(each.name for each in source.secrets if each.effective)),
        source.hub.domain,
        source.name,
        str(source.umbrella.get("name", "")),
    )


def setting(path: Path) -> str:
    """The name of a setting as it may be shown to everybody on the hub."""
    words: list[str] = []
    path = path[1:] if path[0] == CHART else path
    for each in path[2:] if path[:2] == ("hub", "config") else path:
        if type(each) is int and words:
            words[-1] += f"[{each}]"
            continue
        word = str(each)
        if word.startswith("$"):  # a function, a secret and the like: what is in it is no name
            break
        words.append(word if WORD.fullmatch(word) else "…")
        if word in OWN_ROOMS:
            break
    return ".".join(words)


@dataclass(frozen=True)
class Images:
    """The images of a hub.

    Attributes:
        users: that users' servers are started from.
        hub: that its own pods are started from.
        free: settings by which people bring images of their own.
        computed: settings that are functions, so that nobody knows before somebody logs in.
    """

    users: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()


def images_of(configuration: Configuration) -> Images:
    """The images that a hub's configuration names."""
    if configuration.chart:
        found = list(images_in(configuration.chart))
        users = [image for path, image in found if path[1] == "singleuser"]
        hub = [image for path, image in found if path[1] == "hub"]
    else:
        spawners = {
            name: traits
            for name, traits in configuration.traits.items()
            if "Spawner" in name and isinstance(traits, Mapping)
        }
        users = [image for _, image in images_in({"singleuser": spawners})]
        users += [image for each in spawners.values() for image in _allowed(each)]
        hub = []
    free, computed = [], []
    for path, value in configuration.settings():
        if path[-2:] in (
            ("unlisted_choice", "enabled"),
            ("dynamic_image_building", "enabled"),
        ) and value in (True, "True", "true"):
            free.append(setting(path[:-1]))
        elif "profile_list" in path and "$code" in path:
            computed.append(setting(path))
    return Images(*(tuple(dict.fromkeys(each)) for each in (users, hub, free, computed)))


def _allowed(traits: Mapping[str, Any]) -> Iterator[str]:
    """DockerSpawner's list of images that people may choose from."""
    allowed = traits.get("allowed_images")
    members = allowed.values() if isinstance(allowed, Mapping) else allowed
    for each in members if members and not isinstance(members, str) else ():
        if isinstance(each, str):
            yield each
