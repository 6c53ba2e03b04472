"""What was approved and takes long: followed by the server while somebody looks, and told to Lab by events."""

import asyncio
import json

import pytest

from jupyter_2i2c.server import following as module
from jupyter_2i2c.server.base import HubPanelHandler
from jupyter_2i2c.server.following import MOST, Following
from jupyter_2i2c.server.hub_client import HubClient
from jupyter_2i2c.server.intents import EVENT, EVENT_SCHEMA


@pytest.fixture
def example(data):
    """An export of the hub that goes on, as the service tells it."""
    return json.loads((data / "intent-export.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(Following, "INTERVAL", 0.01)


@pytest.fixture
def following(stand_in, jp_asyncio_loop):
    """Follows what the stand-in tells, with what it told."""
    told = []
    following = Following(HubClient.from_environment(), told.append)
    following.told = told
    yield following
    jp_asyncio_loop.run_until_complete(following.stop())


def further(intent, **export):
    return {**intent, "export": {**intent["export"], **export}}


async def until_told(stand_in, following, number):
    await stand_in.until(lambda: len(following.told) >= number)


async def test_it_tells_how_far_it_is_and_that_it_ended(stand_in, following, example):
    stand_in.says(further(example, step="verifying", done=3, total=8))
    following.looked(example)
    await until_told(stand_in, following, 1)
    stand_in.says({**further(example, highest="V4"), "state": "done"})
    await following._running
    assert following.told == [
        {"intent": example["id"], "state": "running", "step": "verifying", "done": 3, "total": 8},
        {
            "intent": example["id"],
            "state": "done",
            "step": "reading users",
            "done": 12,
            "total": 40,
        },
    ]
    assert all(set(event) == set(EVENT_SCHEMA["required"]) for event in following.told)
    assert stand_in.paths[0] == f"/services/2i2c/api/v1/intents/{example['id']}"


async def test_what_has_not_changed_is_not_told(stand_in, following, example):
    stand_in.says(example, ETag='"one"')
    following.looked(example)
    await stand_in.until(lambda: len(stand_in.requests) == 1)
    stand_in.says(status=304, ETag='"one"')
    await stand_in.until(lambda: len(stand_in.requests) == 5)
    assert stand_in.requests[3].headers["If-None-Match"] == '"one"'
    assert following.told == []


@pytest.mark.parametrize("state", ["pending", "done", "failed", "cancelled", "unknown", None, 3])
async def test_what_does_not_go_on_is_not_followed(stand_in, following, example, state):
    following.looked({**example, "state": state})
    assert following._running is None
    assert stand_in.requests == []


async def test_a_look_that_sees_the_end_ends_it(stand_in, following, example):
    stand_in.says(example)
    following.looked(example)
    following.looked({**example, "state": "done"})
    await following._running
    assert stand_in.requests == []
    assert following.told == []


async def test_nobody_asks_when_nobody_has_looked_for_long(
    stand_in, following, example, monkeypatch
):
    monkeypatch.setattr(module, "LEASE", 0.0)
    following.looked(example)
    await following._running
    assert stand_in.requests == []
    monkeypatch.undo()
    stand_in.says(further(example, done=13))
    following.looked(example)
    await until_told(stand_in, following, 1)


@pytest.mark.parametrize("fault", ["down", "503", "html", "another"])
async def test_f1_a_service_that_fails_is_asked_again_and_nothing_is_lost(
    stand_in, following, example, fault
):
    faults = {
        "down": lambda: setattr(
            stand_in, "answer", lambda handler: handler.request.connection.stream.close()
        ),
        "503": lambda: stand_in.says(status=503),
        "html": lambda: stand_in.says("<html>hello</html>"),
        "another": lambda: stand_in.says({**example, "id": "another"}),
    }
    faults[fault]()
    following.looked(example)
    await stand_in.until(lambda: len(stand_in.requests) == 3)
    assert following._failures >= 2  # and so it waits longer
    stand_in.says(further(example, done=40))
    await until_told(stand_in, following, 1)
    assert following.told[0]["done"] == 40


async def test_one_that_the_service_has_forgotten_is_told_once(stand_in, following, example):
    stand_in.says('{"message": "no such intent"}', 404)
    following.looked(example)
    await following._running
    assert [event["state"] for event in following.told] == ["gone"]
    assert len(stand_in.requests) == 1


async def test_nonsense_in_an_answer_is_left_out(stand_in, following, example):
    stand_in.says({"id": example["id"], "state": ["x"], "export": {"done": -1, "step": {}}})
    following.looked(example)
    await following._running
    (event,) = following.told
    assert (event["step"], event["done"], event["total"]) == ("", 0, 0)


async def test_no_more_are_followed_than_a_browser_lists(stand_in, following, example):
    stand_in.answer = lambda handler: asyncio.Event().wait()
    for number in range(MOST + 5):
        following.looked({**example, "id": f"intent-{number}"})
    assert next(iter(following._followed)) == "intent-5"
    assert len(following._followed) == MOST


async def test_lab_receives_the_event_and_the_browser_asks_once(
    jp_fetch, jp_ws_fetch, jp_serverapp, stand_in, example, monkeypatch
):
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "ada"})
    stand_in.says(example)
    socket = await jp_ws_fetch("api", "events", "subscribe")
    try:
        answer = await jp_fetch("jupyter-2i2c", "intents", example["id"])
        assert json.loads(answer.body) == example
        stand_in.says(further(example, done=13))
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
    finally:
        socket.close()
    assert (event["schema_id"], event["intent"]) == (EVENT, example["id"])
    assert (event["state"], event["done"], event["total"]) == ("running", 13, 40)
