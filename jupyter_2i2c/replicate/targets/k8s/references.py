"""What values and objects refer to by name: ServiceAccounts, ConfigMaps, Secrets, claims and the like. Used by V2 and lint.

References are found by the keys under which Kubernetes has them, wherever they stand: in an object,
in a chart's values, in a profile's override. So a chart need not be known for its references to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...importers.source import Path, at

NAME_TEMPLATE = re.compile(r'\{\{-?\s*include\s+"jupyterhub\.([a-z-]+)\.fullname"\s+\.\s*-?\}\}')
"""A template of z2jh's in a value, which the umbrella chart let Helm evaluate."""

USERS = "user pods"

NOT_REFERENCES = ("extraConfig", "extraFiles", "config", "templateVars", "labels", "annotations")
"""Keys whose values are a program's own and not Kubernetes'."""


@dataclass(frozen=True)
class Reference:
    """A name that something must exist under.

    Attributes:
        kind: of the object, as Kubernetes has it.
        name: of the object.
        key: inside it; empty where the whole is meant.
        needed_by: what does not start without it.
        path: where the name stands.
        optional: it may be missing.
    """

    kind: str
    name: str
    key: str
    needed_by: str
    path: Path
    optional: bool = False

    @property
    def id(self) -> str:
        """Such as ``Secret/hub:hub.services.binder.apiToken``."""
        return f"{self.kind}/{self.name}" + (f":{self.key}" if self.key else "")


def references_of_hub(values: Mapping[str, Any]) -> list[Reference]:
    """Of z2jh's values.

    Arguments:
        values: what stands under ``jupyterhub``, with the chart's defaults as far as they are known.
    """
    found = []
    for section, inside in values.items():
        if section in ("custom", "ingress", "httpRoute", "prePuller", "scheduling"):
            continue
        found += list(walked({section: inside}, _needed_by((section,)), ()))
    found += list(_of_users(values))
    if at(values, ("ingress", "enabled")):
        found += list(walked(values["ingress"], "Ingress/jupyterhub", ("ingress",)))
    secret = at(values, ("hub", "existingSecret"))
    if isinstance(secret, str) and secret:
        found.append(Reference("Secret", secret, "", "Deployment/hub", ("hub", "existingSecret")))
    return found


def _of_users(values: Mapping[str, Any]) -> Iterator[Reference]:
    """What only a user's pod refers to, and under keys of z2jh's own."""
    storage = at(values, ("singleuser", "storage"), {})
    if isinstance(storage, Mapping) and storage.get("type") == "static":
        path: Path = ("singleuser", "storage", "static", "pvcName")
        claim = at(values, path)
        if isinstance(claim, str) and "{" not in claim:
            yield Reference("PersistentVolumeClaim", claim, "", USERS, path)
    path = ("custom", "singleuserAdmin", "serviceAccountName")
    account = at(values, path)
    if isinstance(account, str) and account:
        yield Reference("ServiceAccount", account, "", USERS, path)


def references_of_chart(name: str, values: Mapping[str, Any]) -> list[Reference]:
    """Of the values of another chart, and of its defaults as far as they name z2jh's Secret."""
    found = list(walked(values, f"charts/{name}", (name,)))
    if name == "dask-gateway" and at(values, ("gateway", "auth", "type")) == "jupyterhub":
        path: Path = ("gateway", "auth", "jupyterhub")
        told = at(values, path) or {}
        if not told.get("apiToken"):
            secret = str(told.get("apiTokenFromSecretName") or "hub")
            key = str(told.get("apiTokenFromSecretKey") or "hub.services.dask-gateway.apiToken")
            found.append(Reference("Secret", secret, key, f"charts/{name}", (name, *path)))
    if name == "jupyterhub-groups-exporter" and "extraEnv" not in values:
        key = f"hub.services.{name}.apiToken"
        found.append(Reference("Secret", "hub", key, f"charts/{name}", (name, "extraEnv")))
    return found


def references_of_object(document: Mapping[str, Any]) -> list[Reference]:
    """Of an object of Kubernetes."""
    name = f"{document.get('kind')}/{at(document, ('metadata', 'name'))}"
    return list(walked(document.get("spec", {}), name, ("spec",)))


def walked(value: Any, needed_by: str, path: Path) -> Iterator[Reference]:
    """Every reference below a place."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from walked(each, needed_by, (*path, index))
        return
    if not isinstance(value, Mapping):
        return
    for key, inside in value.items():
        where = (*path, key)
        if key in NOT_REFERENCES:
            continue
        found = _reference(str(key), inside, needed_by, where, value)
        if found:
            yield from found
        else:
            yield from walked(inside, needed_by, where)


def _reference(
    key: str, inside: Any, needed_by: str, path: Path, around: Mapping[str, Any]
) -> list[Reference]:
    if isinstance(inside, Mapping):
        return _of_mapping(key, inside, needed_by, path)
    if key in ("imagePullSecrets", "image_pull_secrets", "pullSecrets") and isinstance(
        inside, list
    ):
        names = [(each.get("name") if isinstance(each, Mapping) else each) for each in inside]
        return [
            Reference("Secret", str(name), ".dockerconfigjson", needed_by, (*path, index))
            for index, name in enumerate(names)
            if name
        ]
    if not isinstance(inside, str) or not inside or "{" in NAME_TEMPLATE.sub("", inside):
        return []
    if key in ("serviceAccountName", "service_account"):
        return [Reference("ServiceAccount", inside, "", needed_by, path)]
    if key in ("priorityClassName", "priority_class_name"):
        return [Reference("PriorityClass", inside, "", needed_by, path)]
    if key == "volumeName":
        return [Reference("PersistentVolume", inside, "", needed_by, path)]
    if key == "secretName" and "hosts" in around:  # of an Ingress
        return [Reference("Secret", inside, "tls.crt", needed_by, path)]
    return []


def _of_mapping(key: str, inside: Mapping[str, Any], needed_by: str, path: Path) -> list[Reference]:
    optional = bool(inside.get("optional"))
    name = inside.get("name")
    if key in ("secretKeyRef", "configMapKeyRef") and name:
        kind = "Secret" if key == "secretKeyRef" else "ConfigMap"
        field = str(inside.get("key", ""))
        return [Reference(kind, resolved(str(name)), field, needed_by, path, optional)]
    if key in ("secretRef", "configMapRef") and name:
        kind = "Secret" if key == "secretRef" else "ConfigMap"
        return [Reference(kind, resolved(str(name)), "", needed_by, path, optional)]
    if key == "configMap" and isinstance(name, str):
        return _of_volume("ConfigMap", name, inside, needed_by, path, optional)
    if key == "secret" and ("secretName" in inside or ("name" in inside and "items" in inside)):
        secret = str(inside.get("secretName") or name)
        return _of_volume("Secret", secret, inside, needed_by, path, optional)
    claim = inside.get("claimName")
    if key in ("persistentVolumeClaim", "persistent_volume_claim") and isinstance(claim, str):
        if "{" in claim:
            return []
        return [Reference("PersistentVolumeClaim", claim, "", needed_by, path)]
    return []


def _of_volume(
    kind: str, name: str, inside: Mapping[str, Any], needed_by: str, path: Path, optional: bool
) -> list[Reference]:
    keys = [str(each.get("key", "")) for each in inside.get("items") or []] or [""]
    return [Reference(kind, resolved(name), key, needed_by, path, optional) for key in keys]


def resolved(name: str) -> str:
    """A name whose template of z2jh's is evaluated, as far as z2jh's own names have no prefix."""
    return NAME_TEMPLATE.sub(lambda match: match[1], name)


def _needed_by(path: Path) -> str:
    section = str(path[0])
    if section in ("singleuser", "imagePullSecrets"):
        return USERS
    return f"Deployment/{section}" if section in ("hub", "proxy") else section


def mounts_without_volume(values: Mapping[str, Any]) -> list[Reference]:
    """Mounts in users' pods of a volume that no pod has; the pod is refused.

    Arguments:
        values: what stands under ``jupyterhub``.
    """
    storage = at(values, ("singleuser", "storage"), {}) or {}
    volumes = {"files"} if at(values, ("singleuser", "extraFiles")) else set()
    if storage.get("type") == "static":
        volumes.add("home")
    if storage.get("type") == "dynamic":
        template = at(storage, ("dynamic", "volumeNameTemplate"))
        volumes.add(str(template or "volume-{user_server}"))
    volumes |= {str(name) for name, _ in _named(storage.get("extraVolumes"))}
    found = []
    places: tuple[Path, ...] = (
        ("singleuser", "storage", "extraVolumeMounts"),
        ("custom", "singleuserAdmin", "extraVolumeMounts"),
    )
    for place in places:
        for name, key in _named(at(values, place)):
            if name not in volumes:
                found.append(Reference("Volume", str(name), "", USERS, (*place, key)))
    return found


def _named(items: Any) -> list[tuple[Any, Any]]:
    """The names in a list of things that have one, or in a mapping of such things."""
    pairs = items.items() if isinstance(items, Mapping) else enumerate(items or [])
    return [(each.get("name"), key) for key, each in pairs if isinstance(each, Mapping)]


def roles_without_service(values: Mapping[str, Any]) -> list[Reference]:
    """Services that roles are given to and that no one declares; the hub does not start.

    Arguments:
        values: what stands under ``jupyterhub``.
    """
    services = set(at(values, ("hub", "services"), {}) or {})
    services |= {
        str(each["name"])
        for each in (at(values, ("hub", "services"), {}) or {}).values()
        if isinstance(each, Mapping) and "name" in each
    }
    if at(values, ("cull", "enabled"), True):
        services.add("jupyterhub-idle-culler")
    found = []
    for role, told in (at(values, ("hub", "loadRoles"), {}) or {}).items():
        listed = told.get("services") if isinstance(told, Mapping) else None
        for index, service in enumerate(listed or []):
            if service not in services:
                path = ("hub", "loadRoles", role, "services", index)
                found.append(Reference("service", str(service), "", f"role {role}", path))
    return found
