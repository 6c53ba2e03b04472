"""The files and variables that a hub's pod would have, in a directory of this machine, and what its configuration says there. Called by verify/v4_kubernetes.py."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..importers.source import at
from ..paths import inside
from ..sandbox import stand_ins
from ..sandbox.start import Executed, execute
from ..work import Work
from ..yaml_text import yaml_text

ETC = "/usr/local/etc/jupyterhub"
"""Where z2jh's image has the hub's configuration."""

SERVICES = {"hub": 8081, "proxy-api": 8001, "proxy-public": 80}
"""Services of the chart, of which each pod is told the address."""

NAMES = (
    "hub", "hub-serviceaccount", "hub-existing-secret", "hub-existing-secret-or-default", "hub-pvc",
    "proxy", "proxy-api", "proxy-http", "proxy-public", "proxy-public-tls", "proxy-public-manual-tls",
    "autohttps", "autohttps-serviceaccount", "user-scheduler-deploy", "user-scheduler-lock",
    "user-placeholder", "hook-image-awaiter", "hook-image-puller", "continuous-image-puller",
    "singleuser", "image-pull-secret",
)  # fmt: skip
"""Names that the chart tells its hub; without a prefix each is its own."""

SEEDED = (
    "hub.config.ConfigurableHTTPProxy.auth_token",
    "hub.config.JupyterHub.cookie_secret",
    "hub.config.CryptKeeper.keys",
)
"""What the chart makes up where nobody sets it."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")
SECTION = "StandIns"
"""Of the executed configuration: what was asked of modules that are not there."""

END = f"""
exec(compile(open({{file!r}}).read(), {{file!r}}, "exec"))
c.{SECTION}.modules = sorted(_stand_ins.modules)
c.{SECTION}.calls = _stand_ins.calls
"""


@dataclass(frozen=True)
class Pod:
    """What a hub's pod is made of.

    Attributes:
        values: of z2jh's chart, effective.
        config_maps: name to data.
        release: its name, and its namespace's.
        version: of the chart.
        code: the texts of the chart's ``jupyterhub_config.py`` and ``z2jh.py``.
        secrets: variable or slot to what stands in for it.
    """

    values: Mapping[str, Any]
    config_maps: Mapping[str, Mapping[str, Any]]
    release: str
    version: str
    code: tuple[str, str]
    secrets: Mapping[str, Any]


def said_by(pod: Pod, directory: Path, python: Path | None, work: Work) -> Executed:
    """What the configuration of a pod says when it is executed in the sandbox.

    Arguments:
        pod: it.
        directory: of its own, empty.
        python: the interpreter of the hub's image; this one by default.
        work: asked whether to stop.

    Raises:
        NotExecuted: it fails.
        NotHere: there is no sandbox or no JupyterHub.
        UnsafeBundle: a name in the values leads out of the directory.
    """
    directory = Path(os.path.realpath(directory))
    etc = directory / "etc"
    hub = directory / "srv"
    hub.mkdir(parents=True)
    for name, text in _files(pod).items():
        path = inside(etc, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(ETC, str(etc)), "utf-8")
    chart = etc / "chart_config.py"
    chart.write_text(pod.code[0].replace(ETC, str(etc)), "utf-8")
    main = etc / "jupyterhub_config.py"
    start = Path(stand_ins.__file__).read_text("utf-8")
    install = "\n_stand_ins = StandIns()\n_stand_ins.install()\n"
    main.write_text(start + install + END.format(file=str(chart)), "utf-8")
    known = {str(value): slot for slot, value in pod.secrets.items() if isinstance(value, str)}
    return execute(
        main,
        directory,
        hub=hub,
        environment=_environment(pod),
        known=known,
        places={str(etc): ETC, str(directory): "{pod}"},
        work=work,
        python=python,
    )


def _files(pod: Pod) -> dict[str, str]:
    told = {
        **pod.values,
        "Chart": {"Name": "jupyterhub", "Version": pod.version},
        "Release": {"Name": pod.release, "Namespace": pod.release, "Service": "Helm"},
    }
    files = {"z2jh.py": pod.code[1], "secret/values.yaml": yaml_text(_in_order(told))}
    for name in SEEDED:
        files[f"secret/{name}"] = "0" * 64
    for service in at(pod.values, ("hub", "services")) or {}:
        files[f"secret/hub.services.{service}.apiToken"] = "0" * 64
    if password := at(pod.values, ("hub", "db", "password")):
        files["secret/hub.db.password"] = str(password)
    prefix = _prefix(pod)
    files.update({f"config/{name}": f"{prefix}{name}" for name in NAMES})
    files["config/fullname"] = prefix.rstrip("-")
    files["config/priority"] = f"{pod.release}-default-priority"
    files["config/user-scheduler"] = f"{pod.release}-user-scheduler"
    files.update(_mounted(pod))
    return files


def _in_order(value: Any) -> Any:
    """A value whose mappings are sorted, as Helm sorts them: the order of mounts comes from it."""
    if isinstance(value, Mapping):
        return {key: _in_order(value[key]) for key in sorted(value, key=str)}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _prefix(pod: Pod) -> str:
    override = pod.values.get("fullnameOverride", "")
    return f"{override}-" if isinstance(override, str) and override else ""


def _mounted(pod: Pod) -> Iterator[tuple[str, str]]:
    """Files that are laid beside the configuration, from ConfigMaps and from the values."""
    for file in (at(pod.values, ("hub", "extraFiles")) or {}).values():
        name = _below_etc((file or {}).get("mountPath"))
        text = (file or {}).get("stringData")
        if name and isinstance(text, str):
            yield name, text
    volumes = {
        each["name"]: at(each, ("configMap", "name"))
        for each in at(pod.values, ("hub", "extraVolumes")) or []
        if isinstance(each, Mapping) and "configMap" in each
    }
    for mount in at(pod.values, ("hub", "extraVolumeMounts")) or []:
        name = _below_etc(mount.get("mountPath"))
        data = pod.config_maps.get(str(volumes.get(mount.get("name"))), {})
        if name and mount.get("subPath") in data:
            yield name, str(data[mount["subPath"]])
        elif name and not mount.get("subPath"):
            yield from ((f"{name}/{key}", str(text)) for key, text in data.items())


def _below_etc(path: Any) -> str:
    """A path's part below the configuration's directory; empty where it is elsewhere."""
    if not isinstance(path, str) or not path.startswith(f"{ETC}/"):
        return ""
    name = os.path.normpath(path.removeprefix(f"{ETC}/"))
    return "" if name.startswith("..") else name


def _environment(pod: Pod) -> dict[str, str]:
    environment = {each: os.environ[each] for each in PASSED_ON if each in os.environ}
    environment.update({"HELM_RELEASE_NAME": pod.release, "POD_NAMESPACE": pod.release})
    environment["CONFIGPROXY_AUTH_TOKEN"] = "0" * 64
    prefix = _prefix(pod)
    for service, port in SERVICES.items():
        name = f"{prefix}{service}".upper().replace("-", "_")
        environment[f"{name}_SERVICE_HOST"] = "192.0.2.1"
        environment[f"{name}_SERVICE_PORT"] = str(port)
    environment.update({name: str(value) for name, value in pod.secrets.items() if "=" not in name})
    extra = at(pod.values, ("hub", "extraEnv")) or {}
    pairs = (
        extra.items()
        if isinstance(extra, Mapping)
        else ((each.get("name"), each) for each in extra)
    )
    for name, told in pairs:
        value = _variable(told, pod)
        if value is not None:
            environment[str(name)] = value
    return environment


def _variable(told: Any, pod: Pod) -> str | None:
    if not isinstance(told, Mapping):
        return None if told is None else told if isinstance(told, str) else json.dumps(told)
    if "value" in told:
        return str(told["value"])
    source = told.get("valueFrom") or {}
    if reference := source.get("configMapKeyRef"):
        value = pod.config_maps.get(reference.get("name"), {}).get(reference.get("key"))
        return None if value is None else str(value)
    if reference := source.get("secretKeyRef"):
        if (known := pod.secrets.get(str(reference.get("key")))) is not None:
            return str(known)  # it was taken out of code, and is looked up there
        return f"stand-in-for-{reference.get('name')}-{reference.get('key')}"
    return None
