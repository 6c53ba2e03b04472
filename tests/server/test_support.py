"""`jupyter-2i2c/support` and `requests`: what is offered, what is sent, and what must not be."""

import base64
import io
import json
import zipfile

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_2i2c.server import support as module
from jupyter_2i2c.server.base import HubPanelHandler

RECIPIENT = "age1mmx8hfzalmn3tmpryrfvcud5vyfakxdfqe683r40qkr6pjd2ag6s72cat5"

REQUEST = {
    "key": "0c7f5b0e-8f0d-4a55-9a42-4f1f4f1a7d10",
    "category": "incident",
    "outage": "slow",
    "subject": "My kernel dies",
    "text": "It dies when I open the large file.",
    "affected": "my whole class",
    "reply_to": "ada@lab.university.example",
    "diagnostics": {"versions": "Python: 3.12.1"},
    "attachments": [{"name": "a.txt", "type": "text/plain", "data": "aGVsbG8="}],
    "encrypt": False,
}


@pytest.fixture
def offered(data):
    """An answer of the service."""
    return json.loads((data / "support.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def owner(monkeypatch, tmp_path):
    """The owner asks, as the hub would say."""
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "ada"})
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def service(stand_in, offered):
    """Makes the stand-in a service that takes requests, or answers them like this."""

    def make(status=201, support=offered, answer=None):
        def of(handler):
            if handler.request.path.endswith("/v1/support"):
                handler.finish(json.dumps(support))
            elif handler.request.path.endswith("/v1/requests"):
                handler.set_status(status)
                handler.finish(
                    json.dumps(answer or {"id": "r1", "state": "queued", "reference": ""})
                )
            else:
                handler.finish("{}")

        stand_in.answer = of
        return stand_in

    return make


@pytest.fixture
def ask(jp_fetch):
    async def ask(**changes):
        body = json.dumps({**REQUEST, **changes})
        return await jp_fetch("jupyter-2i2c", "requests", method="POST", body=body)

    return ask


@pytest.mark.parametrize("encrypt", [False, True])
async def test_a_character_that_was_cut_in_two_does_not_keep_a_request_back(service, ask, encrypt):
    stand_in = service()
    cut = {"text": "cut \ud83e", "subject": "\ud83e?", "diagnostics": {"\ud83e": "\ud83e"}}
    assert (await ask(**cut, encrypt=encrypt)).code == 201
    (sent,) = posted(stand_in)
    assert sent["subject"] == "??"


def posted(stand_in):
    return [json.loads(each.body) for each in stand_in.requests if each.method == "POST"]


async def offer(jp_fetch):
    return json.loads((await jp_fetch("jupyter-2i2c", "support")).body)


async def refusal(question):
    with pytest.raises(HTTPClientError) as error:
        await question
    return error.value.code, json.loads(error.value.response.body)["message"]


# --- what is offered ------------------------------------------------------------------------


async def test_what_the_service_offers_is_handed_on(jp_fetch, service, offered):
    service()
    got = await offer(jp_fetch)
    assert {name: got[name] for name in offered if name != "version"} == {
        name: value for name, value in offered.items() if name != "version"
    }
    assert (got["why"], got["encrypts"], got["user"]) == ("", True, "ada")


async def test_without_a_service_there_is_mail(jp_fetch, no_hub, jp_serverapp):
    got = await offer(jp_fetch)
    assert got["offered"] is False
    assert "goes by mail" in got["why"]
    assert got["mailto"] == "support@2i2c.org"
    assert [each["key"] for each in got["categories"]] == [
        "incident",
        "change",
        "guidance",
        "event",
    ]
    assert got["limits"] == module.LIMITS
    assert (got["kept_days"], got["encrypts"]) == (0, False)


async def test_what_cannot_be_reported_from_here_has_a_card(jp_fetch, no_hub):
    got = await offer(jp_fetch)
    cards = {each["key"]: each["card"] for each in got["outages"]}
    assert cards["slow"] == ""
    assert "Write to support@2i2c.org" in cards["login"]
    assert "since when" in cards["spawn"]


@pytest.mark.parametrize(
    ("status", "why"), [(503, "does not answer"), (404, "goes by mail"), (403, "Restart it")]
)
async def test_why_it_cannot_be_sent_from_here_is_said(jp_fetch, stand_in, status, why):
    stand_in.says({"message": "no"}, status)
    got = await offer(jp_fetch)
    assert (got["offered"], why in got["why"]) == (False, True)


@pytest.mark.parametrize(
    "odd",
    [
        [],
        {"offered": "yes"},
        {"offered": True, "categories": {}, "outages": [1], "limits": [], "kept_days": "many"},
        {"offered": True, "limits": {"attachments": -1, "types": "all"}, "recipient": 7},
    ],
)
async def test_an_odd_answer_is_filled_in(jp_fetch, service, odd):
    service(support=odd)
    got = await offer(jp_fetch)
    assert got["categories"]
    assert got["outages"]
    assert got["limits"] == module.LIMITS
    assert (got["kept_days"], got["recipient"]) == (0, "")


async def test_a_user_name_that_is_an_address_is_proposed(jp_fetch, service, offered, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada@lab.university.example")
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "ada@lab.university.example"})
    service(support={**offered, "reply_to": ""})
    assert (await offer(jp_fetch))["reply_to"] == "ada@lab.university.example"


# --- what is sent ---------------------------------------------------------------------------


async def test_exactly_what_was_read_is_sent(ask, service):
    stand_in = service()
    answer = await ask()
    assert answer.code == 201
    assert json.loads(answer.body) == {"id": "r1", "state": "queued", "reference": ""}
    expected = {name: value for name, value in REQUEST.items() if name != "encrypt"}
    assert posted(stand_in) == [{**expected, "encrypted": None}]


async def test_an_encrypted_request_can_be_read_by_its_recipient_only(ask, service, offered):
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    stand_in = service(support={**offered, "recipient": str(identity.to_public())})
    await ask(encrypt=True, text="the secret is hunter2hunter2")
    [body] = posted(stand_in)
    assert (body["text"], body["affected"], body["diagnostics"], body["attachments"]) == (
        "",
        "",
        None,
        [],
    )
    assert "hunter2" not in json.dumps(body)
    assert (body["subject"], body["category"]) == (REQUEST["subject"], "incident")
    packed = pyrage.decrypt(base64.b64decode(body["encrypted"]), [identity])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == [
            "request.txt",
            "diagnostics/versions.txt",
            "attachments/1-a.txt",
        ]
        text = archive.read("request.txt").decode()
        assert "the secret is hunter2hunter2" in text
        assert "Who is affected: my whole class" in text
        assert archive.read("attachments/1-a.txt") == b"hello"
        assert archive.read("diagnostics/versions.txt") == b"Python: 3.12.1"


@pytest.mark.parametrize("recipient", ["", "age1no", "AGE-SECRET-KEY-1"])
async def test_nothing_is_sent_in_the_clear_where_it_cannot_be_encrypted(
    ask, service, offered, recipient
):
    stand_in = service(support={**offered, "recipient": recipient})
    status, message = await refusal(ask(encrypt=True))
    assert (status, "Nothing was sent" in message) == (400, True)
    assert posted(stand_in) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"text": "my token is {}"}, "what you wrote"),
        ({"subject": "{}"}, "the subject"),
        ({"affected": "{}"}, "affected"),
        ({"diagnostics": {"log": "asked with {}"}}, "log"),
    ],
)
async def test_a20_a_secret_in_what_was_written_stays_here(
    ask, service, monkeypatch, change, where
):
    secret = "q9w8e7r6t5y4u3i2o1p0"
    monkeypatch.setenv("MY_TOKEN", secret)
    stand_in = service()
    planted = json.loads(json.dumps(change).replace("{}", secret))
    status, message = await refusal(ask(**planted))
    assert status == 400
    assert f"{where} holds a secret: the value of MY_TOKEN" in message
    assert secret not in message
    assert posted(stand_in) == []


async def test_a20_a_secret_in_a_packed_attachment_stays_here(ask, service, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "q9w8e7r6t5y4u3i2o1p0")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", "q9w8e7r6t5y4u3i2o1p0")
    stand_in = service()
    data = base64.b64encode(packed.getvalue()).decode()
    attached = [{"name": "logs.zip", "type": "application/zip", "data": data}]
    status, message = await refusal(ask(attachments=attached))
    assert (status, "logs.zip holds a secret" in message) == (400, True)
    assert posted(stand_in) == []


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("../../x", "x"),
        ("..\\..\\x.txt", "x.txt"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nBcc: b\x00.txt", "aBcc: b.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 500, "x" * 120),
    ],
)
async def test_a16_an_attachments_name_is_a_name(ask, service, name, sent):
    stand_in = service()
    await ask(attachments=[{"name": name, "type": "text/plain", "data": "aGVsbG8="}])
    assert posted(stand_in)[0]["attachments"][0]["name"] == sent


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": " "}, "Say what it is about"),
        ({"text": ""}, "Say what it is about"),
        ({"text": 7}, "text must be text"),
        ({"key": ""}, "key and category"),
        ({"category": ""}, "key and category"),
        ({"diagnostics": {"a": 1}}, "diagnostics must be"),
        ({"diagnostics": "all"}, "diagnostics must be"),
        ({"attachments": {}}, "each attachment must"),
        ({"attachments": [{"name": "a"}]}, "each attachment must"),
        ({"attachments": [{"name": "a", "type": "b", "data": "%"}]}, "did not arrive whole"),
    ],
)
async def test_what_cannot_be_sent_says_why(ask, service, change, said):
    stand_in = service()
    status, message = await refusal(ask(**change))
    assert (status, said in message) == (400, True), message
    assert posted(stand_in) == []


@pytest.mark.parametrize("body", ["[]", "null", '"help"'])
async def test_something_else_is_no_request(jp_fetch, service, body):
    service()
    status, _ = await refusal(jp_fetch("jupyter-2i2c", "requests", method="POST", body=body))
    assert status == 400


@pytest.mark.parametrize("status", [400, 403, 413, 429])
async def test_the_services_own_words_are_handed_on(ask, service, status):
    service(status, answer={"message": "too many today; ask again tomorrow"})
    assert await refusal(ask()) == (status, "too many today; ask again tomorrow")


async def test_a_service_that_does_not_answer_has_got_nothing(ask, stand_in):
    stand_in.says(status=502)
    status, message = await refusal(ask())
    assert (status, "answered 502" in message) == (503, True)


async def test_the_key_is_the_browsers_so_that_sending_twice_is_once(ask, service):
    stand_in = service(200)
    await ask()
    await ask()
    first, second = posted(stand_in)
    assert first["key"] == second["key"] == REQUEST["key"]


# --- what was sent before -------------------------------------------------------------------


async def test_the_owners_requests_are_told(jp_fetch, stand_in, data):
    told = json.loads((data / "requests.json").read_text("utf-8"))
    stand_in.says(told)
    got = json.loads((await jp_fetch("jupyter-2i2c", "requests")).body)
    assert got == told


@pytest.mark.parametrize("odd", [[], {"requests": None}, {"requests": [1, None]}])
async def test_an_odd_answer_is_no_request(jp_fetch, stand_in, odd):
    stand_in.says(json.dumps(odd))
    assert json.loads((await jp_fetch("jupyter-2i2c", "requests")).body)["requests"] == []


async def test_without_a_service_there_are_none_to_tell(jp_fetch, no_hub):
    status, _ = await refusal(jp_fetch("jupyter-2i2c", "requests"))
    assert status == 404
