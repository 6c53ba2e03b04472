"""All that a bundle says of its hub, value by value, so that two can be compared. Called by hub_diff.py.

Nothing of the bundle is executed. A secret is its slot; a function is its name and the hash of what it
does; a list whose members have names is read by them, so that one more member is one difference.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import checksums
from .bundle import Bundle
from .diff import versions_of
from .errors import ReplicateError
from .importers import hub_items, recorded
from .importers.bundled import DESCRIPTION, source_of
from .importers.source import HubSource
from .manifest import ENVIRONMENT_LAYERS

LARGEST = 16 << 20
"""Bytes of a file that is looked into; no hub's configuration has so many."""

DEEPEST = 50

NAMES = ("name", "slug", "display_name", "id", "mountPath", "key")
"""What a member of a list may be called by: the first that it has."""

Key = tuple[str, ...]
"""Where a value is; each part begins with ``.`` (a key), ``[`` (a named member), ``#`` (a number, or a
word of ours) or ``/`` (a file)."""


@dataclass(frozen=True)
class Fact:
    """One value.

    Attributes:
        layer: of the manifest's.
        value: scalar, list of scalars, or empty; what JSON has.
        place: in the values of a chart, where it is of those.
    """

    layer: str
    value: Any
    place: tuple[str | int, ...] = ()


@dataclass
class View:
    """What a bundle says.

    Attributes:
        parts: part of the hub to its values by their keys.
        missing: part that is not in the bundle, to why.
        python: the hub's, such as ``3.12``; empty where it is not known.
        source: the hub as its values describe it, where the bundle has those.
    """

    parts: dict[str, dict[Key, Fact]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    python: str = ""
    source: HubSource | None = None


PARTS = {
    "settings": "the settings of the running hub",
    "files": "the files of the configuration",
    "variables": "the hub's environment variables",
    "packages": "the packages of the hub",
    "values": "the values of the chart",
    "people": "users",
    "number of users": "how many users there are",
    "groups": "groups",
    "services": "the services that the API tells of",
    "info": "what the API tells of the hub",
    "announcements": "announcements",
    "secrets": "slots of secrets",
    "environment": "the users' environment",
}
"""All that is compared, and how it is called in a sentence."""


ASKED = {
    "people:users": "people", "people:list": "people", "groups:groups": "groups", "groups:list": "groups",
    "services:services": "services", "services:info": "info", "announcements:list": "announcements",
}  # fmt: skip
"""Items of the manifest that say why a part is missing."""


def view(bundle: Bundle) -> View:
    """Read all of it.

    Raises:
        ReplicateError: the bundle holds no hub, or is not as it was written.
    """
    manifest = bundle.manifest()
    if manifest.kind != "hub":
        what = manifest.kind or "something else"
        raise ReplicateError(f"{bundle.place} holds no hub but one person's {what}; give another")
    seen = View()
    try:
        _settings(bundle, seen)
        _values(bundle, seen)
        _lists(bundle, seen)
        _announcements(bundle, seen)
        _environment(bundle, seen)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ReplicateError(
            f"{bundle.place} is not as it was written: {type(error).__name__} {error}; take the bundle anew"
        ) from None
    for each in manifest.items:
        part = ASKED.get(each.id, "")
        if part and part not in seen.parts:
            seen.missing[part] = each.reason
    seen.parts["secrets"] = {
        (f".{each.slot}",): Fact("secrets", f"{SLOT}{each.how}") for each in manifest.secrets
    }
    return seen


def _json(bundle: Bundle, name: str) -> Any:
    """What a JSON file of the bundle says; None where it is not there."""
    path = bundle.path(name)
    if not path.is_file():
        return None
    if path.stat().st_size > LARGEST:
        raise _too_large(bundle, name)
    try:
        return json.loads(bundle.text(name))
    except ValueError as error:
        raise ReplicateError(f"data/{name} of {bundle.place} is no JSON: {error}") from None


def _too_large(bundle: Bundle, name: str) -> ReplicateError:
    return ReplicateError(
        f"data/{name} of {bundle.place} has more than {LARGEST >> 20} MiB, which no hub's does; it is"
        " not looked into"
    )


def _settings(bundle: Bundle, seen: View) -> None:
    told = _json(bundle, recorded.OBSERVED)
    if told is None:
        return
    seen.python = ".".join(str(told.get("machine", {}).get("python", "")).split(".")[:2])
    facts = seen.parts["settings"] = {}
    for path, value in told["config"].items():
        section, _, trait = str(path).partition(".")
        trait, bracket, member = trait.partition("[")
        start: Key = (f".{section}", f".{trait}", *([f"[{member[:-1]}"] if bracket else []))
        layer = recorded.layer_of(str(path))
        for key, leaf, _ in flat(value, start):
            facts[key] = Fact(layer, leaf)
    files = recorded.files_in(bundle, str(told.get("main", "")))
    seen.parts["files"] = {
        (f"/{place}",): Fact("code", _content(bundle, name)) for place, name in files.items()
    }
    for part, name, layer in (
        ("variables", recorded.ENVIRONMENT, "hub-variables"),
        ("packages", "hub/packages.json", "hub-packages"),
    ):
        listed = _json(bundle, name)
        if listed is not None:
            seen.parts[part] = {
                (f"#{part}", f".{key}"): Fact(layer, each) for key, each in listed.items()
            }


def _values(bundle: Bundle, seen: View) -> None:
    if not bundle.path(DESCRIPTION).is_file():
        return
    for name in bundle.names():
        if name.startswith("hub/") and bundle.path(name).stat().st_size > LARGEST:
            raise _too_large(bundle, name)
    source = seen.source = source_of(bundle)
    facts = seen.parts["values"] = {
        key: Fact(hub_items.layer_of(place), leaf, place)
        for key, leaf, place in flat(source.values)
        if place
    }
    for what, told in (
        ("chart", source.chart),
        ("umbrella", source.umbrella),
        ("hub", vars(source.hub)),
    ):
        for key, leaf, _ in flat(dict(told), (f"#{what}",)):
            facts[key] = Fact("network" if key[-1] == ".domain" else "charts", leaf)


def _lists(bundle: Bundle, seen: View) -> None:
    """What the hub's API said."""
    for what, part, layer in (
        ("users", "people", "people"),
        ("groups", "groups", "groups"),
        ("services", "services", "services"),
        ("info", "info", "settings"),
    ):
        told = _json(bundle, f"hub/{what}.json")
        if told is not None:
            seen.parts[part] = {
                key: Fact(layer, leaf) for key, leaf, _ in flat(told, (f"#{what}",))
            }
            if what == "users":
                seen.parts["number of users"] = {(".users",): Fact(layer, len(told))}
    for each in bundle.manifest().items:
        counted = re.match(r"(\d+) users\b", each.reason)
        if each.id == "people:users" and counted:
            seen.parts["number of users"] = {(".users",): Fact("people", int(counted[1]))}


def _announcements(bundle: Bundle, seen: View) -> None:
    told = _json(bundle, recorded.ANNOUNCEMENTS)
    if told is not None:
        seen.parts["announcements"] = {
            key: Fact("announcements", leaf)
            for each in told
            for key, leaf, _ in flat(each, ("#announcements", f"[{each['id']}"))
        }


def _environment(bundle: Bundle, seen: View) -> None:
    """The items of an environment that is in the same bundle."""
    versions = versions_of(bundle)
    facts: dict[Key, Fact] = {}
    for each in bundle.manifest().items:
        if each.layer in ENVIRONMENT_LAYERS:
            digest = (
                f"{each.evidence} (sha256 {each.sha256[:12]})" if each.sha256 else each.evidence
            )
            facts[(f".{each.id}",)] = Fact(each.layer, versions.get(each.id) or digest)
    if facts:
        seen.parts["environment"] = facts


def _content(bundle: Bundle, name: str) -> str:
    """A file's text, or a word for it where it is none."""
    path = bundle.path(name)
    if path.stat().st_size <= LARGEST:
        data = path.read_bytes()
        if b"\0" not in data:
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                pass
    return f"{path.stat().st_size} bytes, sha256 {checksums.of_file(path)}"


def flat(
    value: Any, key: Key = (), place: tuple[str | int, ...] = ()
) -> Iterator[tuple[Key, Any, tuple[str | int, ...]]]:
    """Each leaf with its key and its place: scalars, lists of scalars, and what is empty.

    Arguments:
        value: as YAML, JSON or recorder.py write it.
        key: it has.
        place: the same, as keys and positions.
    """
    if len(key) > DEEPEST:
        yield key, json.dumps(value, sort_keys=True, ensure_ascii=False), place
    elif isinstance(value, Mapping):
        leaf = _special(value)
        if leaf is not None:
            yield key, leaf, place
        elif not value:
            yield key, {}, place
        elif len(value) == 1 and str(next(iter(value))).startswith("$"):
            (inner,) = value.values()
            yield from flat(_without_traitlets(inner), key, place)
        else:
            for name, each in value.items():
                yield from flat(each, (*key, f".{name}"), (*place, name))
    elif isinstance(value, list) and any(isinstance(each, (Mapping, list)) for each in value):
        called = _names(value)
        for number, each in enumerate(value):
            part = f"[{called[number]}" if called else f"#{number}"
            yield from flat(each, (*key, part), (*place, number))
    else:
        yield key, value, place


def _special(value: Mapping[str, Any]) -> Any:
    """What recorder.py has an object of one key for; None for any other mapping."""
    if isinstance(value.get("$secret"), str):
        return f"<secret:{value['$secret']}>"
    code = value.get("$code")
    if isinstance(code, Mapping):
        name, done = code.get("name", "a function"), str(code.get("bytecode", ""))[:12]
        return f"{FUNCTION}{name}, bytecode {done or 'not known'}"
    return None


def _without_traitlets(described: Any) -> Any:
    """A class or an object without the bases that all of them have."""
    if not isinstance(described, Mapping) or not isinstance(described.get("bases"), list):
        return described
    bases = [each for each in described["bases"] if not str(each).startswith("traitlets.")]
    return {**described, "bases": bases}


FUNCTION, SLOT = "function ", "a slot; "
"""How functions and slots begin; both are words of ours."""


def _names(members: list[Any]) -> list[str]:
    """What each member is called; empty where one has no name."""
    called: list[str] = []
    times: Counter[str] = Counter()
    for each in members:
        told = each if isinstance(each, Mapping) else {}
        name = next((told[name] for name in NAMES if isinstance(told.get(name), str)), "")
        if not name:
            return []
        times[name] += 1
        called.append(name if times[name] == 1 else f"{name} ({times[name]})")
    return called


def dotted(key: Key) -> str:
    """A key for a person: ``Spawner.mem_limit``, ``services[culler].command``."""
    words = []
    for part in key:
        kind, name = part[0], part[1:]
        if kind == "." and re.fullmatch(r"[\w:@/ -]+", name):
            words.append(f".{name}")
        else:
            ours = kind == "/" or (kind == "#" and not name.isdigit())
            words.append(f".{name}" if ours else f"[{name}]")
    return "".join(words).removeprefix(".")
