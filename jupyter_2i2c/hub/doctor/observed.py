"""What the checks know of a hub. The facts of its configuration come with the handover file, the live ones from live.py."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RoleFact:
    """A role of `JupyterHub.load_roles`.

    Attributes:
        scopes: as they are written; empty where the role leaves them to the hub.
        states_scopes: whether it has a list of scopes.
        users: how many users it names. Their names are nobody's business here.
    """

    name: str
    scopes: tuple[str, ...] = ()
    states_scopes: bool = False
    users: int = 0
    groups: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceFact:
    """A service of `JupyterHub.services`, without its command, environment and token.

    Attributes:
        admin: the legacy flag, which gives all rights.
        managed: whether the hub starts it.
        no_confirm: whether people are sent there without being asked.
        scopes: what it may ask of the people who log in (`oauth_client_allowed_scopes`).
    """

    name: str
    admin: bool = False
    managed: bool = False
    no_confirm: bool = False
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenFact:
    """What one section of the configuration says of the tokens in users' servers.

    Attributes:
        section: ``Spawner``, or the name of a special spawner.
        ours: whether `setup_hub` composed it, so that our own scopes are in it.
        narrow: whether administrators' servers lose what could mint tokens.
        how: how `Spawner.server_token_scopes` was set before: ``unset``, ``list``, ``callable`` or
            ``unreadable``.
        scopes: the list that it was.
        seen: which minting scopes the function there gave to an administrator's server since the
            hub started.
        left_to_role: whether it answered with nothing, which leaves the token to the role ``server``.
        asked: whether that function was asked for an administrator's server since then.
        oauth_how: the same of `Spawner.oauth_client_allowed_scopes`.
        oauth_scopes: the list there.
    """

    section: str
    ours: bool = False
    narrow: bool = False
    how: str = "unset"
    scopes: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    left_to_role: bool = False
    asked: bool = False
    oauth_how: str = "unset"
    oauth_scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecretFact:
    """Where the hub has the secret from that signs its cookies.

    Attributes:
        source: ``configuration``, ``environment`` or ``file``.
        path: of the file; empty otherwise.
        existed: whether the file was there when the hub read its configuration.
        file_system: of the file's directory; empty where that is not known.
        mark: 32 bits of a digest, by which two starts are compared; empty where there was no secret.
        changed: whether it is another secret than at the start before.
    """

    source: str = "file"
    path: str = ""
    existed: bool = False
    file_system: str = ""
    mark: str = ""
    changed: bool = False


@dataclass(frozen=True)
class Observed:
    """The facts of a hub's configuration that the checks need; no secrets, no names of people.

    Attributes:
        at: when the configuration was read, as an ISO time; empty: by a version without doctor.
        directory: the hub's, to which relative paths belong.
        since: when the first one was read in which servers get our scopes.
        hub_version: of JupyterHub.
        version: of jupyter_2i2c in the hub's environment.
        bind_url: where the proxy listens.
        public_url: the hub's address in a browser, as far as it is configured.
        subdomain_host: empty on a shared origin.
        tls: whether the proxy itself has a certificate.
        service_address: our service, through the proxy, as users' servers reach it.
        service_host: the host name to ask for there.
        headers: names and values of `JupyterHub.tornado_settings["headers"]`, as ``Name: value``.
        host_prefix: `JupyterHub.cookie_host_prefix_enabled`.
        extra_user_scopes: as set, in sorted order.
        knows_extra_user_scopes: whether this JupyterHub has that trait.
        manage_groups: whether the authenticator decides who is in which group.
        manage_roles: whether the authenticator defines roles.
        user_config: whether users may configure their own servers' Jupyter.
        kubernetes: whether the z2jh chart put the hub here.
        roles: see `RoleFact`; in the order of the configuration.
        services: see `ServiceFact`.
        tokens: see `TokenFact`; the general section first.
        cookie_secret: see `SecretFact`.
    """

    at: str = ""
    directory: str = ""
    since: str = ""
    hub_version: str = ""
    version: str = ""
    bind_url: str = ""
    public_url: str = ""
    subdomain_host: str = ""
    tls: bool = False
    service_address: str = ""
    service_host: str = ""
    headers: tuple[str, ...] = ()
    host_prefix: bool = False
    extra_user_scopes: tuple[str, ...] = ()
    knows_extra_user_scopes: bool = False
    manage_groups: bool = False
    manage_roles: bool = False
    user_config: bool = True
    kubernetes: bool = False
    roles: tuple[RoleFact, ...] = ()
    services: tuple[ServiceFact, ...] = ()
    tokens: tuple[TokenFact, ...] = ()
    cookie_secret: SecretFact = field(default_factory=SecretFact)

    def role(self, name: str) -> RoleFact | None:
        """The role of that name, if the configuration has one."""
        return next((each for each in self.roles if each.name == name), None)

    def service(self, name: str) -> ServiceFact | None:
        """The service of that name, if the configuration has one."""
        return next((each for each in self.services if each.name == name), None)


@dataclass(frozen=True)
class FileFact:
    """A file that only its owner should be able to read.

    Attributes:
        what: which one it is, for people.
        there: whether it exists.
        mode: its permission bits.
        replaceable: whether others than the owner and root may put another one in its place.
    """

    what: str
    path: str
    there: bool = False
    mode: int = 0
    replaceable: bool = False


@dataclass(frozen=True)
class Live:
    """What was seen just now.

    Attributes:
        asked: whether hub and service were asked at all.
        service_address: where the service was asked, as users' servers ask it.
        since: when the hub first started with our scopes.
        hub: what is wrong with the hub's answer; empty: nothing.
        hub_version: as the hub's answer says; without one, as it was at its last start.
        service: what is wrong with the service's answer through the proxy; empty: nothing.
        ready: what the service says stands in its way; empty: nothing.
        own_listener: where the service was asked itself; empty: it does not listen on this machine.
        files: see `FileFact`.
        database: why the database cannot be used; empty where nothing is wrong with it.
        database_known: whether it could be looked at.
        problems: what the hub's configuration says that cannot be used, one line each.
        older: how many running servers started before they could get our scopes; None: not asked.
        running: of how many; None: not asked.
    """

    asked: bool = False
    service_address: str = ""
    since: str = ""
    hub: str = ""
    hub_version: str = ""
    service: str = ""
    ready: str = ""
    own_listener: str = ""
    files: tuple[FileFact, ...] = ()
    database: str = ""
    database_known: bool = False
    problems: tuple[str, ...] = ()
    older: int | None = None
    running: int | None = None
