"""The story of an export, on a real hub: asked for with a token, approved with consent, downloaded, and proven by somebody who has nothing but the file."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.bundle import opened

from ..attacks.scene import NAVIGATION, Form, allow, text
from ..hubs import SETUP

pytestmark = pytest.mark.end_to_end

CANARIES = {
    "service": "canary-5e1f-service-token-0123456789",
    "server": "canary-8a2b-key-in-every-server",
    "proxy": "canary-1c3d-token-of-the-proxy",
    "inner": "canary-4f5a-inside-an-address",
}

WITH_SECRETS = f"""
c.HubInformation.name = "Story hub"
c.JupyterHub.services = [{{"name": "grader", "api_token": "{CANARIES["service"]}"}}]
c.JupyterHub.load_roles = [
    {{"name": "grader", "scopes": ["list:users"], "services": ["grader"]}},
    {{"name": "leaver", "users": ["ada"], "scopes": [
        "access:services!service=2i2c-console", "custom:2i2c:replicate"]}},
]
c.Spawner.environment = {{"UPSTREAM_API_KEY": "{CANARIES["server"]}"}}  # {CANARIES["server"]}
c.ConfigurableHTTPProxy.auth_token = "{CANARIES["proxy"]}"
c.Spawner.args = ["--Hooks.url=https://user:{CANARIES["inner"]}@hooks.example/"]
"""

PAGE = Path(__file__).parents[2] / "docs" / "administrators" / "export.md"

SERVICE = "services/2i2c/api/v1/"
CONSOLE = "services/2i2c-console/"


def commands():
    """Each command of the page for administrators, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield line.removeprefix("$ ")


@pytest.fixture(scope="module")
def hub(hubs):
    return hubs.start(WITH_SECRETS, SETUP)


class Visitor:
    """Somebody at the console, with a token that may ask the service."""

    def __init__(self, hubs, hub, name):
        self.hub = hub
        self.person = hubs.log_in(hub, name)
        self.token = self.person.token(scopes=["access:services!service=2i2c"])
        self.browser = self.person.browser
        self.browser.headers.update(NAVIGATION)
        self.home = allow(self.browser, self.see(""))
        assert self.home.status_code == 200, self.home.text

    def ask(self, method, path, **options):
        with self.hub.browser() as client:
            headers = {"Authorization": f"token {self.token}"}
            address = self.hub.address(SERVICE + path)
            return client.request(method, address, headers=headers, **options)

    def see(self, path):
        return self.browser.get(self.hub.address(CONSOLE + path))

    def send(self, path, page, **fields):
        fields["once"] = Form(page.text).fields["once"]
        return self.browser.post(self.hub.address(CONSOLE + path), data=fields)

    def export(self, people):
        """Ask for an export and approve it; the intent when it has ended."""
        target = {"people": people, "announcements": True}
        answer = self.ask("POST", "intents", json={"kind": "export-hub", "target": target})
        assert answer.status_code == 201, answer.text
        asked = answer.json()
        assert "export" not in asked
        path = f"intents/{asked['id']}"
        decided = {"decision": "approve", "asked": "yes"}
        if people:
            refused = self.send(path, self.see(path), **decided)
            assert refused.status_code == 400
            assert "Say that you consent" in text(refused)
            assert self.ask("GET", path).json()["state"] == "pending"
        self.send(path, self.see(path), **decided, consent="yes")
        told = {}

        def has_ended():
            told.update(self.ask("GET", path).json())
            return told["state"] not in ("executing", "running")

        self.hub.until("the export", has_ended)
        return told


@pytest.fixture(scope="module")
def boss(hubs, hub):
    return Visitor(hubs, hub, "boss")


def test_an_export_from_the_asking_to_the_proof_elsewhere(hub, boss, tmp_path):
    assert "export-hub" in boss.ask("GET", "me").json()["actions"]
    told = boss.export(people=True)
    export = told["export"]
    assert told["state"] == "done", told
    assert (export["state"], export["highest"], export["blockers"]) == ("done", "V4", 0), told
    page = boss.browser.get(hub.address(export["url"].lstrip("/")))
    assert "holds up to V4" in text(page)
    answer = boss.see(f"exports/{export['id']}/bundle")
    assert answer.headers["Content-Disposition"].startswith(
        'attachment; filename="replica-story-hub-'
    )
    name = re.search(r'filename="([^"]*)"', answer.headers["Content-Disposition"])[1]
    file = tmp_path / name
    file.write_bytes(answer.content)
    own = f'jupyter() {{ "{sys.executable}" -m jupyter_2i2c "${{@:2}}"; }}\n'
    done = subprocess.run(
        ["bash", "-c", f"set -eux\n{own}" + "\n".join(commands())],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    sha256 = hashlib.sha256(answer.content).hexdigest()
    assert done.stdout.startswith(sha256)
    assert sha256 in page.text
    assert re.findall(r"^(V\d)  pass", done.stdout, re.M) == ["V0", "V1", "V2", "V3", "V4"]
    assert (tmp_path / "leaving.md").read_text().startswith("# Leaving with Story hub")
    assert (tmp_path / "replica" / "start").is_file()
    with opened(file) as bundle:
        payload = {name: bundle.path(name).read_bytes() for name in bundle.names()}
        users = json.loads(bundle.text("hub/users.json"))
    assert {"ada", "boss"} <= {each["name"] for each in users}
    assert b"UPSTREAM_API_KEY" in b"".join(payload.values())  # the place of each is told
    others = [
        boss.see(f"exports/{export['id']}/{part}").content
        for part in ("report.json", "report.html", "guide.md")
    ]
    for name, data in [*payload.items(), *enumerate(others)]:
        for canary in CANARIES.values():
            for form in (canary, canary[:14], base64.b64encode(canary.encode()).decode()[:16]):
                assert form.encode() not in data, (name, canary)


def test_who_may_export_and_see_nobody_leaves_them_out(hubs, hub):
    ada = Visitor(hubs, hub, "ada")
    assert "export-hub" in ada.ask("GET", "me").json()["actions"]
    told = ada.export(people=True)
    assert told["state"] == "done", told
    page = ada.see(f"exports/{told['export']['id']}")
    assert "the token may not see it" in text(page)
    assert ada.see("users").status_code == 403


def test_somebody_elses_export_is_followed_by_nobody(hubs, hub, boss):
    told = boss.export(people=False)
    with hub.browser() as client:
        mal = hubs.log_in(hub, "mal").token(scopes=["access:services!service=2i2c"])
        answer = client.get(
            hub.address(f"{SERVICE}intents/{told['id']}"), headers={"Authorization": f"token {mal}"}
        )
        assert answer.status_code == 404
        for token in (mal, boss.token):  # the console takes no token
            headers = {"Authorization": f"token {token}", **NAVIGATION}
            answer = client.get(
                hub.address(f"{CONSOLE}exports/{told['id']}/bundle"),
                headers=headers, follow_redirects=False,
            )  # fmt: skip
            assert answer.status_code == 302
