"""Delivery to a webhook and to Freshdesk. The second is a stand-in of ours that knows what Freshdesk documents."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_2i2c.hub.delivery.base import Delivered, Refused, TryLater
from jupyter_2i2c.hub.delivery.freshdesk import Freshdesk
from jupyter_2i2c.hub.delivery.webhook import Webhook
from jupyter_2i2c.hub.store.requests import Attachment

from .desks import Desk, FreshdeskStandIn
from .test_mail import MESSAGE

SECRET = "canary-webhook-secret"
ANSWER = replace(MESSAGE, kind="answer", key="the-request.2", body="Take <b>more</b>.")


@pytest.fixture
def serve(jp_asyncio_loop):
    """Starts a receiver."""
    started = []

    async def serve(desk):
        started.append(await desk.start())
        return desk

    yield serve

    async def stop():
        for desk in started:
            await desk.stop()

    jp_asyncio_loop.run_until_complete(stop())


@pytest.fixture
def webhook(serve, jp_asyncio_loop):
    desk = jp_asyncio_loop.run_until_complete(serve(Desk()))
    desk.channel = Webhook(f"{desk.url}/hook", SECRET)
    yield desk
    desk.channel.close()


@pytest.fixture
def freshdesk(serve, jp_asyncio_loop):
    desk = jp_asyncio_loop.run_until_complete(serve(FreshdeskStandIn()))
    desk.channel = Freshdesk(
        desk.url, desk.KEY, "Hub <hub@coastal.example>", {"change": "Feature Request"}, ("hub",)
    )
    yield desk
    desk.channel.close()


async def test_a_webhook_gets_all_of_it_signed(webhook):
    webhook.answer = (202, {"reference": "SNOW-12\r\n"}, {})
    message = replace(MESSAGE, encrypted=b"age-encryption.org/v1")
    assert await webhook.channel.deliver(message) == Delivered("SNOW-12")
    (asked,) = webhook.asked
    timestamp = asked.headers["X-Jupyter-2i2c-Timestamp"]
    signed = timestamp.encode() + b"." + asked.body
    expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert asked.headers["X-Jupyter-2i2c-Signature"] == expected
    assert asked.headers["Idempotency-Key"] == "the-request"
    assert json.loads(asked.body) == {
        "version": 1,
        "event": "request",
        "key": "the-request",
        "id": "the-request",
        "reference": "R-7F3K2Q",
        "hub": {"name": "Coastal Hub", "url": "https://hub.example/"},
        "person": {"name": "ada", "representative": False},
        "reply_to": {"address": "ada@lab.example", "verified": False},
        "category": "incident",
        "outage": "Slow, or kernels die",
        "subject": "My kernel dies",
        "text": MESSAGE.text,
        "affected": "all of us",
        "created": "2026-11-21T09:02:00Z",
        "diagnostics": MESSAGE.diagnostics,
        "encrypted": base64.b64encode(b"age-encryption.org/v1").decode(),
        "attachments": [
            {
                "name": "tides.csv",
                "type": "text/csv",
                "data": base64.b64encode(b"a,b\n1,2\n").decode(),
            }
        ],
    }
    await webhook.channel.deliver(ANSWER)
    answer = json.loads(webhook.asked[1].body)
    assert (answer["event"], answer["answer"]) == ("answer", "Take <b>more</b>.")


ANSWERS = [
    (400, Refused, "answered 400"),
    (413, Refused, "answered 413"),
    (422, Refused, "answered 422"),
    (401, TryLater, "check the secret"),
    (403, TryLater, "check the secret"),
    (404, TryLater, "answered 404"),
    (409, TryLater, "answered 409"),
    (429, TryLater, "answered 429"),
    (500, TryLater, "answered 500"),
    (503, TryLater, "answered 503"),
]


@pytest.mark.parametrize(("status", "outcome", "words"), ANSWERS)
async def test_what_a_webhook_answers_decides_what_becomes_of_it(webhook, status, outcome, words):
    webhook.answer = (status, "<h1>canary of the other side</h1>", {"Retry-After": "90"})
    with pytest.raises(outcome, match=words) as raised:
        await webhook.channel.deliver(MESSAGE)
    assert "canary" not in str(raised.value)
    if status in (429, 503):
        assert raised.value.after == 90


async def test_a17_a_webhook_cannot_lead_elsewhere(webhook, serve):
    elsewhere = await serve(Desk())
    webhook.answer = (307, "", {"Location": elsewhere.url})
    with pytest.raises(TryLater, match="leads elsewhere"):
        await webhook.channel.deliver(MESSAGE)
    assert elsewhere.asked == []


@pytest.mark.parametrize("url", ["ftp://x.example/", "x.example", "https://a:b@x.example/", ""])
def test_a17_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="support_webhook_url"):
        Webhook(url, SECRET)


async def test_f23_a_webhook_that_is_gone(webhook):
    await webhook.stop()
    with pytest.raises(TryLater, match="cannot be reached"):
        await webhook.channel.deliver(MESSAGE)


async def test_freshdesk_gets_a_ticket_in_the_hubs_name(freshdesk):
    subject = "It is <slow> & “odd”"
    message = replace(MESSAGE, subject=subject, text="<script>alert(1)</script>")
    assert await freshdesk.channel.deliver(message) == Delivered("101")
    ((form, files),) = freshdesk.tickets
    assert form["email"] == ["hub@coastal.example"]
    assert form["subject"] == [f"[Coastal Hub] Something is broken: {subject} (R-7F3K2Q)"]
    assert form["priority"] == ["3"]
    assert form["tags[]"] == ["hub", "request-the-request"]
    assert "type" not in form
    (description,) = form["description"]
    assert "&lt;script&gt;" in description
    assert "<script" not in description
    assert "ada@lab.example (typed by the person, not verified)" in description
    assert [(each.filename, each.content_type) for each in files] == [
        ("diagnostics.txt", "text/plain"),
        ("tides.csv", "text/csv"),
    ]
    assert files[1].body == b"a,b\n1,2\n"


async def test_freshdesk_gets_types_that_it_has_and_an_answer_as_a_note(freshdesk):
    message = replace(MESSAGE, category="change")
    delivered = await freshdesk.channel.deliver(message)
    assert freshdesk.tickets[0][0]["type"] == ["Feature Request"]
    await freshdesk.channel.deliver(replace(ANSWER, desk=delivered.reference))
    ((ticket, note),) = freshdesk.notes
    assert (ticket, note["private"]) == (101, True)
    assert "Take &lt;b&gt;more&lt;/b&gt;." in note["body"]
    with pytest.raises(Refused, match="number is not known"):
        await freshdesk.channel.deliver(ANSWER)


async def test_freshdesk_says_wait_no_and_who_are_you(freshdesk):
    freshdesk.limited = 1
    with pytest.raises(TryLater) as raised:
        await freshdesk.channel.deliver(MESSAGE)
    assert raised.value.after == 37
    wrong = Freshdesk(freshdesk.url, freshdesk.KEY, "hub@a.example", {"incident": "Not there"})
    with pytest.raises(Refused, match="Freshdesk refused it"):
        await wrong.deliver(MESSAGE)
    wrong.close()
    stranger = Freshdesk(freshdesk.url, "canary-wrong-key", "hub@a.example")
    with pytest.raises(TryLater, match="check the secret") as raised:
        await stranger.deliver(MESSAGE)
    assert "canary" not in str(raised.value)
    stranger.close()
    assert freshdesk.tickets == []


async def test_a16_a_files_name_cannot_break_the_form(freshdesk):
    odd = Attachment('x"; name="email"; filename="y\\.txt', "text/plain", b"z")
    await freshdesk.channel.deliver(replace(MESSAGE, attachments=(odd,), diagnostics=None))
    ((form, (file,)),) = freshdesk.tickets
    assert form["email"] == ["hub@coastal.example"]
    assert file.body == b"z"


async def test_what_the_documentation_says_about_the_signature_holds(webhook):
    page = (Path(__file__).parents[3] / "docs" / "operators" / "support.md").read_text("utf-8")
    (code,) = [
        block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "genuine" in block
    ]
    given = {}
    exec(compile(code, "support.md", "exec"), given)
    await webhook.channel.deliver(MESSAGE)
    (asked,) = webhook.asked
    assert given["genuine"](SECRET.encode(), asked.headers, asked.body)
    assert not given["genuine"](b"else", asked.headers, asked.body)
    assert not given["genuine"](SECRET.encode(), asked.headers, asked.body + b" ")
    asked.headers["X-Jupyter-2i2c-Timestamp"] = "1"
    assert not given["genuine"](SECRET.encode(), asked.headers, asked.body)
