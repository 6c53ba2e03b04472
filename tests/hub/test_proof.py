"""The last proven replica: what a drill left, told by the API and on the hub's page."""

import json
from datetime import datetime, timezone

import pytest
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub.api.replica import ReplicaHandler
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.proof import Drills
from jupyter_2i2c.hub.public.page import PublicPageHandler
from jupyter_2i2c.sources import Stated

DRILL = {
    "schema": 1,
    "at": "2026-03-01T12:00:00Z",
    "hub": "a hub",
    "holds": True,
    "highest": "V7",
    "blockers": [],
    "report": "/somewhere/private",
}


@pytest.fixture
def told(tmp_path):
    """What the service says of a drill's file, a number of days later."""

    def tell(drill, day=10, limit=30):
        text = drill if isinstance(drill, str) else json.dumps(drill)
        (tmp_path / "latest.json").write_text(text)
        later = datetime(2026, 3, day, tzinfo=timezone.utc)
        return Drills(str(tmp_path), limit, lambda: later)

    return tell


@pytest.mark.parametrize(
    ("drill", "day", "overdue"),
    [
        (DRILL, 30, False),
        (DRILL, 31, False),
        ({**DRILL, "at": "2026-02-01T12:00:00Z"}, 10, True),
        ({**DRILL, "holds": False, "blockers": ["V4 a: b"]}, 2, True),
    ],
)
def test_a_drill_is_overdue_after_the_operators_limit_or_when_it_failed(told, drill, day, overdue):
    proof = told(drill, day).last()
    assert (proof.overdue, proof.highest, proof.holds) == (overdue, "V7", drill["holds"])
    assert proof.to_json()["at"] == drill["at"]
    assert "report" not in proof.to_json()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"at": "yesterday"}', "{"])
def test_what_cannot_be_read_is_no_proof(told, text):
    assert told(text).last() is None


@pytest.mark.parametrize("directory", ["", "/nowhere"])
def test_nobody_has_drilled(directory):
    drills = Drills(directory, 30)
    assert drills.configured == bool(directory)
    assert drills.last() is None
    assert drills.blockers() == []


def test_what_failed_is_told_apart_from_how_many(told):
    drills = told({**DRILL, "holds": False, "blockers": ["V4 a: b", "x" * 1000]})
    assert drills.blockers() == ["V4 a: b", "x" * 500]
    assert drills.last().to_json()["blockers"] == 2


async def answers(path, handler, **arguments):
    listener, port = bind_unused_port()
    server = HTTPServer(web.Application([(path, handler, arguments)]))
    server.add_socket(listener)
    try:
        answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}{path}")
    finally:
        server.stop()
        await server.close_all_connections()
    return answer.body.decode()


async def test_the_api_and_the_page_tell_it(told, monkeypatch):
    page = {"facts": Facts(Stated()), "hub_url": "/hub/", "newsroom": None, "me": ""}
    said = await answers("/page", PublicPageHandler, **page, drills=told(DRILL))
    assert "2026-03-01" in said
    assert "up to V7" in said
    assert "longer ago" not in said
    old = {**DRILL, "at": "2026-01-01T12:00:00Z"}
    assert "longer ago" in await answers("/page", PublicPageHandler, **page, drills=told(old))
    failed = {**DRILL, "holds": False, "blockers": ["<b>"]}
    assert "1 check failed" in await answers(
        "/page", PublicPageHandler, **page, drills=told(failed)
    )
    assert "Last tried" not in await answers(
        "/page", PublicPageHandler, **page, drills=Drills("", 1)
    )
    monkeypatch.setattr(
        ReplicaHandler, "prepare", lambda _: None
    )  # who may ask is tested elsewhere
    answer = json.loads(
        await answers("/replica", ReplicaHandler, identities=None, drills=told(DRILL))
    )
    assert answer == {
        "version": 1,
        "replica": {
            "at": DRILL["at"], "highest": "V7", "holds": True, "blockers": 0, "overdue": False,
        },
        "configured": True,
        "limit_days": 30,
    }  # fmt: skip
