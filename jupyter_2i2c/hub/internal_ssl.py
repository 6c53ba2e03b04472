"""What `internal_ssl` changes for our services: they listen by https, and the hub must be able to ask them. Called by setup.py."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from .scopes import CONSOLE, SERVICE, resolved

if TYPE_CHECKING:
    from traitlets.config import Config


def listen_by_https(hub: Config) -> None:
    """Say https where the hub gives our process a certificate: it then listens in no other way.

    Args:
        hub: the section ``JupyterHub``, with a service ``2i2c`` that the hub starts.
    """
    if resolved(hub, "internal_ssl", False):
        hub.services = [
            {**each, "url": _https(each["url"])} if each.get("name") in (SERVICE, CONSOLE) else each
            for each in resolved(hub, "services", [])
        ]


def _https(url: str) -> str:
    return url.replace("http://", "https://", 1)


def let_the_hub_ask(app: Any) -> None:
    """Have a hub with `internal_ssl` ask its services with a context that can ask.

    JupyterHub 6.0 to 6.1.1 asks whether a service has started with the context that it listens
    with itself. Python refuses that, the hub takes the service for dead, and ends if it started
    it. Without a context JupyterHub makes the right one. Where it passes one that can ask,
    nothing is changed.

    Args:
        app: the running hub.
    """
    start_service = app.start_service

    async def start(name: str, service: Any, ssl_context: ssl.SSLContext | None = None) -> bool:
        if ssl_context is not None and ssl_context.protocol == ssl.PROTOCOL_TLS_SERVER:
            ssl_context = None
        started: bool = await start_service(name, service, ssl_context)
        return started

    app.__dict__["start_service"] = start
