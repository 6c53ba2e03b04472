"""The objects that an umbrella chart made around z2jh, from the values that describe them. Called by targets/k8s and V3.

z2jh's own chart makes none of them, and without them its pods wait for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...importers.source import CHART, at
from .references import Reference, references_of_hub

Object = dict[str, Any]

LABELS = {"app": "jupyterhub"}
HOMES = "home-nfs"
PROMETHEUS = "prometheus-auth"
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""What Kubernetes takes as a name."""
PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
UPSTREAM_PAUSE = "registry.k8s.io/pause:3.10.1"


def objects_of(values: Mapping[str, Any], hub: str, distribution: str) -> list[Object]:
    """Every object but Secrets, in the order in which they are applied.

    Arguments:
        values: of the umbrella chart, un-nested.
        hub: the release's name, which is the namespace's, too.
        distribution: of Kubernetes: ``eks``, ``gke`` or ``aks``.
    """
    made: list[Object] = []
    if at(values, ("userServiceAccount", "enabled")):
        made.append(_user_account(values))
    made += _config_maps(values, distribution)
    if at(values, ("nfs", "enabled")):
        made += _homes(values["nfs"], hub)
        made += _reporters(values["nfs"])
    elif at(values, ("inClusterNFS", "enabled")):
        made.append(_claim(at(values, ("inClusterNFS", "size")), "nfs"))
    if at(values, ("nodePlaceholder", "enabled")):
        made.append(_node_placeholder(values["nodePlaceholder"]))
    dask = at(values, ("dask-gateway", "enabled"))
    if dask and at(values, (CHART, "custom", "daskhubSetup", "enabled")):
        made += [_dask_scheduler(), _dask_worker()]
    return made


def secrets_of(values: Mapping[str, Any], made: list[Object]) -> list[Object]:
    """Templates for the Secrets that z2jh's values refer to and that no chart makes.

    Their keys are those that are referred to; what they hold is for a person to supply.

    Arguments:
        values: of the umbrella chart, un-nested.
        made: the objects that are there already.
    """
    hub = values.get(CHART, {})
    known = {(each["kind"], each["metadata"]["name"]) for each in made}
    known |= {("Secret", name) for name in ("hub", "singleuser", "image-pull-secret")}
    wanted: dict[str, set[str]] = {}
    for reference in references_of_hub(hub):
        if (
            reference.kind == "Secret"
            and not reference.optional
            and NAME.fullmatch(reference.name)
            and (reference.kind, reference.name) not in known
            and not _made_by_cert_manager(reference)
        ):
            keys = wanted.setdefault(reference.name, set())
            if reference.key:
                keys.add(reference.key)
    return [secret_template(name, sorted(keys)) for name, keys in sorted(wanted.items())]


def _made_by_cert_manager(reference: Reference) -> bool:
    return reference.path[:1] == ("ingress",)


def slot_of(secret: str, key: str) -> str:
    """What stands in a Secret's template for a key; the word is that of a secret slot."""
    name = f"{secret}_{key}".upper()
    return f"<secret:{''.join(each if each.isalnum() else '_' for each in name)}>"


def secret_template(name: str, keys: list[str]) -> Object:
    """A Secret to fill in."""
    if keys == [".dockerconfigjson"]:
        empty = json.dumps({"auths": {}})
        return {
            **head("v1", "Secret", name),
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": empty},
        }
    data = {key: slot_of(name, key) for key in keys}
    return {**head("v1", "Secret", name), "type": "Opaque", "stringData": data}


def head(version: str, kind: str, name: str, labels: Mapping[str, str] | None = None) -> Object:
    """The beginning of an object."""
    labels = {**LABELS, **labels} if labels is not None else LABELS
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "labels": dict(labels)},
    }


def _user_account(values: Mapping[str, Any]) -> Object:
    made = head("v1", "ServiceAccount", "user-sa")
    annotations = at(values, ("userServiceAccount", "annotations"))
    if annotations:
        made["metadata"]["annotations"] = dict(annotations)
    return made


def _config_maps(values: Mapping[str, Any], distribution: str) -> Iterator[Object]:
    for name, content in config_maps_of(values, distribution).items():
        yield {**head("v1", "ConfigMap", name), "data": content}


def config_maps_of(values: Mapping[str, Any], distribution: str) -> dict[str, dict[str, Any]]:
    """What is in the ConfigMaps of the umbrella chart that something refers to: name to key to text."""
    hub = values.get(CHART, {})
    named = {
        reference.name for reference in references_of_hub(hub) if reference.kind == "ConfigMap"
    }
    if at(values, ("dask-gateway", "enabled")):
        named.add("basehub-cluster-info")
    homepage = at(hub, ("custom", "homepage"), {}) or {}
    data: dict[str, dict[str, Any]] = {
        "basehub-cluster-info": {"K8S_DIST": distribution},
        "hub-custom-templates-config": {
            "GIT_REPO_URL": str(homepage.get("gitRepoUrl", "")),
            "GIT_REPO_BRANCH": str(homepage.get("gitRepoBranch", "")),
        },
        "usage-quotas-config": {"jupyterhub_usage_quotas_config.py": _usage_quotas(hub)},
    }
    return {name: content for name, content in data.items() if name in named}


def _usage_quotas(hub: Mapping[str, Any]) -> str:
    looked_up = "os.environ.get('JUPYTERHUB_USAGE_QUOTAS_METRICS_TOKEN')"
    lines = ["import os", f"c.UsageQuotaManager.metrics_exporter_token = {looked_up}"]
    viewer = at(hub, ("hub", "config", "UsageViewer"), {}) or {}
    for name, value in sorted(viewer.items()):
        if value is not None:
            literal = json.dumps(value) if isinstance(value, str) else repr(value)
            lines.append(f"c.UsageViewer.{name} = {literal}")
    return "\n".join(lines) + "\n"


def _homes(nfs: Mapping[str, Any], hub: str) -> list[Object]:
    volume = nfs.get("pv") or {}
    share = volume.get("shareNameOverride") or hub
    name = f"{hub}-{HOMES}"
    persistent = head("v1", "PersistentVolume", name)
    persistent["spec"] = {
        "capacity": {"storage": "1Mi"},
        "accessModes": ["ReadWriteMany"],
        "nfs": {
            "server": str(volume.get("serverIP", "")),
            "path": f"{volume.get('baseShareName', '/')}{share}",
        },
        "mountOptions": list(volume.get("mountOptions") or []),
    }
    return [persistent, _claim("1Mi", "", name)]


def _claim(size: str, storage_class: str, volume: str = "") -> Object:
    claim = head("v1", "PersistentVolumeClaim", HOMES)
    claim["spec"] = {
        "accessModes": ["ReadWriteMany"],
        **({"volumeName": volume} if volume else {}),
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    return claim


def _reporters(nfs: Mapping[str, Any]) -> Iterator[Object]:
    sizes = nfs.get("dirsizeReporter") or {}
    if sizes.get("enabled"):
        arguments = ["dirsize-exporter", "/shared-volume", "250", "120", "--port=8000"]
        if not sizes.get("reportTotalSize"):
            arguments.append("--disable-total-size")
        container = {
            "name": "dirsize-exporter",
            "image": "quay.io/yuvipanda/prometheus-dirsize-exporter:v3.3",
            "args": arguments,
            "ports": [{"containerPort": 8000, "name": "dirsize-metrics", "protocol": "TCP"}],
            "resources": {
                "requests": {"cpu": 0.01, "memory": "128Mi"},
                "limits": {"cpu": 0.05, "memory": "512Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "runAsGroup": 0,
                "runAsUser": 1000,
            },
        }
        yield _reporter("shared-dirsize-metrics", 8000, container)
    if (nfs.get("volumeReporter") or {}).get("enabled"):
        container = {
            "name": "shared-volume-exporter",
            "image": "quay.io/prometheus/node-exporter:v1.5.0",
            "args": [
                "--collector.disable-defaults",
                "--collector.filesystem",
                "--web.listen-address=:9100",
            ],
            "ports": [{"containerPort": 9100, "name": "metrics", "protocol": "TCP"}],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "runAsGroup": 65534,
                "runAsNonRoot": True,
                "runAsUser": 65534,
            },
        }
        yield _reporter("shared-volume-metrics", 9100, container)


def _reporter(name: str, port: int, container: Object) -> Object:
    """A pod that tells Prometheus about the home directories; dashboards look for its label."""
    container["volumeMounts"] = [
        {"name": "shared-volume", "mountPath": "/shared-volume", "readOnly": True}
    ]
    pod = {
        "containers": [container],
        "securityContext": {"fsGroup": 65534},
        "volumes": [{"name": "shared-volume", "persistentVolumeClaim": {"claimName": HOMES}}],
    }
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": str(port)}
    return _deployment(name, 1, pod, annotations)


def _deployment(
    name: str, replicas: int, pod: Object, annotations: Mapping[str, str] | None = None
) -> Object:
    labels = {**LABELS, "component": name}
    made = head("apps/v1", "Deployment", name, {"component": name})
    metadata: Object = {"labels": labels}
    if annotations:
        metadata["annotations"] = dict(annotations)
    made["spec"] = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": metadata, "spec": pod},
    }
    return made


def _node_placeholder(told: Mapping[str, Any]) -> Object:
    """Pods that do nothing, so that nodes are kept; no two share one."""
    labels = {**LABELS, "component": "node-placeholder"}
    purpose = {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
    pod: Object = {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [purpose]}]
                }
            },
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": labels},
                    }
                ]
            },
        },
        "containers": [
            {
                "name": "pause",
                "image": at(told, ("pauseContainer", "image"), UPSTREAM_PAUSE),
                "securityContext": {"runAsUser": 1000, "allowPrivilegeEscalation": False},
            }
        ],
    }
    selector = {key: each for key, each in (told.get("nodeSelector") or {}).items() if each}
    tolerations = [*(told.get("tolerations") or []), *(told.get("extraTolerations") or [])]
    if selector:
        pod["nodeSelector"] = selector
    if tolerations:
        pod["tolerations"] = tolerations
    return _deployment("node-placeholder", int(told.get("replicas") or 0), pod)


def _dask_scheduler() -> Object:
    rules = [
        {"to": [_component("dask-worker")]},
        {"to": [_component("gateway")], "ports": [{"port": 8000, "protocol": "TCP"}]},
    ]
    return _dask_policy("scheduler", rules)


def _dask_worker() -> Object:
    rules = [
        {"to": [_component("dask-scheduler")], "ports": [{"port": 8786, "protocol": "TCP"}]},
        {"to": [_component("dask-worker")]},
    ]
    return _dask_policy("worker", rules)


def _dask_policy(what: str, rules: list[Object]) -> Object:
    """What pods of Dask may reach: the world, names, and each other; no private network."""
    made = head("networking.k8s.io/v1", "NetworkPolicy", f"dask-{what}-network-policy")
    world = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_NETWORKS)}}
    names = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    labels = {
        "app.kubernetes.io/name": "dask-gateway",
        "app.kubernetes.io/component": f"dask-{what}",
    }
    made["spec"] = {
        "podSelector": {"matchLabels": labels},
        "policyTypes": ["Egress"],
        "egress": [{"to": [world]}, {"to": [names], "ports": ports}, *rules],
    }
    return made


def _component(name: str) -> Object:
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/component": name}}}
