"""Writes down what z2jh's chart tells the hub that it runs: its values, and what ConfigMaps bring into its pod. Called by recording.py, in the hub's process.

The chart hands its hub all values that Helm computed. So a hub that is set up by it knows itself how it
is configured, whatever files that came from, encrypted ones among them. Secrets are taken out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import SecretFound
from ..sandbox.recorder import Rules
from .readable_secrets import ReadableSecrets
from .secret_kinds import kind_of
from .source import CHART, SecretSlot, at, pointer
from .yaml_reading import Node

NAMES = (
    "custom", "cull", "debug", "fullnameOverride", "global", "httpRoute", "hub", "imagePullSecret",
    "imagePullSecrets", "ingress", "nameOverride", "prePuller", "proxy", "rbac", "scheduling", "singleuser",
)  # fmt: skip
"""Keys of the chart's values that are asked for, where the chart does not tell all of them."""

ABOUT = ("Chart", "Release")
"""What the chart tells of itself among them."""

MAPS = "configMaps"
"""Under this key the texts of ConfigMaps are looked at together with the values."""

SEEN = "the running hub"
"""What a value's origin is called."""

LARGEST_FILE = 1 << 20
MOST_FILES = 100


def recorded_chart(rules: Rules, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """All that the chart tells, without secrets.

    Arguments:
        rules: knows the secrets of the environment; learns those of the values.
        environment: the hub's variables.

    Returns:
        None where no such chart runs this hub; else ``values`` (what Helm computed for the chart, with
        ``<secret:NAME>`` for each secret), ``secrets`` (each slot, as `SecretSlot`), ``config_maps``
        (name to key to text, of those that the pod has), ``withheld`` (what of them is not here, and
        why), ``chart`` and ``release`` (as Helm has them), ``namespace``, and ``refused`` (why code
        cannot be carried).
    """
    try:
        import z2jh  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    values = _values(z2jh)
    about = {name: values.pop(name, None) or {} for name in ABOUT}
    maps, withheld = _config_maps(values, environment)
    document = {
        "chart": {key: str(each) for key, each in about["Chart"].items()},
        "release": str(about["Release"].get("Name", "")),
        "namespace": str(about["Release"].get("Namespace", "")),
        "values": {},
        "secrets": [],
        "config_maps": {},
        "withheld": withheld,
        "refused": "",
    }
    try:
        clean = _Clean(values, maps, rules)
    except SecretFound as error:
        return {**document, "refused": str(error)}
    return {
        **document,
        "values": clean.values,
        "secrets": [vars(each) for each in clean.slots],
        "config_maps": clean.config_maps,
        "withheld": {**withheld, **clean.withheld},
    }


MISSING = object()


def _values(z2jh: Any) -> dict[str, Any]:
    """The chart's values as they were mounted.

    The chart's code keeps them, and puts into what it has kept: names and tokens of services, say. Only
    what it loads them with tells them anew, and tells keys of a later chart, too; it may be called
    something else there, so that what the chart offers to everybody must do.
    """
    load = getattr(z2jh, "_load_config", None)
    if load is not None:
        return dict(getattr(load, "__wrapped__", load)())
    told = {name: z2jh.get_config(name, MISSING) for name in (*NAMES, *ABOUT)}
    return {name: each for name, each in told.items() if each is not MISSING}


class _Clean:
    """Values and ConfigMaps without secrets.

    Raises:
        SecretFound: one cannot be taken out for certain.
    """

    def __init__(
        self, values: Mapping[str, Any], maps: Mapping[str, Mapping[str, str]], rules: Rules
    ) -> None:
        texts = {
            name: {key: {"stringData": text} for key, text in data.items()}
            for name, data in maps.items()
        }
        top = _node({CHART: dict(values), MAPS: texts})
        readable = ReadableSecrets(client_ids=True)
        readable.learn(rules.known)
        readable.look(top, SEEN)
        readable.look_at_code(top, SEEN)
        cleaned = readable.cleaned(top, SEEN).plain()
        for value, slot in readable.learnt().items():
            rules.known.setdefault(value, slot)
        self.values: dict[str, Any] = cleaned[CHART]
        self.config_maps: dict[str, dict[str, str]] = {}
        self.withheld: dict[str, str] = {}
        kept = {pointer(each.path) for each in readable.slots if each.path[0] == CHART}
        self.slots = [_slot(each) for each in readable.slots if pointer(each.path) in kept]
        within = {each.path[:3] for each in readable.slots if each.path[0] == MAPS}
        for name, data in cleaned[MAPS].items():
            self.config_maps[name] = {}
            for key, told in data.items():
                if (MAPS, name, key) in within or told["stringData"].startswith("<secret:"):
                    self.withheld[f"{key} of the ConfigMap {name}"] = "a secret stands in it"
                else:
                    self.config_maps[name][key] = told["stringData"]


def _slot(slot: SecretSlot) -> SecretSlot:
    """A slot of what a running hub has, which is no reason to withdraw it."""
    kind = kind_of(slot.path)
    how = slot.how.partition("; have the old one withdrawn")[0]
    if kind.kind == "oauth-client-id":
        slot = replace(slot, kind=kind.kind, what=kind.what, issued_by=kind.issued_by)
    return replace(slot, found="running", how=how, line=0)


def _node(value: Any) -> Node:
    """A value as the readers of files have it; every number that is whole is one, as for Helm."""
    if isinstance(value, Mapping):
        return Node({str(key): _node(each) for key, each in value.items()}, 0, 0)
    if isinstance(value, (list, tuple)):
        return Node([_node(each) for each in value], 0, 0)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return Node(int(value), 0, 0)
    plain = value is None or isinstance(value, (str, bool, int, float))
    return Node(value if plain else str(value), 0, 0)


def _config_maps(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What the hub's pod has of ConfigMaps that its values refer to.

    Returns:
        Name to key to text; and what could not be read, with why.
    """
    found: dict[str, dict[str, str]] = {}
    withheld: dict[str, str] = {}
    for variable, told in _named(at(values, ("hub", "extraEnv"))):
        reference = (
            at(told, ("valueFrom", "configMapKeyRef")) if isinstance(told, Mapping) else None
        )
        if isinstance(reference, Mapping) and variable in environment:
            key = str(reference.get("key"))
            found.setdefault(str(reference.get("name")), {})[key] = environment[variable]
    volumes = {
        name: each["configMap"]
        for name, each in _named(at(values, ("hub", "extraVolumes")))
        if isinstance(each, Mapping) and isinstance(each.get("configMap"), Mapping)
    }
    for name, mount in _named(at(values, ("hub", "extraVolumeMounts"))):
        if name not in volumes or not isinstance(mount.get("mountPath"), str):
            continue
        of = str(volumes[name].get("name"))
        for key, path in _mounted(volumes[name], mount):
            try:
                found.setdefault(of, {})[key] = _text(path)
            except (OSError, ValueError) as error:
                withheld[f"{key} of the ConfigMap {of}"] = f"it cannot be read: {error}"
    return found, withheld


def _named(items: Any) -> Iterator[tuple[str, Any]]:
    """The members of a list by their names, or of a mapping by its keys or their names."""
    if isinstance(items, Mapping):
        for key, each in items.items():
            name = each.get("name") if isinstance(each, Mapping) else None
            yield str(name or key), each
    for each in items if isinstance(items, list) else ():
        if isinstance(each, Mapping):
            yield str(each.get("name")), each


def _mounted(volume: Mapping[str, Any], mount: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """The keys of a ConfigMap that are files of this pod, and where."""
    keys = {str(each.get("path")): str(each.get("key")) for each in volume.get("items") or []}
    place = Path(mount["mountPath"])
    if name := mount.get("subPath"):
        yield keys.get(str(name), str(name)), place
        return
    try:
        # what begins with two dots is how Kubernetes exchanges the files at once
        paths = sorted(each for each in place.iterdir() if not each.name.startswith(".."))
    except OSError:
        return
    for path in paths[:MOST_FILES]:
        yield keys.get(path.name, path.name), path


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE >> 20} MiB")
    return path.read_text("utf-8")
