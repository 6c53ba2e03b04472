"""The hub's API: what is asked, what comes back, and everything that can stand in its place."""

import asyncio
import json
import socket
import struct
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from jupyter_2i2c.hub.hub_api import (
    BadRequest,
    Conflict,
    HubApi,
    HubError,
    HubRefused,
    HubUnavailable,
    NotFound,
    TooMany,
    Uncertain,
    walk,
)

from .stub_hub import StubHub, running


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def api(stub, jp_asyncio_loop):
    async def make():
        return HubApi(stub.url, concurrency=3)

    api = jp_asyncio_loop.run_until_complete(make())
    yield api
    api.close()


@pytest.fixture
def boss(api):
    return api.as_person("boss-token")


def answering(status, body="", **headers):
    """A fault that answers everything in the same way."""

    async def answer(handler):
        handler.set_status(status)
        for name, value in headers.items():
            handler.set_header(name.replace("_", "-"), value)
        handler.finish(body)
        return True

    return answer


async def test_a_person_is_who_the_hub_says_each_time(stub, boss):
    assert (await boss.whoami()).name == "boss"
    del stub.tokens["boss-token"]
    with pytest.raises(HubRefused):
        await boss.whoami()


async def test_a_page_of_users_and_its_end(stub, boss):
    for n in range(5):
        stub.add(f"u{n}", servers=[""])
    page = await boss.users(offset=2, limit=2)
    assert [person.name for person in page.items] == ["u1", "u2"]
    assert (page.total, page.offset, page.limit, page.next, page.at_most) == (6, 2, 2, 4, False)
    assert (await boss.users(offset=4, limit=2)).next is None
    assert {person.name for person in (await boss.users(state="active")).items} == {
        f"u{n}" for n in range(5)
    }


async def test_never_more_than_the_hub_gives(stub, boss):
    assert (await boss.users(offset=-5, limit=100_000)).limit == 200


async def test_a_server_with_what_its_options_tell(stub, boss):
    stub.add("ada")
    stub.users["ada"]["servers"] = {
        "": running("", user_options={"profile": "gpu", "image--unlisted-choice": "my/image:1"}),
        "b": running("b", user_options=None, started=None, pending="spawn", ready=False),
        "off": running("off", stopped=True, ready=False),
    }
    servers = (await boss.user("ada")).servers
    assert (servers[""].profile, servers[""].image) == ("gpu", "my/image:1")
    assert servers[""].started == datetime(2026, 11, 21, tzinfo=timezone.utc)
    assert (servers["b"].profile, servers["b"].started, servers["b"].pending) == ("", None, "spawn")
    assert "off" not in servers
    assert (await boss.user("ada", stopped=True)).servers["off"].stopped
    assert await boss.server("ada", "off") is None
    assert await boss.server("ada", "b") == servers["b"]


async def test_who_may_not_see_servers_is_not_told_that_there_are_none(stub, api):
    stub.add("ada", servers=[""])
    stub.tokens["few"] = ("few", ["list:users", "read:users"])
    with pytest.raises(HubRefused):
        await api.as_person("few").server("ada")


async def test_start_and_stop(stub, boss):
    stub.add("ada")
    assert await boss.start("ada") == "started"
    with pytest.raises(BadRequest):
        await boss.start("ada")
    assert await boss.stop("ada") == "stopped"
    stub.slow_start.add("ada")
    stub.slow_stop.add("ada")
    assert await boss.start("ada", "gpu") == "starting"
    assert await boss.stop("ada", "gpu") == "stopping"
    assert ("DELETE", "/users/ada/servers/gpu") in stub.asked


async def test_add_users_and_change_rights(stub, boss):
    stub.add("ada")
    assert await boss.add_users(["Grace", "ada"]) == ("grace",)
    assert await boss.add_users(["ada"]) == ()
    with pytest.raises(BadRequest):
        await boss.add_users(["x y", "new"])
    assert "new" not in stub.users
    assert await boss.set_admin("ada", True) is True
    assert stub.users["ada"]["admin"]


async def test_the_walk_sees_everybody_and_holds_one_page(stub, boss):
    for n in range(450):
        stub.add(f"u{n}")
    names = [person.name async for person in walk(boss)]
    assert len(names) == len(set(names)) == 451
    assert [path for _, path in stub.asked] == ["/users"] * 3


async def test_the_walk_ends_when_the_hub_points_in_circles(stub, boss):
    page = {
        "items": [],
        "_pagination": {"offset": 0, "limit": 1, "total": 9, "next": {"offset": 0}},
    }
    stub.fault = answering(200, json.dumps(page))
    assert [person async for person in walk(boss)] == []


@pytest.mark.parametrize(
    "name",
    ["a/b", "a%2fb", "../../shutdown", "ünï", "a b", "a?x=1#y", "a%", "a\r\nX-Evil: 1", "日本"],
)
async def test_a19_any_name_is_one_segment_of_the_path(stub, boss, name):
    stub.add(name, servers=[name])
    assert (await boss.user(name)).name == name
    assert await boss.stop(name, name) == "stopped"
    assert stub.stopped == {(name, name): 1}


@pytest.mark.parametrize("name", [".", "..", "\ud800"])
async def test_a19_what_cannot_be_a_segment_is_not_sent(stub, boss, name):
    with pytest.raises(BadRequest):
        await boss.user(name)
    assert stub.asked == []


async def test_a19_wildcards_of_the_hub_are_looked_for_as_they_are(stub, boss):
    for name in ("a_b", "aXb", "50%", "500", "back\\slash", "backXslash"):
        stub.add(name)
    for text, hits in {
        "a_b": ["a_b"],
        "0%": ["50%"],
        "k\\s": ["back\\slash"],
        "%": ["50%"],
    }.items():
        page = await boss.users(name_filter=text)
        assert [person.name for person in page.items] == hits
        assert page.at_most
    page = await boss.users(name_filter="SLASH")
    assert len(page.items) == 2
    assert not page.at_most


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (401, HubRefused),
        (403, HubRefused),
        (404, NotFound),
        (409, Conflict),
        (429, TooMany),
    ],
)
async def test_the_hub_says_no_and_its_words_are_not_repeated(stub, boss, status, error):
    stub.fault = answering(status, "<script>secret</script>")
    for ask in (boss.user("ada"), boss.stop("ada")):
        with pytest.raises(error) as raised:
            await ask
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("999999999", 3600),
        ("", 10),
        ("soon", 10),
        ("-5", 10),
        ("²", 10),
        (format_datetime(datetime(2020, 1, 1, tzinfo=timezone.utc)), 0),
    ],
)
async def test_f26_how_long_the_hub_asks_to_wait(stub, boss, header, seconds):
    stub.fault = answering(429, Retry_After=header.encode("latin-1"))
    with pytest.raises(TooMany) as raised:
        await boss.stop("ada")
    assert raised.value.retry_after == seconds


async def test_f26_f30_a_time_to_wait_for_is_at_most_an_hour_away(stub, boss):
    far = datetime.now(timezone.utc) + timedelta(hours=9)
    stub.fault = answering(429, Retry_After=format_datetime(far))
    with pytest.raises(TooMany) as raised:
        await boss.stop("ada")
    assert raised.value.retry_after == 3600


async def test_f1_a_hub_that_is_down_was_asked_nothing(jp_asyncio_loop):
    api = HubApi("http://127.0.0.1:9/hub/api")
    for ask in (api.as_person("t").whoami(), api.as_person("t").stop("ada")):
        with pytest.raises(HubUnavailable, match="cannot be reached") as raised:
            await ask
        assert not isinstance(raised.value, Uncertain)
    api.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (502, "<html>secret"),
        (503, "<html>secret"),
        (302, ""),
        (200, "<html>secret"),
        (200, "[]"),
        (200, "null"),
        (200, '{"items": 3, "_pagination": {}}'),
        (200, "\xff"),
    ],
)
async def test_f2_f3_f4_what_is_no_hub_is_not_taken_for_one(stub, boss, status, body):
    stub.fault = answering(status, body.encode("latin-1"))
    for ask in (boss.whoami(), boss.users(), boss.user("a"), boss.services(), boss.groups()):
        with pytest.raises(HubUnavailable) as raised:
            await ask
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize("status", [500, 502, 503, 302])
async def test_f2_f3_a_change_that_ends_in_an_error_may_have_been_made(stub, boss, status):
    stub.fault = answering(status, "<html>")
    for ask in (
        boss.stop("ada"),
        boss.start("ada"),
        boss.add_users(["x"]),
        boss.set_admin("x", True),
    ):
        with pytest.raises(Uncertain):
            await ask


async def test_f4_a_change_that_ends_in_html_may_have_been_made(stub, boss):
    stub.fault = answering(200, "<html>")
    for ask in (boss.add_users(["x"]), boss.set_admin("x", True)):
        with pytest.raises(Uncertain):
            await ask


async def test_a17_no_redirect_is_followed(stub, boss):
    stub.fault = answering(302, Location=stub.url + "/elsewhere")
    with pytest.raises(HubUnavailable, match="answered 302"):
        await boss.whoami()
    assert stub.asked == [("GET", "/user")]


async def test_f5_a_slow_hub_is_given_up_and_a_change_then_uncertain(stub, boss, monkeypatch):
    hold = asyncio.Event()

    async def slow(handler):
        await hold.wait()
        return True

    stub.fault = slow
    monkeypatch.setattr(HubApi, "READ_TIMEOUT", 0.1)
    monkeypatch.setattr(HubApi, "CHANGE_TIMEOUT", 0.1)
    with pytest.raises(HubUnavailable, match="too long") as raised:
        await boss.whoami()
    assert not isinstance(raised.value, Uncertain)
    with pytest.raises(Uncertain, match="too long"):
        await boss.stop("ada")
    hold.set()


async def test_f5_no_more_than_so_many_questions_at_a_time(stub, api, boss):
    hold = asyncio.Event()

    async def slow(handler):
        await hold.wait()
        return False

    stub.fault = slow
    everybody = asyncio.gather(*(boss.whoami() for _ in range(20)))
    for _ in range(3):
        await stub.arrivals.get()
    assert stub.at_once == 3
    assert stub.arrivals.empty()
    hold.set()
    await everybody
    assert stub.most_at_once == 3


async def test_f5_who_finds_no_place_has_asked_nothing(stub, boss, monkeypatch):
    hold = asyncio.Event()

    async def slow(handler):
        await hold.wait()
        return False

    stub.fault = slow
    waiting = asyncio.gather(*(boss.whoami() for _ in range(3)))
    for _ in range(3):
        await stub.arrivals.get()
    monkeypatch.setattr(HubApi, "CHANGE_TIMEOUT", 0.1)
    with pytest.raises(HubUnavailable, match="more questions") as raised:
        await boss.stop("ada")
    assert not isinstance(raised.value, Uncertain)
    hold.set()
    await waiting
    assert all(method == "GET" for method, _ in stub.asked)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"])
async def test_f6_an_answer_that_breaks_off(part, reset):
    async def broken(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(part)
        await writer.drain()
        if reset:  # as a process that is killed, or a proxy that gives up
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    api = HubApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hub/api")
    with pytest.raises(HubUnavailable) as raised:
        await api.as_person("t").whoami()
    assert not isinstance(raised.value, Uncertain)
    with pytest.raises(Uncertain):
        await api.as_person("t").stop("ada")
    api.close()
    server.close()
    await server.wait_closed()


async def test_an_answer_of_any_size_is_not_read(stub, boss, jp_asyncio_loop, monkeypatch):
    monkeypatch.setattr(HubApi, "MAX_BODY", 1000)
    api = HubApi(stub.url)
    stub.fault = answering(200, b"x" * 5000)
    with pytest.raises(HubUnavailable):
        await api.as_person("t").whoami()
    api.close()


async def test_a20_a_token_is_neither_shown_nor_in_an_error(stub, api):
    person = api.as_person("a-very-secret-token")
    assert "secret" not in repr(person)
    with pytest.raises(HubError) as raised:
        await person.whoami()
    assert "secret" not in repr(raised.value)
