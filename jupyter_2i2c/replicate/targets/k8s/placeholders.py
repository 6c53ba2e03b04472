"""Leaves of values that belong to one cloud, cluster or address, and what stands in their place. Called by targets/k8s/planning.py.

A placeholder is a word that Kubernetes takes as a label, a name and a host: what is forgotten is
accepted, found by nothing, and reaches nobody. Hosts end in ``.invalid``, which no one can own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...importers.source import CHART, Path, at, leaves
from .clouds import (
    ACCOUNT_VARIABLE,
    CLOUD_ANNOTATION,
    CLOUD_DRIVER,
    CLOUD_LABEL,
    EXPRESSIONS,
    IDENTITIES,
    INGRESS_CLASS,
    LOAD_BALANCER,
    NODE_LABELS,
    OTHER_LABEL,
    SELECTORS,
    VOLUMES,
)

MARK = "replace-me-"
"""What every placeholder begins with."""

BUCKET = re.compile(r"^(s3|gs|az|abfs|abfss)://([^/$]+)")
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]*:[^\s\"']*")
GOOGLE_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.iam\.gserviceaccount\.com")
SECRET = "<secret:"  # noqa: S105 -- what stands where a secret stood
CODE = ("extraConfig", "extraFiles")


@dataclass
class Placeholder:
    """One decision to take anew.

    Attributes:
        name: what stands in the values.
        was: what stood there.
        what: it is, in words.
        how: to decide, in words.
        places: where, each with its value before and after.
    """

    name: str
    was: str
    what: str
    how: str
    places: list[tuple[Path, Any, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A part of a text that is bound to a place."""

    kind: str
    was: str
    what: str
    how: str
    host: bool = False


class Placeholders:
    """All of one hub. Equal values of one kind are one placeholder.

    Arguments:
        values: of the hub, un-nested.
        domain: of the hub, as its cluster lists it.
        namespace: the hub's, whose own services are no other place.
    """

    def __init__(self, values: Mapping[str, Any], domain: str, namespace: str) -> None:
        self.all: dict[tuple[str, str], Placeholder] = {}
        self.in_code: dict[Path, str] = {}
        """Places of code that name such a thing, and the first that they name; code is left as it is."""
        self.left_out: dict[Path, Any] = {}
        """Places that only one cloud reads, and what stands there; a replica does without."""
        self._values = values
        self._namespace = namespace
        self._hosts = _hosts(values, domain)
        for path, value in leaves(values):
            if value not in (None, "", {}, []) and is_left_out(path):
                self.left_out[path] = value
            elif isinstance(value, str) and value and SECRET not in value:
                self._look(path, value)

    def __iter__(self) -> Iterator[Placeholder]:
        return iter(self.all.values())

    def _look(self, path: Path, value: str) -> None:
        if any(each in CODE for each in path[:-1]) and not _is_mount(path):
            self._note(path, value)
            return
        now = value
        used: list[Placeholder] = []
        label = self._node_label(path)
        first = _labelled(label, value) if label else None
        bound = (rule(path, value, self._namespace) for rule in RULES)
        first = first or next((each for each in bound if each is not None), None)
        if first is not None:
            used.append(self._named(first))
            now = now.replace(first.was, used[-1].name)
        for host, what in self._hosts:
            if _holds(host, now):
                how = "an address of yours; new login credentials must name it, too"
                found = _Found(what, host, f"the address of the {what}", how, host=True)
                used.append(self._named(found))
                now = _boundary(host).sub(used[-1].name, now)
        for placeholder in used:
            placeholder.places.append((path, value, now))

    def _node_label(self, path: Path) -> str:
        """The label of nodes that a place chooses by; empty where it chooses none."""
        if len(path) > 1 and path[-2] in SELECTORS:
            return str(path[-1])
        if len(path) > 3 and path[-2] == "values" and path[-4] in EXPRESSIONS:
            return str(at(self._values, (*path[:-2], "key"), ""))
        return ""

    def _note(self, path: Path, code: str) -> None:
        hosts = [host for host, _ in self._hosts if _holds(host, code)]
        arn, account = ARN.search(code), GOOGLE_ACCOUNT.search(code)
        named = [*hosts, *(each[0] for each in (arn, account) if each)]
        if named:
            self.in_code[path] = named[0]

    def _named(self, found: _Found) -> Placeholder:
        key = (found.kind, found.was)
        if key not in self.all:
            taken = {each.name for each in self.all.values()}
            name = _name(found, taken)
            self.all[key] = Placeholder(name, found.was, found.what, found.how)
        return self.all[key]


def is_left_out(path: Path) -> bool:
    """Whether nothing but one cloud reads what stands at a place, or it can be of no other one."""
    annotation = len(path) > 1 and str(path[-2]).lower().endswith("annotations")
    return path[-1] in LOAD_BALANCER or (
        annotation and CLOUD_ANNOTATION.match(str(path[-1])) is not None
    )


def _labelled(label: str, value: str) -> _Found | None:
    told_apart = NODE_LABELS.get(label) or (OTHER_LABEL if CLOUD_LABEL.fullmatch(label) else "")
    if not told_apart:
        return None
    what = f"{told_apart} (label {label} of nodes)"
    how = f"the value that your nodes have, or label them {label}"
    return _Found(label.rpartition("/")[2], value, what, how)


def _identity(path: Path, value: str, _: str) -> _Found | None:
    what = IDENTITIES.get(str(path[-1]))
    how = "one of your account; or take the annotation away, and users have no rights at a cloud"
    return _Found("cloud-identity", value, what, how) if what else None


def _nfs_server(path: Path, value: str, namespace: str) -> _Found | None:
    if path[-1] != "serverIP" or value.endswith(f".{namespace}.svc.cluster.local"):
        return None
    how = (
        "your NFS server; of the chart jupyterhub-home-nfs, the cluster IP of its service:"
        " `kubectl get service`"
    )
    return _Found("nfs-server", value, "the server of the home directories", how, host=True)


def _nfs_share(path: Path, value: str, _: str) -> _Found | None:
    if path[-1] != "baseShareName" or value == "/":
        return None
    return _Found(
        "nfs-share", value.strip("/"), "the share on that server", "the directory that homes are in"
    )


def _disk(path: Path, value: str, _: str) -> _Found | None:
    if path[-1] != "volumeId":
        return None
    how = "make a disk and give its id; name your cloud beside it (eks, gke, openstack…)"
    return _Found("disk", value, "the disk of the home directories", how)


def _storage_class(path: Path, value: str, _: str) -> _Found | None:
    if path[-1] not in ("storageClassName", "storageClass", "storage_class"):
        return None
    return _Found("storage-class", value, "the storage class", "one of `kubectl get storageclass`")


def _ingress_class(path: Path, value: str, _: str) -> _Found | None:
    if path[-1] not in ("ingressClassName", "kubernetes.io/ingress.class"):
        return None
    if not INGRESS_CLASS.fullmatch(value):
        return None
    how = "one of `kubectl get ingressclass`"
    return _Found("ingress-class", value, "the ingress controller of one cloud", how)


def _volume(path: Path, value: str, _: str) -> _Found | None:
    around = str(path[-2]) if len(path) > 1 else ""
    if path[-1] == "driver" and CLOUD_DRIVER.fullmatch(value):
        how = "one of `kubectl get csidriver`, with what it asks for beside it"
        return _Found("volume-driver", value, "the driver of volumes of one cloud", how)
    if path[-1] not in VOLUMES.get(around, ()):
        return None
    what = f"a volume ({around})"
    return _Found("volume", value, what, "make one of yours, of the kind that your cloud has")


def _account(path: Path, value: str, _: str) -> _Found | None:
    if not ACCOUNT_VARIABLE.fullmatch(str(path[-1])):
        return None
    what = f"an account, or a region of one cloud (the variable {path[-1]})"
    return _Found("account", value, what, "yours; or take the variable away")


def _image_store(path: Path, value: str, _: str) -> _Found | None:
    """Where BinderHub puts the images that it builds, and as whom."""
    around = str(path[-2]) if len(path) > 1 else ""
    if (around, path[-1]) == ("BinderHub", "image_prefix"):
        how = (
            "a registry of yours and the beginning of the images' names; name its address beside it"
        )
        return _Found("image-prefix", value, "where built images are put", how)
    if around in ("DockerRegistry", "buildPodsRegistryCredentials") and path[-1] == "username":
        how = "an account for robots at your registry, which may write there"
        return _Found("registry-user", value, "the account that puts built images there", how)
    return None


def _bucket(_: Path, value: str, __: str) -> _Found | None:
    found = BUCKET.match(value)
    if not found:
        return None
    return _Found(
        "bucket", found[2], f"a bucket ({found[1]}://)", "a bucket of yours; move its data"
    )


def _arn(_: Path, value: str, __: str) -> _Found | None:
    found = ARN.search(value)
    how = "one of your account"
    return _Found("aws", found[0], "a resource of one account at AWS", how) if found else None


def _google_account(_: Path, value: str, __: str) -> _Found | None:
    found = GOOGLE_ACCOUNT.search(value)
    how = "one of your project"
    what = "a service account of one project at Google"
    return _Found("google-account", found[0], what, how) if found else None


RULES: tuple[Callable[[Path, str, str], _Found | None], ...] = (
    _identity,
    _nfs_server,
    _nfs_share,
    _disk,
    _storage_class,
    _ingress_class,
    _volume,
    _account,
    _image_store,
    _bucket,
    _arn,
    _google_account,
)
"""Each looks at one leaf; the first that finds something counts."""


def _hosts(values: Mapping[str, Any], domain: str) -> list[tuple[str, str]]:
    """Every address that the hub is reached under, the longest first, and what answers there."""
    hosts: dict[str, str] = {}
    for section, what in ((CHART, "hub"), ("binderhub-service", "binder")):
        if section != CHART and not at(values, (section, "enabled"), True):
            continue
        for host in at(values, (section, "ingress", "hosts"), None) or []:
            if isinstance(host, str) and host and "{{" not in host:
                hosts.setdefault(host, what)
    if domain:
        hosts.setdefault(domain, "hub")
    return sorted(hosts.items(), key=lambda each: -len(each[0]))


def _boundary(host: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9.-]){re.escape(host)}(?![A-Za-z0-9-]|\.[A-Za-z0-9])")


def _holds(host: str, text: str) -> bool:
    return host in text and _boundary(host).search(text) is not None


def _is_mount(path: Path) -> bool:
    return path[-1] == "mountPath"


def _name(found: _Found, taken: set[str]) -> str:
    suffix = ".invalid" if found.host else ""
    slug = found.kind
    if found.kind not in ("nfs-server", "nfs-share", "disk", "cloud-identity", "hub", "binder"):
        slug += "-" + re.sub(r"[^a-z0-9.]+", "-", found.was.lower()).strip("-.")
    if found.host and found.kind in ("hub", "binder"):
        slug += "-domain"
    longest = 63 - len(MARK) - len(suffix)
    if len(slug) > longest:
        slug = f"{slug[: longest - 9].rstrip('-.')}-{_short(found.was)}"
    name = f"{MARK}{slug}{suffix}"
    return name if name not in taken else f"{MARK}{slug[: longest - 9]}-{_short(found.was)}{suffix}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
