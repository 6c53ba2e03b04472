"""What a bundle's manifest says of a hub whose values are known, item by item. Called by bundled.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..manifest import Item, Secret
from . import people
from .source import CHART, HubSource, SecretSlot, leaves, pointer
from .source import Path as Place

EFFECTIVE = "hub/values.effective.yaml"

AREAS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((CHART, "hub", "config"), "login"),
    ((CHART, "hub", "loadRoles"), "roles"),
    ((CHART, "hub", "services"), "services"),
    ((CHART, "custom", "homepage"), "homepage"),
    ((CHART, "hub", "loadGroups"), "groups"),
    ((CHART, "hub", "extraConfig"), "code"),
    ((CHART, "hub", "extraEnv"), "hub-variables"),
    ((CHART, "hub", "image"), "hub-packages"),
    ((CHART, "hub", "db"), "database"),
    ((CHART, "hub"), "settings"),
    ((CHART, "singleuser", "storage"), "storage"),
    ((CHART, "singleuser"), "spawner"),
    ((CHART, "cull"), "culling"),
    ((CHART, "ingress"), "network"),
    ((CHART, "proxy"), "network"),
    (("nfs",), "storage"),
    (("jupyterhub-home-nfs",), "storage"),
    (("inClusterNFS",), "storage"),
    (("userServiceAccount",), "cloud"),
    (("nodePlaceholder",), "cloud"),
    (("jupyterhub-groups-exporter",), "monitoring"),
)
"""Beginning of a place to layer, the first that fits; all else is of the charts."""

CLOUD = (
    (re.compile(r"arn:aws[\w-]*:"), "an identity or resource of AWS"),
    (re.compile(r"[\w-]+@[\w-]+\.iam\.gserviceaccount\.com"), "a service account of Google Cloud"),
    (re.compile(r"^(gs|s3|abfss?|az)://"), "a bucket"),
    (re.compile(r"^vol-[0-9a-f]{8,}$"), "a disk of AWS"),
    (re.compile(r"^projects/[\w-]+/zones/"), "a disk of Google Cloud"),
    (re.compile(r"\.(file\.core\.windows\.net|amazonaws\.com|svc\.cluster\.local)\b"), "an address in the old cloud or cluster"),
)  # fmt: skip
CLOUD_KEYS = {
    "node.kubernetes.io/instance-type": "a type of machine",
    "2i2c/hub-name": "a label of the operator's nodes",
    "serverIP": "the address of a file server",
    "storageClassName": "a class of storage",
}


def layer_of(path: Place) -> str:
    """The layer that a place of values belongs to."""
    for beginning, layer in AREAS:
        if path[: len(beginning)] == beginning:
            return layer
    return "charts"


def items_of(
    source: HubSource, digests: Mapping[str, str], snippets: Mapping[str, str]
) -> Iterator[Item]:
    """An item for each thing that was looked at.

    Arguments:
        source: the hub.
        digests: SHA-256 of each file of the bundle.
        snippets: the files that its Python is in, by its place.
    """
    yield from _areas(source, digests)
    yield from _code(source, digests, snippets)
    yield from _cloud(source)
    yield from _secrets(source)
    yield from _addresses(source)
    yield from _never(source)


def _areas(source: HubSource, digests: Mapping[str, str]) -> Iterator[Item]:
    """One item for each branch of the values, two keys deep below the plain chart's, one elsewhere."""
    counted: dict[Place, tuple[int, int]] = {}
    for path, _ in leaves(source.values):
        branch = path[: 3 if path[0] == CHART else 1]
        total, own = counted.get(branch, (0, 0))
        default = source.origin(path).layer in ("z2jh", "chart")
        counted[branch] = (total + 1, own + (not default))
    for branch, (total, own) in counted.items():
        layer = layer_of(branch)
        evidence = f"{total} values, {own} of them the hub's own"
        yield Item(
            f"{layer}:{pointer(branch)}", layer, "captured", evidence, source.seen, digests[EFFECTIVE], EFFECTIVE
        )  # fmt: skip


def _code(
    source: HubSource, digests: Mapping[str, str], snippets: Mapping[str, str]
) -> Iterator[Item]:
    for place, code in source.code.items():
        own = "the hub's own" if code.own else "the chart's"
        slots = [
            each for each in source.secrets if each.path == code.path and each.found == "plain"
        ]
        yield Item(
            f"code:{place}", "code", "code-verbatim", f"{own}, {code.origin}", source.seen,
            digests[snippets[place]], snippets[place],
            f"{len(slots)} secrets were taken out" if slots else "",
        )  # fmt: skip


def _cloud(source: HubSource) -> Iterator[Item]:
    for path, value in leaves(source.values):
        what = CLOUD_KEYS.get(str(path[-1]), "")
        if not what and isinstance(value, str) and len(value) < 500:
            what = next((said for form, said in CLOUD if form.search(value)), "")
        own = source.origin(path).layer not in ("z2jh", "chart")
        if what and value not in (None, "") and own:
            yield Item(
                f"cloud:{pointer(path)}", "cloud", "cloud-resource",
                f"{what}, {source.origin(path)}", source.seen, reason="it belongs to the old cloud or cluster",
                action_needed="give the new one",
            )  # fmt: skip


def _secrets(source: HubSource) -> Iterator[Item]:
    seen: set[str] = set()
    for slot in source.secrets:
        if slot.name in seen:
            continue
        seen.add(slot.name)
        reason = {
            "encrypted": "it is encrypted with the old operator's key",
            "plain": "it stood readable and was taken out",
            "stub": "only a placeholder stands there",
            "required": "no file sets it",
            "running": "the running hub has it, and it was taken out",
        }[slot.found]
        if not slot.effective:
            reason += "; a later file puts something else in its place"
        yield Item(
            f"secrets:{slot.name}", "secrets", "secret-slot", slot.where, source.seen,
            reason=reason, action_needed=slot.how if slot.effective else "",
        )  # fmt: skip


def _addresses(source: HubSource) -> Iterator[Item]:
    for path, _ in people.addresses(source):
        yield Item(
            f"people:{pointer(path)}", "people", "captured", f"{source.origin(path)}", source.seen,
            reason="an address of mail stands in this text", action_needed="see whether it may be passed on",
        )  # fmt: skip


NEVER = (
    ("database", "state", "users, groups and administrators that were added while the hub ran",
     "capture the running hub, too: --live"),
    ("homes", "files", "people's files are theirs",
     "each person takes them with `jupyter 2i2c capture home`"),
    ("storage", "shared", "shared directories and buckets are storage of the old cluster",
     "copy what is in them"),
    ("monitoring", "cluster", "Prometheus, Grafana and the like belong to the cluster, not to the hub",
     "set up your own"),
    ("cloud", "cluster", "nodes, names and certificates are made with other tools",
     "make a cluster of your own"),
)  # fmt: skip
"""What no repository of this kind holds of a hub, and what to do about it."""


OF_RUNNING = ("database", "homes")
"""Layers of which a capture of the running hub says itself what is not in it."""


def _never(source: HubSource) -> Iterator[Item]:
    for layer, name, reason, action in NEVER:
        if source.seen == "d" or layer not in OF_RUNNING:
            yield Item(
                f"{layer}:{name}", layer, "not-captured", "it is not described there", source.seen,
                reason=reason, action_needed=action,
            )  # fmt: skip


def person_list(path: Place, count: int, source: HubSource) -> Item:
    """A list of people that was left out."""
    key = str(path[-1])
    said = f"{count} entries" if count != 1 else "1 entry"
    action = (
        "name your own administrators" if key == "admin_users" else "ask them, and fill it anew"
    )
    return Item(
        f"people:{pointer(path)}", "people", "policy-excluded", said, source.seen,
        reason="names of people need --with-people", action_needed=action,
    )  # fmt: skip


def staff(path: Place, source: HubSource) -> Item:
    """A way in for the old operator's staff that was left out of this hub."""
    return Item(
        f"login:staff{pointer(path)}", "login", "policy-excluded", str(source.origin(path)) or "a chart",
        source.seen, reason="the old operator's staff has no access to a replica",
    )  # fmt: skip


def secrets_of(source: HubSource) -> Iterator[Secret]:
    """Each slot that must be filled, once."""
    seen: dict[str, list[SecretSlot]] = {}
    for slot in source.secrets:
        if slot.effective:
            seen.setdefault(slot.name, []).append(slot)
    for name in sorted(seen):
        slots = seen[name]
        where = dict.fromkeys(f"{each.where} {each.pointer}" for each in slots)
        first = slots[0]
        how = f"{first.what}; {first.how} (issued by: {first.issued_by})"
        yield Secret(name, "; ".join(where), how)
