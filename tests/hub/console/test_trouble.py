"""The console while its hub or its store fails: told in words, with a status and a time to come back, and nothing is lost."""

import asyncio
import sqlite3

import httpx
import pytest

from jupyter_2i2c.hub.console.login import Login
from jupyter_2i2c.hub.hub_api import HubApi
from jupyter_2i2c.hub.store import audit
from jupyter_2i2c.hub.store.errors import StoreUnavailable


def fault_of(name):
    """What the hub does instead of answering."""

    async def fault(handler):
        if name == "F2 500":
            handler.set_status(500)
        elif name == "F3 503":
            handler.set_status(503)
        elif name == "F4 HTML":
            handler.finish("<html><script>alert('hub')</script></html>")
        elif name == "F6 reset":
            stream = handler.detach()
            await stream.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"items"')
            stream.close()
        return True

    return fault


FAULTS = ["F1 down", "F2 500", "F3 503", "F4 HTML", "F5 slow", "F6 reset"]
PAGES = ["", "users", "users/grace", "groups", "groups/staff"]


@pytest.fixture
def break_hub(stub, monkeypatch, jp_asyncio_loop):
    """Makes the hub fail, and mends it again in the end."""
    silent = asyncio.Event()

    async def slow(handler):
        await silent.wait()
        return True

    def break_hub(name):
        if name == "F1 down":
            stub.server.stop()
        elif name == "F5 slow":
            monkeypatch.setattr(HubApi, "READ_TIMEOUT", 0.3)
            monkeypatch.setattr(HubApi, "CHANGE_TIMEOUT", 0.3)
            stub.fault = slow
        else:
            stub.fault = fault_of(name)

    yield break_hub
    silent.set()
    stub.fault = None


@pytest.mark.parametrize("name", FAULTS)
async def test_pages_say_that_the_hub_fails(stub, console, break_hub, name):
    stub.add("grace")
    await console.boss.see()
    break_hub(name)
    for path in PAGES:
        page = await console.boss.see(path)
        assert page.status == 503, path
        assert page.answer.headers["Retry-After"]
        assert "Try again in a moment" in page.text
        assert "alert('hub')" not in page.source
        assert "boss" in page.text  # still logged in


@pytest.mark.parametrize("name", FAULTS)
async def test_a_decision_that_the_hub_does_not_take_waits(stub, console, break_hub, name):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    break_hub(name)
    answer = await console.boss.approve(page, message="Maintenance")
    assert answer.status == 503
    assert "Nothing was changed" in answer.text
    found = await console.administration.desk.get(page.path.rpartition("/")[2], "boss")
    assert found.state == "pending"
    if name == "F1 down":
        return
    stub.fault = None
    page = await console.boss.see(page.path)
    assert "Done" in (await console.boss.approve(page)).text


async def test_the_list_that_breaks_off_says_so(stub, console):
    for number in range(450):
        stub.add(f"u{number:03}")

    async def fault(handler):
        if handler.get_argument("offset", "0") != "400":
            return False
        handler.set_status(500)
        return True

    stub.fault = fault
    page = await console.boss.see("administrators")
    assert "boss" in page.text
    assert "not all" in page.text
    assert "administrators." not in page.text


async def test_a_file_that_breaks_off_is_not_taken_for_whole(console, monkeypatch):
    await console.store.write(
        lambda c: [audit.append(c, "boss", "x", {}, "done") for _ in range(900)]
    )
    read, asked = console.store.read, []

    async def once(*arguments, **more):
        asked.append(arguments)
        if len(asked) > 1:
            raise StoreUnavailable("the disk is gone")
        return await read(*arguments, **more)

    await console.boss.see("intents")
    monkeypatch.setattr(console.store, "read", once)
    with pytest.raises(httpx.RemoteProtocolError):
        await console.boss.see("audit?as=csv")


async def test_a_login_that_the_hub_ended_begins_anew(stub, console):
    stub.add("grace")
    await console.boss.see("users")
    stub.tokens["new-token"] = stub.tokens.pop("boss-token")
    assert (await console.boss.see("users/grace")).status == 403
    console.logged_in.token = "new-token"
    again = await console.boss.see("users/grace?x=1")
    assert again.status == 200
    assert str(again.answer.url).endswith("users/grace?x=1")


@pytest.mark.parametrize(
    ("said", "public", "secure"),
    [
        ({}, "", False),
        ({"X-Forwarded-Proto": "https,http"}, "", True),
        ({"X-Forwarded-Proto": "http"}, "https://hub.example/", True),
        ({"X-Forwarded-Proto": "https"}, "http://hub.example/", False),
    ],
)
async def test_h6_the_logins_cookie_is_for_https_where_the_browser_comes_by_it(
    console, monkeypatch, said, public, secure
):
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", public)
    begun = await console.boss.see("users", headers=said, follow_redirects=False)
    back = begun.answer.headers["Location"]
    answer = (await console.boss.see(back, headers=said, follow_redirects=False)).answer
    (cookie,) = [each for each in answer.headers.get_list("Set-Cookie") if "session" in each]
    assert ("; Secure" in cookie) is secure


async def test_a18_a_login_leads_to_a_page_of_the_console_whatever_was_wanted(console, monkeypatch):
    async def finish(_, handler):
        return "boss-token", "//evil.example/"

    monkeypatch.setattr(Login, "finish", finish)
    page = await console.boss.see("users")
    assert str(page.answer.url).endswith("/services/2i2c-console/")


async def test_a_form_without_its_login_does_nothing(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    stub.tokens["new-token"] = stub.tokens.pop("boss-token")
    answer = await console.boss.approve(page)
    assert answer.status == 403
    assert stub.running() == {("grace", "")}
    # that it was tried is written down
    entry, *_ = await console.store.read(audit.entries)
    assert (entry.actor, entry.action, entry.result) == ("boss", "stop-server", "denied")
    assert "does not take the login" in entry.detail["why"]
    console.logged_in.token = "new-token"
    page = await console.boss.see(page.path)
    assert "Done" in (await console.boss.approve(page)).text


async def test_whatever_is_sent_without_the_right_is_written_down(stub, console):
    await console.boss.see()
    name, _ = stub.tokens["boss-token"]
    page = await console.boss.see("users/boss")
    stub.tokens["boss-token"] = (name, ["read:users!user=boss"])
    assert (await console.boss.send(page, ask="stop-all")).status == 403
    entry, *_ = await console.store.read(audit.entries)
    assert (entry.actor, entry.result) == ("boss", "denied")
    assert entry.target == {"page": "users/boss"}
    assert "list:users" in entry.detail["why"]


async def test_after_a_form_a_login_begins_from_a_page(console):
    """A form may lead to no other host, and a redirect from it neither: F38, or it ends in nothing."""
    page = await console.boss.see(
        "users", headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False
    )
    assert page.status == 200
    assert "Go on to the hub’s login" in page.text
    to = page.link("oauth_callback")
    assert page.answer.headers["Refresh"] == f"0; url={to}"
    assert (await console.boss.see(to)).text.startswith("Skip to the content")
    for site in ("none", "same-origin", "same-site"):
        stranger = console.visitor()
        page = await stranger.see("users", headers={"Sec-Fetch-Site": site}, follow_redirects=False)
        assert page.answer.headers["Location"] == to


async def test_a_store_that_cannot_be_used_turns_the_console_off(run, tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"this is not a database" * 100)
    console = await run()
    for path in ("", "users", "audit", "oauth_callback", "nothing"):
        page = await console.boss.see(path)
        assert page.status == 503
        assert page.answer.headers["Retry-After"]
        assert "The console is off" in page.text
        assert "not a database" not in page.text


async def test_f12_a_store_that_is_locked_is_told_and_what_was_asked_still_waits(
    stub, console, tmp_path, monkeypatch
):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("begin immediate")
    answer = await console.boss.approve(page)
    other.execute("rollback")
    other.close()
    assert answer.status == 503
    assert stub.running() == {("grace", "")}
    page = await console.boss.see(page.path)
    assert "Done" in (await console.boss.approve(page)).text


async def test_open_server_is_not_given_when_it_cannot_be_written_down(stub, run, monkeypatch):
    console = await run(server_access=True)
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "open-server:")

    async def write(*_, **__):
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(console.store, "write", write)
    answer = await console.boss.send(page, reason="help")
    assert answer.status == 503
    assert "/user/grace" not in answer.source
    monkeypatch.undo()
    assert await console.store.read(audit.entries, action="open-server") == []
