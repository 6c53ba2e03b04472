"""The administrators' console. Called by checks/__init__.py."""

from __future__ import annotations

from ...scopes import CONSOLE
from ..findings import Finding
from ..observed import Observed
from .words import listed

FORBIDDEN = {
    "self",
    "inherit",
    "tokens",
    "admin:auth_state",
    "admin:server_state",
    "admin:servers",
    "proxy",
    "shutdown",
}


def is_set_up(observed: Observed) -> Finding:
    """Whether there is a console."""
    if observed.service(CONSOLE):
        return Finding(
            "console", "green", "There is a console", f"the service {CONSOLE} is declared"
        )
    return Finding(
        "console",
        "yellow",
        "There is no console for administrators",
        f"no service {CONSOLE} is declared",
        "The panel cannot offer admin actions, and there is nowhere to approve them. The hub's own"
        " admin page still works.",
        "Let setup_hub(c) declare it. Where the service runs elsewhere, declare it beside it as the"
        " operators' page of the documentation says.",
    )


def scopes(observed: Observed) -> Finding | None:
    """Whether the console asks for more than it needs."""
    console = observed.service(CONSOLE)
    if console is None:
        return None
    too_much = [each for each in console.scopes if each.partition("!")[0] in FORBIDDEN]
    if too_much:
        return Finding(
            "console-scopes",
            "red",
            "The console asks administrators for rights that it must not have",
            f"its oauth_client_allowed_scopes holds {listed(too_much)}",
            "Its tokens could make other tokens, or read secrets that the hub keeps.",
            f"Take them out of the service {CONSOLE}, or leave its oauth_client_allowed_scopes to"
            " setup_hub(c).",
        )
    return Finding(
        "console-scopes",
        "green",
        "The console asks for what it needs",
        "it asks for nothing that makes tokens or shows secrets",
    )


def consent(observed: Observed) -> Finding | None:
    """Whether administrators are asked before the console gets a token of theirs."""
    console = observed.service(CONSOLE)
    if console is None:
        return None
    if console.no_confirm:
        return Finding(
            "console-consent",
            "yellow",
            "Administrators are not asked before the console acts for them",
            f"{CONSOLE} has “oauth_no_confirm”: True",
            "Any page could then send an administrator's browser there and log them in unseen.",
            f'In the service {CONSOLE}: "oauth_no_confirm": False',
        )
    return Finding(
        "console-consent",
        "green",
        "The hub asks administrators for consent",
        "at their first login",
    )


def adding_users(observed: Observed) -> Finding | None:
    """Whether the console may add users and make administrators, with what that includes."""
    console = observed.service(CONSOLE)
    if console is None or "admin:users" not in console.scopes:
        return None
    return Finding(
        "admin-users-feature",
        "yellow",
        "The console may add users and make administrators",
        "admin_users_feature is on: it asks for admin:users, which includes admin:auth_state and"
        " delete:users",
        "JupyterHub has no smaller scope for this. With an administrator's token the console could"
        " also read what users' logins hold and delete users; it does neither.",
        "If the hub's own admin page will do for this:\nc.HubService.admin_users_feature = False",
    )


CHECKS = (is_set_up, scopes, consent, adding_users)
