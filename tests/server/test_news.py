"""`jupyter-2i2c/news` and the event that announces it: asked for once a minute, told to who listens, never twice."""

import asyncio
import json
from datetime import datetime, timedelta, timezone

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_2i2c.server import announcements as module
from jupyter_2i2c.server.announcements import News, NewsReader, Told
from jupyter_2i2c.server.base import HubPanelHandler
from jupyter_2i2c.server.hub_client import HubClient
from jupyter_2i2c.server.news import EVENT, EVENT_SCHEMA


@pytest.fixture
def answer(data):
    """An answer of the service."""
    return json.loads((data / "announcements.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def owner(monkeypatch):
    """The owner asks, as the hub would say."""
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "ada"})


@pytest.fixture
def news(stand_in, tmp_path, jp_asyncio_loop):
    """News of the stand-in, with what it told."""
    told = []
    news = News(HubClient.from_environment(), told.append, Told(tmp_path / "told.json"), 0.01)
    news.events = told
    yield news
    jp_asyncio_loop.run_until_complete(news.stop())


def only(answer, **changes):
    """An answer with one announcement, which differs from the first example in this."""
    return {"version": 1, "announcements": [{**answer["announcements"][0], **changes}]}


async def test_the_panel_gets_what_the_service_says(jp_fetch, stand_in, answer):
    stand_in.says(answer)
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert (got["state"], got["age"], got["unread"], got["loud"]) == ("ok", 0, 2, 2)
    for mine, theirs in zip(got["announcements"], answer["announcements"], strict=True):
        assert mine == {**theirs, "loud": mine["loud"]}
    assert [each["loud"] for each in got["announcements"]] == [True, True, False, False]
    assert stand_in.requests[0].headers["Authorization"] == "token server-token"
    assert stand_in.paths == ["/services/2i2c/api/v1/announcements"]


async def test_a_second_browser_asks_the_service_nothing(jp_fetch, stand_in, answer):
    stand_in.says(answer)
    for _ in range(3):
        await jp_fetch("jupyter-2i2c", "news")
    assert len(stand_in.requests) == 1


async def test_a_fault_of_ours_keeps_nobody_waiting_and_the_next_look_asks_anew(
    news, stand_in, answer, monkeypatch
):
    def fault(body):
        raise ZeroDivisionError

    stand_in.says(answer)
    with monkeypatch.context() as broken:
        broken.setattr(module, "_announcements", fault)
        assert (await news.look())["announcements"] == []
    while not (await news.look())["announcements"]:
        await asyncio.wait([news._running])


async def test_nobody_asks_before_somebody_looks(jp_fetch, stand_in, answer):
    stand_in.says({"name": "ada"})
    await jp_fetch("jupyter-2i2c", "session")
    assert not any("announcements" in path for path in stand_in.paths)


async def test_a_visitor_is_told_nothing(jp_fetch, stand_in, answer, monkeypatch):
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "boss", "admin": True})
    stand_in.says(answer)
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert (got["state"], got["announcements"], got["unread"]) == ("visitor", [], 0)
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "news", "a", method="POST", body='{"what": "told"}')
    assert error.value.code == 403
    assert stand_in.requests == []


async def test_without_a_hub_there_is_no_news(jp_fetch, no_hub):
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert (got["state"], got["announcements"]) == ("none", [])


async def test_what_has_not_changed_is_not_sent_again(news, stand_in, answer):
    stand_in.says(answer, ETag='"one"')
    await news.look()
    stand_in.says(status=304)
    await stand_in.until(lambda: len(stand_in.requests) >= 4)
    assert [each.headers.get("If-None-Match") for each in stand_in.requests[1:4]] == ['"one"'] * 3
    assert len((await news.look())["announcements"]) == 4
    assert len(news.events) == 1


async def test_an_event_tells_numbers_and_no_words(news, stand_in, answer):
    stand_in.says({"announcements": []})
    await news.look()
    stand_in.says(answer)
    await stand_in.until(lambda: len(stand_in.requests) >= 4)
    assert [(event["unread"], event["loud"]) for event in news.events] == [(0, 0), (2, 2)]
    assert set(news.events[1]) == set(EVENT_SCHEMA["required"])
    assert news.events[0]["revision"] != news.events[1]["revision"]


async def test_an_edit_is_told_although_the_numbers_are_the_same(news, stand_in, answer):
    stand_in.says(only(answer))
    await news.look()
    stand_in.says(only(answer, body_html="<p>Eleven minutes.</p>"))
    await stand_in.until(lambda: len(stand_in.requests) >= 4)
    assert len({event["revision"] for event in news.events}) == 2


async def test_lab_receives_the_event(jp_fetch, jp_ws_fetch, jp_serverapp, stand_in, answer):
    """By the same socket that Lab listens to."""
    stand_in.says(answer)
    socket = await jp_ws_fetch("api", "events", "subscribe")
    try:
        await jp_fetch("jupyter-2i2c", "news")
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
    finally:
        socket.close()
    assert (event["schema_id"], event["unread"], event["loud"]) == (EVENT, 2, 2)


async def test_who_was_not_connected_is_told_again(news, stand_in, answer, monkeypatch):
    monkeypatch.setattr(module, "REMIND", 0.0)
    stand_in.says(answer)
    await news.look()
    await stand_in.until(lambda: len(stand_in.requests) >= 4)
    assert len(news.events) >= 3
    assert len({event["revision"] for event in news.events}) == 1


async def test_nobody_is_reminded_of_nothing(news, stand_in, monkeypatch):
    monkeypatch.setattr(module, "REMIND", 0.0)
    stand_in.says({"announcements": []})
    await news.look()
    await stand_in.until(lambda: len(stand_in.requests) >= 4)
    assert len(news.events) == 1


# --- what becomes of one --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "unread", "left"), [("seen", 1, 4), ("acknowledged", 1, 4), ("dismissed", 1, 3)]
)
async def test_it_is_remembered_at_the_service(jp_fetch, stand_in, answer, what, unread, left):
    stand_in.says(answer)
    await jp_fetch("jupyter-2i2c", "news")
    stand_in.says(status=204)
    which = answer["announcements"][0]["id"]
    body = json.dumps({"what": what})
    await jp_fetch("jupyter-2i2c", "news", which, method="POST", body=body)
    request = stand_in.requests[-1]
    assert request.path == f"/services/2i2c/api/v1/announcements/{which}/seen"
    assert json.loads(request.body) == {"what": what, "version": 2}
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert (got["unread"], len(got["announcements"])) == (unread, left)


async def test_what_the_service_refuses_has_not_happened(jp_fetch, stand_in, answer):
    stand_in.says(answer)
    await jp_fetch("jupyter-2i2c", "news")
    stand_in.says({"message": "you have no announcement of that id"}, 404)
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "news", "other", method="POST", body='{"what": "seen"}')
    assert error.value.code == 404
    assert b"no announcement of that id" in error.value.response.body
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert got["unread"] == 2


@pytest.mark.parametrize("body", ["{}", "[]", '{"what": "deleted"}', '{"what": 1}'])
async def test_something_else_is_refused(jp_fetch, stand_in, body):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "news", "a", method="POST", body=body)
    assert error.value.code == 400
    assert stand_in.requests == []


async def test_one_browser_may_interrupt_once(jp_fetch, stand_in, answer):
    stand_in.says(answer)
    await jp_fetch("jupyter-2i2c", "news")

    async def claim(which):
        body = '{"what": "told"}'
        got = await jp_fetch("jupyter-2i2c", "news", which, method="POST", body=body)
        return json.loads(got.body)["first"]

    incident, rule, maintenance = (each["id"] for each in answer["announcements"][:3])
    assert [await claim(incident), await claim(incident)] == [True, False]
    assert await claim(rule) is True
    assert await claim(maintenance) is False
    assert await claim("unknown") is False
    got = json.loads((await jp_fetch("jupyter-2i2c", "news")).body)
    assert (got["loud"], got["unread"]) == (0, 2)


def test_what_interrupted_is_known_to_the_next_server(tmp_path):
    path = tmp_path / "data" / "told.json"
    assert Told(path).claim("a") is True
    assert "a" in Told(path)
    assert Told(path).claim("a") is False


@pytest.mark.parametrize("content", ["", "{}", "[1, null]", "\0", '"a"'])
def test_a_broken_memory_is_an_empty_one(tmp_path, content):
    path = tmp_path / "told.json"
    path.write_text(content)
    assert Told(path).claim("a") is True


def test_a_home_that_is_full_does_not_matter(tmp_path):
    (tmp_path / "file").write_text("")
    told = Told(tmp_path / "file" / "told.json")
    assert told.claim("a") is True
    assert told.claim("a") is False


# --- bad input and faults -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [[], None, {}, {"announcements": {}}, {"announcements": [None, 1, {}, {"id": "a"}]}],
)
async def test_nonsense_is_no_news(news, stand_in, answer):
    stand_in.says(json.dumps(answer))
    got = await news.look()
    assert (got["state"], got["announcements"]) == ("ok", [])


async def test_fields_of_the_wrong_kind_are_taken_as_missing(news, stand_in, answer):
    odd = only(
        answer,
        version="2",
        severity="apocalypse",
        body=7,
        body_html="x" * 200_000,
        link="javascript:alert(1)",
        seen="yes",
        ends=12,
        more={"a": 1},
    )
    stand_in.says(odd)
    [got] = (await news.look())["announcements"]
    assert (got["version"], got["severity"], got["body"], got["body_html"]) == (1, "info", "", "")
    assert (got["link"], got["seen"], got["ends"]) == ("", False, None)
    assert "more" not in got


async def test_a_flood_is_cut(news, stand_in, answer):
    one = answer["announcements"][0]
    stand_in.says({"announcements": [{**one, "id": f"a{number}"} for number in range(1000)]})
    assert len((await news.look())["announcements"]) == module.MOST


async def test_what_is_over_is_not_shown_although_nobody_asked_again(news, stand_in, answer):
    past = (datetime.now(timezone.utc) - timedelta(seconds=1)).isoformat()
    stand_in.says(only(answer, ends=past))
    got = await news.look()
    assert (got["announcements"], got["unread"]) == ([], 0)


async def test_a_service_that_is_away_is_asked_less_and_less(news, stand_in, answer):
    stand_in.says(answer)
    await news.look()
    stand_in.says(status=503, Retry_After="2")
    assert await news._ask() == 2.0
    for _ in range(20):
        waited = await news._ask()
    assert waited == pytest.approx(0.01 * 2**10)
    news._interval = 60.0
    assert await news._ask() == module.LONGEST
    got = await news.look()
    assert (got["state"], len(got["announcements"])) == ("unavailable", 4)
    stand_in.says(answer)
    assert await news._ask() == 60.0


async def test_an_older_service_has_no_news(news, stand_in):
    stand_in.says({"message": "nothing here"}, 404)
    got = await news.look()
    assert (got["state"], got["announcements"]) == ("no-service", [])


async def test_an_answer_on_its_way_does_not_undo_a_mark(news, stand_in, answer):
    stand_in.says(answer)
    await news.look()
    news._interval = 1000.0
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(handler):
        arrived.set()
        await go_on.wait()
        handler.finish(json.dumps(answer))

    stand_in.answer = slow
    asking = asyncio.ensure_future(news._ask())
    await asyncio.wait_for(arrived.wait(), 10)
    stand_in.says(status=204)
    await news.mark(answer["announcements"][0]["id"], "dismissed")
    go_on.set()
    await asking
    assert len((await news.look())["announcements"]) == 3


def test_an_interval_that_is_none_is_the_default(caplog):
    import logging

    from traitlets.config import Config

    log = logging.getLogger("test")
    assert NewsReader.configured(Config({"NewsReader": {"interval": -1}}), log).interval == 60.0
    assert NewsReader.configured(Config({"NewsReader": {"interval": 5}}), log).interval == 5.0


async def test_a_schema_that_cannot_be_registered_breaks_no_start(jp_serverapp, monkeypatch):
    from jupyter_2i2c.server.app import Jupyter2i2cApp

    class Events:
        def register_event_schema(self, _):
            raise RuntimeError("no")

    monkeypatch.setattr(Jupyter2i2cApp, "_events", Events())
    app = Jupyter2i2cApp()
    app.serverapp = jp_serverapp
    app.initialize_settings()
    app._tell(EVENT, {"unread": 1})


def test_what_lab_asks_to_publish_is_what_the_service_takes():
    """The fields of `src/sections/intentNews.tsx`."""
    from jupyter_2i2c.hub.news.draft import check

    asked = {"title": "Slow", "body": "**Ten** minutes", "severity": "incident"}
    content = check({**asked, "acknowledge": False})
    assert (content.title, content.severity, content.audience) == (
        "Slow",
        "incident",
        {"kind": "everyone"},
    )
