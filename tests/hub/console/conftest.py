"""The console in this process, beside a hub that a test decides about; and browsers for it."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub.administration import Administration, Options
from jupyter_2i2c.hub.console.app import console_app
from jupyter_2i2c.hub.console.login import Login
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.jobs import JobRunner
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.sources import Stated

from ..stub_hub import StubHub

PREFIX = "/services/2i2c-console/"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


class Page:
    """What the console answered."""

    def __init__(self, answer):
        self.answer = answer
        self.status = answer.status_code
        self.path = answer.url.path.removeprefix(PREFIX)
        self.source = answer.text
        plain = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", self.source, flags=re.S)
        self.text = " ".join(html.unescape(plain).split())
        self.links = [
            html.unescape(each) for each in re.findall(r'<a[^>]* href="([^"]*)"', self.source)
        ]

    def link(self, part):
        """The one link whose address contains this."""
        (found,) = {each for each in self.links if part in each}
        return found

    def rows(self):
        """The first cell of each row."""
        cells = re.findall(r"<tr>\s*<t[hd][^>]*>(.*?)</t[hd]>", self.source, re.S)[1:]
        return [html.unescape(re.sub(r"<[^>]+>", "", each)).split()[0] for each in cells]

    def hidden(self):
        """The form's action, and its one-time value."""
        action = re.search(r'<form[^>]*method="post"[^>]*action="([^"]*)"', self.source)[1]
        return html.unescape(action), re.search(r'name="once" value="([^"]*)"', self.source)[1]


class Visitor:
    """Somebody's browser, as far as the console sees it."""

    def __init__(self, base):
        self._base = httpx.URL(base)
        self.client = httpx.AsyncClient(
            headers=NAVIGATION, follow_redirects=True, trust_env=False, timeout=30
        )

    async def see(self, path="", **options):
        return Page(await self.client.get(self._base.join(path), **options))

    def stream(self, path):
        return self.client.stream("GET", self._base.join(path))

    async def send(self, page, files=None, **fields):
        action, once = page.hidden()
        return await self.post(action, files=files, once=once, **fields)

    async def post(self, action, files=None, **fields):
        answer = await self.client.post(
            self._base.join(action), data=fields, files=files, follow_redirects=False
        )
        if answer.has_redirect_location:
            return await self.see(answer.headers["Location"])
        return Page(answer)

    async def ask(self, path, kind):
        """Press a button that asks for an action; the page on which it is decided."""
        return await self.send(await self.see(path), ask=kind)

    async def approve(self, page, **fields):
        return await self.send(page, decision="approve", asked="yes", **fields)


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    stub.tokens["boss-token"][1].extend(["list:groups", "read:groups"])
    stub.tokens["helper-token"] = ("helper", ["read:users:name!user=helper"])
    stub.add("helper")
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def run(stub, tmp_path, jp_asyncio_loop, monkeypatch):
    """Starts consoles whose logins need no hub: who comes is whom the test says."""
    monkeypatch.setattr(JobRunner, "FIRST_DELAY", 0.01)
    started, visitors = [], []
    wanted = {}

    async def run(settings=None, token="boss-token", **options):
        logged_in = SimpleNamespace(token=token)

        def begin(_, handler):
            wanted["page"] = handler.request.uri
            return f"{PREFIX}oauth_callback"

        async def finish(_, handler):
            return logged_in.token, wanted["page"]

        monkeypatch.setattr(Login, "begin", begin)
        monkeypatch.setattr(Login, "finish", finish)
        given = {
            "database_url": f"sqlite:///{tmp_path}/store.sqlite",
            "key_file": str(tmp_path / "store.key"),
            "console_url": PREFIX,
            **options,
        }
        administration = Administration(Options(**given), settings or HubSettings(), stub.url)
        application = console_app(
            administration,
            Facts(Stated()),
            client_secret="x" * 32,
            log_function=lambda handler: None,
        )
        sock, port = bind_unused_port()
        server = HTTPServer(application)
        server.add_socket(sock)
        await administration.start()
        started.append((server, administration))

        def visitor():
            visitors.append(Visitor(f"http://127.0.0.1:{port}{PREFIX}"))
            return visitors[-1]

        return SimpleNamespace(
            administration=administration,
            store=getattr(administration, "store", None),
            logged_in=logged_in,
            visitor=visitor,
            boss=visitor(),
        )

    yield run

    async def end():
        for visitor in visitors:
            await visitor.client.aclose()
        for server, administration in started:
            server.stop()
            await administration.close()
            await server.close_all_connections()

    jp_asyncio_loop.run_until_complete(end())


@pytest.fixture
def console(run, jp_asyncio_loop):
    """A console as `setup_hub` makes it."""
    return jp_asyncio_loop.run_until_complete(run())
