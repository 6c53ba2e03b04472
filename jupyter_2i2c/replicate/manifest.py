"""What a bundle says about itself: data/manifest.json. Written by capture, read by everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .errors import ReplicateError

SCHEMA_VERSION = 1
SCHEMA = Path(__file__).with_name("schema") / f"manifest-{SCHEMA_VERSION}.json"

STATUSES = (
    "captured",
    "transformed",
    "secret-slot",
    "code-verbatim",
    "cloud-resource",
    "policy-excluded",
    "not-captured",
    "unknown",
)

ENVIRONMENT_LAYERS = {
    "interpreter": "Interpreter and platform",
    "python": "Python distributions",
    "conda": "conda packages",
    "apt": "apt packages",
    "r": "R packages",
    "julia": "Julia packages",
    "kernels": "Kernels",
    "labextensions": "JupyterLab extensions",
    "server-extensions": "Server extensions",
    "jupyter-config": "Jupyter configuration",
    "variables": "Environment variables",
    "image": "Container image",
    "hub": "Facts about the hub",
}
"""The fixed list of layers of an environment, in the order in which they are shown."""

HUB_LAYERS = {
    "login": "Login and who may use the hub",
    "people": "Users, administrators, names of people",
    "groups": "Groups",
    "roles": "Roles and scopes",
    "services": "Services",
    "spawner": "Servers: resources, images, profiles",
    "storage": "Storage",
    "culling": "Culling",
    "homepage": "Home page",
    "announcements": "Announcements",
    "code": "Python of the configuration",
    "settings": "Other settings of the hub",
    "hub-variables": "Environment variables of the hub",
    "hub-packages": "Packages of the hub",
    "network": "Addresses, certificates, network rules",
    "cloud": "What belongs to one cloud or cluster",
    "charts": "Charts and their values",
    "secrets": "Secrets",
    "database": "The hub's database",
    "homes": "People's files",
    "monitoring": "Monitoring and costs",
}
"""The fixed list of layers of a hub, wherever it was read, so that reports can be compared."""


@dataclass(frozen=True)
class Item:
    """One thing that was looked at.

    Attributes:
        id: ``layer:name``, unique in the bundle.
        layer: one of the manifest's layers.
        status: one of `STATUSES`.
        evidence: where it was seen, in words.
        source: who could see it: ``a`` the user's server, ``b`` a service's token, ``c`` the hub's
            process, ``d`` the public repository.
        sha256: of the file at `path`; empty where there is none.
        path: of what was captured of it, in ``data/``; empty where it is the manifest alone.
        reason: why it was not captured, or what was changed.
        action_needed: what a person must do for it after a rebuild.
    """

    id: str
    layer: str
    status: str
    evidence: str
    source: str = "a"
    sha256: str = ""
    path: str = ""
    reason: str = ""
    action_needed: str = ""


@dataclass(frozen=True)
class Transform:
    """A difference between source and rebuild that is meant.

    Attributes:
        id: short name.
        what: what differs.
        why: why it cannot be the same.
    """

    id: str
    what: str
    why: str


@dataclass(frozen=True)
class Secret:
    """A secret that was left out.

    Attributes:
        slot: the name of what stands in its place.
        where: where it was.
        how: how to get a new one.
    """

    slot: str
    where: str
    how: str


@dataclass(frozen=True)
class NotCaptured:
    """A part of the source that is not in the bundle at all.

    Attributes:
        what: in words.
        reason: why.
    """

    what: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The whole of it.

    Attributes:
        kind: ``environment``, ``home`` or ``hub``.
        created: UTC, ``2026-01-31T12:00:00Z``.
        tool: name, version and sha256 of what wrote it.
        source: hub, url, image and the like; what is not known is not there.
        layers: id to title, the fixed list of this kind.
        items, transforms, secrets, not_captured: as their classes say.
    """

    kind: str
    created: str
    tool: Mapping[str, str]
    source: Mapping[str, str]
    layers: Mapping[str, str]
    items: tuple[Item, ...] = ()
    transforms: tuple[Transform, ...] = ()
    secrets: tuple[Secret, ...] = ()
    not_captured: tuple[NotCaptured, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)

    def to_text(self) -> str:
        """The file; the same manifest gives the same bytes."""
        plain = asdict(self)
        plain["source"] = dict(sorted(self.source.items()))
        plain["items"] = [_without_empty(item) for item in sorted(plain["items"], key=_by_id)]
        return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"

    def counts(self) -> dict[str, dict[str, int]]:
        """Per layer, how many items have each status; a layer without items is there, empty."""
        counted: dict[str, dict[str, int]] = {layer: {} for layer in self.layers}
        for item in self.items:
            layer = counted.setdefault(item.layer, {})
            layer[item.status] = layer.get(item.status, 0) + 1
        return counted


def _by_id(item: Mapping[str, Any]) -> str:
    return str(item["id"])


def _without_empty(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value != ""}


def read(text: str) -> Manifest:
    """A manifest from its text; fields of a later minor version are ignored.

    Raises:
        ReplicateError: it is none, or of a schema that this version does not know.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReplicateError(f"manifest.json is no JSON: {error}; take the bundle anew") from None
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ReplicateError("manifest.json has no schema version; it is no bundle of ours")
    if version > SCHEMA_VERSION:
        raise ReplicateError(
            f"the bundle's schema is version {version} and this is made for {SCHEMA_VERSION};"
            " update jupyter_2i2c"
        )
    try:
        return Manifest(
            kind=_text(plain["kind"]),
            created=_text(plain["created"]),
            tool=_texts(plain["tool"]),
            source=_texts(plain["source"]),
            layers=_texts(plain["layers"]),
            items=_each(Item, plain["items"]),
            transforms=_each(Transform, plain["transforms"]),
            secrets=_each(Secret, plain["secrets"]),
            not_captured=_each(NotCaptured, plain["not_captured"]),
            schema_version=version,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ReplicateError(
            f"manifest.json lacks or misstates {error}; take the bundle anew"
        ) from None


def _each(kind: Any, plain: Any) -> tuple[Any, ...]:
    known = kind.__dataclass_fields__
    return tuple(
        kind(**{name: _text(value) for name, value in one.items() if name in known})
        for one in plain
    )


def _texts(plain: Any) -> dict[str, str]:
    return {name: _text(value) for name, value in plain.items()}


def _text(plain: Any) -> str:
    if not isinstance(plain, str):
        raise TypeError(f"a text: {str(plain)[:40]!r} is none")
    return plain


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of this version."""
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return loaded
