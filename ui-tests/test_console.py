"""The console in the browser, on the example hub: asked in Lab, decided on the console, seen in Lab; and how its pages look."""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import expect

from jupyter_2i2c.demo.local_hub import LocalHub
from jupyter_2i2c.demo.runner import CONFIG
from tests.conftest import EVERYTHING

from .lab import Lab

CONSOLE = "services/2i2c-console/"

LOOKS = [(1200, "light"), (320, "dark")]
"""Width and colours of the pages that axe reads; both of each are seen in two visits."""

if EVERYTHING:
    LOOKS += [(1200, "dark"), (320, "light")]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """An example hub of this file's own, because all servers of it are stopped; with all that can be switched on."""
    config = tmp_path_factory.mktemp("hub") / "hub.py"
    config.write_text(
        "c = get_config()\n"
        f"load_subconfig({str(CONFIG)!r})\n"
        "c.HubService.admin_users_feature = True\n"
        "c.HubService.server_access = 'on'\n"
        "c.HubService.grafana_url = 'https://grafana.hub.example/'\n"
    )
    with LocalHub(config) as hub:
        yield hub


@pytest.fixture
def admin(hub, page):
    """JupyterLab of the administrator, with the panel open."""
    lab = Lab(hub, page)
    lab.log_in("admin")
    lab.open("lab?reset")
    lab.tab.click()
    expect(lab.section("Admin").get_by_role("button", name="Stop a server…")).to_be_visible()
    return lab


@pytest.fixture
def visit(hub, browser):
    """Opens pages of the console for somebody who is logged in to the hub, as another browser would."""
    contexts = []

    def visit(name, path="", **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        with hub.browser() as client:
            hub.login(client, name)
            context.add_cookies(
                [
                    {
                        "name": each.name,
                        "value": each.value,
                        "domain": "127.0.0.1",
                        "path": each.path,
                    }
                    for each in client.cookies.jar
                ]
            )
        page = context.new_page()
        page.goto(hub.url + CONSOLE + path)
        consent(page)
        return page

    yield visit
    for context in contexts:
        context.close()


def consent(page):
    """Let the console act, where the hub asks; it does so once."""
    button = page.get_by_role("button", name="Authorize")
    if "/oauth2/authorize" in page.url and button.count():
        button.click()
        page.wait_for_url("**/services/2i2c-console/**")


def run_server(hub, name):
    """Have somebody's server run."""
    with hub.browser() as client:
        hub.login(client, name)
        if not client.get(f"hub/api/users/{name}").json().get("servers"):
            hub.start_server(client, name)


def runs(hub, name):
    with hub.browser() as client:
        hub.login(client, name)
        return bool(client.get(f"hub/api/users/{name}").json()["servers"])


def ask(lab, opener, **fields):
    """Ask for an action in Lab; the console's page on which it is decided."""
    form = lab.section("Admin")
    form.get_by_role("button", name=opener).click()
    for label, text in fields.items():
        form.get_by_label(label.replace("_", " ")).fill(text)
    with lab.page.context.expect_page() as opened:
        form.get_by_role("button", name="Go to the console").click()
    page = opened.value
    page.wait_for_url(re.compile("oauth2/authorize|2i2c-console/intents/"))
    consent(page)
    return page


def asked(lab):
    """What was asked for last, as Lab lists it."""
    items = lab.section("Admin").get_by_role("list", name="Approvals").get_by_role("listitem")
    return items.first


def approve(page, verb, **fields):
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    page.get_by_label("I asked for this").check()
    page.get_by_role("button", name=verb).click()


def test_asked_in_lab_approved_on_the_console_and_seen_in_lab(hub, admin, browser):
    run_server(hub, "grace")
    console = ask(
        admin, "Stop a server…", User_name="grace", Note="<b>The node is full</b>, she agreed."
    )
    expect(console.get_by_role("heading", level=1)).to_have_text("Stop the server of “grace”?")
    expect(console.get_by_text("Asked from your JupyterLab just now")).to_be_visible()
    expect(console.get_by_text("admin, from the server /user/admin/")).to_be_visible()
    expect(console.locator("q")).to_have_text("<b>The node is full</b>, she agreed.")
    expect(console.get_by_label("Tell grace why")).to_have_value("")
    expect(console.get_by_label("I asked for this")).not_to_be_checked()
    assert console.evaluate("window.opener") is None
    expect(asked(admin)).to_contain_text("Waits for your approval in the console")

    console.get_by_role("button", name="Stop the server").click()  # a stray click
    expect(console.get_by_role("alert")).to_contain_text("Say that you asked for this")
    assert runs(hub, "grace")

    approve(console, "Stop the server", Tell_grace_why="The node is full; please save often.")
    expect(console.get_by_role("heading", level=1)).to_have_text("Done")
    expect(asked(admin)).to_contain_text("Stopped the server of “grace”.")
    assert not runs(hub, "grace")
    assert admin.errors == []

    context = browser.new_context()
    grace = Lab(hub, context.new_page())
    grace.log_in("grace")
    grace.open("lab?reset")
    grace.tab.click()
    told = grace.section("Your session").get_by_text("stopped by")
    expect(told).to_contain_text("admin")
    expect(grace.section("Your session").get_by_text("please save often")).to_be_visible()
    expect(grace.section("Admin")).to_have_count(0)
    context.close()


def test_refused_and_expired_are_told_apart(hub, admin):
    run_server(hub, "grace")
    console = ask(admin, "Stop a server…", User_name="grace")
    console.get_by_role("button", name="Refuse").click()
    expect(console.get_by_role("heading", level=1)).to_have_text("Refused")
    expect(asked(admin)).to_contain_text("Refused in the console")
    asked(admin).get_by_role("button", name="Take off the list").click()

    console = ask(admin, "Stop a server…", User_name="grace")
    expect(console.get_by_role("button", name="Stop the server")).to_be_visible()
    with sqlite3.connect(hub.state / "jupyter_2i2c.sqlite", timeout=30) as store:
        store.execute(
            "update intents set expires = '2026-01-01 00:00:00.000000' where state = 'pending'"
        )
    store.close()
    approve(console, "Stop the server")
    expect(console.get_by_role("heading", level=1)).to_have_text("Expired")
    expect(console.get_by_text("Nobody decided in time")).to_be_visible()
    expect(asked(admin)).to_contain_text("Nobody decided in time")
    assert runs(hub, "grace")


def test_an_intent_is_nothing_to_others(hub, admin, visit):
    run_server(hub, "grace")
    console = ask(admin, "Stop a server…", User_name="grace")
    expect(console.get_by_role("button", name="Stop the server")).to_be_visible()
    path = console.url.removeprefix(hub.url + CONSOLE)
    plain = visit("ada", path)
    expect(plain.get_by_text("403")).to_be_visible()  # the hub does not even let her log in there
    expect(plain.get_by_role("button", name="Stop the server")).to_have_count(0)
    for page in ("users", "audit", "jobs", "add-users"):
        plain.goto(f"{hub.url}{CONSOLE}{page}")
        expect(plain.get_by_role("table")).to_have_count(0)
    assert runs(hub, "grace")


def test_a_visiting_administrator_can_ask_for_nothing(hub, admin):
    run_server(hub, "ada")
    admin.user = "ada"
    admin.page.goto(f"{hub.url}user/ada/")
    admin.page.get_by_role("button", name="Authorize").click()
    admin.page.wait_for_url("**/user/ada/lab**")
    admin.open("lab?reset")
    admin.tab.click()
    section = admin.section("Admin")
    expect(section.get_by_text("This is somebody else’s server")).to_be_visible()
    expect(section.get_by_role("button", name="Stop a server…")).to_have_count(0)
    expect(section.get_by_role("link")).to_have_count(0)
    status = admin.page.evaluate(
        """async () => {
            const [, token] = document.cookie.match(/_xsrf=([^;]*)/);
            const body = JSON.stringify({ kind: 'stop-all', target: {}, note: '' });
            const headers = { 'X-XSRFToken': token };
            const path = '/user/ada/jupyter-2i2c/intents';
            return (await fetch(path, { method: 'POST', headers, body })).status;
        }"""
    )
    assert status == 403


def test_all_servers_are_stopped_by_a_job_with_a_page(hub, visit):
    for name in ("ada", "grace", "katherine"):
        run_server(hub, name)
    page = visit("admin")
    expect(page.get_by_role("heading", name="Running longest")).to_be_visible()
    page.get_by_role("button", name="Stop all servers…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stop all")
    approve(page, re.compile("^Stop .* servers?$"), Tell_everybody="Maintenance", to_confirm="stop")
    expect(page.get_by_role("alert")).to_contain_text("stop all")
    expect(page.get_by_label("Tell everybody")).to_have_value("Maintenance")  # nothing is lost
    approve(page, re.compile("^Stop .* servers?$"), to_confirm="stop all")
    page.get_by_role("link", name="How far it is, and what failed").click()
    expect(page.get_by_role("status")).to_contain_text(
        "Ended.", timeout=30_000
    )  # the page comes anew by itself
    assert not any(runs(hub, name) for name in ("ada", "grace", "katherine"))
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("row", name=re.compile("grace.*Maintenance"))).to_be_visible()


def test_without_scripts(hub, visit):
    run_server(hub, "grace")
    page = visit("admin", "users?name=gra", java_script_enabled=False)
    page.get_by_role("link", name="grace").click()
    page.get_by_role("button", name="Stop the default server").click()
    approve(page, "Stop the server", Tell_grace_why="a lecture needs the room")
    expect(page.get_by_role("heading", level=1)).to_have_text("Done")
    page.get_by_role("link", name="grace’s page").click()
    expect(page.get_by_text("a lecture needs the room")).to_be_visible()
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log out of the console").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You are logged out")
    assert not [each for each in page.context.cookies() if each["name"] == "2i2c-console-session"]


PAGES = (
    "",
    "users",
    "users?state=inactive&order=-last_activity&before=2027-01-01",
    "users/grace",
    "administrators",
    "groups",
    "intents",
    "jobs",
    "exports",
    "audit",
    "news",
    "news/new",
    "logout",
    "nothing-here",
    "users/nobody",
    "add-users",
    "users/grace/open",
)


def exports_of(page, hub):
    """The links to the hub's exports, on the page that lists them."""
    page.goto(f"{hub.url}{CONSOLE}exports")
    return page.get_by_role("region", name="Exports").get_by_role("link").all()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_is_accessible(hub, visit, axe, width, scheme):
    run_server(hub, "grace")
    size = {"width": width, "height": 900}
    page = visit("admin", color_scheme=scheme, viewport=size)
    look = Lab(hub, page)
    problems = {}

    def examine():
        page.wait_for_load_state()
        wide = page.evaluate("document.documentElement.scrollWidth")
        problems[page.url] = look.faults(axe, "html") + ([f"{wide} wide"] if wide > width else [])

    for path in PAGES:
        page.goto(f"{hub.url}{CONSOLE}{path}")
        examine()
    page.goto(f"{hub.url}{CONSOLE}users/grace")
    page.get_by_role("button", name="Stop the default server").click()
    examine()
    page.get_by_role("button", name="Stop the server").click()
    expect(page.get_by_role("alert")).to_be_visible()
    examine()
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refused")
    examine()
    page.goto(f"{hub.url}{CONSOLE}users/katherine")
    page.get_by_role("button", name="Make an administrator…").click()
    expect(page.get_by_label("to confirm")).to_be_visible()
    examine()
    page.get_by_role("button", name="Refuse").click()
    page.goto(f"{hub.url}{CONSOLE}add-users")
    page.get_by_label("Names").fill("grace\nbad/name\n" + "n" * 120)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Already there")).to_be_visible()
    examine()
    page.get_by_role("button", name="Refuse").click()
    page.goto(f"{hub.url}{CONSOLE}news/new")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Give it a title.")).to_be_visible()
    examine()
    page.get_by_label("Title").fill("T" * 120)
    page.get_by_label("Text").fill("| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "n" * 200)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="As everyone will read it")).to_be_visible()
    examine()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Shown now")).to_be_visible()
    examine()
    page.goto(f"{hub.url}{CONSOLE}exports")
    page.get_by_label("Names of users").check()
    page.get_by_role("button", name="Export this hub…").click()
    expect(page.get_by_label("I may pass on the names")).to_be_visible()
    examine()
    if not exports_of(page, hub):  # made once for all sizes
        page.get_by_role("button", name="Export this hub…").click()
        page.get_by_label("I asked for this").check()
        page.get_by_role("button", name="Export", exact=True).click()
        page.get_by_role("link", name="The export:").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Export of", timeout=180_000)
    exports_of(page, hub)[0].click()
    expect(page.get_by_role("heading", name="How far it is proven")).to_be_visible()
    examine()
    page.get_by_role("link", name="What is its own").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is this hub’s own")
    examine()
    page.goto(hub.url + CONSOLE)
    page.get_by_role("button", name="Stop all servers…").click()
    examine()
    page.get_by_role("button", name="Refuse").click()
    page.goto(f"{hub.url}{CONSOLE}jobs")
    if page.locator("td a").count():
        page.locator("td a").first.click()
        examine()
    assert {url: found for url, found in problems.items() if found} == {}
