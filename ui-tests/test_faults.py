"""The hub's service fails while the panel is open: it says what it knows, how old that is, and what to do."""

from __future__ import annotations

import re
import signal

import psutil
import pytest
from playwright.sync_api import expect

from tests.hubs import SETUP, Hubs

from .lab import Lab


@pytest.fixture(scope="module")
def hubs(tmp_path_factory):
    hubs = Hubs(tmp_path_factory.mktemp("hubs"))
    yield hubs
    hubs.stop()


def service_of(hub):
    """The process of the hub's service."""
    (process,) = [
        each
        for each in psutil.Process(hub.process.pid).children()
        if each.cmdline()[-2:] == ["-m", "jupyter_2i2c.hub"]
    ]
    return process


def press_until(button, line):
    """Press a button, and tell whether the line is there after the answer; it is not asked for at once again."""
    if button.is_enabled():
        with button.page.expect_response("**/jupyter-2i2c/info*"):
            button.click()
    return line.is_visible()


def test_f8_f9_a_service_that_is_stuck_and_then_restarted(hubs, page):
    hub = hubs.start(SETUP, "c.HubInformation.name = 'Sturdy hub'")
    lab = Lab(hub, page)
    lab.log_in("ada")
    lab.open("lab?reset")
    lab.open_panel()
    expect(lab.panel.get_by_role("heading", name="Sturdy hub")).to_be_visible()
    service = service_of(hub)
    refresh = lab.section("This hub").get_by_role("button", name="Refresh")
    silent = lab.panel.get_by_text(re.compile("The hub’s service does not answer. This was known"))
    again = lab.panel.get_by_role("button", name="Try again")

    service.send_signal(signal.SIGSTOP)
    hub.until("the panel has noticed", lambda: press_until(refresh, silent))
    expect(lab.section("This hub").get_by_text("Run by")).to_be_visible()
    service.send_signal(signal.SIGCONT)
    hub.until("the panel has noticed", lambda: not press_until(again, silent))
    service.kill()  # the hub starts it again
    hub.until("the service is back", lambda: hub.answers("services/2i2c/"))
    refresh.click()
    expect(silent).to_be_hidden()
    assert lab.errors == []


def test_lab_starts_on_a_hub_without_the_service(hubs, page):
    hub = hubs.start(service=False)
    lab = Lab(hub, page)
    lab.log_in("ada")
    lab.open("lab?reset")
    lab.open_panel()
    expect(lab.section("Right to Replicate").locator("blockquote")).to_be_visible()
    expect(lab.section("This hub").get_by_role("link", name="Hub control panel")).to_be_visible()
    expect(lab.panel.get_by_text("Restart your server")).to_be_hidden()
    assert lab.errors == []


def test_a_server_older_than_the_service_is_asked_to_restart(hubs, page):
    keep = "c.JupyterHub.cleanup_servers = False"
    hub = hubs.start(keep, service=False)
    lab = Lab(hub, page)
    lab.log_in("ada")
    hub.restart(hubs.config(keep, SETUP))
    lab.open("lab?reset")
    lab.open_panel()
    expect(lab.panel.get_by_text("Restart your server to see hub news.")).to_be_visible()


def test_stopping_ones_server_leads_to_the_hub(hubs, page):
    hub = hubs.start(SETUP)
    lab = Lab(hub, page)
    lab.log_in("ada")
    lab.open("lab?reset")
    lab.open_panel()
    lab.section("Your session").get_by_role("button", name="Stop my server…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your files stay")
    dialog.get_by_role("button", name="Stop my server").click()
    page.wait_for_url("**/hub/home")
    ada = hubs.log_in(hub, "ada")
    hub.until("the server has stopped", lambda: not ada.api("GET", "users/ada").json()["servers"])
