"""A panel that nobody looks at keeps no server alive, on a hub with a real proxy and a real culler."""

from __future__ import annotations

from tests.culler import CULLER, culler
from tests.hubs import SETUP, Hubs

from .lab import Lab

# what a browser does with a tab in the background
HIDE = """
Object.defineProperty(document, 'hidden', { get: () => true });
Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
document.dispatchEvent(new Event('visibilitychange'));
"""

# a file, because it needs no token, which the server changes at times: what is refused is not activity
KEEP_ALIVE = """
async () => {
    const ask = () => fetch('/user/boss/static/favicons/favicon.ico', { cache: 'no-store' });
    setInterval(ask, 1000);
    return (await ask()).status;
}
"""


def test_a_hidden_panel_does_not_keep_the_server_alive(browser, tmp_path):
    hubs = Hubs(tmp_path)
    try:
        hub = hubs.start(SETUP, CULLER)
        labs = {}
        for user in ("ada", "mal", "boss"):
            lab = labs[user] = Lab(hub, browser.new_context().new_page())
            # one of them is the same without us
            lab.log_in(user, disabled=("jupyter-2i2c",) if user == "mal" else ())
            lab.open("lab?reset")
        assert labs["mal"].tab.count() == 0
        labs["ada"].open_panel()
        for lab in labs.values():
            lab.page.evaluate(HIDE)
        assert labs["boss"].page.evaluate(KEEP_ALIVE) == 200
        boss = hubs.log_in(hub, "boss")

        def running() -> set[str]:
            users = boss.api("GET", "users").json()
            return {user["name"] for user in users if user["server"]}

        # the tab that asks for something is what the others would be, if they did
        with culler(hub, timeout=12):
            hub.until("the idle servers have stopped", lambda: running() <= {"boss"})
            assert running() == {"boss"}
        for lab in labs.values():
            lab.page.context.close()
    finally:
        hubs.stop()
