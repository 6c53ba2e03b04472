"""F42: a hub that goes from the oldest JupyterHub to the newest while servers run and an intent waits.

Expected: servers that run go on and are answered, what was asked for can be decided, and the audit
log goes on where it was.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_2i2c.demo import local_hub

from ..attacks.scene import FEATURE, Scene, text
from ..hubs import SETUP

ROOT = Path(__file__).parents[2]

KEEP = """
c.Authenticator.allowed_users = {"ada"}
c.JupyterHub.cleanup_servers = False
c.JupyterHub.upgrade_db = True
"""


@pytest.fixture
def run_by(monkeypatch):
    """Has hubs run by another environment's Python."""

    def run_by(environment):
        python = ROOT / environment / "bin" / "python"
        if not python.exists():
            missing = f"{environment} is not there: make install install-oldest"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        monkeypatch.setattr(local_hub, "sys", SimpleNamespace(executable=str(python)))

    return run_by


def test_f42_a_hub_is_upgraded_under_running_servers(hubs, run_by):
    run_by(".venv-oldest")
    scene = Scene(hubs, KEEP, stage="")
    version = scene.person("boss").api("GET", "").json()["version"]
    ada = scene.with_server("ada")
    assert ada.ask_server("jupyter-2i2c/info")["service"]["state"] == "ok"
    key = scene.intent("boss", user="ada")
    entries = len(scene.audit())

    run_by(".venv")
    scene.hub.restart(hubs.config(KEEP, FEATURE, SETUP))
    scene.people.clear()
    newer = scene.person("boss").api("GET", "").json()["version"]
    assert int(version.partition(".")[0]) < int(newer.partition(".")[0])
    assert scene.runs("ada")
    ada = scene.person("ada")
    assert ada.ask_server("jupyter-2i2c/info")["service"]["state"] == "ok"
    boss = scene.visitor("boss")
    assert "Stopped the server of “ada”" in text(boss.decide(key))
    assert not scene.runs("ada")
    assert len(scene.audit()) > entries
    # and a server that starts now asks as before
    assert scene.intent("ada", "start-server", user="ada")
