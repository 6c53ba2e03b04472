"""Asking for help over the API: taken once, delivered, and told to whom it belongs alone."""

import asyncio
import json
import re

import pytest

from jupyter_2i2c.defaults import DEFAULTS
from jupyter_2i2c.hub.help_request import BadRequest, read_content
from jupyter_2i2c.hub.store import requests
from jupyter_2i2c.hub.store.errors import StoreUnavailable

from .conftest import CONTACTS, attachment, plain, request


async def test_what_is_asked_is_stored_delivered_and_told_to_its_person_alone(begin, mail_server):
    service = await begin(plain(mail_server))
    answer = await service.send()
    assert answer.status == 201
    assert answer.json["state"] == "queued"
    mail = await mail_server.arrivals.get()
    assert mail["To"] == "help@lab.example"
    assert mail["From"] == "Coastal Hub <hub@coastal.example>"
    assert mail["Reply-To"] == '"ada (not verified)" <ada@lab.example>'
    assert answer.json["reference"] in mail["Subject"]
    assert "When I open the large file." in mail.get_body().get_content()
    found = await service.settled(answer.json["id"])
    assert found["state"] == "sent"
    (listed,) = (await service.ask("requests")).json["requests"]
    assert listed == {name: found[name] for name in listed}
    assert (await service.ask("requests", "mal")).json["requests"] == []
    a4 = await service.ask(f"requests/{answer.json['id']}", "mal")
    assert a4.status == 404
    assert a4.json == (await service.ask("requests/never", "mal")).json


# --- what is offered ----------------------------------------------------------------------------


async def test_the_examples_of_both_sides_have_the_fields_of_the_answers(begin, mail_server, data):
    service = await begin(plain(mail_server), courier=False)
    await service.send()
    for path in ("support", "requests"):
        example = json.loads((data / f"{path}.json").read_text("utf-8"))
        answer = (await service.ask(path)).json
        assert answer.keys() == example.keys()
        for name, value in answer.items():
            assert type(value) is type(example[name]), name
            if isinstance(value, list):
                assert value[0].keys() == example[name][0].keys()
            if isinstance(value, dict):
                assert value == example[name]


async def test_who_reads_it_follows_from_who_asks(begin, mail_server, stub):
    service = await begin(plain(mail_server))
    user = (await service.ask("support")).json
    assert (user["reader"], user["representative"]) == ("Coastal Lab support", False)
    assert user["recipient"] == ""  # its contacts have no key
    for who in ("rep", "mal"):
        stub.users["mal"]["groups"] = ["speakers"]
        speaker = (await service.ask("support", who)).json
        assert (speaker["reader"], speaker["representative"]) == ("The operator", True)
        assert speaker["recipient"].startswith("age1")
        await service.send(who)
        assert (await mail_server.arrivals.get())["To"] == "desk@operator.example"


@pytest.mark.parametrize(
    ("contacts", "reader"),
    [
        ([{"role": "operator", "name": "Op", "email": "op@x.example"}], "Op"),
        ([{**CONTACTS[1], "audience": "representatives"}], None),
        ([{"role": "community", "name": "A page", "url": "https://x.example"}], None),
        ([{"role": "representative", "name": "Rep", "email": "rep@x.example"}], "Rep"),
        ([CONTACTS[0], {"role": "community", "name": "A chat"}], "Coastal Lab support"),
    ],
)
async def test_only_where_somebody_can_read_it_is_help_offered(
    begin, mail_server, contacts, reader
):
    service = await begin(plain(mail_server), contacts)
    offer = (await service.ask("support")).json
    assert offer["offered"] is (reader is not None)
    if reader:
        assert offer["reader"] == reader
    answer = await service.send()
    assert answer.status == (201 if reader else 404)
    if not reader:
        assert "write to its contacts" in answer.json["message"]


async def test_without_a_channel_nothing_is_offered(begin):
    service = await begin({})
    assert (await service.ask("support")).json["offered"] is False
    assert (await service.send()).status == 404


async def test_what_cannot_be_reported_from_here_is_a_card(begin, mail_server):
    service = await begin(plain(mail_server))
    outages = {each["key"]: each for each in (await service.ask("support")).json["outages"]}
    assert outages["slow"]["card"] == ""
    assert outages["login"]["card"].startswith("Coastal Hub: People who may log in cannot\n")
    assert "help@lab.example" in outages["login"]["card"]
    assert "https://hub.example/" in outages["login"]["card"]


async def test_the_address_to_reply_to_is_remembered_or_the_user_name_if_it_is_one(
    begin, mail_server
):
    service = await begin(plain(mail_server))
    assert (await service.ask("support")).json["reply_to"] == ""
    await service.send(reply_to="other@lab.example")
    assert (await service.ask("support")).json["reply_to"] == "other@lab.example"
    assert (await service.ask("support", "tom")).json["reply_to"] == "tom@lab.example"
    assert (await service.ask("support", "mal")).json["reply_to"] == ""


# --- taken once ---------------------------------------------------------------------------------


async def test_the_same_again_is_taken_once(begin, mail_server):
    service = await begin(plain(mail_server))
    first = await service.send(attachments=[attachment("a.txt")])
    again = await service.send(attachments=[attachment("a.txt")])
    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"]
    for other in ({"text": "else"}, {"attachments": [attachment("a.txt", b"else")]}):
        refused = await service.send(**other)
        assert refused.status == 409
    # a key is its person's own
    assert (await service.send("mal")).json["id"] != first.json["id"]


async def test_which_server_asks_is_taken_from_the_token(begin, mail_server):
    service = await begin(plain(mail_server))
    answer = await service.send(source="server:mal/", person="mal", representative=True)
    kept = service.store.read_now(requests.get, answer.json["id"])
    assert (kept.person, kept.source, kept.representative) == ("ada", "server:ada/", False)


# --- what cannot be taken -----------------------------------------------------------------------

WRONG_KEY = ({"key": "short"}, "key must be")
WRONG = [
    ({"category": "made-up"}, "this hub has no 'made-up'"),
    ({"outage": "made-up"}, "outage"),
    ({"subject": " \u202e\n"}, "subject"),
    ({"subject": "x" * 201}, "at most 200"),
    ({"subject": ["x"]}, "subject must be text"),
    ({"text": "x" * 20_001}, "at most 20,000 are taken"),
    ({"text": "x" * 1_000_000}, "1,000,000 characters"),
    ({"reply_to": "a@b.example\r\nBcc: mal@evil.example"}, "no mail address"),
    ({"reply_to": "a@b.example, mal@evil.example"}, "no mail address"),
    ({"reply_to": "ü@b.example"}, "no mail address"),
    ({"diagnostics": ["x"]}, "texts by their names"),
    ({"diagnostics": {"a": float("nan")}}, "diagnostics must be texts"),
    ({"diagnostics": {"a": "x" * 10_000_000}}, "together are 10.0 MB"),
    ({"encrypted": "%%%"}, "no base64"),
    ({"encrypted": "aGVsbG8="}, "no age file"),
    ({"attachments": {"name": "x"}}, "a list"),
    ({"attachments": [attachment(f"{n}.txt") for n in range(6)]}, "at most 5"),
    ({"attachments": [attachment("x.svg", b"<svg/>", "image/svg+xml")]}, "'image/svg+xml'"),
    ({"attachments": [attachment("x.html", b"<p>", "text/html")]}, "'text/html'"),
    ({"attachments": [attachment("x.png", b"GIF8", "image/png")]}, "not what its type"),
    ({"attachments": [attachment("x.txt", b"\xff\x00")]}, "not what its type"),
    ({"attachments": [attachment("x.txt", b"a" * 5_000_001)]}, "5.0 MB are taken"),
    ({"attachments": [{"name": "x.txt", "type": "text/plain", "data": 5}]}, "base64"),
    (
        {"attachments": [attachment(f"{n}.txt", b"a" * 3_400_000) for n in range(3)]},
        "10.0 MB are taken",
    ),
]


@pytest.mark.parametrize(("fields", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a16_what_cannot_be_taken_is_told(fields, words):
    with pytest.raises(BadRequest, match=re.escape(words)):
        read_content(request(**fields), DEFAULTS)


async def test_of_what_cannot_be_taken_nothing_is_stored(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)
    for fields, words in (WRONG_KEY, WRONG[0]):
        answer = await service.send(**fields)
        assert answer.status == 400
        assert words in answer.json["message"]
    for body in (b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000):
        assert (await service.ask("requests", body=body)).status == 400
    assert service.store.read_now(requests.by_person, "ada") == []


async def test_a16_a_body_that_is_too_large_is_refused(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)

    async def chunks(write):
        for _ in range(150):
            await write(b" " * 100_000)

    undeclared = await service.ask("requests", body_producer=chunks)
    assert undeclared.status == 413
    assert "at most 14.3 MB are taken" in undeclared.json["message"]
    # one that says how large it is needs not even be sent
    for length in (15_000_000, "9" * 5000):
        reader, writer = await begun(service, length)
        assert b" 413 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def begun(service, length):
    """A request of this length of which only the beginning was sent."""
    host, port = service.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: token ada-token\r\n"
    writer.write(f"{head}Content-Length: {length}\r\n\r\n{{".encode())
    return reader, writer


async def test_who_hangs_up_while_sending_leaves_nothing_behind(begin, mail_server, stub):
    service = await begin(plain(mail_server), courier=False)
    _, writer = await begun(service, 5_000_000)
    await stub.arrivals.get()
    begun_here = [
        task for task in asyncio.all_tasks() if "_execute" in task.get_coro().__qualname__
    ]
    assert begun_here
    writer.close()
    await writer.wait_closed()
    _, pending = await asyncio.wait(begun_here, timeout=10)
    assert not pending
    assert (await service.send()).status == 201


async def test_a_stranger_is_refused_before_the_body(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)
    assert (await service.send("nobody")).status == 403


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../x", "x"),
        ("..\\..\\x.txt", "x.txt"),
        ("/etc/passwd", "passwd"),
        ("a\r\nb\0c.txt", "a bc.txt"),
        ("\u202etxt.exe", "txt.exe"),
        ('x"; filename="y', "x__ filename=_y"),
        (".bashrc", "bashrc"),
        ("..", "attachment"),
        ("", "attachment"),
        ("n" * 300 + ".txt", "n" * 96 + ".txt"),
        ("Bericht für Ü.txt", "Bericht für Ü.txt"),
    ],
)
def test_a16_an_attachments_name_is_only_a_name(name, kept):
    (file,) = read_content(request(attachments=[attachment(name)]), DEFAULTS).attachments
    assert file.name == kept


async def test_a16_an_attachment_arrives_under_its_harmless_name(begin, mail_server):
    service = await begin(plain(mail_server))
    await service.send(attachments=[attachment("../../Übersicht\r\nX: y.txt", b"words")])
    (file,) = (await mail_server.arrivals.get()).iter_attachments()
    assert file.get_filename() == "Übersicht X_ y.txt"
    assert file.get_content() == "words"


async def test_text_of_all_kinds_arrives_without_what_reorders_it(begin, mail_server):
    service = await begin(plain(mail_server))
    text = "עזרה\n\tقف\u202e\u0000\x1b[31m\u2066 x\ud800"
    answer = await service.send(text=text, subject="שלום\u202e עולם")
    assert answer.status == 201
    mail = await mail_server.arrivals.get()
    assert "שלום עולם" in mail["Subject"]
    body = mail.get_body().get_content()
    assert "עזרה\n\tقف[31m x" in body.replace("\r\n", "\n")
    assert (await service.settled(answer.json["id"]))["subject"] == "שלום עולם"


async def test_a24_who_asks_too_often_is_told_when_to_come_back(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)
    for number in range(requests.MAX_RECENT):
        assert (await service.send(key=f"key-{number:04}")).status == 201
    answer = await service.send(key="key-more")
    assert answer.status == 429
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert "nothing is lost" in answer.json["message"]
    # the same again is no new request, and others are not held up
    assert (await service.send(key="key-0003")).status == 200
    assert (await service.send("mal")).status == 201


async def test_a24_nobody_keeps_much_of_the_service_busy_at_a_time(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)
    held = asyncio.Event()

    async def hold(write):
        await write(b"{")
        await held.wait()

    slow = [asyncio.ensure_future(service.ask("requests", body_producer=hold)) for _ in range(2)]
    while service.support._on_their_way["ada"] < 2:
        await service.ask("requests")
    answer = await service.send()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
    assert (await service.send("mal")).status == 201
    held.set()
    assert [(await each).status for each in slow] == [400, 400]
    assert (await service.send()).status == 201
    assert service.support._on_their_way.keys() == set()


async def test_a24_who_breaks_off_is_not_counted_for_ever(begin, mail_server):
    service = await begin(plain(mail_server), courier=False)
    for _ in range(3):
        _, writer = await begun(service, 1000)
        while not service.support._on_their_way["ada"]:
            await service.ask("requests")
        writer.close()
        await writer.wait_closed()
        while service.support._on_their_way["ada"]:
            await service.ask("requests")
    assert (await service.send()).status == 201


# --- when something is not there ----------------------------------------------------------------


async def test_f1_while_the_hub_does_not_answer_nothing_is_taken(begin, mail_server, stub):
    service = await begin(plain(mail_server), courier=False)

    async def fault(handler):
        handler.set_status(500)
        return True

    stub.fault = fault
    answer = await service.send()
    assert answer.status == 503
    assert answer.headers["Retry-After"]


async def test_f15_without_a_store_help_is_not_offered(begin, mail_server, tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"no database" * 1000)
    service = await begin(plain(mail_server))
    assert (await service.ask("support")).json["offered"] is False
    for answer in (await service.send(), await service.ask("requests")):
        assert answer.status == 503


async def test_f12_f14_a_store_that_takes_nothing_now_is_told(begin, mail_server, monkeypatch):
    service = await begin(plain(mail_server), courier=False)

    async def full(*_, **__):
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(service.store, "write", full)
    answer = await service.send()
    assert (answer.status, answer.json["message"]) == (503, "the disk is full")
