"""`GET jupyter-2i2c/replica`: the last proof that the hub starts elsewhere, as the panel gets it."""

import asyncio
import json
from dataclasses import fields
from datetime import datetime, timezone

import pytest

from jupyter_2i2c.hub.proof import Drills
from jupyter_2i2c.server import last_replica
from jupyter_2i2c.server.hub_client import HubClient
from jupyter_2i2c.server.last_replica import Replica, Told

PATH = "/services/2i2c/api/v1/replica"

NOTHING = {"replica": None, "configured": False, "limit_days": 0}


@pytest.fixture
def look(jp_fetch):
    """Asks the route, as the panel does."""

    async def look():
        return json.loads((await jp_fetch("jupyter-2i2c", "replica")).body)

    return look


@pytest.fixture
def example(data):
    """What the panel gets, by the file that its own tests read."""
    return json.loads((data / "replica.json").read_text("utf-8"))


async def test_the_last_proof_is_told_once_to_all_who_look(look, stand_in, example):
    stand_in.says({"version": 1, **example})
    for answer in await asyncio.gather(look(), look(), look()):
        assert answer == example
    assert stand_in.paths == [PATH]
    assert set(example) == {field.name for field in fields(Told)} | {"age"}
    assert set(example["replica"]) == {field.name for field in fields(Replica)}


async def test_what_the_hub_tells_is_understood(look, stand_in, tmp_path):
    drill = {"at": "2026-11-12T03:00:00Z", "highest": "V4", "holds": False, "blockers": ["a", "b"]}
    (tmp_path / "latest.json").write_text(json.dumps(drill))
    now = datetime(2026, 11, 21, tzinfo=timezone.utc)
    proof = Drills(str(tmp_path), 90, lambda: now).last()
    stand_in.says({"version": 1, "replica": proof.to_json()})
    told = (await look())["replica"]
    assert (told["at"], told["highest"], told["holds"]) == (drill["at"], "V4", False)
    assert (told["blockers"], told["overdue"]) == (2, True)


async def test_it_is_asked_for_again_when_it_is_old_and_only_if_it_changed(
    look, stand_in, example, monkeypatch
):
    monkeypatch.setattr(last_replica, "MAX_AGE", 0.0)
    stand_in.says({"replica": example["replica"]}, ETag='"one"')
    await look()
    stand_in.says(status=304, ETag='"one"')
    assert (await look())["replica"] == example["replica"]
    await stand_in.until(lambda: len(stand_in.requests) == 2)
    assert stand_in.requests[1].headers["If-None-Match"] == '"one"'


@pytest.mark.parametrize("fault", ["down", "503", "html", "403"])
async def test_f8_a_service_that_fails_leaves_what_was_known(
    look, stand_in, example, monkeypatch, fault
):
    monkeypatch.setattr(last_replica, "MAX_AGE", 0.0)
    stand_in.says({"replica": example["replica"]})
    await look()
    faults = {
        "down": lambda: setattr(
            stand_in, "answer", lambda handler: handler.request.connection.stream.close()
        ),
        "503": lambda: stand_in.says(status=503),
        "html": lambda: stand_in.says("<html>hello</html>"),
        "403": lambda: stand_in.says('{"message": "no"}', 403),
    }
    faults[fault]()
    await look()
    await stand_in.until(lambda: len(stand_in.requests) == 2)
    assert (await look())["replica"] == example["replica"]


async def test_f9_a_first_look_waits_no_longer_than_agreed(look, stand_in, monkeypatch):
    monkeypatch.setattr(HubClient, "TOTAL_TIMEOUT", 0.2)
    slow = asyncio.Event()
    stand_in.answer = lambda _: slow.wait()
    assert await look() == {**NOTHING, "age": None}
    slow.set()


async def test_an_older_service_knows_of_none(look, stand_in):
    stand_in.says("<html>", 404)
    assert await look() == {**NOTHING, "age": None}
    await look()
    assert len(stand_in.requests) == 1  # it is not asked again and again


async def test_without_a_hub_there_is_none(look, no_hub):
    assert await look() == {**NOTHING, "age": None}


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"replica": None},
        {"replica": "V7"},
        {"replica": {"highest": "V7", "holds": True}},
        {"replica": {"at": "<b>soon</b>", "highest": "V7", "holds": True}},
        {"replica": {"at": "20261112T030000", "highest": "V7", "holds": True}},
        {"replica": {"at": "2026-11-12T03:00:00Z", "holds": "yes"}},
    ],
)
async def test_where_nobody_drills_or_nonsense_is_told_there_is_none(look, stand_in, told):
    stand_in.says(json.dumps(told))
    assert await look() == {**NOTHING, "age": 0}


async def test_where_no_drill_has_run_yet_it_is_known_that_one_should(look, stand_in):
    stand_in.says({"version": 1, "replica": None, "configured": True, "limit_days": 30})
    assert await look() == {"replica": None, "configured": True, "limit_days": 30, "age": 0}


async def test_an_answer_of_another_version_is_used_as_far_as_it_goes(look, stand_in):
    told = {"at": "2026-11-12T03:00:00Z", "holds": True, "highest": "V" * 999, "blockers": -3}
    stand_in.says({"version": 2, "replica": {**told, "more": {}}, "limit_days": True, "more": []})
    answer = await look()
    assert (answer["configured"], answer["limit_days"]) == (False, 0)
    assert answer["replica"] == {
        "at": told["at"],
        "highest": "V" * 100,
        "holds": True,
        "blockers": 0,
        "overdue": False,
    }
