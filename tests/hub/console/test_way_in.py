"""The login's own part of the way in (A18, A26); what the hub does of it is tested with a real one in test_login.py."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from jupyterhub.services.auth import HubOAuth
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub.console.login import LONGEST, Login


class Begin(web.RequestHandler):
    def get(self):
        self.finish(self.settings["login"].begin(self))


class End(web.RequestHandler):
    async def get(self):
        token, wanted = await self.settings["login"].finish(self)
        self.finish({"token": token, "wanted": wanted})


@pytest.fixture
def browser(jp_asyncio_loop, monkeypatch):
    """Makes browsers, for a login that the hub lets through."""

    async def token_for_code(auth, code, sync, **more):
        return f"token for {code}"

    monkeypatch.setattr(HubOAuth, "token_for_code", token_for_code)
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:9/hub/api")
    opened = []

    async def start():
        auth = HubOAuth(
            api_token="x" * 32,
            oauth_client_id="service-x",
            oauth_redirect_uri="/c/end",
            base_url="/c/",
        )
        routes = [("/c/end", End), ("/c/.*", Begin)]
        application = web.Application(
            routes, login=Login(auth), cookie_secret="y" * 32, log_function=id
        )
        sock, port = bind_unused_port()
        server = HTTPServer(application)
        server.add_socket(sock)
        return server, f"http://127.0.0.1:{port}"

    server, address = jp_asyncio_loop.run_until_complete(start())

    def browser():
        opened.append(httpx.AsyncClient(base_url=address, trust_env=False))
        return opened[-1]

    yield browser

    async def stop():
        for each in opened:
            await each.aclose()
        server.stop()
        await server.close_all_connections()

    jp_asyncio_loop.run_until_complete(stop())


async def begun(browser, page="/c/users?name=ada"):
    """The state with which the hub sends somebody back."""
    address = (await browser.get(page)).text
    return parse_qs(urlsplit(address).query)["state"][0]


async def test_who_began_gets_a_token_and_the_page_that_was_wanted(browser):
    own = browser()
    state = await begun(own)
    answer = await own.get("/c/end", params={"code": "1", "state": state})
    assert answer.json() == {"token": "token for 1", "wanted": "/c/users?name=ada"}


async def test_a26_a_login_that_another_browser_began_is_none(browser):
    own, other = browser(), browser()
    state = await begun(own)
    for stranger in (browser(), other):
        answer = await stranger.get("/c/end", params={"code": "1", "state": state})
        assert answer.status_code == 403
        await begun(other)  # neither for somebody who has begun one of their own
    assert (await own.get("/c/end", params={"code": "1", "state": state})).status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"code": "1"},
        *(
            {"code": "1", "state": each}
            for each in ("", "x", "ü", "e30=", "bnVsbA==", "=", "W10=", "eyJhIjp7fX0=")
        ),
    ],
)
async def test_a26_an_end_without_a_beginning_is_none(browser, said):
    assert (await browser().get("/c/end", params=said)).status_code == 403


async def test_a_page_with_an_address_longer_than_any_is_not_kept(browser):
    own = browser()
    state = await begun(own, "/c/" + "x" * LONGEST)
    answer = await own.get("/c/end", params={"code": "1", "state": state})
    assert answer.json()["wanted"] == "/c/"
