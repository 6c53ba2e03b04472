"""A real mail server (aiosmtpd) that does to mails what a test says. Used by the tests beside this and by bench/requests.py."""

from __future__ import annotations

import asyncio
import email
import email.policy

from aiosmtpd.smtp import SMTP as Protocol
from aiosmtpd.smtp import AuthResult


class MailServer:
    """A mail server that keeps what it gets, and fails as a test asks.

    Attributes:
        mails: what it took, parsed.
        envelopes: the same as they came.
        arrivals: the mails, one after the other.
        fault: called with a step (``EHLO``, ``MAIL``, ``RCPT``, ``DATA``) and what comes with it;
            returns or awaits an SMTP line to answer, or None where all is well.
    """

    def __init__(self, tls=None, **options):
        self.mails = []
        self.envelopes = []
        self.fault = lambda step, about: None
        self._tls = tls
        self.arrivals = asyncio.Queue()
        self._options = options

    async def start(self, port=0):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Protocol(self, hostname="mail.example", loop=loop, **self._options),
            "127.0.0.1",
            port,
            ssl=self._tls,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        # not waited for: since Python 3.12 that means until every client has gone
        self._server.close()

    async def _said(self, step, about):
        said = self.fault(step, about)
        return await said if asyncio.iscoroutine(said) else said

    async def handle_MAIL(self, server, session, envelope, address, options):
        if said := await self._said("MAIL", address):
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if said := await self._said("RCPT", address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        said = await self._said("DATA", mail)
        if said == "drop":
            server.transport.abort()
            return ""
        if said:
            return said
        envelope.let_in = session.authenticated
        envelope.encrypted = session.ssl is not None or self._tls is not None
        self.mails.append(mail)
        self.envelopes.append(envelope)
        self.arrivals.put_nowait(mail)
        return "250 taken"


def authenticator(server, session, envelope, mechanism, data):
    """Lets in the hub with its password."""
    good = (data.login, data.password) == (b"hub", b"canary-smtp-password")
    return AuthResult(success=good, handled=False)
