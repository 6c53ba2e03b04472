"""Looks at a hub's configuration, in the hub's own process, for the doctor. Called by handover.py when it writes its file.

Nothing here may keep a hub from starting: what cannot be read is left out, and the checks say that
it is not known.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from traitlets.config import Config
from traitlets.config.loader import DeferredConfig

from ..._version import __version__
from ..scopes import ServerTokenScopes, resolved
from .observed import Observed, RoleFact, SecretFact, ServiceFact, TokenFact

COOKIE_SECRET_VARIABLE = "JPY_COOKIE_SECRET"  # noqa: S105
"""Where JupyterHub looks for its secret, too."""

T = TypeVar("T")


def observe(c: Config, before: Observed | None = None) -> Observed:
    """The facts of a configuration that has been read whole.

    Args:
        c: the configuration.
        before: what was observed when the hub started last.
    """
    hub = c.JupyterHub
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    environment = _mapping(resolved(c.Spawner, "environment", {}))
    return Observed(
        at=now,
        directory=str(Path.cwd()),
        since=(before.since if before and before.since else now),
        hub_version=_hub_version(),
        version=__version__,
        bind_url=_attempt(lambda: _bind_url(hub), ""),
        public_url=_attempt(lambda: _address(resolved(hub, "public_url", "") or _of_chart()), ""),
        subdomain_host=_attempt(lambda: _address(resolved(hub, "subdomain_host", "")), ""),
        tls=bool(resolved(hub, "ssl_key", "")),
        service_address=_attempt(lambda: _address(environment["JUPYTER_2I2C_SERVICE_URL"]), ""),
        service_host=str(environment.get("JUPYTER_2I2C_SERVICE_HOST", "")),
        headers=_attempt(lambda: _headers(hub), ()),
        host_prefix=bool(resolved(hub, "cookie_host_prefix_enabled", False)),
        extra_user_scopes=tuple(sorted(_texts(resolved(hub, "extra_user_scopes", ())))),
        knows_extra_user_scopes=_attempt(_knows_extra_user_scopes, False),
        manage_groups=_any(c, "Authenticator", "manage_groups"),
        manage_roles=_any(c, "Authenticator", "manage_roles"),
        user_config=not _any(c, "Spawner", "disable_user_config"),
        kubernetes="PROXY_PUBLIC_SERVICE_HOST" in os.environ,
        roles=_attempt(lambda: _roles(hub), ()),
        services=_attempt(lambda: _services(hub), ()),
        tokens=_attempt(lambda: _tokens(c), ()),
        cookie_secret=_attempt(
            lambda: _cookie_secret(hub, before.cookie_secret if before else None), SecretFact()
        ),
    )


def _attempt(look: Callable[[], T], otherwise: T) -> T:
    try:
        return look()
    except Exception:  # an operator's values may be of any class and fail in any way
        return otherwise


def _hub_version() -> str:
    from jupyterhub import __version__ as version

    return str(version)


def _knows_extra_user_scopes() -> bool:
    from jupyterhub.app import JupyterHub

    return "extra_user_scopes" in JupyterHub.class_traits()


def _texts(value: Any) -> list[str]:
    """The texts in a list, a set or the like; none in anything else."""
    if isinstance(value, (str, bytes, Mapping, DeferredConfig)) or not isinstance(value, Iterable):
        return []
    return [each for each in value if isinstance(each, str)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _address(value: Any) -> str:
    """An address without a name and password that may stand in it."""
    parts = urlsplit(str(value))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _bind_url(hub: Config) -> str:
    bind_url = resolved(hub, "bind_url", "")
    if bind_url:
        return _address(bind_url)
    scheme = "https" if resolved(hub, "ssl_key", "") else "http"
    name = str(resolved(hub, "ip", ""))
    name = f"[{name}]" if ":" in name else name
    return f"{scheme}://{name}:{resolved(hub, 'port', 8000)}{resolved(hub, 'base_url', '/')}"


def _of_chart() -> str:
    """The hub's address in a browser, where the z2jh chart put it there; else empty."""
    try:
        from z2jh import get_config
    except ImportError:
        return ""
    https = get_config("proxy.https") or {}
    if https.get("enabled") and https.get("hosts"):
        return f"https://{https['hosts'][0]}/"
    ingress = get_config("ingress") or {}
    if ingress.get("enabled") and ingress.get("hosts"):
        return f"{'https' if ingress.get('tls') else 'http'}://{ingress['hosts'][0]}/"
    return ""


def _headers(hub: Config) -> tuple[str, ...]:
    settings = _mapping(resolved(hub, "tornado_settings", {}))
    headers = _mapping(settings.get("headers", {}))
    return tuple(f"{name}: {value}" for name, value in headers.items())


def _any(c: Config, ending: str, trait: str) -> bool:
    """Whether a trait is on in any of the sections of a kind."""
    sections = [c[name] for name in list(c) if name.endswith(ending)]
    return any(bool(resolved(each, trait, False)) for each in sections if trait in each)


def _roles(hub: Config) -> tuple[RoleFact, ...]:
    return tuple(
        RoleFact(
            name=str(role.get("name", "")),
            scopes=tuple(_texts(role.get("scopes", ()))),
            states_scopes="scopes" in role,
            users=len(_texts(role.get("users", ()))),
            groups=tuple(_texts(role.get("groups", ()))),
            services=tuple(_texts(role.get("services", ()))),
        )
        for role in resolved(hub, "load_roles", [])
    )


def _services(hub: Config) -> tuple[ServiceFact, ...]:
    return tuple(
        ServiceFact(
            name=str(service.get("name", "")),
            admin=bool(service.get("admin", False)),
            managed="command" in service,
            no_confirm=bool(service.get("oauth_no_confirm", False)),
            scopes=tuple(_texts(service.get("oauth_client_allowed_scopes", ()))),
        )
        for service in resolved(hub, "services", [])
    )


def token_sections(c: Config) -> list[str]:
    """The section ``Spawner``, and those of special spawners that say something of tokens."""
    traits = ("server_token_scopes", "oauth_client_allowed_scopes")
    special = [
        name
        for name in list(c)
        if name.endswith("Spawner")
        and name != "Spawner"
        and any(each in c[name] for each in traits)
    ]
    return ["Spawner", *special]


def _tokens(c: Config) -> tuple[TokenFact, ...]:
    general = c.Spawner
    facts = []
    for name in token_sections(c):
        section = c[name]
        value = resolved(section, "server_token_scopes", _given(general, "server_token_scopes"))
        oauth = resolved(
            section, "oauth_client_allowed_scopes", _given(general, "oauth_client_allowed_scopes")
        )
        ours = isinstance(value, ServerTokenScopes)
        before = value.before if isinstance(value, ServerTokenScopes) else value
        facts.append(
            TokenFact(
                section=name,
                ours=ours,
                narrow=isinstance(value, ServerTokenScopes) and value.narrow,
                how=_how(before),
                scopes=tuple(_texts(before)),
                oauth_how=_how(oauth),
                oauth_scopes=tuple(_texts(oauth)),
            )
        )
    return tuple(facts)


def _given(section: Config, trait: str) -> Any:
    return resolved(section, trait, [])


def _how(value: Any) -> str:
    if callable(value):
        return "callable"
    if isinstance(value, (str, bytes, DeferredConfig)):
        return "unreadable"
    return "list" if value else "unset"


def _cookie_secret(hub: Config, before: SecretFact | None) -> SecretFact:
    given = resolved(hub, "cookie_secret", b"")
    path = Path(str(resolved(hub, "cookie_secret_file", "jupyterhub_cookie_secret"))).expanduser()
    path = path.absolute()
    if given:
        fact = SecretFact("configuration", mark=_mark(given))
    elif os.environ.get(COOKIE_SECRET_VARIABLE):
        fact = SecretFact("environment", mark=_mark(os.environ[COOKIE_SECRET_VARIABLE]))
    else:
        content = _attempt(path.read_text, "")
        fact = SecretFact(
            "file",
            path=str(path),
            existed=path.exists(),
            file_system=file_system_of(path.parent),
            mark=_mark(content) if content.strip() else "",
        )
    return replace(fact, changed=_other(before, fact))


def _other(before: SecretFact | None, now: SecretFact) -> bool:
    """Whether the hub starts with another secret than before: its cookies are good no longer."""
    if before is None:
        return False
    if now.source == before.source == "file" and not now.existed:
        return True  # it was written at the last start, and is gone
    return bool(before.mark and now.mark and before.mark != now.mark)


def _mark(secret: Any) -> str:
    """32 bits of a digest: enough to tell two secrets apart, and nothing to find them by."""
    if isinstance(secret, str):
        secret = secret.strip().lower().encode()
    else:
        secret = bytes(secret).hex().encode()
    return hashlib.sha256(b"jupyter_2i2c cookie secret " + secret).hexdigest()[:8]


def file_system_of(directory: Path) -> str:
    """The kind of file system that a directory is on, as Linux names it; empty where not known."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        wanted = directory.resolve()
    except OSError:
        return ""
    best, kind = -1, ""
    for entry in mounts.splitlines():
        fields = entry.split(" ")
        place = Path(fields[1].replace("\\040", " "))
        # of several mounts at one place the last one shows
        if (place == wanted or place in wanted.parents) and len(place.parts) >= best:
            best, kind = len(place.parts), fields[2]
    return kind
