"""Who may do what by the configuration's roles. Called by checks/__init__.py."""

from __future__ import annotations

from ...scopes import ACCESS, CONSOLE, ENTRY, SERVICE, mints_tokens
from ..findings import Finding
from ..observed import Observed
from .words import listed

HEAVY = {
    "tokens": "act as every user",
    "inherit": "act with all rights of whoever the token is of",
    "admin:users": "read what users' logins hold (admin:auth_state) and delete users",
    "admin:auth_state": "read what users' logins hold, other sites' tokens among it",
    "admin:servers": "read what spawners keep (admin:server_state)",
    "admin:server_state": "read what spawners keep, secrets among it",
    "proxy": "send any address anywhere",
    "shutdown": "stop the hub",
}
"""Scopes that few services need, and what they let one do."""


def users_reach_service(observed: Observed) -> Finding:
    """Whether users have the scope that lets their servers ask our service."""
    name = "user-access"
    role = observed.role("user")
    ours = {ACCESS, "access:services"}
    if role is not None and role.states_scopes:
        has, place = not ours.isdisjoint(role.scopes), "the role “user” in c.JupyterHub.load_roles"
    else:
        has = observed.knows_extra_user_scopes and not ours.isdisjoint(observed.extra_user_scopes)
        place = "c.JupyterHub.extra_user_scopes"
        if not observed.knows_extra_user_scopes:
            place = "JupyterHub's own role “user”"
    if has and observed.manage_roles:
        return Finding(
            name,
            "not known",
            "The authenticator defines roles, which this does not see",
            f"{place} has {ACCESS}; manage_roles is on",
            "A role “user” that the authenticator defines goes over the configuration's.",
            f'Where it defines one, put "{ACCESS}" into its scopes.',
        )
    if has:
        return Finding(name, "green", "Users may ask the service", f"{place} has {ACCESS}")
    kept = [*role.scopes] if role is not None and role.states_scopes else ["self"]
    scopes = ", ".join(f'"{each}"' for each in [*kept, ACCESS])
    return Finding(
        name,
        "red",
        "Users may not ask the service",
        f"{place} lacks {ACCESS}",
        "A list of scopes replaces the one before it. Without this scope no token of a user or of"
        " their server gets past the service's door, and the panel shows no news.",
        "Let setup_hub(c) compose the role, or write\n"
        f'c.JupyterHub.load_roles = [{{"name": "user", "scopes": [{scopes}]}}, …]',
    )


def extra_user_scopes(observed: Observed) -> Finding | None:
    """Whether scopes for all users are passed over because the role is defined, too."""
    role = observed.role("user")
    if not observed.extra_user_scopes or role is None or not role.states_scopes:
        return None
    ignored = [each for each in observed.extra_user_scopes if each not in role.scopes]
    if not ignored:
        return None
    return Finding(
        "extra-user-scopes-ignored",
        "yellow",
        "JupyterHub passes over c.JupyterHub.extra_user_scopes",
        f"{listed(ignored)} is there, and a role “user” is in c.JupyterHub.load_roles",
        "Where that role is defined JupyterHub takes the role, says so in its log, and nothing more.",
        "Write all scopes into one of the two.",
    )


def services_with_heavy_scopes(observed: Observed) -> Finding:
    """Services that hold rights which few services need."""
    held: list[str] = []
    means: dict[str, str] = {}
    for role in observed.roles:
        heavy = [each for each in role.scopes if each.partition("!")[0] in HEAVY]
        if role.services and heavy:
            held.append(f"{listed(role.services)} has {listed(heavy)} (role “{role.name}”)")
            means.update({each.partition("!")[0]: HEAVY[each.partition("!")[0]] for each in heavy})
    name = "service-roles"
    if not held:
        return Finding(
            name, "green", "No service holds more than services need", "by c.JupyterHub.load_roles"
        )
    return Finding(
        name,
        "yellow",
        "Services hold rights that few services need",
        "; ".join(held),
        "Whoever breaks into such a service can "
        + "; ".join(f"{what} ({scope})" for scope, what in means.items())
        + ".",
        "Take them from the role, if the service works without.",
    )


def groups_that_make_administrators(observed: Observed) -> Finding | None:
    """Roles that give high rights to a group whose members are decided elsewhere."""
    found = []
    for role in observed.roles:
        high = [
            each
            for each in role.scopes
            if each != "self"
            and (mints_tokens(each) or each.startswith(("custom:2i2c:", "admin-ui")))
        ]
        if role.groups and (high or role.name == "admin"):
            rights = listed(high) if high else "all rights"
            found.append(f"the group {listed(role.groups)} has {rights} (role “{role.name}”)")
    if not found:
        return None
    elsewhere = observed.manage_groups
    return Finding(
        "admin-groups",
        "yellow" if elsewhere else "green",
        "A group of the identity provider gives high rights on this hub"
        if elsewhere
        else "Groups with high rights are the hub's own",
        "; ".join(found),
        "The authenticator decides who is in which group (manage_groups). Whoever can make a group of"
        " that name there, or join it, has these rights at their next login."
        if elsewhere
        else "",
        'Name the people instead: {"name": "…", "users": ["…"], "scopes": […]}; or make sure that only'
        " the right people can change that group."
        if elsewhere
        else "",
    )


def our_services_hold_nothing(observed: Observed) -> Finding:
    """Our own services act with their users' tokens and need no rights but to read their own entry."""
    rights = {role.name: [each for each in role.scopes if each != ENTRY] for role in observed.roles}
    held = [
        f"{name} has {listed(rights[role.name])} (role “{role.name}”)"
        for role in observed.roles
        for name in (SERVICE, CONSOLE)
        if name in role.services and rights[role.name]
    ]
    if held:
        return Finding(
            "own-role",
            "yellow",
            "Our own services hold rights that they do not use",
            "; ".join(held),
            "They act with the tokens of the people who ask. Rights of their own are only there to be"
            " stolen.",
            "Take these services out of that role.",
        )
    return Finding("own-role", "green", "Our services hold no rights of their own", "in no role")


CHECKS = (
    users_reach_service,
    extra_user_scopes,
    services_with_heavy_scopes,
    groups_that_make_administrators,
    our_services_hold_nothing,
)
