"""OAuth with the hub, as a client of the console's own. Called by base.py and callback.py; the flow itself is JupyterHub's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tornado import web
from tornado.httputil import HTTPServerRequest, url_concat

if TYPE_CHECKING:
    from jupyterhub.services.auth import HubOAuth


LONGEST = 2000
"""Characters of an address that somebody who logs in is sent back to."""


class Login:
    """The console's own OAuth client.

    JupyterHub's `HubOAuth` makes and checks the state and talks to the hub. What it would put in
    a cookie, the token, stays here instead.

    Args:
        auth: made for the console alone; never the process's shared instance.
    """

    def __init__(self, auth: HubOAuth) -> None:
        self._auth = auth

    def begin(self, handler: web.RequestHandler) -> str:
        """The hub's address at which somebody logs in, and comes back to where they wanted to go."""
        more: dict[str, Any] = {}
        state: dict[str, Any] = {}
        if hasattr(self._auth, "generate_pkce_code_challenge"):  # JupyterHub 6 and later
            verifier, challenge, method = self._auth.generate_pkce_code_challenge()
            more = {"code_challenge": challenge, "code_challenge_method": method}
            state = {"code_verifier": verifier}
        more["state"] = self._auth.set_state_cookie(
            handler,
            next_url=_wanted(handler),
            **state,
        )
        address: str = url_concat(self._auth.login_url, more)
        return address

    async def finish(self, handler: web.RequestHandler) -> tuple[str, str]:
        """End the flow.

        Returns:
            The person's token, and the page that they wanted.

        Raises:
            web.HTTPError: this browser did not begin it, or the hub does not go along.
        """
        code = handler.get_query_argument("code", "")
        state = handler.get_query_argument("state", "")
        name = self._auth.get_state_cookie_name(state)
        begun = (handler.get_secure_cookie(name) or b"").decode("ascii", "replace")
        self._auth.clear_oauth_state_cookies(handler)
        if not code or not state or begun != state:
            raise web.HTTPError(403)
        wanted = self._auth.get_next_url(state)
        more = {}
        if hasattr(self._auth, "get_code_verifier"):
            more = {"code_verifier": self._auth.get_code_verifier(state)}
        self._auth.clear_oauth_state(state)
        token = await self._auth.token_for_code(code, sync=False, **more)
        return token, wanted


def by_https(request: HTTPServerRequest) -> bool:
    """Whether a browser came by https, as JupyterHub tells it: by the hub's address, else by what the proxies say."""
    from jupyterhub.utils import get_browser_protocol

    public = os.environ.get("JUPYTERHUB_PUBLIC_URL", "")
    return (urlsplit(public).scheme or get_browser_protocol(request)) == "https"


def _wanted(handler: web.RequestHandler) -> str:
    """The page that is wanted; the first one where its address is longer than any, for each is kept for a while."""
    address = handler.request.path
    if handler.request.query:
        address += f"?{handler.request.query}"
    return address if len(address) <= LONGEST else ""
