"""What the hub says of itself to a service that runs elsewhere."""

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.demo.local_hub import clean_environment, free_ports
from jupyter_2i2c.hub.entry import HubEntry


def document(tmp_path, name):
    """What a hub of that name puts in the entry."""
    c = Config()
    c.HubInformation.name = name
    c.Authenticator.admin_users = {"boss"}
    c.JupyterHub.services = [{"name": "2i2c", "url": "http://elsewhere:10300"}]
    setup_hub(c, config_file=tmp_path / "unused.json")
    (ours,) = c.JupyterHub.services
    return json.loads(json.dumps(ours["info"]))


class Hub:
    """A hub that knows one service."""

    def __init__(self, port=0):
        self.info = {}
        self.status = 200
        self.body = None
        self.tokens = []
        (self.socket,) = bind_sockets(port, "127.0.0.1")
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hub/api"
        self.server = HTTPServer(
            web.Application([(r"/hub/api/services/2i2c", _Entry, {"hub": self})])
        )
        self.server.add_socket(self.socket)

    async def stop(self):
        self.server.stop()
        await self.server.close_all_connections()


class _Entry(web.RequestHandler):
    def initialize(self, hub):
        self.hub = hub

    def get(self):
        self.hub.tokens.append(self.request.headers["Authorization"])
        self.set_status(self.hub.status)
        self.finish(self.hub.body or {"name": "2i2c", "info": self.hub.info})


@asynccontextmanager
async def running(port=0):
    hub = Hub(port)
    try:
        yield hub
    finally:
        await hub.stop()


async def test_it_arrives_as_it_was_said(tmp_path):
    async with running() as hub:
        hub.info = document(tmp_path, "Küste")
        entry = HubEntry(hub.url, "secret")
        assert entry.problem
        assert await entry.ask()
        assert entry.problem == ""
        assert entry.handed.stated.values["name"] == "Küste"
        assert entry.handed.hub.admin_users == {"boss"}
        assert entry.handed.traits == {}
        assert hub.tokens == ["token secret"]
        assert not await entry.ask()  # nothing new


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, None, "JUPYTERHUB_API_TOKEN"),
        (404, None, "with a service 2i2c"),
        (500, None, "is asked again"),
        (302, None, "is asked again"),
        (200, "<html>", "is asked again"),
        (200, "[]", "says nothing of the hub"),
        (200, '{"info": {}}', "says nothing of the hub"),
        (200, '{"info": null}', "says nothing of the hub"),
        (200, '{"info": {"jupyter_2i2c": {"schema": 2}}}', "the same version"),
        (200, '{"info": {"jupyter_2i2c": {"schema": 1}}}', "lacks something"),
    ],
)
async def test_f2_f4_f17_an_answer_that_is_none_says_why(tmp_path, status, body, words):
    async with running() as hub:
        hub.status, hub.body = status, body
        entry = HubEntry(hub.url, "secret")
        assert not await entry.ask()
        assert words in entry.problem
        assert "secret" not in entry.problem
        hub.status, hub.body, hub.info = 200, None, document(tmp_path, "A hub")
        assert await entry.ask()
        hub.status = 500
        assert not await entry.ask()
        assert entry.handed.stated.values["name"] == "A hub"  # what was known stays
        assert entry.problem == ""


async def test_f1_f42_it_watches_for_another_answer_and_outlives_a_hub_that_is_down(tmp_path):
    changes = asyncio.Queue()
    async with running() as hub:
        port = hub.socket.getsockname()[1]
        hub.info = document(tmp_path, "First")
        entry = HubEntry(hub.url, "secret", interval=0.01)
        watch = asyncio.ensure_future(
            entry.watch(lambda: changes.put_nowait(entry.handed.stated.values["name"]))
        )
        assert await changes.get() == "First"
    assert not await entry.ask()
    async with running(port) as hub:
        hub.info = document(tmp_path, "Second")
        assert await changes.get() == "Second"
        watch.cancel()


async def test_f1_a_service_that_is_there_before_its_hub_begins_anew_when_that_answers(tmp_path):
    with free_ports(0, 3) as (hub_port, public, operations):
        pass
    listen = f"--HubService.metrics_bind=127.0.0.1:{operations}"
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_2i2c.hub", listen],
        env={
            **clean_environment(),
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
            "JUPYTERHUB_API_TOKEN": "secret",
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{public}",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/2i2c/",
        },
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )

    async def health():
        while True:
            try:
                return (await client.get(f"http://127.0.0.1:{operations}/healthz")).json()
            except httpx.TransportError:
                assert process.poll() is None

    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            before = await health()
            assert before["status"] == "degraded"
            assert "is asked again" in before["message"]
            async with running(hub_port) as hub:
                hub.info = document(tmp_path, "Late")
                while (await health())["status"] != "ok":
                    pass
                page = await client.get(f"http://127.0.0.1:{public}/services/2i2c/")
                assert "Late" in page.text
    finally:
        process.terminate()
        log = process.communicate(timeout=20)[1]
    assert process.returncode == 0, log
    assert "beginning anew" in log
