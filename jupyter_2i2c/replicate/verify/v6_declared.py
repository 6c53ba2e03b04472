"""Part of V6 of a replica that runs elsewhere: what its configuration names is there. Called by v6_elsewhere.py, for what the captured hub's API was not asked.

A configuration names some of the users, groups and services; others may be there, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..importers import bundled
from ..importers.source import at
from ..targets import hub_local
from ..targets.hub_local import group_of, members
from ..targets.k8s.planning import design
from . import built_k8s
from .ladder import Result

SERVICES, ROLES, GROUPS = (
    f"JupyterHub.{each}" for each in ("services", "load_roles", "load_groups")
)


@dataclass
class Declared:
    """What a configuration names.

    Attributes:
        services: name to the roles that it is given.
        groups: name to its members.
        users: name to whether they are named as an administrator.
    """

    services: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    users: dict[str, bool] = field(default_factory=dict)

    def people(self, trait: str, names: Any) -> None:
        """Take the names of a trait of an authenticator."""
        if trait in ("allowed_users", "admin_users"):
            for name in members(names):
                # as JupyterHub itself spells them
                self.users[name.lower()] = (
                    self.users.get(name.lower(), False) or trait == "admin_users"
                )

    def role(self, name: str, role: Any) -> None:
        """Take a role, for the services that it is given to."""
        for service in members(role.get("services")) if isinstance(role, Mapping) else []:
            if service in self.services:
                self.services[service].add(name)


def declared(bundle: Bundle, built: Path | None) -> Declared:
    """What the replica's configuration names: as it stands in what was built, else as it was captured.

    Arguments:
        bundle: of a hub.
        built: what was built of it, and perhaps filled in.

    Raises:
        ReplicateError: it cannot be read.
    """
    if built is not None and built_k8s.is_built(built):
        return of_values(built_k8s.read_built(built).values)
    if bundle.path(bundled.DESCRIPTION).is_file():
        return of_values(design(bundled.source_of(bundle)).hub.values)
    return of_config(hub_local.observed_of(bundle)["config"])


def of_values(values: Mapping[str, Any]) -> Declared:
    """Of z2jh's chart."""
    found = Declared()
    hub = values.get("hub") or {}
    for key, each in _mapping(hub.get("services")):
        found.services[str(each.get("name") or key)] = set()
    for key, each in _mapping(hub.get("loadRoles")):
        found.role(str(each.get("name") or key), each)
    for groups in (hub.get("loadGroups"), at(hub, ("config", "JupyterHub", "load_groups"))):
        for name, each in (groups or {}).items() if isinstance(groups, Mapping) else ():
            found.groups[str(name)] = set(group_of(each).get("users", ()))
    for section, each in _mapping(hub.get("config")):
        if str(section).endswith("Authenticator"):
            for trait, names in each.items():
                found.people(str(trait), names)
    return found


def of_config(config: Mapping[str, Any]) -> Declared:
    """Of a hub that runs from its own files, as its settings were written down."""
    found = Declared()
    for path in config:
        if path.startswith(f"{SERVICES}["):
            found.services[path[len(SERVICES) + 1 : -1]] = set()
    for path, each in config.items():
        if path.startswith(f"{ROLES}["):
            found.role(path[len(ROLES) + 1 : -1], each)
        section, _, trait = path.rpartition(".")
        if section.endswith("Authenticator"):
            found.people(trait, each)
    for name, each in _mapping(config.get(GROUPS)):
        found.groups[name] = set(group_of(each)["users"])
    return found


def _mapping(value: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The members of a mapping that are mappings; a null stands for one that was taken out."""
    if isinstance(value, Mapping):
        yield from ((key, each) for key, each in value.items() if isinstance(each, Mapping))


def compared(
    found: Declared, told: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Result]:
    """Whether what is named is there.

    Arguments:
        found: what the configuration names.
        told: what the replica's API says, as `observed` gives it.
        known: what the captured hub's API said, which is compared member by member already.
    """
    items: dict[str, Result] = {}
    there = {what: {each["name"]: each for each in told[what]}
             for what in ("services", "groups", "users")
             if what not in told["refused"] and what not in known}  # fmt: skip
    for what, present in there.items():
        for name in sorted(getattr(found, what)):
            each = present.get(name)
            why = (
                "it is not on the replica"
                if each is None
                else _lacks(what, getattr(found, what)[name], each)
            )
            items[f"configured {what}/{name}"] = Result("fail", why) if why else Result("pass")
    return items


def _lacks(what: str, wanted: Any, there: Mapping[str, Any]) -> str:
    """What of it is named and not there; empty where nothing is, or where the token may not see it."""
    if what == "users":
        return "it is no administrator" if wanted and there.get("admin") is False else ""
    key, words = (
        ("roles", "it lacks the role") if what == "services" else ("users", "it lacks the member")
    )
    gone = sorted(wanted - set(there[key])) if key in there else []
    return f"{words} {', '.join(gone)}" if gone else ""
