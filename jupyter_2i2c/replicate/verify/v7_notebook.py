"""V7: a real server starts from the rebuilt environment, and a notebook runs in each of its kernels. Called by verify/__init__.py.

The server has a home of its own and none of the person's variables; it listens on loopback with a
token that is made for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from ... import tethered
from ..bundle import Bundle
from ..errors import Cancelled
from ..targets.local import CONFIG, Built
from ..work import Work
from .ladder import Result, Rung, judged, not_run

START_TIMEOUT = 90
RUN_TIMEOUT = 120

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")

CELLS = (
    ("import sys, json\nprint(6 * 7)", "42"),
    ("from IPython.display import HTML, display\ndisplay(HTML('<b>replica</b>'))", "replica"),
    ("print(sys.prefix)", "{prefix}"),
)
"""Cells of the notebook, and what their output must hold."""


class NotWorking(Exception):
    """Something of the server does not work; the message says what."""


def check(bundle: Bundle, python: Path | None, built: Built | None, work: Work) -> Rung:
    """Start a server, save a notebook, run it, read it back; start every other kernel."""
    manifest = bundle.manifest()
    if manifest.kind != "environment":
        return not_run("the bundle holds no environment")
    if python is None:
        return not_run("nothing is built; give --built DIR, --python PATH or --target local")
    have = subprocess.run(
        [python, "-c", "import jupyter_server"], capture_output=True, check=False, cwd="/"
    )
    if have.returncode:
        return not_run("the environment has no jupyter_server, so it had none before")
    kernels = [
        item.id.partition(":")[2]
        for item in manifest.items
        if item.layer == "kernels" and item.status in ("captured", "secret-slot")
    ]
    work.step(0, 0, "starting a server")
    items: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="2i2c-server-") as home:
        try:
            with _running(python, Path(home), built) as (url, token, process):
                asyncio.run(_visit(url, token, process, python, kernels, items, work))
        except Cancelled:
            raise
        except (NotWorking, OSError) as error:
            items.setdefault("server", Result("fail", str(error)))
    return judged(items, "steps")


@contextmanager
def _running(
    python: Path, home: Path, built: Built | None
) -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    token = secrets.token_urlsafe(24)
    config = home / "config"
    config.mkdir()
    if built is not None and (built.directory / CONFIG).is_dir():
        config = built.directory / CONFIG
    environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environ.update(
        HOME=str(home),
        JUPYTER_TOKEN=token,  # in the environment: a command line is everybody's to read
        JUPYTER_CONFIG_DIR=str(config),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        IPYTHONDIR=str(home / "ipython"),
        PATH=f"{python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}",
    )
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = home / "server.log"
    with log.open("wb") as said:
        process = tethered.start(
            [
                python, "-m", "jupyter_server", "--no-browser", "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
                f"--ServerApp.root_dir={home}", "--ServerApp.password=", *root,
            ],
            cwd=home, env=environ, output=said,
        )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}", token, process
    except NotWorking as error:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise NotWorking(f"{error}; the server's last words: {' '.join(last)[:500]}") from None
    finally:
        tethered.stop(process)


async def _visit(
    url: str,
    token: str,
    process: subprocess.Popen[bytes],
    python: Path,
    kernels: list[str],
    items: dict[str, Result],
    work: Work,
) -> None:
    server = Server(url, token, process, work)
    await server.await_start()
    items["server"] = Result("pass", "it starts and answers")
    if await server.has_lab():
        items["lab"] = Result("pass", "JupyterLab's page is there")
    notebook = await run_notebook(server, str(python.parent.parent))
    items["notebook"] = notebook
    for name in kernels:
        work.step(0, 0, f"starting the kernel {name}")
        try:
            await server.start_kernel(name)
            items[f"kernel:{name}"] = Result("pass", "it starts and answers")
        except NotWorking as error:
            items[f"kernel:{name}"] = Result("fail", str(error))


async def run_notebook(server: Server, prefix: str) -> Result:
    """Save a notebook, run each cell in a session of its own, save the outputs, and read them back."""
    server.work.step(0, 0, "running a notebook")
    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
              "execution_count": None, "id": f"cell-{number}"}
             for number, (source, _) in enumerate(CELLS)]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    try:
        await server.ask(
            "PUT", "/api/contents/replica.ipynb", {"type": "notebook", "content": notebook}
        )
        session = await server.ask(
            "POST", "/api/sessions",
            {"path": "replica.ipynb", "type": "notebook", "name": "replica", "kernel": {"name": "python3"}},
        )  # fmt: skip
        for cell, (source, wanted) in zip(cells, CELLS, strict=True):
            outputs = await server.execute(session["kernel"]["id"], source)
            cell["outputs"] = outputs
            wanted = wanted.format(prefix=prefix)
            if wanted not in json.dumps(outputs, ensure_ascii=False):
                return Result("fail", f"a cell gives {outputs!r:.300}, not {wanted!r}")
        await server.ask(
            "PUT", "/api/contents/replica.ipynb", {"type": "notebook", "content": notebook}
        )
        back = await server.ask("GET", "/api/contents/replica.ipynb", None)
        await server.ask("DELETE", f"/api/sessions/{session['id']}", None)
    except NotWorking as error:
        return Result("fail", str(error))
    if CELLS[0][1] not in json.dumps(back["content"]["cells"][0]["outputs"]):
        return Result("fail", "the saved notebook has lost its output")
    return Result("pass", f"{len(CELLS)} cells ran and were saved")


class Server:
    """A server to talk to as a browser does.

    Arguments:
        url: without a slash at its end.
        token: which opens it.
        process: which it is.
        work: asked whether to stop.
    """

    def __init__(self, url: str, token: str, process: subprocess.Popen[bytes], work: Work) -> None:
        self.url = url
        self.work = work
        self._process = process
        self._headers = {"Authorization": f"token {token}"}
        self._client = AsyncHTTPClient()

    async def ask(self, method: str, path: str, body: object) -> Any:
        """One request; the answer's JSON."""
        request = HTTPRequest(
            self.url + path,
            method,
            self._headers,
            json.dumps(body) if body is not None else None,
            request_timeout=RUN_TIMEOUT,
        )
        try:
            answer = await self._client.fetch(request)
        except (HTTPClientError, OSError) as error:
            raise NotWorking(f"{method} {path}: {error}") from None
        return json.loads(answer.body) if answer.body else None

    async def await_start(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            self.work.check()
            if self._process.poll() is not None:
                raise NotWorking("the server does not start")
            try:
                await self.ask("GET", "/api/status", None)
                return
            except NotWorking:
                if time.monotonic() > deadline:
                    raise NotWorking(f"the server does not answer in {START_TIMEOUT} s") from None
                await asyncio.sleep(0.1)

    async def has_lab(self) -> bool:
        """Whether JupyterLab's page is served."""
        request = HTTPRequest(f"{self.url}/lab", headers=self._headers, request_timeout=30)
        answer = await self._client.fetch(request, raise_error=False)
        return answer.code == 200 and b"jupyter-config-data" in answer.body

    async def start_kernel(self, name: str) -> None:
        """Start a kernel, have it answer, and stop it."""
        kernel = await self.ask("POST", "/api/kernels", {"name": name})
        try:
            await self._talk(kernel["id"], "kernel_info_request", {}, "kernel_info_reply")
        finally:
            await self.ask("DELETE", f"/api/kernels/{kernel['id']}", None)

    async def execute(self, kernel: str, code: str) -> list[dict[str, Any]]:
        """Run code; its outputs as a notebook holds them."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        messages = await self._talk(kernel, "execute_request", content, "execute_reply")
        outputs = []
        for message in messages:
            kind, content = message["msg_type"], message["content"]
            if kind == "error":
                raise NotWorking(f"a cell fails: {content.get('ename')}: {content.get('evalue')}")
            if kind == "stream":
                outputs.append(
                    {"output_type": "stream", "name": content["name"], "text": content["text"]}
                )
            elif kind == "display_data":
                outputs.append(
                    {"output_type": "display_data", "data": content["data"], "metadata": {}}
                )
        return outputs

    async def _talk(
        self, kernel: str, kind: str, content: dict[str, Any], answer: str
    ) -> list[dict[str, Any]]:
        """Send a message, and collect what belongs to it until the kernel is idle and has answered."""
        address = self.url.replace("http", "ws", 1) + f"/api/kernels/{kernel}/channels"
        identifier = uuid.uuid4().hex
        header = {"msg_id": identifier, "msg_type": kind, "username": "", "session": identifier,
                  "version": "5.3", "date": ""}  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
                   "channel": "shell", "buffers": []}  # fmt: skip
        try:
            socket_ = await websocket_connect(HTTPRequest(address, headers=self._headers))
        except (HTTPClientError, OSError) as error:
            raise NotWorking(f"the kernel's channel does not open: {error}") from None
        collected: list[dict[str, Any]] = []
        idle = answered = False
        deadline = time.monotonic() + RUN_TIMEOUT
        try:
            await socket_.write_message(json.dumps(message))
            waiting = asyncio.ensure_future(_next(socket_))
            while not (idle and answered):
                self.work.check()
                done, _ = await asyncio.wait({waiting}, timeout=0.2)
                if time.monotonic() > deadline:
                    waiting.cancel()
                    raise NotWorking(f"the kernel does not answer in {RUN_TIMEOUT} s")
                if not done:
                    continue
                text = waiting.result()
                if text is None:
                    raise NotWorking("the kernel's channel closes: the kernel died")
                waiting = asyncio.ensure_future(_next(socket_))
                one = json.loads(text)
                if one.get("parent_header", {}).get("msg_id") != identifier:
                    continue
                collected.append(one)
                answered = answered or one["msg_type"] == answer
                idle = idle or (
                    one["msg_type"] == "status" and one["content"]["execution_state"] == "idle"
                )
            waiting.cancel()
        finally:
            socket_.close()
        return collected


async def _next(channel: Any) -> str | bytes | None:
    message: str | bytes | None = await channel.read_message()
    return message
