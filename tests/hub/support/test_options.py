"""What an operator sets about requests for help, and what it makes."""

import logging

import pytest

from jupyter_2i2c.hub.app import HubService
from jupyter_2i2c.hub.delivery.freshdesk import Freshdesk
from jupyter_2i2c.hub.delivery.smtp import Smtp
from jupyter_2i2c.hub.delivery.webhook import Webhook
from jupyter_2i2c.hub.support import Support
from jupyter_2i2c.hub.support_traits import SMTP_PASSWORD_VARIABLE

MAIL = {"support_smtp_host": "mail.example", "support_sender": "Hub <hub@a.example>"}
WEBHOOK = {"support_operator_channel": "webhook", "support_webhook_url": "https://x.example/"}


@pytest.fixture
def options():
    """The options that traits make."""
    made = []

    def options(**traits):
        made.append(HubService(**traits).support_options())
        return made[-1]

    yield options
    for each in made:
        for channel in set(each.channels.values()):
            channel.close()


def test_nothing_set_nothing_sent(options):
    assert options().channels == {}


def test_one_mail_server_for_both(options):
    channels = options(**MAIL).channels
    assert channels.keys() == {"community", "operator"}
    assert channels["community"] is channels["operator"]
    assert isinstance(channels["community"], Smtp)


def test_a_channel_for_each(options, tmp_path):
    (tmp_path / "secret").write_text("canary\n")
    given = options(**MAIL, **WEBHOOK, support_webhook_secret_file=str(tmp_path / "secret"))
    assert isinstance(given.channels["community"], Smtp)
    assert isinstance(given.channels["operator"], Webhook)
    given = options(
        support_community_channel="",
        support_operator_channel="freshdesk",
        support_freshdesk_url="https://x.freshdesk.com",
        support_freshdesk_key_file=str(tmp_path / "secret"),
        support_sender="hub@a.example",
    )
    assert [type(each) for each in given.channels.values()] == [Freshdesk]


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({**MAIL, "support_sender": ""}, "support_sender is no mail address"),
        ({**MAIL, "support_sender": "x\r\nBcc: y@z.example"}, "support_sender is no mail address"),
        ({**MAIL, "support_smtp_password_file": "/nowhere/x"}, "/nowhere/x"),
        ({**MAIL, "support_smtp_ca_file": "/nowhere/x"}, "No such file"),
        (
            {**MAIL, "support_smtp_user": "hub", "support_smtp_security": "none"},
            "for everybody to read",
        ),
        (WEBHOOK, "no secret to sign with"),
        ({**WEBHOOK, "support_webhook_url": "file:///etc/passwd"}, "no secret"),
        (
            {
                "support_operator_channel": "freshdesk",
                "support_freshdesk_url": "https://x.example",
            },
            "no API key",
        ),
    ],
)
def test_f22_what_cannot_be_used_is_told_and_the_service_starts(options, caplog, traits, words):
    assert "operator" not in options(**traits).channels
    assert words in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_a20_no_password_is_a_trait_or_in_the_log(options, monkeypatch, caplog):
    monkeypatch.setenv(SMTP_PASSWORD_VARIABLE, "canary-password")
    made = options(**MAIL, support_smtp_user="hub")
    assert "canary" not in repr(made) + repr(made.channels) + caplog.text
    names = [name for name in HubService.class_trait_names(config=True) if "support" in name]
    assert not [name for name in names if name.endswith(("password", "secret", "_key"))]


async def test_it_starts_and_stops_without_a_store(options):
    support = Support(options(), None, None)
    support.start()
    await support.close()
