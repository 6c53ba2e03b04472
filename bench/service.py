"""The hub's service

On a real JupyterHub: `api/v1/info` with a token that is remembered, against a tornado handler that
does nothing; what a client with such a token notices while 200 new tokens come at once; and what
others notice while the hub takes four seconds to answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from jupyter_2i2c.demo.local_hub import LocalHub, free_ports, xsrf
from jupyter_2i2c.demo.runner import CONFIG

from .figures import Figure, at_least, at_most, percentile
from .load import BARE, rates

TOKENS = 200
SLOW = 4.0


def run() -> list[Figure]:
    figures = []
    with LocalHub(CONFIG) as hub, hub.browser() as browser:
        hub.login(browser, "ada")
        info = f"http://127.0.0.1:{hub.service_port}/services/2i2c/api/v1/info"
        token = hub.token(browser, "ada")
        figures += _rates(info, token)
        figures.append(_burst(info, token, _new_tokens(browser)))
    figures.append(asyncio.run(_slow_hub()))
    return figures


def _rates(info: str, token: str) -> list[Figure]:
    with free_ports(0, 1) as (port,):
        pass
    bare = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        _await(f"http://127.0.0.1:{port}/")
        urls = {"bare": f"http://127.0.0.1:{port}/", "info": info}
        headers = {"Authorization": f"token {token}"}
        figures = []
        for connections in (1, 32):
            found = rates(urls, headers, connections)
            figures.append(
                at_least(
                    f"`api/v1/info` over a bare handler, {connections}"
                    f" connection{'s' * (connections > 1)}",
                    found["info"] / found["bare"],
                    0.6,
                    f" ({found['info']:,.0f}/s)",
                )
            )
        return figures
    finally:
        bare.terminate()
        bare.wait()


def _await(url: str) -> None:
    while True:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.05)


def _new_tokens(browser: httpx.Client) -> list[str]:
    path, headers = "hub/api/users/ada/tokens", {"X-XSRFToken": xsrf(browser)}
    return [
        browser.post(path, headers=headers, json={"expires_in": 600}).json()["token"]
        for _ in range(TOKENS)
    ]


CLIENT = """
import http.client, json, sys, time
host, port, path, token, seconds = sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], float(sys.argv[5])
connection = http.client.HTTPConnection(host, port)
headers = {"Authorization": f"token {token}"}
times = []
end = time.perf_counter() + seconds
while time.perf_counter() < end:
    begin = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    times.append((time.time(), time.perf_counter() - begin))
print(json.dumps(times))
"""
"""A client that asks again and again, in a process of its own."""


def _client(info: str, token: str, seconds: float) -> subprocess.Popen[str]:
    url = httpx.URL(info)
    arguments = [url.host, str(url.port), url.path, token, str(seconds)]
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, *arguments], stdout=subprocess.PIPE, text=True
    )


def _times(client: subprocess.Popen[str]) -> list[tuple[float, float]]:
    """When the client had each answer, and how long it took."""
    times: list[tuple[float, float]] = json.loads(client.communicate()[0])
    return times


async def _ask_all(info: str, tokens: list[str]) -> float:
    limits = httpx.Limits(max_connections=16)
    begin = time.perf_counter()
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.get(info, headers={"Authorization": f"token {each}"}) for each in tokens)
        )
    assert {answer.status_code for answer in answers} == {200}
    return time.perf_counter() - begin


def _burst(info: str, token: str, tokens: list[str]) -> Figure:
    """All new tokens at once, while a client asks on; only what it asked meanwhile counts."""
    quiet = _times(_client(info, token, 2))
    client = _client(info, token, 4)
    time.sleep(0.5)
    begin = time.time()
    asyncio.run(_ask_all(info, tokens))
    end = time.time()
    during = [took for at, took in _times(client) if begin <= at <= end]
    before = statistics.median(took for _, took in quiet)
    return at_most(
        f"p50 of a remembered token while {TOKENS} new ones come, over its quiet value",
        statistics.median(during) / before,
        2,
        "",
        f" (quiet {before * 1000:.2f} ms; {len(during)} requests in {end - begin:.2f} s, p99"
        f" {percentile(during, 0.99) * 1000:.1f} ms)",
    )


async def _slow_hub() -> Figure:
    """A service of its own, whose hub takes four seconds for a token it does not know yet."""

    async def hub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"token slow" in request:
            await asyncio.sleep(SLOW)
        body = b'{"name": "ada", "scopes": ["access:services!service=2i2c"]}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hub, "127.0.0.1", 0)
    with free_ports(0, 2) as (public, operations):
        pass
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "service.py"
        config.write_text(f"c.HubService.metrics_bind = '127.0.0.1:{operations}'\n")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_2i2c.hub", f"--config={config}"),
            env={
                **os.environ,
                "JUPYTERHUB_API_URL": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hub/api",
                "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{public}",
                "JUPYTERHUB_SERVICE_PREFIX": "/services/2i2c/",
            },
            cwd=directory,
        )
        try:
            info = f"http://127.0.0.1:{public}/services/2i2c/api/v1/info"
            async with httpx.AsyncClient(timeout=30) as client:
                while True:
                    try:
                        await client.get(info)
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.05)
                await client.get(info, headers={"Authorization": "token known"})
                slow = asyncio.ensure_future(
                    client.get(info, headers={"Authorization": "token slow"})
                )
                delays = []
                while not slow.done():
                    begin = time.perf_counter()
                    await client.get(info, headers={"Authorization": "token known"})
                    delays.append((time.perf_counter() - begin) * 1000)
                    await asyncio.sleep(0.02)
                assert (await slow).status_code == 200
        finally:
            process.terminate()
            await process.wait()
            server.close()
    return at_most("the longest of other requests while the hub takes 4 s", max(delays), 50, " ms")
