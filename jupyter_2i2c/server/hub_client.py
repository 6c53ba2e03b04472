"""The only room of a user's server that speaks to the hub and to the service beside it. Called by the other rooms here."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders

DEFAULT_RETRY_AFTER = 30.0
"""Seconds after which to ask again what did not answer, unless it says otherwise itself."""

MAX_BODY = 2_000_000
"""Bytes of an answer; the largest legitimate one is a hundredth of it."""

MAX_SAID = 500
"""Characters of an answer's own words that are handed on."""


class HubError(Exception):
    """The hub or its service gave no answer that can be used.

    Args:
        state: ``no-hub``, ``no-service``, ``restart`` (this server started before the service was
            there) or ``unavailable``.
        message: what happened, for a person.
        retry_after: seconds after which it is worth asking again.
        status: of the answer; 0 if there was none.
        said: what the answer says for a person, as JupyterHub and our service do in ``message``;
            empty if it says nothing, or is a page of something else.
    """

    def __init__(
        self,
        state: str,
        message: str,
        retry_after: float = DEFAULT_RETRY_AFTER,
        status: int = 0,
        said: str = "",
    ) -> None:
        super().__init__(message)
        self.state = state
        self.message = message
        self.retry_after = retry_after
        self.status = status
        self.said = said


@dataclass(frozen=True)
class Answer:
    """An answer: its JSON, or None if it is what the asker has already.

    Attributes:
        body: the JSON.
        etag: by which to ask whether it has changed.
        hub_version: the version of the hub that answered; empty if something else did.
    """

    body: Any
    etag: str = ""
    hub_version: str = ""


class HubClient:
    """Asks with the server's own token, which is its owner's and user-level.

    Args:
        api_url: the hub's API; empty without a hub.
        service_url: our service, through the hub's proxy; empty where there is none.
        service_host: the host name to ask for at that address, on hubs with subdomains.
        token: the server's token.
        user: the server's owner.
        server: the server's name; empty for the default one.
        tls: certificate options for a hub that has `internal_ssl` on.
    """

    CONNECT_TIMEOUT = 2.0
    TOTAL_TIMEOUT = 5.0

    def __init__(
        self,
        api_url: str = "",
        service_url: str = "",
        service_host: str = "",
        token: str = "",
        user: str = "",
        server: str = "",
        tls: Mapping[str, str] | None = None,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self.service_url = service_url.rstrip("/")
        self.user = user
        self.server = server
        self._host = service_host
        self._token = token
        self._tls: dict[str, Any] = dict(tls or {})
        self._client: AsyncHTTPClient | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> HubClient:
        """The client of this server, by the variables that the hub gave it."""
        certificates = {
            "client_key": "JUPYTERHUB_SSL_KEYFILE",
            "client_cert": "JUPYTERHUB_SSL_CERTFILE",
            "ca_certs": "JUPYTERHUB_SSL_CLIENT_CA",
        }
        return cls(
            api_url=environment.get("JUPYTERHUB_API_URL", ""),
            service_url=environment.get("JUPYTER_2I2C_SERVICE_URL", ""),
            service_host=environment.get("JUPYTER_2I2C_SERVICE_HOST", ""),
            token=environment.get("JUPYTERHUB_API_TOKEN", ""),
            user=environment.get("JUPYTERHUB_USER", ""),
            server=environment.get("JUPYTERHUB_SERVER_NAME", ""),
            tls={k: environment[v] for k, v in certificates.items() if environment.get(v)},
        )

    @property
    def on_hub(self) -> bool:
        """Whether a hub started this server."""
        return bool(self.api_url and self._token)

    @property
    def user_path(self) -> str:
        """The path of this server's owner in the hub's API."""
        return f"users/{quote(self.user, safe='')}"

    @property
    def server_path(self) -> str:
        """The path of this server in the hub's API."""
        if not self.server:
            return f"{self.user_path}/server"
        return f"{self.user_path}/servers/{quote(self.server, safe='')}"

    async def ask_hub(self, path: str, method: str = "GET") -> Answer:
        """Ask the hub's own API.

        Args:
            path: below the API's address, without a leading slash.
            method: of the request.

        Raises:
            HubError: there is no hub, or it gave no answer that can be used.
        """
        if not self.on_hub:
            raise HubError("no-hub", "this server was not started by a hub")
        return await self._ask(f"{self.api_url}/{path}", method, "the hub", {})

    async def ask_service(
        self,
        path: str,
        etag: str = "",
        method: str = "GET",
        body: Any = None,
        timeout: float | None = None,
    ) -> Answer:
        """Ask our service for what is at `path`, unless it is still what `etag` stands for.

        Args:
            path: below the service's ``api/``.
            etag: of what is known already.
            method: of the request.
            body: JSON to send with a ``POST``.
            timeout: seconds for all of it, where much is sent; `TOTAL_TIMEOUT` else.

        Raises:
            HubError: there is no service, or it gave no answer that can be used.
        """
        if not self.on_hub:
            raise HubError("no-hub", "this server was not started by a hub")
        if not self.service_url:
            raise HubError("no-service", "this hub has no service of jupyter_2i2c")
        headers = {"If-None-Match": etag} if etag else {}
        if self._host:
            headers["Host"] = self._host
        try:
            return await self._ask(
                f"{self.service_url}/api/{path}",
                method,
                "the hub's service",
                headers,
                body,
                timeout,
            )
        except _Refused as refused:
            # our own scopes are right for every server that starts now
            raise HubError(
                "restart",
                "this server started before the service did",
                status=refused.status,
                said=refused.said,
            ) from refused

    async def _ask(
        self,
        url: str,
        method: str,
        who: str,
        headers: Mapping[str, str],
        body: Any = None,
        timeout: float | None = None,
    ) -> Answer:
        request = HTTPRequest(
            url,
            method=method,
            headers=HTTPHeaders({"Authorization": f"token {self._token}", **headers}),
            body=json.dumps(body) if method == "POST" else None,
            connect_timeout=self.CONNECT_TIMEOUT,
            request_timeout=timeout or self.TOTAL_TIMEOUT,
            follow_redirects=False,
            decompress_response=True,
            **self._tls,
        )
        if self._client is None:
            self._client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_BODY)
        try:
            response = await self._client.fetch(request, raise_error=False)
        except HTTPClientError as error:
            raise HubError("unavailable", f"{who} does not answer ({error})") from None
        except (OSError, ValueError) as error:
            raise HubError("unavailable", f"{who} cannot be reached ({error})") from None
        return _read(response, who)


class _Refused(HubError):
    """The token may not do that."""


def _read(response: HTTPResponse, who: str) -> Answer:
    version = response.headers.get("X-JupyterHub-Version", "")
    etag = response.headers.get("ETag", "")
    if response.code == 304:
        return Answer(None, etag, version)
    if response.code >= 300:
        more = (_retry_after(response), response.code, _said(response))
        if response.code in (401, 403):
            raise _Refused("unavailable", f"{who} refused this server's token", *more)
        if response.code == 404:
            raise HubError("no-service", f"{who} has nothing at that address", *more)
        raise HubError("unavailable", f"{who} answered {response.code}", *more)
    try:
        return Answer(json.loads(response.body or b"null"), etag, version)
    except (ValueError, RecursionError):
        raise HubError("unavailable", f"{who} answered with something else than JSON") from None


def _said(response: HTTPResponse) -> str:
    try:
        said = json.loads(response.body)["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return said[:MAX_SAID] if isinstance(said, str) else ""


def _retry_after(response: HTTPResponse) -> float:
    try:
        seconds = float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return DEFAULT_RETRY_AFTER
    return DEFAULT_RETRY_AFTER if math.isnan(seconds) else min(max(seconds, 1.0), 3600.0)
