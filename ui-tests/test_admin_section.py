"""The panel's *Admin* section in JupyterLab on a real hub, beside a stand-in for the service, which says what a test wants."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.hubs import Hubs

from .lab import PANEL, Lab

DONE = {
    "time": "2026-11-21T08:40:00Z",
    "actor": "katherine",
    "action": "stop-server",
    "text": "",
    "reason": "The node is full; please talk to me before you start it again.",
}

ME = {
    "version": 1,
    "console": "/services/2i2c-console/",
    "administrator": True,
    "actions": ["start-server", "stop-server", "stop-all", "add-users", "export-hub"],
    "done": [DONE],
}

TOO_WIDE = f"""() => [...document.querySelectorAll('#{PANEL} .jp-HubPanel-section *')]
    .filter(each => each.clientWidth && getComputedStyle(each).display !== 'inline'
        && each.scrollWidth > each.clientWidth + 1)
    .map(each => each.outerHTML)"""


class Service:
    """Answers as the hub's service does, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.state, self.message = "pending", ""
        self.export = None
        self.me = ME
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status, body):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def do_GET(self):
                if self.path.endswith("/api/v1/me"):
                    self.answer(200, service.me)
                elif "/api/v1/intents/" in self.path:
                    self.answer(200, service.intent())
                else:
                    self.answer(404, {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append(json.loads(body))
                service.state, service.message = "pending", ""
                self.answer(201, service.intent())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/2i2c/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def intent(self):
        """The last one that was asked for."""
        return {
            "id": f"intent-{len(self.asked)}",
            "kind": "",
            "target": {},
            "state": self.state,
            "message": self.message,
            "expires": "2036-11-21T11:17:00Z",
            "url": f"/services/2i2c-console/intents/intent-{len(self.asked)}",
            **({"export": self.export} if self.export else {}),
        }

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def service():
    service = Service()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def hub(service, tmp_path_factory):
    hubs = Hubs(tmp_path_factory.mktemp("hubs"))
    url = f"c.Spawner.environment = {{'JUPYTER_2I2C_SERVICE_URL': {service.url!r}}}"
    yield hubs.start(url, service=False)
    hubs.stop()


@pytest.fixture
def lab(hub, service, page):
    """JupyterLab of an administrator, with the panel open."""
    service.me = ME
    lab = Lab(hub, page)
    lab.log_in("boss")
    lab.open("lab?reset")
    lab.tab.click()
    expect(lab.section("Admin").get_by_role("button", name="Stop a server…")).to_be_visible()
    return lab


def ask(lab, opener, **fields):
    """Fill in a form and send it; the page of the console that opens."""
    admin = lab.section("Admin")
    admin.get_by_role("button", name=opener).click()
    for label, text in fields.items():
        admin.get_by_label(label.replace("_", " ")).fill(text)
    with lab.page.context.expect_page() as opened:
        admin.get_by_role("button", name="Go to the console").click()
    return opened.value


def test_an_action_is_asked_for_and_followed(lab, service):
    console = ask(lab, "Stop a server…", User_name="grace", Note="the node is full")
    console.wait_for_load_state()
    assert console.url.endswith("/services/2i2c-console/intents/intent-1")
    assert console.evaluate("window.opener") is None  # the tab knows nothing of Lab
    assert service.asked == [
        {
            "kind": "stop-server",
            "target": {"user": "grace", "server": ""},
            "note": "the node is full",
        }
    ]
    console.close()
    listed = lab.section("Admin").get_by_role("list", name="Approvals").get_by_role("listitem")
    expect(listed).to_be_focused()
    expect(listed).to_contain_text("Waits for your approval in the console")
    service.state, service.message = "done", "The server of grace is stopped."
    expect(listed).to_contain_text("The server of grace is stopped.")
    listed.get_by_role("button", name="Take off the list").click()
    expect(listed).to_be_hidden()
    assert lab.errors == []


def test_the_section_looks_well(lab, service, axe):
    ask(lab, "Stop a server…", User_name="g" * 80).close()
    service.state, service.message = "failed", "The hub answered 500, and the server still runs."
    expect(lab.section("Admin").get_by_text("Approved, but it failed")).to_be_visible()
    ask(lab, "Export this hub…").close()
    service.state, service.message = "running", ""
    service.export = {"state": "running", "step": "c" * 60, "done": 3, "total": 8, "url": "/x/1"}
    expect(lab.section("Admin").get_by_role("progressbar")).to_be_visible()
    lab.section("Admin").get_by_role("button", name="Add people…").click()
    where = f"#{PANEL}"
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        if lab.theme(theme):
            assert lab.faults(axe, where) == []
    lab.widen(180)
    assert lab.panel.bounding_box()["width"] == pytest.approx(180, abs=2)
    for direction in ("ltr", "rtl"):
        lab.page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        assert lab.page.evaluate(TOO_WIDE) == []


def test_a_user_is_told_what_was_done_and_offered_nothing(hub, service, page):
    service.me = {**ME, "administrator": False, "actions": []}
    lab = Lab(hub, page)
    lab.log_in("ada")
    lab.open("lab?reset")
    lab.tab.click()
    session = lab.section("Your session")
    expect(session.get_by_text("stopped by")).to_contain_text("katherine")
    expect(session.get_by_text("please talk to me")).to_be_visible()
    expect(lab.section("Admin")).to_have_count(0)
    session.get_by_role("button", name="Got it").click()
    expect(session.get_by_text("stopped by")).to_be_hidden()
    lab.open("lab?reset")
    lab.open_panel()
    expect(session.get_by_text("stopped by")).to_be_hidden()


def test_a_visiting_administrator_is_told_why_and_can_ask_for_nothing(hub, service, browser, lab):
    before = len(service.asked)
    host = browser.new_context()
    owner = Lab(hub, host.new_page())
    owner.log_in("ada")
    host.close()
    lab.user = "ada"
    lab.page.goto(f"{hub.url}user/ada/")
    lab.page.get_by_role("button", name="Authorize").click()
    lab.page.wait_for_url("**/user/ada/lab**")
    lab.open("lab?reset")
    lab.tab.click()
    admin = lab.section("Admin")
    expect(admin.get_by_text("This is somebody else’s server")).to_be_visible()
    expect(admin.get_by_role("link")).to_have_count(0)
    status = lab.page.evaluate(
        """async () => {
            const [, token] = document.cookie.match(/_xsrf=([^;]*)/);
            const answer = await fetch('/user/ada/jupyter-2i2c/intents', {
                method: 'POST',
                headers: { 'X-XSRFToken': token },
                body: JSON.stringify({ kind: 'stop-all', target: {}, note: '' })
            });
            return [answer.status, (await answer.json()).message];
        }"""
    )
    assert status == [403, "only the server's owner can ask for that from here"]
    assert len(service.asked) == before
