"""What the panel shows when the way to its server is cut for a while, twice at a time, or for good: F32 to F35."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.attacks.scene import Scene
from tests.hubs import Hubs

from .lab import Lab

STAGE = "c.Authenticator.allowed_users = {'eve'}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A hub whose administrator, boss, has the panel open while the server of eve runs."""
    hubs = Hubs(tmp_path_factory.mktemp("hubs"))
    yield Scene(hubs, stage=STAGE)
    hubs.stop()


def open_lab(scene, page):
    lab = Lab(scene.hub, page)
    lab.log_in("boss")
    lab.open("lab?reset")
    lab.open_panel()
    return lab


def ask_to_stop(scene, lab, user):
    """Ask in the panel for a server to be stopped; the intent's id."""
    admin = lab.section("Admin")
    admin.get_by_role("button", name="Stop a server…").click()
    admin.get_by_label("User name").fill(user)
    with lab.page.context.expect_page() as opened:
        admin.get_by_role("button", name="Go to the console").click()
    opened.value.close()
    expect(listed(lab)).to_contain_text("Waits for your approval")
    asked = scene.audit()[-1]
    assert asked["result"] == "asked"
    return json.loads(asked["detail"])["intent"]


def listed(lab):
    return lab.section("Admin").get_by_role("list", name="Approvals").get_by_role("listitem")


def test_f32_f33_f35_cut_off_asleep_and_in_two_tabs_it_ends_with_what_is_so(scene, page):
    """Expected: what is decided meanwhile is told when the way is back, in the tab that asked."""
    scene.with_server("eve")
    sockets = []

    def through(socket):
        sockets.append((socket, socket.connect_to_server()))

    page.route_web_socket("**/api/events/subscribe*", through)
    lab = open_lab(scene, page)
    other = Lab(scene.hub, page.context.new_page())
    other.user = "boss"
    other.open("lab/workspaces/other")
    other.open_panel()

    key = ask_to_stop(scene, lab, "eve")
    second = ask_to_stop(scene, other, "eve")
    assert key != second
    # what Lab is told by is cut, and the machine sleeps
    assert sockets
    for socket, server in sockets:
        socket.close()
        server.close()
    page.context.set_offline(True)
    boss = scene.visitor("boss")
    boss.decide(key)
    boss.decide(second, "refuse", message="once is enough")
    assert not scene.runs("eve")
    page.context.set_offline(False)
    page.bring_to_front()
    expect(listed(lab).first).to_contain_text("Stopped the server of “eve”", timeout=60_000)
    other.page.bring_to_front()
    expect(listed(other).first).to_contain_text("once is enough", timeout=60_000)
    assert lab.errors == other.errors == []


def test_f34_a_server_that_is_stopped_under_the_panel(scene, page):
    """Expected: Lab says so and offers to start it; the panel keeps what it knew, and goes on in the new one."""
    lab = open_lab(scene, page)
    scene.person("boss").api("DELETE", "users/boss/server").raise_for_status()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("is not running", timeout=60_000)
    expect(lab.section("This hub").get_by_text("Run by")).to_be_visible()
    expect(lab.section("Right to Replicate").locator("blockquote")).to_be_visible()
    scene.with_server("boss")
    lab.open("lab?reset")
    lab.open_panel()
    expect(lab.panel.get_by_text("does not answer")).to_be_hidden()
    assert lab.errors == []
