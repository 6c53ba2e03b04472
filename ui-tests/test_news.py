"""News in JupyterLab on a real hub: published on the hub's side, told by a mark and a toast, read, acknowledged and put away."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from jupyter_2i2c.demo.local_hub import LocalHub

from .community import announce
from .lab import PANEL, Lab

INCIDENT = "Servers start slowly"
RULE = "Files in /scratch are deleted after 30 days"


@pytest.fixture(autouse=True)
def nothing_stays(community: LocalHub) -> Iterator[None]:
    """Withdraws what a test has published."""
    yield
    for each in announce(community, "list"):
        if each["state"] != "withdrawn":
            announce(community, "withdraw", each["id"])


@pytest.fixture
def lab(community, page) -> Lab:
    lab = Lab(community, page)
    lab.log_in("ada")
    lab.open("lab?reset")
    return lab


def toast(lab: Lab, words: str):
    return lab.page.locator(".Toastify__toast", has_text=words)


def mark(lab: Lab, unread: str):
    """Wait until the icon says how much is unread."""
    expect(lab.tab).to_have_attribute("data-jp-unread", unread)


def test_an_incident_arrives_and_is_read_once_for_all_browsers(lab, community, browser, axe):
    with lab.page.expect_response("**/jupyter-2i2c/news?*"):
        lab.open("lab?reset")
    before = len(lab.requests)
    announce(community, "publish", "--title", "New packages", "--body", "In all images.")
    mark(lab, "1")
    # the server has told it: the browser has not asked
    assert not any("/jupyter-2i2c/news" in url for url in lab.requests[before:])
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)

    body = "Up to **ten minutes**. <img src=x onerror=alert(1)>"
    link = "https://status.example/12"
    announce(
        community,
        *("publish", "--title", INCIDENT, "--severity", "incident", "--body", body),
        *("--link", link),
    )
    expect(toast(lab, INCIDENT)).to_be_visible()
    mark(lab, "2")
    expect(lab.tab).to_have_attribute("title", "This Hub: 2 unread announcements")

    # another browser of the same person has the mark, and is not interrupted again
    other = Lab(community, browser.new_context().new_page())
    other.log_in("ada")
    other.open("lab?reset")
    mark(other, "2")
    expect(other.page.locator(".Toastify__toast")).to_have_count(0)

    toast(lab, INCIDENT).get_by_role("button", name="Read").click()
    news = lab.section("News")
    expect(news.get_by_role("listitem")).to_have_count(2)
    incident = news.get_by_role("listitem", name=INCIDENT)
    expect(incident.get_by_text("Incident", exact=True)).to_be_visible()
    expect(incident.get_by_text("New", exact=True)).to_be_visible()
    expect(incident.locator("strong", has_text="ten minutes")).to_be_visible()
    expect(incident.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert incident.locator("img").count() == 0
    expect(incident.get_by_role("link", name="More about it")).to_have_attribute("href", link)
    mark(lab, "")
    expect(toast(lab, INCIDENT)).to_have_count(0)
    mark(other, "")
    other.page.context.close()
    assert lab.faults_in_both_themes(axe, f"#{PANEL}") == []

    incident.get_by_role("button", name="Put away").click()
    expect(news.get_by_role("listitem")).to_have_count(1)
    lab.open("lab?reset")
    lab.open_panel()
    expect(lab.section("News").get_by_role("listitem")).to_have_count(1)
    assert lab.errors == []


def test_what_must_be_acknowledged_stays_until_it_is(lab, community):
    """And whoever does not want to be disturbed is not: it waits in the notification centre."""
    disturb(lab, False)
    published = announce(community, "publish", "--title", RULE, "--acknowledge")
    mark(lab, "1")
    expect(lab.tab).to_have_accessible_name("This Hub: 1 unread announcement")
    centre = lab.page.locator(".jp-Notification-Status")
    expect(centre).to_contain_text("1")
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)
    centre.click()
    lab.page.locator(".jp-Notification-List").get_by_role("button", name="Read").click()
    rule = lab.section("News").get_by_role("listitem", name=RULE)
    agree = rule.get_by_role("button", name="I have read it")
    expect(agree).to_be_visible()
    mark(lab, "1")
    assert announce(community, "show", published["id"])["counts"]["acknowledged"] == 0
    agree.click()
    expect(rule.get_by_text("You have read it")).to_be_visible()
    mark(lab, "")
    assert announce(community, "show", published["id"])["counts"]["acknowledged"] == 1
    assert lab.errors == []


def disturb(lab: Lab, value: bool) -> None:
    """Say in Lab's settings whether its user may be disturbed, and load the page anew."""
    path = "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings = lab.hub.state / "home" / lab.user / ".jupyter" / path
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"doNotDisturbMode": not value}))
    lab.open("lab?reset")
