"""What goes with every answer of the console (H1), and what it takes to read one (H4, A9)."""

import re

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from jupyter_2i2c.hub.console.base import Console, Framed
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.sources import Stated

from .scene import CONSOLE, NAVIGATION, Scene, console_routes

UNFRAMED = {"Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
ALWAYS = {**UNFRAMED, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
SANDBOX = {"allow-forms", "allow-scripts", "allow-downloads"}


def policy(answer):
    """The directives of a page's policy, each with its words."""
    directives = answer.headers["Content-Security-Policy"].split(";")
    return {each.split()[0]: each.split()[1:] for each in directives if each.strip()}


def assert_hard(answer):
    """All of H1."""
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, name
    found = policy(answer)
    assert found["default-src"] == ["'none'"]
    assert found["form-action"] == ["'self'"]
    assert found["base-uri"] == ["'none'"]
    assert found["frame-ancestors"] == ["'none'"]
    assert set(found["sandbox"]) <= SANDBOX
    assert all(re.fullmatch(r"'(sha256|nonce)-.+'", each) for each in found["style-src"])
    assert all(re.fullmatch(r"'(sha256|nonce)-.+'", each) for each in found.get("script-src", ()))
    assert "Access-Control-Allow-Origin" not in answer.headers
    cookies = answer.headers.get_list("Set-Cookie") if hasattr(answer, "url") else []
    assert all("HttpOnly" in each or '=""' in each for each in cookies)


@pytest.mark.end_to_end
def test_h1_every_answer_of_every_route_is_hardened(scene, tmp_path):
    boss = scene.visitor("boss")
    routes = console_routes(tmp_path)
    assert len(routes) > 15
    with scene.hub.browser() as stranger:
        stranger.follow_redirects = False
        for _, path in routes:
            address = scene.hub.address(CONSOLE + path)
            for answer in (
                boss.client.get(address, follow_redirects=False),
                boss.client.get(f"{address}/%00", follow_redirects=False),
                boss.client.post(address, data={"once": "x"}),
                boss.client.post(address, content=b"{", headers={"Content-Type": "text/plain"}),
                boss.client.put(address),
                boss.client.head(address, follow_redirects=False),
                stranger.get(address, headers=NAVIGATION),
                stranger.get(address),
            ):
                assert answer.status_code < 500, address
                assert_hard(answer)


async def test_h1_a_fault_of_our_own_is_hardened_too(caplog):
    class Broken(Framed):
        def get(self):
            raise ZeroDivisionError("secret")

    console = Console("/", "/hub/", None, None, Facts(Stated()))
    application = Application(
        [("/", Broken, {"console": console})], log_function=lambda handler: None
    )
    sock, port = bind_unused_port()
    server = HTTPServer(application)
    server.add_socket(sock)
    try:
        client = AsyncHTTPClient(force_instance=True)
        answer = await client.fetch(f"http://127.0.0.1:{port}/", raise_error=False)
        client.close()
    finally:
        server.stop()
        await server.close_all_connections()
    assert answer.code == 500
    assert b"secret" not in answer.body
    assert_hard(answer)


@pytest.mark.end_to_end
def test_h1_so_are_the_pages_of_a_console_without_a_store(hubs):
    scene = Scene(hubs, "c.HubService.database_url = 'sqlite:////nowhere/at/all.sqlite'")
    with scene.hub.browser() as client:
        for path in ("", "users", "oauth_callback", "intents/x"):
            answer = client.get(scene.hub.address(CONSOLE + path), headers=NAVIGATION)
            assert answer.status_code == 503
            assert_hard(answer)


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
        {"Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "websocket"},
    ],
    ids=lambda said: "-".join(said.values()) or "nothing",
)
def test_h4_a9_what_is_no_navigation_reads_and_does_nothing(scene, tmp_path, said):
    boss = scene.visitor("boss")
    once = boss.once(boss.see("users/ada"))
    for name in NAVIGATION:
        del boss.client.headers[name]
    for _, path in console_routes(tmp_path):
        answer = boss.see(path, headers=said, follow_redirects=False)
        assert answer.status_code == 403, path
        assert "administrator)" not in answer.text
    before = len(scene.audit())
    answer = boss.client.post(
        scene.hub.address(f"{CONSOLE}users/ada"),
        data={"once": once, "ask": "start-server:"},
        headers=said,
    )
    assert answer.status_code == 403
    assert len(scene.audit()) == before
