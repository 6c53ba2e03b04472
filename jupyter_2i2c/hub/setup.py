"""`setup_hub(c)`, the one line of an operator's jupyterhub_config.py: registers the service, composing with what is there."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from traitlets.log import get_logger

from .entry import offer
from .handover import CONFIG_FILE_VARIABLE, SERVICE_SECTION, stated_by, write
from .internal_ssl import let_the_hub_ask, listen_by_https
from .scopes import (
    CONSOLE,
    SERVICE,
    Composer,
    add_custom_scopes,
    console_scopes,
    let_users_in,
    resolved,
    spawner_sections,
    widen_server_tokens,
)

if TYPE_CHECKING:
    from traitlets.config import Config

    from ..sources import Stated

DEFAULT_URL = "http://127.0.0.1:10300"
"""Where the managed service listens; the hub's proxy is the only one to ask it."""

CONSOLE_BIND_VARIABLE = "JUPYTER_2I2C_CONSOLE_BIND"
CONSOLE_TOKEN_VARIABLE = "JUPYTER_2I2C_CONSOLE_TOKEN"  # noqa: S105
CONSOLE_URL_VARIABLE = "JUPYTER_2I2C_CONSOLE_URL"
"""Where the console listens, the secret of its OAuth client, and its address in a browser."""

SERVICE_URL_VARIABLE = "JUPYTER_2I2C_SERVICE_URL"
SERVICE_HOST_VARIABLE = "JUPYTER_2I2C_SERVICE_HOST"


def setup_hub(
    c: Config,
    *,
    url: str = DEFAULT_URL,
    console_url: str | None = None,
    service_url: str | None = None,
    narrow_admin_servers: bool = True,
    config_file: str | os.PathLike[str] = "jupyter_2i2c.json",
) -> None:
    """Add the services ``2i2c`` and ``2i2c-console`` to a hub, with the scopes they need.

    May stand anywhere in ``jupyterhub_config.py``: in a running hub it takes effect when the
    whole file has been read, so that nothing below it can undo it. Roles, services, hooks,
    `server_token_scopes` and `environment` that are set keep what they have. Services of our
    names that are declared already keep what they say, and get what they lack; a service ``2i2c``
    without a ``command`` runs elsewhere, and finds in its entry at the hub what is in the file.

    Args:
        c: the configuration.
        url: where the service listens, for the proxy.
        console_url: where the same process listens for administrators, for the proxy; by default
            at the next port.
        service_url: how users' servers reach the service, through the proxy; by default worked
            out from the proxy's address. Set it where servers run on other machines.
        narrow_admin_servers: take from administrators' servers the scopes with which any
            notebook in them could mint an administrator's token.
        config_file: the file, readable by its owner only, by which the service learns what this
            configuration says. Relative to the hub's directory.
    """

    def compose(config: Config) -> None:
        add_custom_scopes(config.JupyterHub)
        let_users_in(config.JupyterHub, _has_extra_user_scopes())
        widen_server_tokens(config, narrow_admin_servers)
        path = Path(config_file).absolute()
        stated = stated_by(config)
        if _add_service(config.JupyterHub, url, path):
            _add_console(config, console_url)
            listen_by_https(config.JupyterHub)
        else:
            offer(config, stated, _admin_users_feature(config))
        _tell_servers(config, service_url)
        _hand_over(config, stated, path)
        _write_down(config, path)

    _when_read_whole(c, compose)


def _when_read_whole(c: Config, compose: Composer) -> None:
    """Compose when the hub takes over the whole configuration; at once where no hub is running.

    JupyterHub has no hook between reading its configuration and using it. Traitlets' own
    `update_config`, which is called with all that was read, is that moment.
    """
    app = _running_hub()
    if app is None:
        compose(c)
        return
    update_config = app.update_config

    def compose_and_update(config: Config) -> None:
        app.__dict__.pop("update_config", None)
        compose(config)
        if resolved(config.JupyterHub, "internal_ssl", False):
            let_the_hub_ask(app)
        update_config(config)

    app.__dict__["update_config"] = compose_and_update


def _running_hub() -> Any:
    from jupyterhub.app import JupyterHub

    return JupyterHub.instance() if JupyterHub.initialized() else None


def _has_extra_user_scopes() -> bool:
    from jupyterhub.app import JupyterHub

    return "extra_user_scopes" in JupyterHub.class_traits()


def _add_service(hub: Config, url: str, config_file: Path) -> bool:
    """Register the service; one that is there already gets only what it lacks.

    Returns:
        Whether it runs beside the hub, started by it.
    """
    services = list(resolved(hub, "services", []))
    ours: dict[str, Any] = {
        "name": SERVICE,
        "url": url,
        "display": True,
        "oauth_no_confirm": True,
        "command": [sys.executable, "-m", "jupyter_2i2c.hub"],
        "environment": {CONFIG_FILE_VARIABLE: str(config_file)},
    }
    for index, service in enumerate(services):
        if service.get("name") == SERVICE:
            if "command" not in service:
                return False  # it runs elsewhere, and its operator says how
            environment = {**ours["environment"], **service.get("environment", {})}
            services[index] = {**ours, **service, "environment": environment}
            hub.services = services
            return True
    hub.services = [*services, ours]
    return True


def _add_console(c: Config, url: str | None) -> None:
    """Register the administrators' console: a second OAuth client of the same process.

    The hub does not start it, so it is told here what the hub tells a service that it starts.
    """
    hub = c.JupyterHub
    services = [dict(each) for each in resolved(hub, "services", [])]
    theirs: dict[str, Any] = next((each for each in services if each.get("name") == CONSOLE), {})
    beside = next(each for each in services if each.get("name") == SERVICE)
    ours = {
        "name": CONSOLE,
        "url": url or _next_port(beside["url"]),
        "api_token": secrets.token_hex(32),
        "display": True,
        "oauth_no_confirm": False,
        "oauth_client_allowed_scopes": console_scopes(_admin_users_feature(c)),
        **theirs,
    }
    told = {
        CONSOLE_BIND_VARIABLE: ours["url"],
        CONSOLE_TOKEN_VARIABLE: ours["api_token"],
        CONSOLE_URL_VARIABLE: _in_browser(hub, CONSOLE),
    }
    beside["environment"] = {**told, **beside.get("environment", {})}
    hub.services = [*(each for each in services if each.get("name") != CONSOLE), ours]


def _admin_users_feature(c: Config) -> bool:
    return SERVICE_SECTION in c and bool(resolved(c[SERVICE_SECTION], "admin_users_feature", False))


def _next_port(url: str) -> str:
    parts = urlsplit(url)
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    return urlunsplit(parts._replace(netloc=f"{host}:{(parts.port or 80) + 1}"))


def _in_browser(hub: Config, service: str) -> str:
    """A service's address in a browser: a path, or a whole address on a hub with subdomains."""
    base_url = urlsplit(resolved(hub, "bind_url", "")).path or resolved(hub, "base_url", "/")
    path = f"/{base_url.strip('/')}/services/{service}/".replace("//", "/")
    subdomains = urlsplit(resolved(hub, "subdomain_host", ""))
    if not subdomains.netloc:
        return path
    return f"{subdomains.scheme}://{service}--service.{subdomains.netloc}{path}"


def _hand_over(config: Config, stated: Stated, path: Path) -> None:
    """Write the service's file. A hub starts without it: the service then says what it lacks."""
    log = get_logger()
    for problem in stated.problems:
        log.warning("jupyter_2i2c: %s", problem)
    try:
        write(path, stated, config)
    except OSError as error:
        log.error(
            "jupyter_2i2c: cannot write %s (%s), so the hub's page shows defaults only; set"
            " config_file=… in setup_hub to a place that the hub can write",
            path,
            error.strerror,
        )


def _write_down(config: Config, path: Path) -> None:
    """Write down what the hub is configured to do, for whoever exports it. A hub starts without it."""
    app = _running_hub()
    if app is None:
        return
    try:
        from . import record

        file = Path(app.config_file).absolute()
        record.write(record.record_path(path), config, file if file.is_file() else None)
    except Exception as error:  # an operator's values may be of any class and fail in any way
        get_logger().warning("jupyter_2i2c: this hub cannot be exported while it runs: %r", error)


def _tell_servers(c: Config, service_url: str | None) -> None:
    """Tell each user's server where the service is; it never takes that from a request."""
    address, host = (service_url, "") if service_url else _through_proxy(c.JupyterHub)
    ours = {SERVICE_URL_VARIABLE: address}
    if host:
        ours[SERVICE_HOST_VARIABLE] = host
    for section in spawner_sections(c, "environment"):
        section.environment = {**ours, **resolved(section, "environment", {})}


def _through_proxy(hub: Config) -> tuple[str, str]:
    """The service's address as a user's server reaches it, and the host name to ask for there.

    Returns:
        An address with a trailing slash; and, on a hub with per-user subdomains, the service's
        own host name, by which the proxy finds it.
    """
    base_url = "/" + resolved(hub, "base_url", "/").strip("/")
    bind_url = resolved(hub, "bind_url", "")
    if bind_url:
        bound = urlsplit(bind_url)
        scheme, port, name = bound.scheme, bound.port, bound.hostname or ""
        base_url = bound.path or base_url
    else:
        scheme = "https" if resolved(hub, "ssl_key", "") else "http"
        port, name = resolved(hub, "port", 8000), resolved(hub, "ip", "")
    if name in ("", "0.0.0.0", "*"):  # noqa: S104
        name = "127.0.0.1"
    elif name == "::":
        name = "[::1]"
    elif ":" in name:
        name = f"[{name}]"
    place = f"{scheme}://{name}:{port}" if port else f"{scheme}://{name}"
    if _on_kubernetes():
        # where the chart gets certificates itself, `proxy-public` only leads on to https
        certified = "PROXY_HTTP_SERVICE_HOST" in os.environ
        place = "http://proxy-http:8000" if certified else "http://proxy-public"
    path = f"{base_url.rstrip('/')}/services/{SERVICE}/"
    subdomains = urlsplit(resolved(hub, "subdomain_host", ""))
    host = f"{SERVICE}--service.{subdomains.netloc}" if subdomains.netloc else ""
    return place + path, host


def _on_kubernetes() -> bool:
    """Whether the hub was put here by the z2jh chart, whose proxy has a service of its own."""
    return "PROXY_PUBLIC_SERVICE_HOST" in os.environ
