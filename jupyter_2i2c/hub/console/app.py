"""The console as an application of its own: its routes and what they work with. Called by the service's app.py."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from jupyterhub.services.auth import HubOAuth
from tornado import web

from ..administration import Administration
from ..facts import Facts
from ..scopes import CONSOLE
from . import audit, exports, groups, intents, jobs, news, now, requests, users
from .base import Console, NotFoundPage, UnusablePage
from .callback import CallbackHandler
from .login import Login
from .logout import LogoutHandler


def console_app(
    administration: Administration,
    facts: Facts,
    *,
    client_secret: str,
    log_function: Callable[[web.RequestHandler], None],
) -> web.Application:
    """The console.

    Args:
        administration: what it acts with.
        facts: the hub's name.
        client_secret: of its own OAuth client.
        log_function: called after each request.
    """
    prefix = administration.prefix
    if administration.unusable:
        routes: list[Any] = [(r".*", UnusablePage, {"facts": facts})]
    else:
        console = _console(administration, facts, client_secret)
        given = {"console": console}
        routes = [
            (prefix + pattern, handler, given)
            for page in console.pages
            for pattern, handler in page.routes
        ]
        routes += [
            (prefix + "oauth_callback", CallbackHandler, given),
            (prefix + "logout", LogoutHandler, given),
            (r".*", NotFoundPage, given),
        ]
    return web.Application(
        routes,
        cookie_secret=secrets.token_bytes(32),  # signs the state of logins that take seconds
        log_function=log_function,
    )


def _console(administration: Administration, facts: Facts, client_secret: str) -> Console:
    options = administration.options
    # made by hand, because the shared instance is the other service's
    auth = HubOAuth(
        api_token=client_secret,
        oauth_client_id=f"service-{CONSOLE}",
        oauth_redirect_uri=urljoin(options.console_url, "oauth_callback"),
        base_url=administration.prefix,
        cookie_options={"samesite": "Lax"},
    )
    console = Console(
        prefix=administration.prefix,
        hub_url=f"{auth.hub_host}{auth.hub_prefix}",
        login=Login(auth),
        administration=administration,
        facts=facts,
    )
    pages = (
        *now.pages(),
        *users.pages(),
        *groups.pages(),
        *news.pages(),
        *requests.pages(),
        *(exports.pages() if exports.offered(administration) else ()),
        *intents.pages(),
        *jobs.pages(),
        *audit.pages(),
    )
    return replace(console, pages=pages)
