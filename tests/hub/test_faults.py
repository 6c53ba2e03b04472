"""A real service whose hub or whose configuration fails."""

import asyncio
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest
from traitlets import TraitError

from jupyter_2i2c.demo.local_hub import free_ports
from jupyter_2i2c.hub.app import HubService


@pytest.fixture
def service(tmp_path):
    """Starts the service as a hub would, and stops it."""
    started = []

    def start(hub_url="http://127.0.0.1:9/hub/api", handed=None, config="", **environment):
        with free_ports(0, 2) as (public, operations):
            pass
        own = tmp_path / "own.py"
        own.write_text(f"c.HubService.metrics_bind = '127.0.0.1:{operations}'\n{config}")
        path = tmp_path / "handed.json"
        if handed is not None:
            path.write_bytes(handed)
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_2i2c.hub", f"--config={own}"],
            env={
                **os.environ,
                "JUPYTERHUB_API_URL": hub_url,
                "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{public}",
                "JUPYTERHUB_SERVICE_PREFIX": "/services/2i2c/",
                "JUPYTER_2I2C_CONFIG_FILE": str(path),
                **environment,
            },
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        base = f"http://127.0.0.1:{public}/services/2i2c/"
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(base)
                return process, base, f"http://127.0.0.1:{operations}"
            except httpx.TransportError:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("handed", "words"),
    [
        (None, "No such file"),
        (b'{"schema": 1,\n oops', "line 2 column 2"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b'{"schema": 2}', "not written by this version"),
    ],
    ids=["F19 missing", "F18 malformed", "F20 not UTF-8", "F17 newer"],
)
def test_it_starts_degraded_and_says_why(service, handed, words):
    process, base, operations = service(handed=handed)
    page = httpx.get(base)
    assert page.status_code == 200
    assert "Right to Replicate" in page.text
    health = httpx.get(f"{operations}/healthz").json()
    assert health["status"] == "degraded"
    assert words in health["message"]
    assert "jupyter_2i2c_degraded 1.0" in httpx.get(f"{operations}/metrics").text
    process.terminate()
    assert words in process.communicate(timeout=20)[1]


def test_f21_f22_mistakes_in_its_own_file_are_named_and_the_rest_shows(service):
    process, base, _ = service(
        config="c.HubInformation.name = 'Own'\n"
        "c.HubInformation.docs_url = 3\nc.HubInformation.weather = 'fine'"
    )
    assert "Own" in httpx.get(base).text
    process.terminate()
    said = process.communicate(timeout=20)[1]
    assert "c.HubInformation.docs_url in" in said
    assert "given 3, expected an address" in said
    assert "the unknown setting 'weather'" in said


@pytest.mark.parametrize("bind", ["here", "127.0.0.1", "127.0.0.1:", ":http"])
def test_f22_an_address_for_metrics_that_is_none_is_told_what_it_should_be(bind):
    with pytest.raises(TraitError, match="HOST:PORT"):
        HubService(metrics_bind=bind)


def test_f1_with_the_hub_down_the_page_answers_and_the_api_asks_to_come_back(service):
    _, base, _ = service()
    assert httpx.get(base).status_code == 200
    answer = httpx.get(f"{base}api/v1/info", headers={"Authorization": "token t"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "try again" in answer.json()["message"]
    assert "with or without 2i2c" in answer.json()["last_known"]["facts"]["statement"]


def test_a24_what_is_too_large_is_not_even_read(service):
    _, base, _ = service()
    url = httpx.URL(base)
    head = f"POST {url.path}api/v1/intents HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n"
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_f12_a_store_that_comes_late_is_taken_up(service, tmp_path):
    config = (
        "c.HubService.database_url = 'sqlite:///later/store.sqlite'\n"
        "from jupyter_2i2c.hub.app import HubService\n"
        "HubService.STORE_RETRY = 0.1\n"
    )
    _, base, operations = service(config=config)
    assert httpx.get(f"{operations}/readyz").status_code == 503
    assert "with or without 2i2c" in httpx.get(base).text
    (tmp_path / "later").mkdir()
    deadline = time.monotonic() + 30
    while not ready(operations):
        assert time.monotonic() < deadline


def ready(operations):
    try:
        return httpx.get(f"{operations}/readyz").status_code == 200
    except httpx.TransportError:  # it begins anew
        return False


def test_it_stops_when_it_is_told_to(service):
    process, _, _ = service()
    process.terminate()
    assert process.wait(20) == 0


async def test_t16_a_slow_hub_keeps_nobody_waiting(service, jp_asyncio_loop):
    gone = asyncio.Event()

    async def silent(reader, writer):
        await reader.read()  # until the other side gives up
        writer.close()
        await writer.wait_closed()
        gone.set()

    hub = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = hub.sockets[0].getsockname()[1]
    _, base, _ = service(f"http://127.0.0.1:{port}/hub/api")
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": "token t"}
        slow = asyncio.ensure_future(client.get(f"{base}api/v1/info", headers=headers, timeout=20))
        answers = [await client.get(base) for _ in range(5)]
        assert not slow.done()
        assert {answer.status_code for answer in answers} == {200}
        answer = await slow
    assert answer.status_code == 503
    assert "takes too long" in answer.json()["message"]
    await gone.wait()
    hub.close()
    await hub.wait_closed()


HOSTILE = """
c.HubInformation.name = '<script>alert(1)</script>'
c.HubInformation.description = '"><img src=x onerror=alert(1)>'
c.HubInformation.notices = ['<svg onload=alert(1)>', '<a href="javascript:alert(1)">x</a>']
c.HubInformation.org = {'name': '{{ 7 * 7 }}<style>*{}</style>', 'url': 'https://x.example/"onclick=x'}
c.HubInformation.contacts = [{'role': 'community', 'name': '<b>x</b>', 'email': 'a@b.example"><script>'}]
c.HubInformation.operated_by = '</dd></dl><form action=https://evil.example>'
"""


def test_a14_a15_configuration_cannot_put_markup_on_the_page(service):
    _, base, _ = service(config=HOSTILE)
    page = httpx.get(base).text
    for markup in (
        "<script",
        "<img src=x",
        "<svg",
        "javascript:",
        "<form",
        "{{",
        "onclick=x",
        "49",
    ):
        assert markup not in page.split("</head>")[1], markup
    assert "&lt;script&gt;" in page
