"""A person's own page, beside a hub that a test decides about. Its login with a real one is in test_hub.py."""

from types import SimpleNamespace

import httpx
import pytest
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.identity import HubIdentities
from jupyter_2i2c.hub.public.me import MeCallback, MePage, Own
from jupyter_2i2c.hub.store import announcements, requests
from jupyter_2i2c.sources import Stated

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def page(stub, administration, jp_asyncio_loop):
    """Opens the page as the one whose token the login brings."""
    login = SimpleNamespace(token="ada-token", logins=0)

    def begin(handler):
        login.logins += 1
        return "/s/oauth_callback"

    async def finish(handler):
        return login.token, "/s/me"

    login.begin, login.finish = begin, finish
    own = Own("/s/", "/hub/", login, Facts(Stated()), HubIdentities(stub.url), administration)
    application = web.Application(
        [("/s/me", MePage, {"own": own}), ("/s/oauth_callback", MeCallback, {"own": own})],
        log_function=id,
    )

    async def start():
        sock, port = bind_unused_port()
        server = HTTPServer(application)
        server.add_socket(sock)
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers=NAVIGATION,
            follow_redirects=True,
            trust_env=False,
        )
        return server, client

    server, client = jp_asyncio_loop.run_until_complete(start())

    async def see(path="/s/me", **options):
        return await client.get(path, **options)

    see.login = login
    see.own = own
    yield see

    async def stop():
        await client.aclose()
        server.stop()
        await server.close_all_connections()

    jp_asyncio_loop.run_until_complete(stop())


async def test_much_news_leaves_the_requests_in_reach_and_hides_no_incident(page, publish):
    for title in ("an old incident", *(f"note {number}" for number in range(6))):
        publish(title, severity="incident" if "incident" in title else "info")
    before, others = (await page()).text.split("<details>")
    assert "<summary>3 more</summary>" in others
    assert "an old incident" in before
    shown = [number for number in range(6) if f"note {number}<" in before]
    assert len(shown) == 3
    assert all(f"note {number}<" in others for number in range(6) if number not in shown)


async def test_it_shows_ones_own_news_and_requests_and_nobody_elses(page, publish, store):
    publish("for all", acknowledge=True)
    publish("for waves", audience={"kind": "groups", "groups": ["waves"]})
    publish("for administrators", audience={"kind": "administrators"})
    for person in ("ada", "mal"):
        content = requests.Content("incident", f"{person} <b>asks</b>", "text")
        store.write_now(requests.create, content, key="k", person=person, route="community")
    seen = await page()
    assert seen.status_code == 200
    assert "for all" in seen.text
    assert "for waves" in seen.text
    assert "for administrators" not in seen.text
    assert "You are asked to say that you have read it" in seen.text
    assert "ada &lt;b&gt;asks&lt;/b&gt;" in seen.text
    assert "mal" not in seen.text
    assert "waits to be sent" in seen.text


async def test_a_login_is_made_once(page):
    await page()
    await page()
    assert page.login.logins == 1


async def test_looking_at_it_marks_nothing(page, publish, store):
    made = publish()
    await page()
    assert store.read_now(announcements.counts, made).seen == 0


async def test_f28_a_login_that_ended_shows_nothing_more(page, publish, stub, clock):
    publish("for waves", audience={"kind": "groups", "groups": ["waves"]})
    assert "for waves" in (await page()).text
    del stub.tokens["ada-token"]
    page.login.token = "mal-token"
    assert "for waves" in (await page()).text  # within half a minute
    clock.passes(31)
    again = await page()
    assert page.login.logins == 2
    assert "for waves" not in again.text


async def test_who_may_not_use_the_service_is_told_so(page, stub):
    stub.tokens["ada-token"] = ("ada", ["read:users:name!user=ada"])
    refused = await page()
    assert refused.status_code == 403
    assert "does not let you in here" in refused.text


async def test_f1_while_the_hub_is_down_it_says_so(page, stub, clock):
    await page()
    clock.passes(31)
    await stub.stop()
    down = await page()
    assert down.status_code == 503
    assert down.headers["Retry-After"]
    assert "cannot be shown now" in down.text


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_t11_only_the_browser_itself_opens_it(page, publish, said):
    publish("secret")
    await page()
    refused = await page(headers=said)
    assert refused.status_code == 403
    assert "secret" not in refused.text
    assert "sandbox" in refused.headers["Content-Security-Policy"]


async def test_without_a_store_it_says_so(page, administration):
    administration.unusable = "no"
    assert (await page()).status_code == 503
    administration.unusable = ""
