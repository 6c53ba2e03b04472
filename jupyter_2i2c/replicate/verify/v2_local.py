"""V2 of a hub on one machine: what the configuration refers to is there. Called by verify/hub.py."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..importers.recorded import NOT_KNOWN
from ..importers.recording import named_places
from ..targets import hub_local
from ..work import Work
from .ladder import Result, Rung, judged


def check(bundle: Bundle, built: hub_local.Built, work: Work) -> Rung:
    """Each reference: files that are loaded, secrets, services and groups of roles, programs of services."""
    work.step(0, 0, "resolving references")
    told = hub_local.observed_of(bundle)
    config = told["config"]
    source = built.directory / "source"
    items = {f"file {told['main']}": _there((source / told["main"]).is_file(), "the configuration")}
    # an earlier bundle has nothing else that is not captured
    missing = told.get("missing", [each.what for each in bundle.manifest().not_captured])
    for each in missing:
        items[each] = Result("fail", NOT_KNOWN)
    for value in sorted(set(named_places(config)) - set(told.get("ours", ()))):
        path = source / value.removeprefix("{config}/")
        items[f"file {value}"] = _there(path.exists(), "a setting names it")
    supplied = _keys(built.directory / hub_local.SECRETS)
    for name in built.plan.secrets:
        why = f"{hub_local.SECRETS} has no line for it"
        items[f"secret {name}"] = _there(name in supplied, why)
    services, groups = _named(config, "JupyterHub.services"), _groups(config)
    for path, role in config.items():
        if not path.startswith("JupyterHub.load_roles[") or not isinstance(role, dict):
            continue
        name = path.partition("[")[2].rstrip("]")
        for service in role.get("services", ()):
            items[f"role {name}: service {service}"] = _there(
                service in services, "no such service"
            )
        for group in role.get("groups", ()):
            known = group in groups or group in built.plan.added.get("JupyterHub.load_groups", {})
            # a role makes the groups that it names
            items[f"role {name}: group {group}"] = Result(
                "pass", "" if known else "the role makes it"
            )
    for name, service in services.items():
        if program := hub_local.program_of(service):
            items[f"service {name}: {program}"] = _program(program)
    return judged(items, "references")


def _keys(path: Path) -> set[str]:
    """The variables that a file of them has a line for, whatever stands there."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {each.partition("=")[0].strip() for each in lines if "=" in each}


def _there(there: bool, why: str) -> Result:
    return Result("pass") if there else Result("fail", f"it is not there: {why}")


def _program(program: str) -> Result:
    import sys

    placed = program.replace("{prefix}", sys.prefix).replace("{hub}", "").replace("{config}", "")
    there = Path(placed).is_file() if "/" in placed else shutil.which(placed) is not None
    return Result("pass") if there else Result("fail", "this program is not installed here")


def _named(config: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {each.partition("[")[2].rstrip("]"): value for each, value in config.items()
            if each.startswith(f"{path}[")}  # fmt: skip


def _groups(config: Mapping[str, Any]) -> set[str]:
    groups = config.get("JupyterHub.load_groups", {})
    return set(groups) if isinstance(groups, dict) else set()
