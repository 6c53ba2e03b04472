"""What the hub's configuration says, for a service that runs elsewhere. Offered by setup.py, asked for by app.py.

A service in a pod or on a machine of its own shares no disk with the hub, so there is no file to
hand over. JupyterHub keeps an `info` in the entry of each of its services: the hub's side writes
there what its configuration says of the hub, and the service reads its own entry, and no other,
with its own token. How the service itself runs (database, mail) is for its own file to say.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from traitlets.log import get_logger

from ..sources import Stated
from .handover import SERVICE_SECTION, Handed, UnreadableHandover, about_the_hub, understood
from .scopes import CONSOLE, ENTRY, SERVICE, console_scopes, resolved

if TYPE_CHECKING:
    from traitlets.config import Config

INFO = "jupyter_2i2c"
"""The key in `info` that is ours."""

ROLE = "service-2i2c"
"""The role by which the service may read its own entry; a role's name begins with a letter."""

BOTH_SIDES = {"admin_users_feature"}
"""Traits of the service that decide something in the hub, too."""

log = logging.getLogger(__name__)


def offer(c: Config, stated: Stated, admin_users_feature: bool) -> None:
    """Complete the entries of services that run elsewhere: ours, and the console's if there is one.

    What they say already stays; their tokens and addresses are their operator's.

    Args:
        c: the hub's configuration, with a service ``2i2c`` that it does not start.
        stated: what the hub says about itself.
        admin_users_feature: whether the console may ask for `admin:users`.
    """
    hub = c.JupyterHub
    # a hub that starts need not wait for us: 6.x would, 30 s for each; 5.x does 1 s and has no say
    waits = {"timeout": 1} if _has_timeout() else {}
    ours: dict[str, dict[str, Any]] = {
        SERVICE: {**waits, "display": True, "oauth_no_confirm": True},
        CONSOLE: {
            **waits,
            "display": True,
            "oauth_no_confirm": False,
            "oauth_client_allowed_scopes": console_scopes(admin_users_feature),
        },
    }
    services = [
        {**ours.get(each.get("name", ""), {}), **each} for each in resolved(hub, "services", [])
    ]
    for each in services:
        if each.get("name") == SERVICE:
            each["info"] = {**each.get("info", {}), INFO: about_the_hub(stated, c)}
    hub.services = services
    roles = list(resolved(hub, "load_roles", []))
    if not any(role.get("name") == ROLE for role in roles):
        role = {
            "name": ROLE,
            "description": "See what this hub's configuration says of it",
            "scopes": [ENTRY],
            "services": [SERVICE],
        }
        hub.load_roles = [*roles, role]
    lost = sorted(set(c[SERVICE_SECTION]) - BOTH_SIDES) if SERVICE_SECTION in c else []
    if lost:
        get_logger().warning(
            "jupyter_2i2c: the service runs elsewhere and does not see c.%s.%s; set it in the"
            " service's own file (--config)",
            SERVICE_SECTION,
            ", ".join(lost),
        )


def _has_timeout() -> bool:
    from jupyterhub.services.service import Service

    return "timeout" in Service.class_traits()


class HubEntry:
    """The service's entry at the hub, asked for again and again.

    Args:
        api_url: the hub's API, as in ``JUPYTERHUB_API_URL``.
        token: the service's own.
        client_options: for tornado's HTTP client, such as certificates.
        interval: seconds between two questions; after a failure it is sooner.

    Attributes:
        handed: what the hub said last; nothing of what is the service's own.
        problem: why there is nothing yet; empty if there is.
    """

    CONNECT_TIMEOUT = 2.0
    TOTAL_TIMEOUT = 5.0

    def __init__(
        self,
        api_url: str,
        token: str,
        client_options: Mapping[str, Any] | None = None,
        interval: float = 60.0,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._request = HTTPRequest(
            f"{self._api_url}/services/{SERVICE}",
            headers={"Authorization": f"token {token}", "Accept": "application/json"},
            connect_timeout=self.CONNECT_TIMEOUT,
            request_timeout=self.TOTAL_TIMEOUT,
            follow_redirects=False,
            **(client_options or {}),
        )
        self._interval = interval
        self._document: Any = None
        self.handed: Handed | None = None
        self.problem = "the hub has not been asked yet"

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Ask until cancelled, and call `on_change` whenever the answer is another one."""
        pause = min(1.0, self._interval)
        while True:
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))
            before = self.problem
            if await self.ask():
                on_change()
            elif self.problem and self.problem != before:
                log.warning("%s", self.problem)
            pause = min(pause * 2, self._interval) if self.problem else self._interval

    async def ask(self) -> bool:
        """Ask once.

        Returns:
            Whether there is something new. What an earlier answer said stays when there is none.
        """
        try:
            document = await self._fetch()
            if document == self._document:
                return False
            self.handed = understood(document, "the hub's entry of this service")
        except UnreadableHandover as error:
            if self.handed is None:
                self.problem = str(error)
            return False
        self._document, self.problem = document, ""
        return True

    async def _fetch(self) -> Any:
        """The document in the entry.

        Raises:
            UnreadableHandover: there is none; the message says why and what to do.
        """
        client = AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(self._request)
            model = json.loads(answer.body)
        except HTTPClientError as error:
            if error.code in (401, 403, 404):
                raise UnreadableHandover(
                    f"the hub does not let this service read its own entry ({error.code}): let"
                    " setup_hub(c) run in the hub's configuration, with a service 2i2c whose"
                    " token is the one in JUPYTERHUB_API_TOKEN"
                ) from None
            raise UnreadableHandover(self._no_answer(error)) from None
        except (OSError, ValueError) as error:
            raise UnreadableHandover(self._no_answer(error)) from None
        finally:
            client.close()
        info = model.get("info") if isinstance(model, Mapping) else None
        if not isinstance(info, Mapping) or INFO not in info:
            raise UnreadableHandover(
                "the hub's entry of this service says nothing of the hub: let setup_hub(c), of"
                " this version of jupyter_2i2c, run in the hub's configuration"
            )
        return info[INFO]

    def _no_answer(self, error: Exception) -> str:
        return (
            f"the hub at {self._api_url} does not say what its configuration is ({error}); it is"
            " asked again"
        )
