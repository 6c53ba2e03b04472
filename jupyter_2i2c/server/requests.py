"""`jupyter-2i2c/support`, `diagnostics` and `requests`: asking for help. Called by the panel's composer."""

from __future__ import annotations

import json
from dataclasses import asdict

from jupyter_server.auth.decorator import authorized
from tornado import web

from .intents import NotAsked, OwnersHandler

MAX_BODY = 40_000_000
"""Bytes of a request; attachments are base64."""


class SupportHandler(OwnersHandler):
    """What a request may be, who reads it, and how."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what the composer needs to know.

        Returns:
            as in ``tests/data/support.json``, with ``why`` it cannot be sent from here (empty if
            it can), ``mailto``, ``encrypts`` and ``user``.

        Raises:
            web.HTTPError: 403 for anybody but the owner.
        """
        self.owner_only()
        self.finish(json.dumps(await self.extension.support.offer()))


class DiagnosticsHandler(OwnersHandler):
    """What whoever helps needs to know of this session."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the parts, without secrets. They are sent nowhere.

        Returns:
            ``{"parts": [{"key": …, "title": …, "text": …, "note": …}]}``.

        Raises:
            web.HTTPError: 403 for anybody but the owner.
        """
        self.owner_only()
        parts = await self.extension.diagnostics.gather()
        self.finish(json.dumps({"parts": [asdict(each) for each in parts]}))


class RequestsHandler(OwnersHandler):
    """Sending a request, and what became of those before."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the owner's requests, the latest first.

        Returns:
            as in ``tests/data/requests.json``.

        Raises:
            web.HTTPError: 403 for anybody but the owner; 404 without a service; 503 if it does
                not answer.
        """
        from .hub_client import HubError

        self.owner_only()
        try:
            sent = await self.extension.support.sent()
        except HubError as error:
            raise NotAsked(error) from None
        self.finish(json.dumps({"version": 1, "requests": [asdict(each) for each in sent]}))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Hand a request to the service, exactly as it was read.

        The body is ``{"key": chosen by the browser, so that sending twice is once, "category": …,
        "outage": …, "subject": …, "text": …, "affected": …, "reply_to": …, "diagnostics": {key:
        text} or null, "attachments": [{"name": …, "type": …, "data": base64}], "encrypt": bool}``.

        Returns:
            201, ``{"id": …, "state": …, "reference": …}``.

        Raises:
            web.HTTPError: 400 for what cannot be sent, such as what holds a secret; 403 for
                anybody but the owner; 404 without a service; 413 if it is too much; 429 after too
                many; 503 if the service does not answer. Nothing was sent then.
        """
        from .hub_client import HubError
        from .support import NotSendable

        self.owner_only()
        if len(self.request.body) > MAX_BODY:
            raise web.HTTPError(413, "that is too much to be sent at once")
        asked = self.get_json_body()
        if not isinstance(asked, dict):
            raise web.HTTPError(400, "send a request as a JSON object")
        try:
            sent = await self.extension.support.send(asked)
        except NotSendable as error:
            raise web.HTTPError(400, str(error)) from None
        except HubError as error:
            raise NotAsked(error) from None
        self.set_status(201)
        self.finish(json.dumps(sent))
