"""A hub whose operator has made every mistake: A13, A15, A20, A25, A26 and A28."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin

import psutil
import pytest
from jupyterhub.app import JupyterHub

import jupyter_2i2c

from ..hubs import SETUP
from .scene import API, Scene, begin, console_routes, text

pytestmark = pytest.mark.end_to_end

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{7*7}}"

CANARIES = [f"canary-{kind}-5b1e7d" for kind in ("env", "auth", "options", "service", "argv")]
ENV, AUTH, OPTIONS, SERVICE, ARGV = CANARIES

CARELESS = f"""
c.Spawner.environment = {{"PASSWORD": {ENV!r}}}
c.CryptKeeper.keys = [os.urandom(32)]
c.Authenticator.enable_auth_state = True
def remember(authenticator, handler, model):
    return {{**model, "auth_state": {{"token": {AUTH!r}}}}}
c.Authenticator.post_auth_hook = remember
c.JupyterHub.services.append({{
    "name": "leaky",
    "api_token": {SERVICE!r} * 2,
    "command": [sys.executable, "-c", "import signal; signal.pause()", "--password=" + {ARGV!r}],
}})
for role in c.JupyterHub.load_roles:
    if role["name"] == "server":
        role["scopes"].append("self")

def fail(spawner, staged=c.Spawner.pre_spawn_hook):
    if spawner.user.name == "ada":
        error = RuntimeError({HOSTILE!r})
        error.jupyterhub_html_message = {HOSTILE!r}
        raise error
    staged(spawner)

c.Spawner.pre_spawn_hook = fail
c.HubService.grafana_url = "javascript:alert(1)"
c.HubInformation.docs_url = "javascript:alert(1)//"
c.HubInformation.org = {{"name": "Community", "url": "data:text/html,<script>alert(1)</script>"}}
c.HubInformation.logo = "data:text/html;base64," + "A" * 200_000
"""

STRICT = "oauth_require_pkce" in JupyterHub.class_traits()
"""Whether this JupyterHub can ask every service for PKCE (6.0 and later)."""

WIDE = SETUP.replace("    c,\n", "    c,\n    narrow_admin_servers=False,\n")


@pytest.fixture(scope="module")
def scene(hubs):
    assert WIDE != SETUP
    pkce = "c.JupyterHub.oauth_require_pkce = True" if STRICT else ""
    # the twin is of a JupyterHub that has PKCE, too
    return Scene(hubs, CARELESS, pkce, setup=WIDE)


@pytest.fixture(scope="module")
def boss(scene):
    return scene.visitor("boss")


@pytest.fixture(scope="module")
def token(scene):
    """With which boss may ask, and no more."""
    return scene.person("boss").token(scopes=["access:services!service=2i2c"])


def asked(scene, token, kind, **target):
    answer = scene.ask(token, json={"kind": kind, "target": target})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a13_a_server_that_could_mint_is_refused_by_the_real_service(scene):
    """Any notebook in it can make itself an administrator's token, so it is not asked from there."""
    own = scene.server_token("boss")
    with scene.hub.browser() as client:
        minted = client.post("hub/api/users/boss/tokens", headers={"Authorization": f"token {own}"})
        assert minted.status_code == 201
        headers = {"Authorization": f"token {minted.json()['token']}"}
        assert client.get("hub/api/users", headers=headers).status_code == 200
    before = len(scene.audit())
    answer = scene.ask(own, json={"kind": "stop-server", "target": {"user": "mal"}})
    assert answer.status_code == 403
    assert "narrow_admin_servers" in answer.json()["message"]
    assert len(scene.audit()) == before
    assert scene.ask(own, "info", "GET").status_code == 200


def test_a26_pkce_is_kept_where_the_hub_demands_it(scene, boss):
    """The login of `boss` has gone by it; without it the hub lets nobody in."""
    assert boss.see("users").status_code == 200
    location, _ = begin(scene)
    assert ("code_challenge=" in location) is STRICT
    if STRICT:
        bare, _, rest = location.partition("&code_challenge=")
        without = bare + "".join(f"&{each}" for each in rest.split("&")[1:] if "method" not in each)
        assert "code_challenge" not in without
        answer = boss.client.get(urljoin(scene.hub.url, without), follow_redirects=False)
        assert "code=" not in answer.headers.get("Location", "")


def test_a28_links_of_the_configuration_that_are_none_are_left_out(scene, boss):
    log = scene.hub.last_words(100_000)
    for setting in ("docs_url", "org", "logo", "grafana_url"):
        assert setting in log, "nobody is told what is wrong"
    with scene.hub.browser() as client:
        public = client.get(scene.hub.address("services/2i2c/")).text
    for page in (public, boss.see().text):
        assert "Dashboards" not in page
        assert "A" * 1000 not in page
        links = re.findall(r'(?:href|src|action)="([^"]*)"', page)
        assert links
        assert not [each for each in links if re.match(r"\s*(javascript|data):", each, re.I)]
    headers = {"Authorization": f"token {scene.server_token('mal')}"}
    with scene.hub.browser() as client:
        info = client.get(scene.hub.address(API + "info"), headers=headers).text
    assert "javascript:" not in info


def test_a15_a_servers_own_words_and_the_hubs_errors_are_words(scene, boss, token):
    person = scene.person("chief")
    wanted = {"profile": HOSTILE, "image": HOSTILE}
    if STRICT:  # JupyterHub 6 lets people name their servers as they like
        wanted = {"user_options": wanted, "display_name": HOSTILE}
    person.api("POST", "users/chief/server", json=wanted).raise_for_status()
    scene.hub.until("the server", lambda: scene.runs("chief"))
    failed = boss.decide(asked(scene, token, "start-server", user="ada"))
    assert "the hub answered 500" in text(failed), text(failed)
    pages = [failed, *(boss.see(path) for path in ("", "users/chief", "users/ada", "audit"))]
    assert "{{7*7}}" in pages[1].text
    assert "{{7*7}}" in pages[2].text
    for page in pages:
        assert page.status_code == 200
        for inert in ("<script", "<img", "\u202e"):
            assert inert not in page.text, page.url


def test_a15_what_a_spawner_says_of_its_progress_is_not_read():
    """Its HTML could only be shown by whoever asks for it: nobody here does."""
    package = Path(jupyter_2i2c.__file__).parent
    sources = [*package.rglob("*.py"), *(package.parent / "src").rglob("*.ts*")]
    assert len(sources) > 100
    for source in sources:
        content = source.read_text("utf-8")
        assert "html_message" not in content, source
        assert "server/progress" not in content, source


def test_a20_no_secret_is_on_a_page_in_the_log_or_in_the_database(scene, boss, token, tmp_path):
    person = scene.with_server("eve")
    person.api("DELETE", "users/eve/server").raise_for_status()
    scene.hub.until("the stop", lambda: not scene.runs("eve"))
    person.api("POST", "users/eve/server", json={"secret": OPTIONS}).raise_for_status()
    scene.hub.until("the server", lambda: scene.runs("eve"))
    boss.decide(asked(scene, token, "stop-server", user="eve"), message="The node is full.")
    service = next(
        process.environ()
        for process in psutil.Process(scene.hub.process.pid).children(recursive=True)
        if "jupyter_2i2c.hub" in process.cmdline()
    )
    secrets = {
        *CANARIES,
        token,
        scene.server_token("boss"),
        scene.server_token("mal"),
        service["JUPYTERHUB_API_TOKEN"],
        service["JUPYTER_2I2C_CONSOLE_TOKEN"],
        (scene.hub.state / "jupyter_2i2c.key").read_text().strip(),
        (scene.hub.state / "cookie_secret").read_text().strip(),
        *(each.value for each in boss.client.cookies.jar if "console-session" in each.name),
    }
    # they are where an administrator's token would find them
    with scene.hub.browser() as client:
        headers = {"Authorization": f"token {scene.person('boss').token()}"}
        model = client.get("hub/api/users/boss", headers=headers).text
        assert AUTH in model
        assert ARGV in client.get("hub/api/services", headers=headers).text
    found = {}
    for _, path in console_routes(tmp_path):
        found[path] = boss.see(path).text
    for path in ("users?state=active", "users/eve", "users/mal", "audit?as=csv", "audit?as=jsonl"):
        found[path] = boss.see(path).text
    for path in ("info", "me", "intents/none", "no/such"):
        found[API + path] = scene.ask(token, path, "GET").text
    with scene.hub.browser() as client:
        found["public"] = client.get(scene.hub.address("services/2i2c/")).text
        for path in ("metrics", "healthz", "readyz"):
            address = f"http://127.0.0.1:{scene.hub.metrics_port}/{path}"
            found[path] = client.get(address).text
    # JupyterHub itself writes the arguments of services in its log
    said = scene.hub.last_words(100_000).splitlines()
    found["log"] = "\n".join(each for each in said if " JupyterHub " not in each)
    assert "audit head" in found["log"]
    for file in scene.hub.state.glob("jupyter_2i2c.*"):
        if file.suffix != ".key":
            found[file.name] = file.read_bytes().decode("latin-1")
    assert "The node is full." in found["audit?as=csv"]
    assert {"jupyter_2i2c.json", "jupyter_2i2c.sqlite"} <= found.keys()
    for place, said in found.items():
        for secret in secrets:
            assert secret not in said, f"{secret} in {place}"


def verify(scene, *more):
    """What `jupyter 2i2c audit --verify` says in the hub's directory."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "audit", "--verify", "--json", *more],
        cwd=scene.hub.state,
        env={**os.environ, "JUPYTER_2I2C_CONFIG_FILE": str(scene.hub.state / "jupyter_2i2c.json")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)["problems"]


def test_a25_what_is_changed_in_the_database_behind_the_log_is_found(scene, boss, token):
    boss.decide(asked(scene, token, "stop-server", user="mal"), "refuse", message="No.")
    log = ("--log", str(scene.hub.state / "hub.log"))
    assert verify(scene, *log) == (0, [])
    entry = scene.audit()[-1]
    before = entry["sequence"] - 1

    def change(query, *arguments):
        scene._rows(query, *arguments)

    change("update audit set actor = 'chief' where sequence = ?", before)
    # whoever only reads it sees nothing of that
    assert "chief" in boss.see("audit?as=csv").text
    assert verify(scene)[0] == 1
    change("update audit set actor = 'boss' where sequence = ?", before)
    assert verify(scene)[0] == 0
    # the last one cut off: shown against what stands in the log
    change("delete from audit where sequence = ?", entry["sequence"])
    assert verify(scene) == (0, [])
    status, problems = verify(scene, *log)
    assert status == 1
    assert problems[0]["kind"] == "cut"
    names = ", ".join(entry)
    change(f"insert into audit ({names}) values ({', '.join('?' * len(entry))})", *entry.values())
    assert verify(scene, *log) == (0, [])
