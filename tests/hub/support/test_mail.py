"""Delivery by mail, to a real mail server: what it says, how it is let in, and what becomes of its answers."""

import asyncio
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from jupyter_2i2c.hub.delivery import smtp as smtp_module
from jupyter_2i2c.hub.delivery.base import Message, Refused, TryLater
from jupyter_2i2c.hub.delivery.smtp import Smtp
from jupyter_2i2c.hub.store.requests import Attachment

from .conftest import SENDER
from .mail_server import authenticator

MESSAGE = Message(
    key="the-request",
    id="the-request",
    kind="request",
    body="",
    reference="R-7F3K2Q",
    desk="",
    hub="Coastal Hub",
    hub_url="https://hub.example/",
    recipients=("help@lab.example", "more@lab.example"),
    person="ada",
    representative=False,
    category="incident",
    category_name="Something is broken",
    outage_name="Slow, or kernels die",
    subject="My kernel dies",
    text="When I open the large file.\nAgain and again.",
    affected="all of us",
    reply_to="ada@lab.example",
    created=datetime(2026, 11, 21, 9, 2, tzinfo=timezone.utc),
    diagnostics={"Server log": "MemoryError ‽"},
    encrypted=None,
    attachments=(Attachment("tides.csv", "text/csv", b"a,b\n1,2\n"),),
)


def by(server, **options):
    return Smtp("127.0.0.1", server.port, SENDER, **{"security": "none", **options})


async def test_a_mail_says_all_of_it(mail_server):
    await by(mail_server).deliver(MESSAGE)
    (mail,) = mail_server.mails
    assert mail["Message-ID"] == "<the-request@coastal.example>"
    assert mail["Subject"] == "[Coastal Hub] Something is broken: My kernel dies (R-7F3K2Q)"
    assert mail["Date"].datetime == MESSAGE.created
    assert mail_server.envelopes[0].rcpt_tos == list(MESSAGE.recipients)
    assert mail_server.envelopes[0].mail_from == "hub@coastal.example"
    assert mail.get_body().get_content().splitlines() == [
        "Hub: Coastal Hub https://hub.example/",
        "From: ada (user name on the hub)",
        "Reply to: ada@lab.example (typed by the person, not verified)",
        "Kind: Something is broken, Slow, or kernels die",
        "Affected: all of us",
        "Sent: 2026-11-21 09:02 UTC",
        "Reference: R-7F3K2Q",
        "",
        "When I open the large file.",
        "Again and again.",
    ]
    diagnostics, table = mail.iter_attachments()
    assert diagnostics.get_filename() == "diagnostics.txt"
    assert diagnostics.get_content() == "# Server log\n\nMemoryError ‽\n"
    assert (table.get_content_type(), table.get_filename()) == ("text/csv", "tides.csv")
    assert table.get_payload(decode=True) == b"a,b\n1,2\n"
    assert mail.get_content_disposition() is None


async def test_what_is_encrypted_is_a_file_and_says_how_to_read_it(mail_server):
    age = b"age-encryption.org/v1\n\x00\xff"
    message = replace(MESSAGE, text="", diagnostics=None, attachments=(), encrypted=age)
    await by(mail_server).deliver(message)
    (mail,) = mail_server.mails
    assert "age --decrypt" in mail.get_body().get_content()
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("request.age", age)


async def test_an_answer_is_in_the_thread_of_its_request(mail_server):
    answer = replace(MESSAGE, kind="answer", key="the-request.2", body="Take a larger profile.")
    await by(mail_server).deliver(answer)
    (mail,) = mail_server.mails
    assert mail["Message-ID"] == "<the-request.2@coastal.example>"
    assert mail["In-Reply-To"] == mail["References"] == "<the-request@coastal.example>"
    assert mail["Subject"].startswith("Re: [Coastal Hub]")
    assert "Take a larger profile." in mail.get_content()


@pytest.mark.parametrize("field", ["subject", "person", "affected", "hub", "category_name", "text"])
async def test_a16_no_field_can_add_a_header_or_a_recipient(mail_server, field):
    evil = "x\r\nBcc: mal@evil.example\n\n<b>body</b>\u2028To: mal@evil.example\u202e"
    await by(mail_server).deliver(replace(MESSAGE, **{field: evil}))
    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert mail["To"] == "help@lab.example, more@lab.example"
    assert mail_server.envelopes[0].rcpt_tos == list(MESSAGE.recipients)
    assert "\u202e" not in str(mail["Subject"]) + mail.get_body().get_content()
    assert mail.get_body().get_content_type() == "text/plain"


async def test_a16_a_reply_address_that_is_none_is_left_out(mail_server):
    await by(mail_server).deliver(
        replace(MESSAGE, reply_to="a@b.example>\r\nBcc: mal@evil.example")
    )
    (mail,) = mail_server.mails
    assert mail["Reply-To"] is None
    assert mail["Bcc"] is None


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_with_encryption_and_login(serve_mail, certificate, security):
    options = {"authenticator": authenticator}
    if security == "starttls":
        options |= {"tls_context": certificate.context, "auth_required": True}
    else:
        options |= {"tls": certificate.context, "auth_require_tls": False}
    server = await serve_mail(**options)
    channel = by(
        server,
        security=security,
        user="hub",
        password="canary-smtp-password",
        ca_file=certificate.file,
    )
    await channel.deliver(MESSAGE)
    assert server.envelopes[0].encrypted
    assert server.envelopes[0].let_in
    wrong = by(
        server, security=security, user="hub", password="canary-wrong", ca_file=certificate.file
    )
    with pytest.raises(TryLater, match="check user and password: 535") as refused:
        await wrong.deliver(MESSAGE)
    assert "canary" not in str(refused.value)


async def test_without_the_encryption_that_is_asked_for_nothing_is_sent(
    mail_server, serve_mail, certificate
):
    with pytest.raises(TryLater, match="cannot be reached"):
        await by(mail_server, security="starttls").deliver(MESSAGE)
    with pytest.raises(TryLater, match="cannot be reached"):
        await by(mail_server, security="tls").deliver(MESSAGE)
    # a certificate that nobody vouches for
    server = await serve_mail(tls_context=certificate.context)
    with pytest.raises(TryLater, match="cannot be reached"):
        await by(server, security="starttls").deliver(MESSAGE)
    assert mail_server.mails == server.mails == []


ANSWERS = [
    ("MAIL", "451 not now", TryLater, "451 not now"),
    ("MAIL", "550 you may not send", TryLater, "550 you may not send"),
    ("RCPT", "450 try later", TryLater, "450 try later"),
    ("RCPT", "550 no such mailbox", Refused, "550 no such mailbox"),
    ("DATA", "452 the disk is full", TryLater, "452 the disk is full"),
    ("DATA", "554 spam", Refused, "554 spam"),
    ("DATA", "drop", TryLater, "cannot be reached"),
]


@pytest.mark.parametrize(("step", "answer", "outcome", "words"), ANSWERS)
async def test_what_a_mail_server_answers_decides_what_becomes_of_it(
    mail_server, step, answer, outcome, words
):
    mail_server.fault = lambda at, about: answer if at == step else None
    with pytest.raises(outcome, match=words):
        await by(mail_server).deliver(MESSAGE)
    assert mail_server.mails == []


async def test_one_of_the_recipients_is_enough(mail_server, caplog):
    mail_server.fault = lambda step, about: "550 no" if about == "more@lab.example" else None
    await by(mail_server).deliver(MESSAGE)
    assert mail_server.envelopes[0].rcpt_tos == ["help@lab.example"]
    assert "refused 1 of 2 recipients" in caplog.text
    assert "lab.example" not in caplog.text


async def test_f23_nobody_listens_or_nobody_answers(mail_server, monkeypatch):
    held = asyncio.Event()
    monkeypatch.setattr(smtp_module, "STEP", 0.2)

    async def hold():
        await held.wait()

    mail_server.fault = lambda step, about: hold() if step == "MAIL" else None
    with pytest.raises(TryLater, match="cannot be reached"):
        await by(mail_server).deliver(MESSAGE)
    held.set()
    await mail_server.stop()
    with pytest.raises(TryLater, match="cannot be reached"):
        await by(mail_server).deliver(MESSAGE)
