"""What is seen when doctor runs: answers, files and the database."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_2i2c.hub.doctor.live import look
from jupyter_2i2c.hub.doctor.observed import Observed, ServiceFact
from jupyter_2i2c.hub.handover import Handed
from jupyter_2i2c.hub.store import keys
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.model import Problem
from jupyter_2i2c.sources import Stated

from ...server.conftest import stand_in  # noqa: F401

INFO = "/services/2i2c/api/v1/info"


@pytest.fixture
def hub(stand_in, tmp_path):  # noqa: F811
    """A stand-in for hub, proxy and service, all of them well; its answers can be changed."""
    stand_in.answers = {
        INFO: (401, {"message": "send a token"}),
        "/hub/api/": (200, {"version": "6.1.1"}),
        "/readyz": (200, {"status": "ok"}),
    }

    def answer(handler):
        status, body = stand_in.answers[handler.request.path]
        handler.set_status(status)
        handler.finish(body if isinstance(body, str) else json.dumps(body))

    stand_in.answer = answer
    stand_in.handed = Handed(
        observed=Observed(
            directory=str(tmp_path),
            since="2026-06-01T00:00:00+00:00",
            hub_version="6.1.0",
            service_address=f"{stand_in.url}/services/2i2c/",
            services=(ServiceFact("2i2c", managed=True),),
        )
    )
    stand_in.traits = {"metrics_bind": stand_in.url.removeprefix("http://")}
    return stand_in


def seen(hub, **options):
    return look(Path(hub.handed.observed.directory) / "h.json", hub.handed, hub.traits, **options)


async def test_all_is_well(hub):
    live = await seen(hub)
    assert (live.service, live.hub, live.ready, live.hub_version) == ("", "", "", "6.1.1")
    assert live.own_listener == f"{hub.url}/readyz"
    assert {"Authorization" in request.headers for request in hub.requests} == {False}


@pytest.mark.parametrize(
    ("path", "answer", "fact", "words"),
    [
        (INFO, (404, "<html>"), "service", "404"),
        (INFO, (503, "<html>"), "service", "503"),
        (INFO, (200, "<html>Welcome</html>"), "service", "something else"),
        (INFO, (200, {"message": "let in"}), "service", "something else"),
        (INFO, (401, "<html>"), "service", "something else"),
        (INFO, (302, ""), "service", "something else"),
        ("/hub/api/", (200, "<html>"), "hub", "something else than a hub"),
        ("/hub/api/", (500, {}), "hub", "500"),
        ("/hub/api/", (200, {"version": 3}), "hub", "something else"),
        (
            "/readyz",
            (503, {"status": "degraded", "message": "no\ndatabase"}),
            "ready",
            "no database",
        ),
        ("/readyz", (200, {"status": "degraded", "message": "no file"}), "ready", "no file"),
        ("/readyz", (500, "<html>"), "ready", "500"),
    ],
)
async def test_f2_f3_f4_f11_an_answer_that_is_none(hub, path, answer, fact, words):
    hub.answers[path] = answer
    live = await seen(hub)
    assert words in getattr(live, fact)
    assert "<" not in getattr(live, fact)


async def test_f1_f8_nobody_answers(hub, unused_port):
    address = f"http://127.0.0.1:{unused_port}/services/2i2c/"
    observed = replace(hub.handed.observed, service_address=address)
    hub.handed = replace(hub.handed, observed=observed)
    live = await seen(hub)
    assert "nothing answers" in live.service
    assert "nothing answers" in live.hub
    assert live.hub_version == "6.1.0"


async def test_a_service_of_an_earlier_version_is_asked_for_its_health(hub):
    hub.answers["/readyz"] = (404, "<html>")
    hub.answers["/healthz"] = (200, {"status": "degraded", "message": "no file"})
    assert (await seen(hub)).ready == "no file"


@pytest.fixture
def unused_port():
    from tornado.testing import bind_unused_port

    sock, port = bind_unused_port()
    sock.close()
    return port


async def test_on_a_hub_with_subdomains_hub_and_service_are_asked_by_their_names(hub):
    observed = replace(
        hub.handed.observed,
        subdomain_host="https://hub.example",
        service_host="2i2c--service.hub.example",
    )
    hub.handed = replace(hub.handed, observed=observed)
    await seen(hub)
    hosts = {request.path: request.headers["Host"] for request in hub.requests}
    assert hosts[INFO] == "2i2c--service.hub.example"
    assert hosts["/hub/api/"] == "hub.example"


async def test_nothing_is_asked_offline(hub):
    live = await seen(hub, ask=False)
    assert not live.asked
    assert hub.requests == []


async def test_servers_that_are_older_than_the_service_are_counted(hub):
    def server(started):
        return {"name": "", "started": started, "ready": True, "url": "/user/x/"}

    hub.answers["/hub/api/users"] = (
        200,
        {
            "items": [
                {"name": "a", "servers": {"": server("2026-05-31T23:59:59.000000Z")}},
                {"name": "b", "servers": {"": server("2026-06-02T00:00:00.000000Z")}},
            ],
            "_pagination": {"offset": 0, "limit": 200, "total": 2, "next": None},
        },
    )
    live = await seen(hub, token="t")
    assert (live.older, live.running) == (1, 2)
    hub.answers["/hub/api/users"] = (403, {"message": "no"})
    assert (await seen(hub, token="t")).older is None


async def test_problems_of_the_configuration_come_along(hub):
    stated = Stated(problems=(Problem("c.HubInformation.x", "1", "a text"),))
    hub.handed = replace(hub.handed, stated=stated)
    assert "c.HubInformation.x" in (await seen(hub, ask=False)).problems[0]


@pytest.fixture
def kept(hub, tmp_path):
    """The files that a service has made."""
    (tmp_path / "h.json").touch(0o600)
    secret = keys.load_or_create(tmp_path / "k.key")
    hub.traits |= {"database_url": "sqlite:///d.sqlite", "key_file": "k.key"}
    store = Store(f"sqlite:///{tmp_path / 'd.sqlite'}", secret)
    store.open()
    store.close()
    return tmp_path


def files(live):
    return {each.what: each for each in live.files}


async def test_what_the_service_makes_is_its_own(hub, kept):
    live = await seen(hub, ask=False)
    assert (live.database, live.database_known) == ("", True)
    assert {each.mode for each in live.files} == {0o600}
    assert not any(each.replaceable for each in live.files)


async def test_files_that_others_can_read_or_replace_are_seen(hub, kept):
    (kept / "k.key").chmod(0o640)
    kept.chmod(0o777)
    live = await seen(hub, ask=False)
    assert files(live)["the key"].mode == 0o640
    assert all(each.replaceable for each in live.files)
    kept.chmod(0o1777)
    assert not any(each.replaceable for each in (await seen(hub, ask=False)).files)


async def test_f17_a_newer_schema_is_seen(hub, kept):
    with sqlite3.connect(kept / "d.sqlite") as connection:
        connection.execute("UPDATE jupyter_2i2c_version SET version_num = 'r9999'")
    connection.close()
    live = await seen(hub, ask=False)
    assert "newer version" in live.database


async def test_f15_a_damaged_database_and_another_key_are_seen(hub, kept):
    (kept / "k.key").unlink()
    keys.load_or_create(kept / "k.key")
    assert "key" in (await seen(hub, ask=False)).database
    (kept / "d.sqlite").write_bytes(b"no database at all" * 100)
    assert (await seen(hub, ask=False)).database


async def test_before_its_first_start_the_service_has_no_database_to_look_at(hub, tmp_path):
    hub.traits |= {"database_url": "sqlite:///d.sqlite", "key_file": "k.key"}
    live = await seen(hub, ask=False)
    assert not live.database_known
    assert not files(live)["the database"].there
    assert list(tmp_path.iterdir()) == []  # looking makes nothing
