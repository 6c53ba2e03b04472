"""Who may do what: the scopes that are ours, and how they join the roles a hub has already. Called by setup.py.

Nothing here replaces what an operator wrote. A list that they set keeps all its members.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

SERVICE = "2i2c"
"""The name of the service that every user may reach."""

CONSOLE = "2i2c-console"
"""The name of the service that only administrators, and those whom the operator names, may reach."""

ACCESS = f"access:services!service={SERVICE}"

ENTRY = f"read:services!service={SERVICE}"
"""What a service that runs elsewhere needs to read what the hub says of itself: its own entry."""

ADMINISTRATOR = "admin-ui"
"""The scope that only the role `admin` has."""

CUSTOM_SCOPES = {
    "custom:2i2c:announce": {"description": "Publish announcements on this hub"},
    "custom:2i2c:support": {"description": "Handle support requests of this hub"},
    "custom:2i2c:audit:read": {"description": "Read this hub's 2i2c audit log"},
    "custom:2i2c:replicate": {"description": "Export a bundle that replicates this hub"},
}

CONSOLE_SCOPES = (
    ADMINISTRATOR,
    "list:users",
    "read:users",
    "read:roles:users",
    "list:groups",
    "read:groups",
    "servers",  # start and stop them
    "read:hub",
    "list:services",  # what an export takes of the hub's API, with the two below
    "read:roles:groups",
    "read:roles:services",
    *CUSTOM_SCOPES,
)
"""What the console asks of the person who logs in. The hub gives what that person has of it."""

USER_SCOPES = ("admin:users",)
"""What it asks in addition where people are to be added and made administrators from it.

Includes `admin:auth_state` and `delete:users`.
"""

SERVER_SCOPES = (
    ACCESS,  # ask our service
    "read:servers!server",  # see its own profile, start and limits
    "delete:servers!server",  # stop itself, which any code in it could do anyway
)
"""What each user's server may do in addition: read itself, stop itself, ask our service."""


def resolved(section: Config, name: str, initial: Any) -> Any:
    """A trait's value in a configuration section; `initial` where it is not set.

    `c.JupyterHub.services.append(…)` leaves a value that traitlets applies later; it is applied
    here, so that what comes back can be read.
    """
    if name not in section:
        return initial
    value = section[name]
    return value.get_value(initial) if isinstance(value, LazyConfigValue) else value


def console_scopes(admin_users_feature: bool) -> list[str]:
    """What the console's OAuth client may ask for."""
    return [*CONSOLE_SCOPES, *(USER_SCOPES if admin_users_feature else ())]


def add_custom_scopes(hub: Config) -> None:
    """Define our scopes beside those that are defined."""
    hub.custom_scopes = {**CUSTOM_SCOPES, **resolved(hub, "custom_scopes", {})}


def let_users_in(hub: Config, extra_user_scopes: bool) -> None:
    """Let every user reach the service.

    Args:
        hub: the section ``JupyterHub``.
        extra_user_scopes: whether this JupyterHub has the trait of that name (6.0 and later).
    """
    roles = list(resolved(hub, "load_roles", []))
    for index, role in enumerate(roles):
        if role.get("name") == "user":
            if extra_user_scopes and "scopes" not in role:
                break  # a role that leaves the scopes to the hub gets the extra ones from it
            scopes = list(role.get("scopes", ["self"]))
            if ACCESS not in scopes:
                roles[index] = {**role, "scopes": [*scopes, ACCESS]}
                hub.load_roles = roles
            return
    if extra_user_scopes:
        hub.extra_user_scopes = {*resolved(hub, "extra_user_scopes", set()), ACCESS}
    else:
        hub.load_roles = [*roles, {"name": "user", "scopes": ["self", ACCESS]}]


class ServerTokenScopes:
    """What the token in a user's server may do; called by JupyterHub whenever one starts.

    What was set before stays: a list, a callable's answer, or the role ``server``. Our own scopes
    are added. From the server of whoever has rights over others, an administrator or not, the
    scopes are taken that could mint a token with all of that person's rights, because any notebook
    in it could use them.

    Args:
        before: what `Spawner.server_token_scopes` was.
        narrow: whether to take those scopes from such people's servers.
    """

    def __init__(self, before: Any = None, narrow: bool = True) -> None:
        self.before = before
        self.narrow = narrow

    async def __call__(self, spawner: Any) -> list[str]:
        before = self.before
        if callable(before):
            before = before(spawner)
            if inspect.isawaitable(before):
                before = await before
        scopes = list(before or _role_scopes(spawner, "server"))
        if self.narrow and is_administrator(spawner):
            scopes = [scope for scope in scopes if not mints_tokens(scope)]
        return [*scopes, *(scope for scope in SERVER_SCOPES if scope not in scopes)]


def mints_tokens(scope: str) -> bool:
    """Whether a token with this scope could make itself one with all rights of its owner."""
    name = scope.partition("!")[0]
    return name in {"self", "tokens", "inherit", "all"} or name.startswith("admin:")


def over_others(scopes: Iterable[str]) -> list[str]:
    """Those scopes that reach further than their holder, and entering a service."""
    return [
        each
        for each in scopes
        if each != "self"
        and not each.endswith(("!user", "!server"))
        and not each.startswith("access:services")
    ]


def is_administrator(spawner: Any) -> bool:
    """Whether the owner of a server holds rights over others, by flag, role or group.

    What the role ``user`` gives to everybody sets nobody apart, unless it mints tokens of others.
    """
    from jupyterhub.roles import get_roles_for

    return bool(spawner.user.admin) or any(
        role.name != "user" or mints_tokens(scope)
        for role in get_roles_for(spawner.orm_spawner.user)
        for scope in over_others(role.scopes)
    )


def _role_scopes(spawner: Any, name: str) -> Iterable[str]:
    from jupyterhub import orm

    role = orm.Role.find(spawner.db, name)
    return role.scopes if role else ()


def widen_server_tokens(c: Config, narrow: bool) -> None:
    """Put `ServerTokenScopes` over what each spawner's section says of its servers' tokens.

    A section of a spawner's own class goes over the general one, so each that sets it is
    composed with.
    """
    for section in spawner_sections(c, "server_token_scopes"):
        before = resolved(section, "server_token_scopes", [])
        if not isinstance(before, ServerTokenScopes):
            section.server_token_scopes = ServerTokenScopes(before, narrow)


def spawner_sections(c: Config, trait: str) -> list[Config]:
    """The section ``Spawner``, and those of special spawners that set `trait` themselves."""
    special = [
        c[name]
        for name in list(c)
        if name.endswith("Spawner") and name != "Spawner" and trait in c[name]
    ]
    return [c.Spawner, *special]


Composer = Callable[[Config], None]
"""Changes a whole configuration in place; doing it twice changes nothing more."""
