"""Talks to a hub that runs elsewhere, by its address and a token. Called by importers/live.py, verify/elsewhere.py and targets/people.py.

What is at that address may be anything: it gets the token at that one origin and is never followed to
another, what it answers is bounded in size and time, and its words are shown as words.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from ..text import line
from .errors import ReplicateError

TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"  # noqa: S105
"""Where a token is looked for; never on a command line, which is everybody's to read."""

ACCEPT = "application/jupyterhub-pagination+json, application/json"
CONNECT_TIMEOUT = 10
TIMEOUT = 30
"""Seconds for one answer, to its last byte."""

LARGEST = 16 << 20
"""Bytes of one answer."""

MOST = 256 << 20
"""Bytes of all answers together: lists come in pages, and pages need not end."""

LONGEST_WORDS = 300
"""Characters of what a hub says of an error."""

TOKEN = re.compile(r"[\x21-\x7e]+")


class Refused(Exception):
    """The token may not do this; the message is the hub's own."""


class Answered(ReplicateError):
    """The hub answers with an error.

    Attributes:
        code: the status.
        said: what it says of it.
    """

    def __init__(self, what: str, code: int, said: str) -> None:
        super().__init__(f"{what} answers {code} {said}; is it a hub's address?")
        self.code = code
        self.said = said


def token_of(variable: str = TOKEN_VARIABLE) -> str:
    """The token in a variable of the environment; empty where there is none.

    Raises:
        ReplicateError: it can be none.
    """
    token = os.environ.get(variable, "").strip()
    if token and not TOKEN.fullmatch(token):
        raise ReplicateError(f"${variable} holds characters that no token has; set it anew")
    return token


def safe_address(url: str) -> str:
    """The address of a hub that a token may be sent to, with a slash at its end.

    Raises:
        ReplicateError: it is none, or the token could be read on the way.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = url.isprintable() and not set(url) & set(" \\<>\"'")
    if parts.scheme not in ("http", "https") or not host or not plain:
        raise ReplicateError(f"{line(url)} is no hub's address; give it like https://hub.example/")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ReplicateError(
            f"{parts.scheme}://{host}/ is enough: give the hub's address without a name, a password,"
            " a question mark or a #"
        )
    if parts.scheme == "http" and not _is_here(host):
        raise ReplicateError(
            f"{url} is not encrypted, and whoever is on the way could read the token; give"
            f" https://{parts.netloc}{parts.path}"
        )
    return f"{url.rstrip('/')}/"


def _is_here(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Who:
    """Whose token it is, and what it may do.

    Attributes:
        name: of a user or service.
        kind: ``user`` or ``service``.
        administers: whether they are an administrator.
        groups: that they are in.
        scopes: all that the token has, spelt out as the hub does.
    """

    name: str
    kind: str
    administers: bool
    groups: frozenset[str]
    scopes: frozenset[str]

    def may(self, scope: str, user: str) -> bool:
        """Whether the token has a scope for a user, as far as it can be told from here.

        Who is in which group only the hub knows, so a scope for a group counts.
        """
        for each in self.scopes:
            name, _, of = each.partition("!")
            kind, _, value = of.partition("=")
            if name == scope and (
                not of
                or (kind == "user" and value == user)
                or (kind == "server" and value == f"{user}/")
                or kind == "group"
            ):
                return True
        return False


class LiveHub:
    """A hub's API, for one conversation: ``async with LiveHub(…) as hub``.

    Arguments:
        url: of the hub, where `hub/api` is below.
        token: what it may do is what the hub lets it.

    Attributes:
        url: with a slash at its end.
        api: what its API is called in messages.
    """

    def __init__(self, url: str, token: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ReplicateError(f"{url} is no hub's address; give it like https://hub.example/")
        self.url = f"{url.rstrip('/')}/"
        self.api = f"{self.url}hub/api"
        self._token = token
        self._left = MOST
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=LARGEST)

    async def __aenter__(self) -> LiveHub:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, int] | None = None,
        body: object = None,
    ) -> Any:
        """The JSON of one answer of the API, or None where it is empty.

        Arguments:
            method: of HTTP.
            path: below ``hub/api``, quoted.
            query: after it.
            body: JSON.

        Raises:
            Refused: the token may not.
            Answered: another error.
            ReplicateError: it does not answer, or not as a hub does.
        """
        place = f"{self.api}/{path}"
        answer = await self.fetch(
            place + (f"?{urlencode(query)}" if query else ""), method, body, self._token
        )
        if answer.code in (401, 403):
            raise Refused(_said(answer))
        if answer.code >= 400:
            raise Answered(place, answer.code, _said(answer))
        try:
            return json.loads(answer.body) if answer.body else None
        except (ValueError, RecursionError):
            raise ReplicateError(
                f"{place} does not answer as a hub does: it is no JSON; is it a hub's address?"
            ) from None

    async def who(self) -> Who:
        """Whose token it is; every token may ask that.

        Raises:
            ReplicateError: the hub does not know the token, or does not answer as a hub.
        """
        try:
            told = await self.ask("GET", "user")
            return Who(
                line(str(told["name"])),
                "user" if told.get("kind", "user") == "user" else "service",
                told.get("admin") is True,
                frozenset(map(str, told.get("groups", ()))),
                frozenset(map(str, told["scopes"])),
            )
        except Refused as error:
            raise ReplicateError(
                f"{self.api} does not know the token: {error}; make a new one on its page `Token`, of this"
                " hub and no other"
            ) from None
        except (KeyError, TypeError, AttributeError) as error:
            raise ReplicateError(
                f"{self.api}/user does not answer as a hub does: {error!r:.200}; is it a hub's address?"
            ) from None

    async def fetch(
        self, address: str, method: str = "GET", body: object = None, token: str = ""
    ) -> HTTPResponse:
        """One answer, whatever its status.

        Raises:
            ReplicateError: nobody answers, too much is answered, or it leads elsewhere.
        """
        headers = {"Accept": ACCEPT, **({"Authorization": f"token {token}"} if token else {})}
        data = json.dumps(body) if body is not None else "" if method == "POST" else None
        request = HTTPRequest(
            address, method, headers, data, connect_timeout=CONNECT_TIMEOUT, request_timeout=TIMEOUT,
            follow_redirects=False, decompress_response=False, allow_nonstandard_methods=True,
        )  # fmt: skip
        try:
            answer = await self._client.fetch(request, raise_error=False)
        except (HTTPClientError, OSError, ValueError) as error:
            raise ReplicateError(
                f"{address.partition('?')[0]} does not answer as a hub does: {_why(error)}; is it a hub's"
                " address, and running?"
            ) from None
        self._left -= len(answer.body or b"")
        if self._left < 0:
            raise ReplicateError(f"{self.url} answers without an end; is it a hub's address?")
        if 300 <= answer.code < 400:
            raise ReplicateError(self._leads(answer))
        return answer

    def _leads(self, answer: HTTPResponse) -> str:
        """What is said of a redirection."""
        where = line(answer.headers.get("Location", ""))[:LONGEST_WORDS]
        parts, own = urlsplit(where), urlsplit(self.url)
        another = bool(parts.netloc) and (parts.scheme, parts.netloc) != (own.scheme, own.netloc)
        to = "another place" if another else "another page"
        return (
            f"{answer.request.url.partition('?')[0]} leads to {to}, {where or 'nowhere'}; the token is not"
            " sent there. Give the address that the hub itself has"
        )


def _why(error: Exception) -> str:
    if isinstance(error, HTTPClientError) and error.code == 599:
        said = line(str(error.message))
        if "closed" in said.lower():
            return f"it closed the connection, or sent more than {LARGEST >> 20} MiB"
        return said[:LONGEST_WORDS]
    return line(str(error))[:LONGEST_WORDS]


def _said(answer: HTTPResponse) -> str:
    """What a hub says of an error, else what its status is called."""
    try:
        said = json.loads(answer.body)["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = answer.reason
    return line(str(said))[:LONGEST_WORDS]
