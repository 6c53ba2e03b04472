"""What the console must know of the hub's own configuration: who is administrator by it, who manages groups. Read by handover.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from traitlets.config import Config

from .scopes import resolved


@dataclass(frozen=True)
class HubSettings:
    """What a hub's configuration decides, whatever is changed while the hub runs.

    Attributes:
        admin_users: users whom the configuration makes administrators at every start.
        admin_groups: groups that make their members administrators at login.
        manage_groups: whether the authenticator decides who is in which group.
        subdomains: whether every user's server has a host of its own.
    """

    admin_users: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()
    manage_groups: bool = False
    subdomains: bool = False


def settings_of(c: Config) -> HubSettings:
    """The settings in a hub's configuration."""
    return HubSettings(
        admin_users=frozenset(_authenticators(c, "admin_users", set())),
        admin_groups=frozenset(_authenticators(c, "admin_groups", set())),
        manage_groups=bool(_authenticators(c, "manage_groups", False)),
        subdomains=bool(urlsplit(resolved(c.JupyterHub, "subdomain_host", "")).netloc),
    )


def _authenticators(c: Config, trait: str, initial: Any) -> Any:
    """A trait of the authenticator; a section of its own class goes over the general one."""
    value = resolved(c.Authenticator, trait, initial)
    for name in list(c):
        if name.endswith("Authenticator") and name != "Authenticator" and trait in c[name]:
            value = resolved(c[name], trait, initial)
    return value
