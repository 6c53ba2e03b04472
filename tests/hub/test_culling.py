"""A server lives while its owner takes their environment away, and no longer: on a hub with a real culler."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timezone
from pathlib import Path

import psutil
import pytest

from tests.culler import CULLER, culler
from tests.hubs import SETUP, Hubs, Person

TELL = """
c.Spawner.environment = {"JUPYTERHUB_ACTIVITY_INTERVAL": "1"}
"""

# a hub's timeouts are an hour, and the sign of life comes each minute; here both are short
OFTEN = """
import jupyter_2i2c.server.replicas

jupyter_2i2c.server.replicas.KEEP_ALIVE = 1000
"""


@pytest.fixture
def hubs(tmp_path):
    hubs = Hubs(tmp_path)
    yield hubs
    hubs.stop()


def running(boss: Person) -> set[str]:
    return {user["name"] for user in boss.api("GET", "users").json() if user["server"]}


def last_activity(boss: Person) -> datetime:
    """When ada's server last did something, as the hub knows it."""
    server = boss.api("GET", "users/ada").json()["servers"][""]
    return datetime.fromisoformat(server["last_activity"].replace("Z", "+00:00"))


def take(person: Person) -> Path:
    """Begin to take the person's environment; where the export keeps its state."""
    token = person.token(scopes=["access:servers!user"])
    answer = person.browser.post(
        f"user/{person.name}/jupyter-2i2c/exports",
        headers={"Authorization": f"token {token}"},
        json={"kind": "environment", "options": {}},
    )
    assert answer.status_code == 201, answer.text
    home = person.hub.state / "home" / person.name
    return home / ".local/share/jupyter_2i2c/exports" / answer.json()["id"] / "state.json"


def worker(state: Path) -> psutil.Process | None:
    """The process that writes this export, once it is at work."""
    if not state.exists():
        return None
    wanted = str(state.parent)
    return next((each for each in psutil.process_iter() if wanted in _words(each)), None)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_an_export_keeps_its_server_alive_until_it_has_ended(hubs):
    hub = hubs.start(SETUP, CULLER, TELL)
    people = {name: hubs.log_in(hub, name) for name in ("boss", "ada", "mal")}
    home = hub.state / "home/ada"
    (home / ".jupyter").mkdir(parents=True)
    (home / ".jupyter/jupyter_server_config.py").write_text(OFTEN)
    for name in ("ada", "mal"):
        hub.start_server(people[name].browser, name)
    state = take(people["ada"])
    hub.until("the export is at work", lambda: worker(state) is not None)
    export = worker(state)
    export.send_signal(signal.SIGSTOP)
    with culler(hub, timeout=6):
        try:
            hub.until("the idle server has stopped", lambda: running(people["boss"]) <= {"ada"})
            now = datetime.now(timezone.utc)
            hub.until("a sign of life", lambda: last_activity(people["boss"]) > now)
            assert running(people["boss"]) == {"ada"}
        finally:
            export.send_signal(signal.SIGCONT)
        hub.until("the other server has stopped", lambda: not running(people["boss"]))
    assert json.loads(state.read_text())["state"] == "done"
