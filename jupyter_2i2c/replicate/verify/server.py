"""A server of a person, on this machine or elsewhere, talked to as a browser does: REST, and a kernel's channel. Used by v7_notebook.py, v7_hub.py and v7_elsewhere.py."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import uuid
from contextlib import suppress
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from ..work import Work

START_TIMEOUT = 90
RUN_TIMEOUT = 120
CLOSE_TIMEOUT = 6

LARGEST = 16 << 20
"""Bytes of one answer, and of all that a cell says."""


class NotWorking(Exception):
    """Something of the server does not work; the message says what."""


class Server:
    """A server to talk to as a browser does. It may be anybody's: what it says is bounded, and leads nowhere else.

    Arguments:
        url: without a slash at its end.
        token: which opens it.
        process: which it is; None where it runs elsewhere.
        work: asked whether to stop.
    """

    def __init__(
        self, url: str, token: str, process: subprocess.Popen[bytes] | None, work: Work
    ) -> None:
        self.url = url
        self.work = work
        self._process = process
        self._headers = {"Authorization": f"token {token}"}
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=LARGEST)

    def close(self) -> None:
        """End the conversation."""
        self._client.close()

    async def ask(self, method: str, path: str, body: object) -> Any:
        """One request; the answer's JSON."""
        request = HTTPRequest(
            self.url + path,
            method,
            self._headers,
            json.dumps(body) if body is not None else None,
            request_timeout=RUN_TIMEOUT,
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            answer = await self._client.fetch(request)
            return json.loads(answer.body) if answer.body else None
        except (HTTPClientError, OSError, ValueError, RecursionError) as error:
            raise NotWorking(f"{method} {path}: {error}") from None

    async def await_start(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            self.work.check()
            if self._process and self._process.poll() is not None:
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
        request = HTTPRequest(
            f"{self.url}/lab", headers=self._headers, request_timeout=30, follow_redirects=False
        )
        try:
            answer = await self._client.fetch(request, raise_error=False)
        except (HTTPClientError, OSError) as error:
            raise NotWorking(f"GET /lab: {error}") from None
        return answer.code == 200 and b"jupyter-config-data" in answer.body

    async def start_kernel(self, name: str) -> None:
        """Start a kernel, have it answer, and stop it."""
        kernel = await self.ask("POST", "/api/kernels", {"name": name})
        try:
            await self._talk(kernel["id"], "kernel_info_request", {}, "kernel_info_reply")
        finally:
            await self.ask("DELETE", f"/api/kernels/{kernel['id']}", None)

    async def execute(
        self, kernel: str, code: str, *, remembered: bool = True
    ) -> list[dict[str, Any]]:
        """Run code; its outputs as a notebook holds them.

        Arguments:
            kernel: the id of one that runs.
            code: a cell.
            remembered: whether it shall be in the history of whoever's kernel it is.
        """
        content = {
            "code": code, "silent": False, "store_history": remembered, "allow_stdin": False,
        }  # fmt: skip
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
            socket_ = await websocket_connect(
                HTTPRequest(address, headers=self._headers, follow_redirects=False),
                max_message_size=LARGEST,
            )
        except (HTTPClientError, OSError, ValueError) as error:
            raise NotWorking(f"the kernel's channel does not open: {error}") from None
        collected: list[dict[str, Any]] = []
        said = 0
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
                said += len(text)
                if said > LARGEST:
                    raise NotWorking(f"the kernel says more than {LARGEST >> 20} MiB")
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
            # whoever asks nothing more would leave it open
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_closed(socket_), CLOSE_TIMEOUT)
        return collected


async def _closed(channel: Any) -> None:
    while await channel.read_message() is not None:
        pass


async def _next(channel: Any) -> str | bytes | None:
    message: str | bytes | None = await channel.read_message()
    return message
