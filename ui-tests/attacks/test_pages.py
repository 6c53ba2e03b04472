"""What a page of mal's server tries on the console in an administrator's browser: A7 to A12, T18, A14 and A15.

Each attack is first made on a service without the console's protection, where it works.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Error

from tests.attacks.scene import CONSOLE, TWIN, text

from .front import Front

LOOK = """() => {
    try { return stolen.document.body.innerHTML } catch (error) { return error.name }
}"""

DRIVE = """async () => {
    try {
        const field = stolen.document.querySelector("[name=_xsrf], [name=once]");
        const answer = await fetch(stolen.location.href, {
            method: "POST",
            body: new URLSearchParams([[field.name, field.value]])
        });
        return answer.status;
    } catch (error) { return error.name }
}"""

FETCH = """async ([url, mode]) => {
    try {
        const answer = await fetch(url, {mode, credentials: "include"});
        return await answer.text();
    } catch (error) { return error.name }
}"""

SUBMIT = """([url, fields]) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement("input");
        [field.type, field.name, field.value] = ["hidden", name, value];
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}"""

EMBED = """url => {
    const frame = document.createElement("iframe");
    frame.src = url;
    frame.name = "prey";
    const loaded = new Promise(done => { frame.onload = () => done() });
    document.body.append(frame);
    return loaded;
}"""

WORKER = """async script => {
    try {
        const found = await navigator.serviceWorker.register(script, {scope: "/"});
        await navigator.serviceWorker.ready.catch(() => null);
        return found.scope;
    } catch (error) { return error.name }
}"""


def steal(victim, path):
    """Open a page from mal's, as mal's scripts do, and look into it."""
    with victim.trap.expect_popup() as opened:
        victim.trap.evaluate("url => { window.stolen = window.open(url) }", victim.address(path))
    opened.value.wait_for_load_state()
    seen, driven = victim.trap.evaluate(LOOK), victim.trap.evaluate(DRIVE)
    content = opened.value.content()
    opened.value.close()
    return seen, driven, content


def test_a7_a_popup_gives_nothing_away(victim, shared):
    before = len(victim.scene.done())
    seen, driven, _ = steal(victim, TWIN)
    if shared:
        assert "secret of boss" in seen
        assert driven == 200
        assert victim.scene.done()[before:] == ["boss"]
    else:  # its own host keeps even such a service safe
        assert (seen, driven) == ("SecurityError", "SecurityError")
    log = len(victim.scene.audit())
    for path in ("", "users", "users/boss", "logout"):
        seen, driven, content = steal(victim, CONSOLE + path)
        assert "boss (administrator)" in content  # it was there, for boss to see
        assert (seen, driven) == ("SecurityError", "SecurityError")
    seen, driven, content = steal(victim, "services/2i2c/me")
    assert "Your news and help requests" in content
    assert (seen, driven) == ("SecurityError", "SecurityError")
    assert len(victim.scene.audit()) == log


def test_a8_the_console_is_in_no_frame(victim):
    victim.trap.evaluate(EMBED, victim.address(TWIN))
    assert "secret of boss" in victim.trap.frame("prey").content()
    victim.trap.reload()
    victim.trap.evaluate(EMBED, victim.address(CONSOLE))
    (frame,) = [each for each in victim.trap.frames if each != victim.trap.main_frame]
    assert "boss (administrator)" not in frame.content()
    assert CONSOLE not in frame.url


@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_a9_a_script_can_fetch_nothing(victim, shared, mode):
    twin = victim.trap.evaluate(FETCH, [victim.address(f"{TWIN}careless"), mode])
    assert ("secret of boss" in twin) is shared
    answers = []
    victim.trap.on("response", lambda answer: answers.append(answer.status))
    for path in ("", "users", "audit?as=csv", "logout"):
        found = victim.trap.evaluate(FETCH, [victim.address(CONSOLE + path), mode])
        assert "administrator)" not in found
        assert "boss" not in found
        assert 200 not in answers


def test_a10_a_form_of_mals_does_nothing(victim):
    scene = victim.scene
    scene.with_server("eve")
    key = scene.intent("boss", user="eve")
    before = len(scene.done())
    with victim.trap.expect_navigation():
        victim.trap.evaluate(SUBMIT, [victim.address(f"{TWIN}careless"), {}])
    assert scene.done()[before:] == ["boss"]
    # mal has a form of the console's own, with a one-time value that is good for mal
    mal = scene.visitor("mal")
    foreign = mal.once(mal.see("logout"))
    for once in ("", foreign):
        victim.trap.goto(victim.address("user/mal/notebook"))
        fields = {"once": once, "decision": "approve", "asked": "yes"}
        with victim.trap.expect_navigation() as arrived:
            victim.trap.evaluate(SUBMIT, [victim.address(f"{CONSOLE}intents/{key}"), fields])
        assert arrived.value.status == 403
    assert scene.runs("eve")
    scene.visitor("boss").decide(key, "refuse")


def test_a11_a_root_service_worker(victim, shared):
    """On a shared origin it takes over the console as it takes over the hub: docs and doctor say so."""
    assert victim.trap.evaluate(WORKER, "dropped.js") == "SecurityError"
    scope = victim.trap.evaluate(WORKER, "worker.js")
    assert scope == victim.trap.evaluate("location.origin + '/'")
    fresh = victim.context.new_page()
    for path in ("hub/home", CONSOLE):
        fresh.goto(victim.address(path))
        assert ("taken over" in fresh.content()) is shared
    assert ("boss (administrator)" in fresh.content()) is not shared


def test_h10_a_proxy_that_drops_the_header_keeps_the_worker_away(scenes, context):
    """What the operators' page advises where there are no subdomains: the attack of A11 fails then."""
    scene = scenes("shared")
    front = Front(urlsplit(scene.hub.url).port)
    try:
        page = context.new_page()
        for port, outcome in ((front.port, "SecurityError"), (urlsplit(scene.hub.url).port, None)):
            there = f"http://127.0.0.1:{port}/"
            page.goto(f"{there}user/mal/notebook")
            assert "mal's page" in page.content()
            assert page.evaluate(WORKER, "worker.js") == (outcome or there)
    finally:
        context.close()
        front.stop()


def test_a12_nothing_of_the_console_is_in_mals_page(victim):
    secrets = [each["value"] for each in victim.context.cookies() if "2i2c-console" in each["name"]]
    assert secrets
    before = len(victim.scene.notes())
    victim.trap.goto(victim.address("user/mal/again"))
    found = victim.trap.evaluate(
        "() => [document.cookie, JSON.stringify(localStorage), document.referrer, name].join()"
    )
    came = str(victim.scene.notes()[before:])
    assert "/user/mal/again" in came
    for secret in secrets:
        assert secret not in found
        assert secret not in came
    # nor does the console say where somebody comes from
    victim.page.goto(victim.address(f"{CONSOLE}users/mal"))
    victim.page.evaluate("url => { location.href = url }", victim.address("user/mal/from-console"))
    victim.page.wait_for_url("**/from-console")
    (last,) = [each for each in victim.scene.notes() if "from-console" in each.get("uri", "")]
    assert "Referer" not in dict(last["headers"])


def test_t18_h2_a_form_is_sent_without_any_cookie(victim):
    """What browsers leave of a sandboxed page's cookies after two minutes is none."""
    scene = victim.scene
    scene.with_server("eve")
    key = scene.intent("boss", user="eve")
    page = victim.page
    page.goto(victim.address(f"{CONSOLE}intents/{key}"))
    page.get_by_label("I asked for this").check()
    victim.context.clear_cookies()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Stop the server").click()
    assert sent.value.header_value("Cookie") is None
    assert sent.value.header_value("Origin") == "null"
    assert sent.value.response().status == 303
    # nor is the hub's login kept from the form, where it is on another host
    page.wait_for_url("**/hub/login**")
    page.fill("#username_input", "boss")
    page.fill("#password_input", scene.hub.password)
    page.click("#login_submit")
    page.wait_for_url(f"**/intents/{key}")
    assert "Stopped the server of “eve”" in page.inner_text("main")
    assert not scene.runs("eve")


def test_who_logs_out_is_told_so(victim):
    """The hub is on another host where there are subdomains, and a form must not lead there."""
    page = victim.page
    page.goto(victim.address(f"{CONSOLE}logout"))
    page.get_by_role("button", name="Log out of the console").click()
    page.get_by_role("link", name="To the hub’s own pages").click()
    page.wait_for_url("**/hub/home")


HOSTILE = "<img src=x onerror=alert(1)><b id=once>\u202egnp"


def test_a14_a15_names_and_words_are_inert(victim):
    scene = victim.scene
    boss = scene.person("boss")
    boss.api("POST", "users", json={"usernames": [HOSTILE.lower()]})
    boss.api("POST", f"groups/{quote(HOSTILE)}").raise_for_status()
    boss.api("POST", f"groups/{quote(HOSTILE)}/users", json={"users": ["ada"]})
    alerts, asked = [], []
    victim.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    victim.page.on("request", lambda request: asked.append(request.url))
    token = scene.server_token("boss")
    intent = {
        "kind": "stop-server",
        "target": {"user": "mal", "server": ""},
        "note": f"{HOSTILE}<script>alert(1)</script>",
    }
    key = scene.ask(token, json=intent).json()["id"]
    for path in ("", "users", "groups", f"groups/{quote(HOSTILE)}", "users/ada", f"intents/{key}"):
        victim.page.goto(victim.address(CONSOLE + path))
        assert victim.page.locator("main img, main script, #once").count() == 0
    assert "<img" in victim.page.inner_text("q")
    assert alerts == []
    assert not [url for url in asked if CONSOLE not in url]
    visitor = scene.visitor("boss")
    assert "<img src=x" in text(visitor.see("groups")) or "&lt;img" in visitor.see("groups").text
    visitor.decide(key, "refuse")


def test_h1_a_page_of_the_console_has_no_origin(victim):
    """The sandbox holds even for scripts that get into a page in spite of all."""
    page = victim.page
    page.goto(victim.address(f"{CONSOLE}users"))
    assert page.evaluate("origin") == "null"
    with pytest.raises(Error, match="sandboxed"):
        page.evaluate("document.cookie")
    assert page.evaluate(FETCH, [victim.address(CONSOLE), "cors"]) == "TypeError"
