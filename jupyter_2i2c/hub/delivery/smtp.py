"""Delivery by mail. The sender is always the hub's own; who asks is only ever somebody to reply to, marked as not verified."""

from __future__ import annotations

import logging
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import parseaddr
from typing import Any

import aiosmtplib

from ...text import line, visible
from .base import Channel, Delivered, Message, Refused, TryLater
from .wording import files, title, words

STEP = 20.0
"""Seconds for one question and its answer."""

log = logging.getLogger(__name__)


class Smtp(Channel):
    """A mail server.

    Args:
        host: its name.
        port: usually 587 (``starttls``), 465 (``tls``) or 25 (``none``).
        sender: the hub's own address, with or without a name.
        security: ``starttls``, ``tls`` or ``none``. The first two never fall back to the last.
        user: to log in as; empty: without.
        password: for that.
        ca_file: certificates to trust instead of the system's; empty: the system's.
    """

    needs_recipients = True

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        *,
        security: str = "starttls",
        user: str = "",
        password: str = "",
        ca_file: str = "",
    ) -> None:
        name, address = parseaddr(sender)
        self._sender = Address(line(name), addr_spec=address)
        self._server: dict[str, Any] = {
            "hostname": host,
            "port": port,
            "use_tls": security == "tls",
            "start_tls": security == "starttls",
            "tls_context": None
            if security == "none"
            else ssl.create_default_context(cafile=ca_file or None),
            "username": user or None,
            "password": password if user else None,
            "timeout": STEP,
        }

    async def deliver(self, message: Message) -> Delivered:
        """Hand it to the mail server.

        Raises:
            TryLater: the server cannot be reached, does not let the hub in, or says later.
            Refused: it takes this message not at all, or for none of the recipients.
        """
        mail = self.mail(message)
        client = aiosmtplib.SMTP(**self._server)
        try:
            async with client:
                refused, _ = await client.send_message(
                    mail, sender=self._sender.addr_spec, recipients=list(message.recipients)
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            told = "; ".join(_answer(each) for each in error.recipients)
            if all(code >= 500 for code in codes):
                raise Refused(f"the mail server knows none of the recipients: {told}") from None
            raise TryLater(f"the mail server does not take the recipients now: {told}") from None
        except aiosmtplib.SMTPDataError as error:
            if error.code >= 500:
                raise Refused(f"the mail server refused the mail: {_answer(error)}") from None
            raise TryLater(f"the mail server takes no mail now: {_answer(error)}") from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise TryLater(
                f"the mail server does not let the hub in, check user and password: {error.code}"
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise TryLater(f"the mail server does not want to talk: {_answer(error)}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(f"the mail server cannot be reached ({type(error).__name__})") from None
        if refused:
            log.warning(
                "request %s: the mail server refused %d of %d recipients",
                message.reference,
                len(refused),
                len(message.recipients),
            )
        return Delivered()

    def mail(self, message: Message) -> EmailMessage:
        """The mail, the same at every attempt."""
        mail = EmailMessage(POLICY.clone(cte_type="7bit"))
        first = self._id(message.id)
        mail["Message-ID"] = self._id(message.key)
        if message.kind != "request":
            mail["In-Reply-To"] = first
            mail["References"] = first
        mail["Date"] = message.created
        mail["From"] = self._sender
        mail["To"] = ", ".join(message.recipients)
        subject = title(message)
        mail["Subject"] = subject if message.kind == "request" else f"Re: {subject}"
        if reply_to := _reply_to(message):
            mail["Reply-To"] = reply_to
        mail["X-Jupyter-2i2c-Request"] = message.reference
        mail.set_content(words(message))
        for name, type_, data in files(message):
            main, _, sub = type_.partition("/")
            # byte for byte, which a text's own way of being attached is not
            charset = {"charset": "utf-8"} if main == "text" else None
            mail.add_attachment(data, main, sub, filename=name, params=charset)
        return mail

    def _id(self, key: str) -> str:
        return f"<{key}@{self._sender.domain}>"


def _reply_to(message: Message) -> Address | None:
    if not message.reply_to:
        return None
    try:
        return Address(f"{line(message.person)} (not verified)", addr_spec=message.reply_to)
    except ValueError:
        return None


def _answer(error: aiosmtplib.SMTPResponseException) -> str:
    """What a mail server says, which may be anything."""
    return f"{error.code} {line(visible(str(error.message)))[:200]}"
