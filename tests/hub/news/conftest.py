"""A newsroom and its API in this process, beside a hub that a test decides about."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone

import pytest
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub import identity
from jupyter_2i2c.hub.administration import Administration, Options
from jupyter_2i2c.hub.api.announcements import AnnouncementsHandler, SeenHandler
from jupyter_2i2c.hub.identity import HubIdentities
from jupyter_2i2c.hub.news.draft import check
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.hub.store import announcements

from ..stub_hub import StubHub

ACCESS = "access:services!service=2i2c"


@pytest.fixture
def stub(jp_asyncio_loop):
    """A hub with boss, an administrator; ada, in the group waves; and mal."""
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    for name, groups in (("ada", ["waves"]), ("mal", [])):
        stub.add(name, groups=groups)
        stub.tokens[f"{name}-token"] = (name, [ACCESS])
    stub.tokens["boss-token"][1].append(ACCESS)
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def administration(stub, tmp_path, jp_asyncio_loop):
    """The administrators' side, with an empty store."""
    options = Options(f"sqlite:///{tmp_path}/store.sqlite", str(tmp_path / "key"), "/console/")
    made = Administration(options, HubSettings(), stub.url)

    async def close():
        await made.close()

    yield made
    jp_asyncio_loop.run_until_complete(close())


@pytest.fixture
def store(administration):
    return administration.store


@pytest.fixture
def publish(administration):
    """Publishes what consists of these fields."""

    def publish(title="News", **fields):
        made = administration.store.write_now(
            announcements.publish, check({"title": title, **fields}), "boss"
        )
        administration.newsroom.changed()
        return made

    return publish


@pytest.fixture
def at():
    """A time."""
    return datetime.now(timezone.utc)


@pytest.fixture
def clock(monkeypatch):
    """Lets time pass for what the hub's word on a token is good for."""

    class Clock:
        ahead = 0.0

        def monotonic(self):
            return time.monotonic() + self.ahead

        def passes(self, seconds):
            self.ahead += seconds

    clock = Clock()
    monkeypatch.setattr(identity, "time", clock)
    return clock


class Answer:
    """What the API answered."""

    def __init__(self, answer):
        self.status = answer.code
        self.headers = answer.headers
        self.body = answer.body
        self.json = json.loads(answer.body) if answer.body else None
        self.etag = answer.headers.get("ETag")

    @property
    def titles(self):
        return [each["title"] for each in self.json["announcements"]]


@pytest.fixture
def api(stub, administration, jp_asyncio_loop):
    """Asks the API as somebody."""
    given = {"identities": HubIdentities(stub.url), "administration": administration}
    application = web.Application(
        [
            ("/announcements", AnnouncementsHandler, given),
            ("/announcements/([A-Za-z0-9_-]+)/seen", SeenHandler, given),
        ],
        log_function=id,
    )

    async def start():
        sock, port = bind_unused_port()
        server = HTTPServer(application)
        server.add_socket(sock)
        return server, port, AsyncHTTPClient(force_instance=True)

    server, port, client = jp_asyncio_loop.run_until_complete(start())

    class Api:
        async def get(self, name="ada", etag=""):
            headers = {"Authorization": f"token {name}-token", "If-None-Match": etag}
            url = f"http://127.0.0.1:{port}/announcements"
            return Answer(await client.fetch(url, headers=headers, raise_error=False))

        async def mark(self, announcement, what="seen", name="ada", body=None, **more):
            url = f"http://127.0.0.1:{port}/announcements/{getattr(announcement, 'id', announcement)}/seen"
            return Answer(
                await client.fetch(
                    url,
                    method="POST",
                    headers={"Authorization": f"token {name}-token"},
                    body=json.dumps({"what": what, **more}) if body is None else body,
                    raise_error=False,
                )
            )

    yield Api()
    client.close()

    async def stop():
        server.stop()
        await server.close_all_connections()

    jp_asyncio_loop.run_until_complete(stop())
