"""`GET jupyter-2i2c/info`: the hub's facts as a user's server knows them."""

import asyncio
import json

import pytest

from jupyter_2i2c.server import information
from jupyter_2i2c.server.hub_client import HubClient

from .conftest import FACTS


@pytest.fixture
def ask(jp_fetch):
    """Asks the route, as the panel does."""

    async def ask(refresh=False):
        response = await jp_fetch(
            "jupyter-2i2c", "info", params={"refresh": "1"} if refresh else {}
        )
        return json.loads(response.body)

    return ask


async def test_the_services_facts_with_their_provenance_and_age(ask, stand_in):
    answer = await ask()
    assert answer["facts"]["name"] == "Stand-in hub"
    assert answer["provenance"]["name"] == {"layer": "service", "source": "the stand-in"}
    assert answer["provenance"]["statement"]["layer"] == "default"
    assert answer["service"] == {"state": "ok", "message": "", "age": 0}
    assert answer["problems"] == []


async def test_without_a_hub_local_configuration_is_shown(ask, no_hub):
    answer = await ask()
    assert answer["service"]["state"] == "no-hub"
    assert answer["service"]["age"] is None
    assert answer["facts"]["statement"]


async def test_many_who_look_at_once_are_one_question(ask, stand_in):
    answers = await asyncio.gather(*(ask() for _ in range(5)))
    assert {answer["facts"]["name"] for answer in answers} == {"Stand-in hub"}
    assert len(stand_in.requests) == 1


async def test_what_is_known_is_answered_without_asking_again(ask, stand_in):
    await ask()
    await ask()
    await ask(refresh=True)  # within MIN_AGE
    assert len(stand_in.requests) == 1


async def test_refreshing_asks_again_for_what_has_changed(ask, stand_in, monkeypatch):
    monkeypatch.setattr(information, "MIN_AGE", 0.0)
    stand_in.says(FACTS, ETag='"one"')
    await ask()
    stand_in.says(status=304, ETag='"one"')
    assert (await ask(refresh=True))["facts"]["name"] == "Stand-in hub"
    assert stand_in.requests[1].headers["If-None-Match"] == '"one"'
    stand_in.says({**FACTS, "facts": {**FACTS["facts"], "name": "Renamed"}})
    assert (await ask(refresh=True))["facts"]["name"] == "Renamed"


@pytest.mark.parametrize("fault", ["down", "html", "503", "no facts"])
async def test_f8_a_service_that_fails_leaves_the_last_good_facts(
    ask, stand_in, monkeypatch, fault
):
    monkeypatch.setattr(information, "MIN_AGE", 0.0)
    await ask()
    faults = {
        "down": lambda: setattr(
            stand_in, "answer", lambda handler: handler.request.connection.stream.close()
        ),
        "html": lambda: stand_in.says("<html>hello</html>"),
        "503": lambda: stand_in.says(status=503),
        "no facts": lambda: stand_in.says({"hello": 1}),
    }
    faults[fault]()
    answer = await ask(refresh=True)
    assert answer["facts"]["name"] == "Stand-in hub"
    assert answer["service"]["state"] == "unavailable"
    assert answer["service"]["message"]
    assert answer["service"]["age"] >= 0
    stand_in.says(FACTS)
    assert (await ask(refresh=True))["service"]["state"] == "ok"


async def test_f9_a_service_that_is_slow_delays_nobody_who_looked_before(
    ask, stand_in, monkeypatch
):
    monkeypatch.setattr(information, "MAX_AGE", 0.0)  # old at once
    await ask()
    slow = asyncio.Event()
    stand_in.answer = lambda _: slow.wait()
    answer = await ask()  # asks again behind it
    assert answer["facts"]["name"] == "Stand-in hub"
    assert not slow.is_set()
    slow.set()


async def test_f9_a_first_look_waits_for_a_slow_service_no_longer_than_agreed(
    ask, stand_in, monkeypatch
):
    monkeypatch.setattr(HubClient, "TOTAL_TIMEOUT", 0.2)
    slow = asyncio.Event()
    stand_in.answer = lambda _: slow.wait()
    answer = await ask()
    assert answer["service"]["state"] == "unavailable"
    assert answer["service"]["age"] is None
    assert answer["facts"]["statement"]
    slow.set()


async def test_a_server_older_than_the_service_is_told_to_restart(ask, stand_in):
    stand_in.says('{"message": "no"}', 403)
    assert (await ask())["service"]["state"] == "restart"


class TestWithLocalConfiguration:
    """A server whose own configuration says something about the hub."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config.HubInformation.name = "Local"
        jp_server_config.HubInformation.provider = "Here"
        jp_server_config.HubInformation.docs_url = "javascript:alert(1)"
        jp_server_config.HubInformation.weather = "fine"
        return jp_server_config

    async def test_the_service_goes_over_it_and_mistakes_are_told(self, ask, stand_in):
        answer = await ask()
        assert answer["facts"]["name"] == "Stand-in hub"
        assert answer["facts"]["provider"] == "Here"
        assert answer["provenance"]["provider"]["layer"] == "local"
        settings = {problem["setting"].split()[0] for problem in answer["problems"]}
        assert settings == {"c.HubInformation.docs_url", "c.HubInformation.weather"}
