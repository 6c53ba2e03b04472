"""Rules about roles and scopes: what was lost, and what reaches too far. Called by lint/all_rules.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..importers.source import CHART, Finding, Path, at
from ..targets.k8s.references import roles_without_service as _roles_without_service
from .subject import Subject

ROLES: Path = (CHART, "hub", "loadRoles")
ACCESS = "access:services!service="


def lost_scopes(subject: Subject) -> Iterator[Finding]:
    """A role's list that replaced another one without some of its scopes."""
    for role, told in (subject.get("hub", "loadRoles") or {}).items():
        effective = (told or {}).get("scopes")
        if not isinstance(effective, list):
            continue
        path = (*ROLES, role, "scopes")
        for layer in subject.source.layers:
            before = at(layer.values, path)
            for scope in before if isinstance(before, list) else ():
                if scope not in effective and _matters(scope, effective, subject):
                    yield _lost(subject, str(role), str(scope), path, str(layer.origin(path)))


def _matters(scope: str, effective: list[Any], subject: Subject) -> bool:
    if scope.startswith(ACCESS):
        if any(each in effective for each in ("access:services", "inherit", "all")):
            return False
        service = subject.get("hub", "services", scope.removeprefix(ACCESS))
        return isinstance(service, Mapping) and bool(service.get("url") or service.get("command"))
    own = scope.endswith("!user") or "!user=" in scope
    if own and ("self" in effective or "inherit" in effective):
        return False  # `self` is all of one's own
    return scope.partition("!")[0] not in effective


def _lost(subject: Subject, role: str, scope: str, path: Path, before: str) -> Finding:
    what = f"the role `{role}` lost the scope {scope}: the list here replaced that of {before}"
    if scope.startswith(ACCESS):
        what += f"; its people cannot open the service {scope.removeprefix(ACCESS)}, which runs"
    return subject.finding("role-lost-scope", "error", path, what, f"add {scope} to this list")


def servers_that_mint_tokens(subject: Subject) -> Iterator[Finding]:
    """Scopes with which an administrator's server can make itself tokens for all they may do."""
    scopes = subject.get("hub", "loadRoles", "server", "scopes")
    if not isinstance(scopes, list):
        return
    minting = [each for each in scopes if _mints(str(each))]
    if minting:
        yield subject.finding(
            "server-mints-tokens",
            "warning",
            (*ROLES, "server", "scopes"),
            f"the role `server` has {', '.join(map(str, minting))}: any notebook in an administrator's"
            " server can make a token with the rights of an administrator",
            "list what servers need, such as users:activity!user and access:servers!server",
        )


def _mints(scope: str) -> bool:
    name = scope.partition("!")[0]
    return name in ("self", "inherit", "all", "tokens", "admin:users", "admin:server_state")


def services_with_all_rights(subject: Subject) -> Iterator[Finding]:
    """The legacy flag `admin: true`, which is every right."""
    for name, service in (subject.get("hub", "services") or {}).items():
        if isinstance(service, Mapping) and service.get("admin"):
            yield subject.finding(
                "service-with-all-rights",
                "note",
                (CHART, "hub", "services", name, "admin"),
                f"the service {name} has `admin: true`: every right on the hub",
                "give it a role with the scopes that it uses",
            )


def roles_without_service(subject: Subject) -> Iterator[Finding]:
    """A role for a service that no one declares."""
    for reference in _roles_without_service(subject.values):
        yield subject.finding(
            "role-without-service",
            "error",
            (CHART, *reference.path),
            f"the {reference.needed_by} is given to the service {reference.name}, which is declared"
            " nowhere; the hub does not start",
            "declare the service under hub.services, or take it out of the role",
        )
