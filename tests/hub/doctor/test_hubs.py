"""Doctor beside real hubs and in their users' servers: nothing is red on one that is set up as advised, each mistake is on another."""

import json
import os
import subprocess
import sys

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.demo.local_hub import clean_environment

from ...hubs import SETUP

pytestmark = pytest.mark.end_to_end

# the list that the hubs of the sample have
ROLES = """
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=usage-quota"]},
    {"name": "server", "scopes": ["self", "users:activity!user", "access:servers!server"]},
]
c.JupyterHub.services = [{"name": "usage-quota", "api_token": "token-of-usage-quota-0123456789ab"}]
"""

UNSAFE = SETUP.replace("setup_hub(\n    c,", "setup_hub(\n    c, narrow_admin_servers=False,")

MISTAKES = """
import secrets
c.JupyterHub.cookie_secret = secrets.token_bytes(32)
c.JupyterHub.tornado_settings = {
    "headers": {
        "Access-Control-Allow-Origin": "https://elsewhere.example",
        "Access-Control-Allow-Credentials": "true",
    }
}
c.JupyterHub.services.append(
    {"name": "old", "api_token": "token-of-the-old-one-0123456789ab", "admin": True}
)
c.JupyterHub.load_roles.append(
    {"name": "heavy", "services": ["old"], "scopes": ["admin:auth_state", "proxy"]}
)
c.Spawner.oauth_client_allowed_scopes = ["inherit"]
c.SimpleLocalProcessSpawner.server_token_scopes = lambda spawner: ["self", "users:activity!user"]
c.Spawner.environment = {"JUPYTER_2I2C_SERVICE_URL": "http://127.0.0.1:9/services/2i2c/"}
c.HubInformation.docs_url = "nope"
"""


def doctor(hub, *arguments, status):
    """What doctor says in the hub's directory, by name."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "doctor", "--json", *arguments],
        cwd=hub.state,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["side"] == "hub"
    return {each["id"]: each for each in answer["findings"]}


def inside(person, status):
    """What doctor says in a person's own server, by name."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "doctor", "--json"],
        env=person.server_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["side"] == "server"
    return {each["id"]: each for each in answer["findings"]}


def of(found, severity):
    return {name for name, each in found.items() if each["severity"] == severity}


@pytest.fixture(scope="module")
def good(hubs):
    return hubs.start(ROLES, SETUP)


def test_nothing_is_red_on_a_hub_with_the_roles_of_real_ones(hubs, good):
    found = doctor(good, status=0)
    assert of(found, "red") == set()
    # one machine, one origin: that is what it is
    assert of(found, "yellow") - {"hub-version"} == {"shared-origin", "service-worker-allowed"}
    assert of(found, "not known") == {"servers-older"}
    assert "self is in the role “server”" in found["server-token-mints"]["found"]
    assert found["service-reachable"]["found"] == f"{good.url}services/2i2c/"


def test_in_the_servers_of_that_hub_nothing_is_red_either(hubs, good):
    for name, minting in {"boss": "green", "ada": "yellow"}.items():
        person = hubs.log_in(good, name)
        person.start_server()
        found = inside(person, status=0)
        assert found["server-token-mints"]["severity"] == minting, name
        assert found["service-reachable"]["severity"] == "green", name


def test_servers_are_counted_with_an_administrators_token(hubs, good, monkeypatch, capsys):
    boss = hubs.log_in(good, "boss")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", boss.token(scopes=["list:users", "read:servers"]))
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert main(["doctor", "--json", f"--config-file={good.state / 'jupyter_2i2c.json'}"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    (older,) = [each for each in found if each["id"] == "servers-older"]
    assert older["severity"] == "green"


def test_files_that_others_can_read_are_red(good):
    path = good.state / "jupyter_2i2c.json"
    path.chmod(0o644)
    found = doctor(good, status=1)
    assert of(found, "red") == {"private-files"}
    assert f"chmod 600 {path}" in found["private-files"]["mend"]
    path.chmod(0o600)


def test_every_mistake_is_red_or_yellow(hubs):
    config = (ROLES, UNSAFE, MISTAKES)
    hub = hubs.start(*config)
    found = doctor(hub, status=1)
    red = {"oauth-scopes-widened", "cors", "service-reachable", "hub-reachable"}
    assert of(found, "red") == red | {"server-token-mints"}
    yellow = {"shared-origin", "service-worker-allowed", "service-admin", "service-roles"}
    assert of(found, "yellow") - {"hub-version"} == yellow | {"configuration"}
    for name in of(found, "red") | of(found, "yellow"):
        assert found[name]["why"], name
        assert found[name]["mend"], name

    boss = hubs.log_in(hub, "boss")
    boss.start_server()
    assert of(inside(boss, status=1), "red") >= {"server-token-mints", "service-reachable"}
    found = doctor(hub, "--offline", status=1)
    assert "SimpleLocalProcessSpawner" in found["server-token-mints"]["found"]

    hub.restart(hubs.config(*config))
    assert "cookie-secret" in of(doctor(hub, "--offline", status=1), "red")


def test_where_there_is_no_hub_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JUPYTER_2I2C_CONFIG")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert main(["doctor"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--config-file" in error
