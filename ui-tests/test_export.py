"""*Export this hub*: asked for in Lab, approved on the console, followed in Lab, downloaded and read; and when it was last proven."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.hubs import SETUP, Hubs, Person

from .lab import PANEL, Lab

CONSOLE = "services/2i2c-console/"

DAYS = 100
"""Since the last drill of this hub, which is too long ago."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub that wrote down what it is configured to do, and on which somebody drilled."""
    drills = tmp_path_factory.mktemp("drills")
    last = {
        "at": f"{datetime.now(timezone.utc) - timedelta(days=DAYS):%Y-%m-%dT%H:%M:%SZ}",
        "highest": "V7 with 1 item not run (V6)",
        "holds": True,
        "blockers": [],
    }
    (drills / "latest.json").write_text(json.dumps(last))
    hubs = Hubs(tmp_path_factory.mktemp("hubs"))
    yield hubs.start(SETUP, f"c.HubService.drills = {str(drills)!r}")
    hubs.stop()


def log_in(hub, page, name) -> Lab:
    """JupyterLab of somebody, with the panel open."""
    lab = Lab(hub, page)
    lab.log_in(name)
    lab.open("lab?reset")
    lab.open_panel()
    return lab


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_an_administrator_exports_the_hub_by_keyboard(hub, page, axe, tmp_path):
    lab = Lab(hub, page)
    lab.log_in("boss")
    lab.open("lab?reset")
    lab.find("Export This Hub…")  # also where nobody has opened the panel yet
    page.keyboard.press("Enter")
    admin = lab.section("Admin")
    form = admin.get_by_role("form", name="Export this hub")
    expect(form.get_by_label("With its announcements")).to_be_focused()
    press(page, "Tab", "Space")
    people = form.get_by_label("With the names of its people")
    expect(people).to_be_checked()
    expect(people).to_have_accessible_description(re.compile("once more for your consent"))
    assert lab.faults_in_both_themes(axe, f"#{PANEL}") == []
    form.get_by_label("Note").focus()
    page.keyboard.type("before the summer")
    page.keyboard.press("Tab")
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    console = opened.value
    console.wait_for_url(re.compile(f"oauth2/authorize|{CONSOLE}intents/"))
    authorize = console.get_by_role("button", name="Authorize")
    if "/oauth2/authorize" in console.url:
        authorize.press("Enter")
    expect(console.get_by_text("before the summer")).to_be_visible()
    console.get_by_label("I may pass on the names").press("Space")
    console.get_by_label("I asked for this").press("Space")
    console.get_by_role("button", name="Export", exact=True).press("Enter")

    items = admin.get_by_role("list", name="Approvals").get_by_role("listitem")
    expect(items).to_contain_text("the hub is being exported")
    bar = items.get_by_role("progressbar", name="Export this hub, with the names of its people")
    expect(bar).to_be_visible()
    follow = items.get_by_role("link", name="Follow or cancel it in the console")
    expect(follow).to_have_attribute("href", re.compile(f"/{CONSOLE}exports/"))
    # nothing of it is lost when the page is loaded anew
    page.reload()
    page.wait_for_selector("#jupyterlab-splash", state="detached")
    report = items.get_by_role("link", name="Report and download")
    expect(report).to_be_visible(timeout=180_000)
    expect(items).to_contain_text(re.compile(r"Exported\. .* It holds up to V\d: "))
    expect(bar).to_have_count(0)
    assert lab.faults_in_both_themes(axe, f"#{PANEL}") == []

    # nor when the server is another one
    boss = Person(hub, "boss")
    with closing(boss.browser):
        boss.api("DELETE", "users/boss/server").raise_for_status()
        hub.until("the end", lambda: not boss.api("GET", "users/boss").json()["servers"])
        boss.start_server()
    lab.open("lab")
    expect(items).to_contain_text("It holds up to V")

    report.focus()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    console = opened.value
    link = console.get_by_role("link", name="The bundle")
    with console.expect_download() as download:
        link.press("Enter")
    bundle = tmp_path / download.value.suggested_filename
    download.value.save_as(bundle)
    inspected = inspect(bundle)
    assert inspected
    assert lab.errors == []


def inspect(bundle: Path) -> str:
    """What `jupyter 2i2c inspect` says of a bundle."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "inspect", str(bundle), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everybody_sees_when_it_was_proven_and_an_administrator_what_is_due(
    hub, page, browser, axe
):
    lab = log_in(hub, page, "ada")
    right = lab.section("Right to Replicate")
    expect(right.get_by_text("that this hub starts elsewhere (V7:")).to_contain_text(
        "It should be proven anew every 90 days."
    )
    expect(right.get_by_text("It is time to try again")).to_have_count(0)
    expect(lab.section("Admin")).to_have_count(0)
    context = browser.new_context()
    boss = log_in(hub, context.new_page(), "boss")
    due = boss.section("Right to Replicate").get_by_text("It is time to try again")
    expect(due).to_contain_text("jupyter 2i2c drill")
    drills = due.get_by_role("link", name="Exports and drills")
    expect(drills).to_have_attribute("href", f"{hub.url}{CONSOLE}exports")
    assert boss.faults_in_both_themes(axe, f"#{PANEL}") == []
    context.close()
    assert lab.errors == []
