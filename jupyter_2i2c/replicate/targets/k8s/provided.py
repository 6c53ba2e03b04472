"""What the charts make by themselves, so that a reference to it resolves. Called by V2 and lint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...importers.source import at
from .references import Reference


@dataclass(frozen=True)
class Provided:
    """An object that will be there.

    Attributes:
        kind, name: as Kubernetes has them.
        keys: in it; None where they are not known, so that each may be.
        by: what makes it, in words.
    """

    kind: str
    name: str
    keys: frozenset[str] | None
    by: str


def provided_by_chart(values: Mapping[str, Any], release: str) -> list[Provided]:
    """What z2jh's chart makes.

    Arguments:
        values: what stands under ``jupyterhub``, with the chart's defaults as far as they are known.
        release: its name.
    """
    prefix = _prefix(values, release)
    by = "the chart jupyterhub"
    made = [
        Provided("Secret", f"{prefix}hub", frozenset(_keys_of_hub(values)), by),
        Provided("ConfigMap", f"{prefix}hub", None, by),
        Provided("ServiceAccount", "default", None, "every namespace"),
        *(Provided("ServiceAccount", name, None, by) for name in _accounts(values, prefix)),
    ]
    for name in ("hub", "proxy-api", "proxy-public", "proxy-http"):
        made.append(Provided("Service", f"{prefix}{name}", None, by))
    if at(values, ("hub", "db", "type"), "sqlite-pvc") == "sqlite-pvc":
        made.append(Provided("PersistentVolumeClaim", f"{prefix}hub-db-dir", None, by))
    files = at(values, ("singleuser", "extraFiles")) or {}
    if files:
        made.append(Provided("Secret", f"{prefix}singleuser", frozenset(map(str, files)), by))
    if at(values, ("imagePullSecret", "create")):
        keys = frozenset({".dockerconfigjson"})
        made.append(Provided("Secret", f"{prefix}image-pull-secret", keys, by))
    if at(values, ("scheduling", "podPriority", "enabled")):
        names = (
            [prefix.rstrip("-"), f"{prefix}user-placeholder"]
            if prefix
            else [f"{release}-default-priority", f"{release}-user-placeholder-priority"]
        )
        made += [Provided("PriorityClass", name, None, by) for name in names]
    annotations = at(values, ("ingress", "annotations")) or {}
    if any(str(each).startswith("cert-manager.io/") for each in annotations):
        for each in at(values, ("ingress", "tls")) or []:
            keys = frozenset({"tls.crt", "tls.key"})
            name = str(each.get("secretName", ""))
            made.append(Provided("Secret", name, keys, "cert-manager, as the Ingress asks it to"))
    return made


def _prefix(values: Mapping[str, Any], release: str) -> str:
    override = values.get("fullnameOverride", "")
    if isinstance(override, str):
        return f"{override}-" if override else ""
    name = values.get("nameOverride") or "jupyterhub"
    return f"{release}-" if name in release else f"{release}-{name}-"


def _keys_of_hub(values: Mapping[str, Any]) -> Iterable[str]:
    yield "values.yaml"
    yield "hub.config.ConfigurableHTTPProxy.auth_token"
    yield "hub.config.JupyterHub.cookie_secret"
    yield "hub.config.CryptKeeper.keys"
    for service in at(values, ("hub", "services")) or {}:
        yield f"hub.services.{service}.apiToken"
    for file in at(values, ("hub", "extraFiles")) or {}:
        yield str(file)
    if at(values, ("hub", "db", "password")):
        yield "hub.db.password"


def _accounts(values: Mapping[str, Any], prefix: str) -> Iterable[str]:
    places = {
        "hub": (("hub", "serviceAccount"), True),
        "autohttps": (("proxy", "traefik", "serviceAccount"), False),
        "user-scheduler": (("scheduling", "userScheduler", "serviceAccount"), False),
        "hook-image-awaiter": (("prePuller", "hook", "serviceAccount"), False),
        "hook-image-puller": (("prePuller", "hook", "serviceAccountImagePuller"), False),
        "continuous-image-puller": (("prePuller", "continuous", "serviceAccount"), False),
    }
    for name, (path, always) in places.items():
        account = at(values, path, {}) or {}
        enabled = always or at(values, (*path[:-1], "enabled"), False)
        if account.get("create", True) and enabled:
            yield str(account.get("name") or f"{prefix}{name}")


def provided_by_others(values: Mapping[str, Any]) -> list[Provided]:
    """What the charts beside z2jh make, as far as something refers to it.

    Arguments:
        values: of the umbrella chart, un-nested.
    """
    made = []
    if at(values, ("binderhub-service", "enabled")):
        made += [
            Provided("Service", "binderhub", None, "the chart binderhub-service"),
            *_of_ingress(values["binderhub-service"], "the Ingress of binderhub-service"),
        ]
    if at(values, ("dask-gateway", "enabled")):
        made.append(Provided("Service", "traefik-dask-gateway", None, "the chart dask-gateway"))
    if at(values, ("jupyterhub-home-nfs", "enabled")):
        name = at(values, ("jupyterhub-home-nfs", "fullnameOverride")) or "storage-quota"
        by = "the chart jupyterhub-home-nfs"
        made.append(Provided("Service", f"{name}-home-nfs", None, by))
    return made


def _of_ingress(values: Mapping[str, Any], by: str) -> Iterable[Provided]:
    for each in at(values, ("ingress", "tls")) or []:
        keys = frozenset({"tls.crt", "tls.key"})
        yield Provided("Secret", str(each.get("secretName", "")), keys, f"cert-manager for {by}")


def provided_by_objects(documents: Iterable[Mapping[str, Any]]) -> list[Provided]:
    """What objects are, once they are applied."""
    made = []
    for each in documents:
        kind = str(each.get("kind", ""))
        name = str(at(each, ("metadata", "name"), ""))
        keys: frozenset[str] | None = None
        if kind in ("Secret", "ConfigMap"):
            fields = ("data", "stringData", "binaryData")
            keys = frozenset(str(key) for field in fields for key in each.get(field) or {})
        made.append(Provided(kind, name, keys, "an object beside the values"))
    return made


def maker_of(reference: Reference, provided: Iterable[Provided]) -> tuple[Provided | None, str]:
    """What makes the thing that is referred to.

    Returns:
        It, or None; and why it does not resolve, which is empty where it does.
    """
    without_key = None
    for each in provided:
        if (each.kind, each.name) != (reference.kind, reference.name):
            continue
        if not reference.key or each.keys is None or reference.key in each.keys:
            return each, ""
        without_key = each
    if without_key is not None:
        return without_key, f"{without_key.by} makes it, without the key {reference.key}"
    return None, "nothing makes it"
