"""The traits about requests for help, `c.HubService.support_…`, and the channels that they make. Part of the service's app.py.

A password is never a trait: what the hub hands over is a file, and its copies are many. It is read
from a file of its own or from the environment.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path

from traitlets import Dict, Enum, HasTraits, Integer, List, Unicode

from ..text import line
from .delivery.base import Channel
from .help_request import is_address

CHANNELS = ("", "smtp", "webhook", "freshdesk")

SMTP_PASSWORD_VARIABLE = "JUPYTER_2I2C_SMTP_PASSWORD"  # noqa: S105
WEBHOOK_SECRET_VARIABLE = "JUPYTER_2I2C_WEBHOOK_SECRET"  # noqa: S105
FRESHDESK_KEY_VARIABLE = "JUPYTER_2I2C_FRESHDESK_KEY"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SupportOptions:
    """What the operator decides about requests for help.

    Attributes:
        representatives: users who speak for the community.
        representative_groups: groups whose members do.
        kept_days: days after which a request to which nothing happened is deleted.
        diagnostics_days: days after which the diagnostics and files of one are.
        channels: how to reach the ``community``'s contacts and the ``operator``'s; only those
            that can be used.
    """

    representatives: frozenset[str] = frozenset()
    representative_groups: frozenset[str] = frozenset()
    kept_days: int = 90
    diagnostics_days: int = 30
    channels: dict[str, Channel] = field(default_factory=dict)


class SupportTraits(HasTraits):
    """What an operator sets."""

    support_community_channel = Enum(
        CHANNELS,
        "smtp",
        help="How requests reach the community's contacts: ``smtp``, ``webhook``, ``freshdesk``,"
        " or not at all (empty). By mail, they go to the contacts of the role ``community`` or,"
        " where there is none, ``representative``.",
    ).tag(config=True)
    support_operator_channel = Enum(
        CHANNELS,
        "smtp",
        help="How requests of community representatives reach the operator. By mail, they go to"
        " the contacts of the role ``operator``.",
    ).tag(config=True)
    support_representatives = List(
        Unicode(),
        help="Users who speak for the community: their requests go to the operator. JupyterHub"
        " does not know them, and administrators are not taken for them.",
    ).tag(config=True)
    support_representative_groups = List(
        Unicode(), help="Groups whose members speak for the community."
    ).tag(config=True)
    support_sender = Unicode(
        help="The hub's own mail address, in whose name everything is sent, with or without a"
        " name before it. Example: ``'Coastal Hub <hub@example.edu>'``."
    ).tag(config=True)
    support_smtp_host = Unicode(help="The mail server. Empty: requests are not sent by mail.").tag(
        config=True
    )
    support_smtp_port = Integer(587, help="Its port.").tag(config=True)
    support_smtp_security = Enum(
        ("starttls", "tls", "none"),
        "starttls",
        help="``starttls`` (port 587), ``tls`` (port 465) or ``none``. Encryption that is asked"
        " for and not to be had is an error, never left out.",
    ).tag(config=True)
    support_smtp_ca_file = Unicode(
        help="Certificates to trust instead of the system's, for the mail server."
    ).tag(config=True)
    support_smtp_user = Unicode(help="To log in to the mail server as. Empty: without.").tag(
        config=True
    )
    support_smtp_password_file = Unicode(
        help=f"The file with the password for that. Or set {SMTP_PASSWORD_VARIABLE} in the"
        " service's environment."
    ).tag(config=True)
    support_webhook_url = Unicode(help="The address of the webhook.").tag(config=True)
    support_webhook_secret_file = Unicode(
        help="The file with the secret that signs what is sent to it. Or set"
        f" {WEBHOOK_SECRET_VARIABLE} in the service's environment."
    ).tag(config=True)
    support_freshdesk_url = Unicode(
        help="The address of a Freshdesk, such as ``https://example.freshdesk.com``."
    ).tag(config=True)
    support_freshdesk_key_file = Unicode(
        help=f"The file with an agent's API key. Or set {FRESHDESK_KEY_VARIABLE} in the"
        " service's environment."
    ).tag(config=True)
    support_freshdesk_types = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Freshdesk's ticket type for each category's key. Freshdesk refuses types that it"
        " does not have. Example: ``{'change': 'Feature Request'}``.",
    ).tag(config=True)
    support_freshdesk_tags = List(Unicode(), help="Tags for every ticket.").tag(config=True)
    support_kept_days = Integer(
        90,
        help="Days after which a request to which nothing happened any more is deleted. People are"
        " told so before they send one. What is not delivered yet stays.",
    ).tag(config=True)
    support_diagnostics_days = Integer(
        30,
        help="Days after which the diagnostics and attachments of a delivered request are deleted.",
    ).tag(config=True)

    def support_options(self) -> SupportOptions:
        """What is set, with the channels made. A channel that cannot be used is left out and logged."""
        chosen = {
            "community": self.support_community_channel,
            "operator": self.support_operator_channel,
        }
        made: dict[str, Channel | None] = {"": None}
        for name in chosen.values():
            if name not in made:
                made[name] = self._channel(name)
        return SupportOptions(
            frozenset(self.support_representatives),
            frozenset(self.support_representative_groups),
            self.support_kept_days,
            self.support_diagnostics_days,
            {route: channel for route, name in chosen.items() if (channel := made[name])},
        )

    def _channel(self, name: str) -> Channel | None:
        """A channel; None if it is not set up, or cannot be used, which is logged."""
        try:
            return {"smtp": self._smtp, "webhook": self._webhook, "freshdesk": self._freshdesk}[
                name
            ]()
        except ModuleNotFoundError as error:
            log.error(
                "requests for help are not sent by %s: %s is missing; pip install"
                " 'jupyter_2i2c[hub]'",
                name,
                error.name,
            )
        except (OSError, ValueError) as error:
            log.error("requests for help are not sent by %s: %s", name, error)
        return None

    def _smtp(self) -> Channel | None:
        if not self.support_smtp_host:
            return None
        if (
            self.support_smtp_user
            and self.support_smtp_security == "none"
            and self.support_smtp_host not in ("localhost", "127.0.0.1", "::1")
        ):
            raise ValueError(
                "HubService.support_smtp_security is none, so the password would be sent for"
                " everybody to read; set it to starttls or tls"
            )
        from .delivery.smtp import Smtp

        return Smtp(
            self.support_smtp_host,
            self.support_smtp_port,
            self._sender(),
            security=self.support_smtp_security,
            user=self.support_smtp_user,
            password=_secret(self.support_smtp_password_file, SMTP_PASSWORD_VARIABLE),
            ca_file=self.support_smtp_ca_file,
        )

    def _webhook(self) -> Channel | None:
        if not self.support_webhook_url:
            return None
        from .delivery.webhook import Webhook

        secret = _secret(self.support_webhook_secret_file, WEBHOOK_SECRET_VARIABLE)
        if not secret:
            raise ValueError(
                "there is no secret to sign with; set HubService.support_webhook_secret_file or"
                f" {WEBHOOK_SECRET_VARIABLE}"
            )
        return Webhook(self.support_webhook_url, secret)

    def _freshdesk(self) -> Channel | None:
        if not self.support_freshdesk_url:
            return None
        from .delivery.freshdesk import Freshdesk

        key = _secret(self.support_freshdesk_key_file, FRESHDESK_KEY_VARIABLE)
        if not key:
            raise ValueError(
                "there is no API key; set HubService.support_freshdesk_key_file or"
                f" {FRESHDESK_KEY_VARIABLE}"
            )
        return Freshdesk(
            self.support_freshdesk_url,
            key,
            self._sender(),
            self.support_freshdesk_types,
            self.support_freshdesk_tags,
        )

    def _sender(self) -> str:
        address = parseaddr(self.support_sender)[1]
        if not is_address(address) or line(self.support_sender) != self.support_sender:
            raise ValueError(
                "HubService.support_sender is no mail address; write 'NAME <hub@example.edu>'"
            )
        return self.support_sender


def _secret(file: str, variable: str) -> str:
    """A password: of the file, else of the environment; empty if of neither."""
    if file:
        return Path(file).read_text("utf-8").strip()
    return os.environ.get(variable, "")
