"""A stand-in for the hub and its service, which answers as a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

FACTS = {
    "version": 1,
    "facts": {"name": "Stand-in hub", "region": "north"},
    "provenance": {
        "name": {"layer": "service", "source": "the stand-in"},
        "region": {"layer": "service", "source": "the stand-in"},
    },
}


class StandIn:
    """Answers every request with what `answer` makes of it, and remembers them all."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self._arrived = asyncio.Event()
        self.answer: Callable[[web.RequestHandler], Any] = lambda handler: handler.finish(
            json.dumps(FACTS)
        )

    def says(self, body: Any = b"", status: int = 200, **headers: str) -> None:
        """Answer with this from now on."""

        def answer(handler: web.RequestHandler) -> None:
            handler.set_status(status)
            for name, value in headers.items():
                handler.set_header(name.replace("_", "-"), value)
            if body or status not in (204, 304):
                handler.write(body if isinstance(body, (bytes, str)) else json.dumps(body))
            handler.finish()

        self.answer = answer

    def arrive(self, request: Any) -> None:
        self.requests.append(request)
        self._arrived.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the request after which `condition` holds."""
        while not condition():
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), 10)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


@pytest.fixture
def stand_in(jp_asyncio_loop, monkeypatch):
    """The stand-in, running; this process is told that it is the hub."""
    model = StandIn()

    class Handler(web.RequestHandler):
        async def prepare(self):
            model.arrive(self.request)
            done = model.answer(self)
            if asyncio.iscoroutine(done):
                await done
            if not self._finished:
                self.finish()

    sock, port = bind_unused_port()
    server = HTTPServer(web.Application([(r".*", Handler)], log_function=lambda _: None))

    async def start():
        server.add_sockets([sock])

    async def stop():
        server.stop()
        await server.close_all_connections()

    jp_asyncio_loop.run_until_complete(start())
    model.url = f"http://127.0.0.1:{port}"
    for name, value in {
        "JUPYTERHUB_API_URL": f"{model.url}/hub/api",
        "JUPYTERHUB_API_TOKEN": "server-token",
        "JUPYTERHUB_USER": "ada",
        "JUPYTER_2I2C_SERVICE_URL": f"{model.url}/services/2i2c/",
    }.items():
        monkeypatch.setenv(name, value)
    yield model
    jp_asyncio_loop.run_until_complete(stop())


@pytest.fixture
def no_hub(monkeypatch):
    """This process is told that there is no hub."""
    for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN", "JUPYTER_2I2C_SERVICE_URL"):
        monkeypatch.delenv(name, raising=False)
