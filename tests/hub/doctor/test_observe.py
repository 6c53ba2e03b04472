"""What is observed of a configuration: all that the checks need, and no secrets."""

import json
import os
import sys
import types
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.hub.doctor.checks import findings
from jupyter_2i2c.hub.doctor.observe import file_system_of, observe
from jupyter_2i2c.hub.doctor.observed import Live, Observed
from jupyter_2i2c.hub.handover import load


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_COOKIE_SECRET", raising=False)


CANARY = "canary-of-a-secret"


def test_no_secret_and_no_name_of_a_person_is_in_it():
    c = Config()
    c.JupyterHub.cookie_secret = CANARY.encode().ljust(32, b"x")
    c.JupyterHub.bind_url = f"http://me:{CANARY}@0.0.0.0:8000"
    c.JupyterHub.services = [
        {"name": "s", "api_token": CANARY, "command": ["s", CANARY], "environment": {"T": CANARY}}
    ]
    c.JupyterHub.load_roles = [{"name": "r", "users": [CANARY], "scopes": ["list:users"]}]
    c.Spawner.environment = {"TOKEN": CANARY}
    c.GitHubOAuthenticator.client_secret = CANARY
    setup_hub(c)
    document = json.loads(Path("jupyter_2i2c.json").read_text())
    assert CANARY not in json.dumps(document["observed"])
    assert document["observed"]["roles"][0]["users"] == 1
    assert document["observed"]["bind_url"] == "http://0.0.0.0:8000"


def test_it_arrives_as_it_was_seen(tmp_path):
    c = Config()
    c.JupyterHub.load_roles = [{"name": "server", "scopes": ["self"]}]
    c.KubeSpawner.oauth_client_allowed_scopes = ["inherit"]
    setup_hub(c)
    observed = load(tmp_path / "jupyter_2i2c.json").observed
    assert observed.role("server").scopes == ("self",)
    assert [each.section for each in observed.tokens] == ["Spawner", "KubeSpawner"]
    assert observed.tokens[1].oauth_scopes == ("inherit",)
    assert observed.tokens[0].ours
    assert observed.directory == str(tmp_path)


def test_a_file_of_an_earlier_version_has_nothing_observed(tmp_path):
    setup_hub(Config())
    path = tmp_path / "jupyter_2i2c.json"
    document = json.loads(path.read_text())
    del document["observed"]
    path.write_text(json.dumps(document))
    assert load(path).observed == Observed()
    found = {each.id: each.severity for each in findings(Observed(), Live())}
    assert found["server-token-mints"] == "not known"


def test_values_that_make_no_sense_do_not_keep_a_hub_from_starting():
    c = Config()
    c.JupyterHub.tornado_settings = ["no"]
    c.JupyterHub.extra_user_scopes = 3
    c.JupyterHub.subdomain_host = "http://[half"
    c.JupyterHub.cookie_secret_file = 7
    c.Spawner.oauth_client_allowed_scopes = "inherit"
    c.Spawner.environment = None
    c.JupyterHub.load_roles = [3]
    assert observe(c).roles == ()
    assert findings(observe(c), Live())


HOST = {"enabled": True, "hosts": ["hub.example"]}


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ({"ingress": {**HOST, "tls": [{"hosts": ["hub.example"]}]}}, "green"),
        ({"ingress": HOST}, "yellow"),
        ({"proxy.https": HOST}, "green"),
        ({"proxy.https": {**HOST, "enabled": False}}, "yellow"),
        ({}, "yellow"),
    ],
)
def test_on_kubernetes_the_chart_knows_where_tls_ends(monkeypatch, values, severity):
    module = types.ModuleType("z2jh")
    module.get_config = lambda key, default=None: values.get(key, default)
    monkeypatch.setitem(sys.modules, "z2jh", module)
    (found,) = [each for each in findings(observe(Config()), Live()) if each.id == "plain-http"]
    assert found.severity == severity


def test_our_scopes_are_there_since_the_first_start():
    first = observe(Config())
    again = observe(Config(), Observed(since="2020-01-01T00:00:00+00:00"))
    assert first.since == first.at
    assert again.since == "2020-01-01T00:00:00+00:00"


class Starts:
    """A hub that starts again and again."""

    def __init__(self):
        self.before = None

    def start(self, **traits):
        c = Config()
        c.JupyterHub.update(traits)
        self.before = observe(c, self.before)
        (found,) = [each for each in findings(self.before, Live()) if each.id == "cookie-secret"]
        return found.severity


def test_a_secret_that_is_made_anew_at_each_start_is_red():
    hub = Starts()
    assert hub.start(cookie_secret=os.urandom(32)) == "green"
    assert hub.start(cookie_secret=os.urandom(32)) == "red"


def test_a_secret_that_stays_is_green(monkeypatch, tmp_path):
    hub = Starts()
    secret = os.urandom(32)
    assert [hub.start(cookie_secret=secret) for _ in range(3)] == ["green"] * 3
    assert hub.start(cookie_secret=secret.hex()) == "green"
    monkeypatch.setenv("JPY_COOKIE_SECRET", secret.hex())
    assert hub.start() == "green"
    path = tmp_path / "secret"
    path.write_text(secret.hex() + "\n")
    monkeypatch.delenv("JPY_COOKIE_SECRET")
    assert hub.start(cookie_secret_file=str(path)) == "green"


def test_a_secret_whose_file_is_lost_is_red(tmp_path):
    hub = Starts()
    assert hub.start() == "green"  # the hub makes the file
    (tmp_path / "jupyterhub_cookie_secret").write_text(os.urandom(32).hex())
    assert hub.start() == "green"
    (tmp_path / "jupyterhub_cookie_secret").unlink()
    assert hub.start() == "red"


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("tmpfs", "red"), ("overlay", "yellow"), ("ext4", "green"), ("", "green")],
)
def test_a_secret_on_what_does_not_last(monkeypatch, kind, severity):
    monkeypatch.setattr("jupyter_2i2c.hub.doctor.observe.file_system_of", lambda _: kind)
    assert Starts().start() == severity


def test_the_kind_of_a_file_system_is_read_from_the_nearest_mount(tmp_path):
    assert file_system_of(Path("/proc/self")) == "proc"
    assert file_system_of(tmp_path)
