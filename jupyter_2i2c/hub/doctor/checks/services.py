"""Services beside ours. Called by checks/__init__.py."""

from __future__ import annotations

from ...scopes import CONSOLE, mints_tokens
from ..findings import Finding
from ..observed import Observed
from .words import listed


def legacy_administrators(observed: Observed) -> Finding:
    """Services that are declared with the flag of the time before roles."""
    names = [each.name for each in observed.services if each.admin]
    if not names:
        return Finding(
            "service-admin",
            "green",
            "No service is administrator",
            "none is declared with “admin”: True",
        )
    roles = (
        f'c.JupyterHub.load_roles = [{{"name": "{names[0]}", "services": ["{names[0]}"],'
        ' "scopes": ["list:users", …]}, …]'
    )
    return Finding(
        "service-admin",
        "yellow",
        "Services hold every right there is",
        f"{listed(names)}: declared with the legacy “admin”: True",
        "Whoever breaks into one of them is administrator of this hub.",
        f"Remove “admin”: True from it, and give it what it needs:\n{roles}",
    )


def greedy_logins(observed: Observed) -> Finding | None:
    """Services that get a mighty token of everybody who logs in to them."""
    found = []
    for service in observed.services:
        greedy = [each for each in service.scopes if mints_tokens(each)]
        if service.name != CONSOLE and greedy:
            asks = "without asking" if service.no_confirm else "after asking once"
            found.append(f"{service.name} gets {listed(greedy)} of whoever logs in, {asks}")
    if not found:
        return None
    return Finding(
        "service-logins",
        "yellow",
        "Services get tokens of administrators that can do everything",
        "; ".join(found),
        "An administrator who opens such a service hands it all of their rights.",
        "Name in its oauth_client_allowed_scopes only what it uses.",
    )


CHECKS = (legacy_administrators, greedy_logins)
