"""Secrets in a hub that runs: none of fifty comes into its bundle, in whatever form it stands, by either way to capture it."""

import base64
import gzip
import json
import os
import sys
import types

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.verify import verify

from .test_readable_secrets import canary, forms

PLANTED = {}
NUMBERS = iter(range(2000, 3000))


def plant(how):
    """A new canary, noted with how it is planted."""
    PLANTED[how] = canary(next(NUMBERS))
    return PLANTED[how]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def private_key(how):
    lines = [encoded(plant(f"{how}, line {n}")) * 2 for n in range(3)]
    for n, line in enumerate(lines):
        PLANTED[f"{how}, line {n}"] = line
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----"])


CONFIG = f"""\
'''A hub.'''
# an old password: {plant("a comment")}
import base64, json, os
from pathlib import Path
c = get_config()
here = Path(__file__).parent
load_subconfig(str(here / "more.py"))
c.JupyterHub.authenticator_class = "generic-oauth"
c.JupyterHub.cookie_secret = b"{plant("bytes")}"
c.JupyterHub.db_url = "postgresql://hub:{plant("an address")}@db.example/hub"
c.ConfigurableHTTPProxy.auth_token = "{plant("a literal")}"
c.GenericOAuthenticator.client_secret = "{plant("a client's secret")}"
c.CryptKeeper.keys = ["{plant("a list of keys")}", b"{plant("bytes in a list")}"]
c.JupyterHub.services = [
    {{"name": "one", "api_token": "{plant("a service's token")}", "url": "http://127.0.0.1:1"}},
    {{"name": "two", "command": ["two", "--api-token", "{plant("after a flag")}", "--verbose"]}},
    {{"name": "three", "command": ["three", "--password={plant("with its flag")}"],
     "environment": {{"DB_PASSWORD": "{plant("a service's environment")}"}}}},
    {{"name": "four", "command": ["sh", "-c", "export API_KEY={plant("a shell command")}; exec four"]}},
]
c.Spawner.environment = {{
    "AWS_SECRET_ACCESS_KEY": "{plant("an environment")}",
    "AUTHORIZATION_HEADER": "Bearer {plant("a header")}",
    "WEBHOOK": "https://hooks.slack.com/services/T000/B000/{plant("a webhook")}",
    "SETTINGS": '{{"user": "me", "token": "{plant("JSON in a text")}"}}',
    "UPSTREAM": os.environ["UPSTREAM_PASSWORD"],
    "NOTE": "it is {plant("known by its value")} for now",
}}
c.Again.password = "{PLANTED["known by its value"]}"
c.Spawner.args = ["--ServerApp.token={plant("an argument of a server")}"]
c.Spawner.auth_state_hook = lambda spawner, state: spawner.environment.update(
    {{"REFRESH_TOKEN": "{plant("a lambda")}"}}
)
user = "me"
c.Own.url = f"https://{{user}}:{plant("an f-string")}@files.example/"
c.Own.password = "{(parts := plant("a sum"))[:13]}" + "{parts[13:]}"
c.Own.secret = base64.b64decode("{encoded(plant("base64"))}")
c.Own.token = "{plant("turned around")[::-1]}"[::-1]
c.Own.api_key = "%s-%s" % ("{plant("formatted")}", "v1")
c.Own.key = '''{private_key("a key of several lines")}'''
c.Own.connection = "Server=db;Password={plant("a connection string")};"
c.Own.netrc = "machine files.example login hub password {plant("a netrc")}"
c.Own.ini = "[own]\\nuser = me\\npasswd = {plant("a file of settings")}\\n"
c.Own.options = {{"deep": {{"deeper": [{{"client_secret": "{plant("deep inside")}"}}]}}}}
c.KubeSpawner.extra_containers = [{{
    "name": "db",
    "env": [{{"name": "MYSQL_ROOT_PASSWORD", "value": "{plant("a container's environment")}"}}],
}}]
c.KubeSpawner.profile_list = [{{
    "display_name": "One",
    "kubespawner_override": {{"environment": {{"HF_TOKEN": "{plant("a profile")}"}}}},
}}]
c.Own.signed = "eyJhbGciOiJIUzI1NiJ9.{plant("a signed token")}.abcdefghijkl"
c.Own.registry = "{encoded('{"auths": {"r.example": {"auth": "' + plant("a registry's login") + '"}}}')}"
c.Own.template_vars = str(here / "vars.json")
c.Own.page = str(here / "pages")
c.Own.license = str(here / "settings.yaml")
c.Own.archive = str(here / "packed.txt")


def connect(password="{plant("a default")}"):
    secret = "{plant("inside a function")}"
    return password or secret


class Login:
    api_key = "{plant("an attribute of a class")}"

    def check(self, password):
        return password == "{plant("a comparison")}"


c.Own.login = Login
c.Own.connect = connect
c.Own.pending = connect
os.environ["OTHER_PASSWORD"] = "{plant("a variable that is set")}"
SESSION_TOKEN = os.environ.get("SESSION_TOKEN", "{plant("a fallback")}")
c.Own.session = SESSION_TOKEN
"""

FILES = {
    "more.py": f"c = get_config()\nc.More.api_token = '{plant('a file that is loaded')}'  # {plant('its comment')}\n",
    "vars.json": json.dumps({"title": "A hub", "api_key": plant("a file of JSON")}),
    "settings.yaml": f"a: 1  # {plant('a comment of YAML')}\npassword: {plant('a file of YAML')}\n",
    "pages/index.html": f"<p>Ours</p><!-- token={plant('a page')} -->",
    "jupyterhub_cookie_secret": plant("a file of the hub's own"),
    "secret.txt": plant("a file by its name"),
    ".env": f"KEY={plant('a hidden file')}",
    "log.txt": f"token={plant('a log')}",
}
PACKED = plant("a packed file")

VALUES = {
    "hub": {
        "config": {"GitHubOAuthenticator": {"client_secret": plant("a value of the chart")}},
        "extraEnv": [{"name": "GRAPH_TOKEN", "value": plant("a variable of the chart")}],
        "extraFiles": {
            "netrc": {
                "mountPath": "/etc/own.netrc",
                "stringData": f"machine a login b password {plant('a file of the chart')}\n",
            },
            "docker": {
                "mountPath": "/etc/docker.json",
                "stringData": encoded('{"password": "' + plant("an encoded file") + '"}'),
            },
        },
        "services": {"x": {"command": ["x", "--token", plant("a command of the chart")]}},
        "extraConfig": {
            "01": f"c.X.token = '{plant('code of the chart')}'  # {plant('its note')}\n"
        },
    },
    "proxy": {"secretToken": plant("a proxy's token")},
    "singleuser": {
        "initContainers": [{"env": [{"name": "DB_PASSWORD", "value": plant("an init container")}]}]
    },
}

ENVIRONMENT = {
    "UPSTREAM_PASSWORD": plant("the hub's environment"),
    "PGPASSWORD": plant("a variable that nobody asks for"),
}


def write(top):
    (top / "jupyterhub_config.py").write_text(CONFIG)
    for name, text in FILES.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text(text)
    (top / "packed.txt").write_bytes(gzip.compress(f"token={PACKED}".encode()))
    return top


def captured_of_a_chart(top, place, monkeypatch):
    z2jh = types.ModuleType("z2jh")
    z2jh.get_config = VALUES.get
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    return captured_by_record(top, place, monkeypatch)


def captured_by_record(top, place, monkeypatch):
    config = PyFileConfigLoader("jupyterhub_config.py", str(top)).load_config()
    record.write(top / "record.json", config, top / "jupyterhub_config.py", top)
    api = {"users": [], "groups": [], "services": [], "info": {}, "refused": []}
    write_bundle(read_record(top / "record.json"), place, api=api, people=True)
    return [place, top / "record.json"]


def captured_by_file(top, place, monkeypatch):
    assert main(["capture", "hub", "--config", str(top), "-o", str(place)]) == 0
    return [place]


def leaks(places):
    files = [each for top in places for each in ([top] if top.is_file() else top.rglob("*"))]
    files = {each: each.read_bytes() for each in files if each.is_file()}
    for how, value in PLANTED.items():
        for form in forms(value):
            for file, data in files.items():
                if form in data or form in str(file).encode():
                    yield how, file.name


@pytest.mark.parametrize("capture", [captured_by_record, captured_of_a_chart, captured_by_file])
def test_not_a_byte_of_any_is_in_the_bundle(capture, tmp_path, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    top = tmp_path / "srv"
    top.mkdir()
    places = capture(write(top), tmp_path / "bundle", monkeypatch)
    names = {each.name for each in (tmp_path / "bundle" / "data" / "hub").iterdir()}
    # it was not just left out
    assert names & {"jupyterhub_config.redacted.py", "values.effective.yaml"}
    assert sorted(set(leaks(places))) == []


def test_the_code_does_the_same_with_its_secrets_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("UPSTREAM_PASSWORD", ENVIRONMENT["UPSTREAM_PASSWORD"])
    top = tmp_path / "srv"
    top.mkdir()
    captured_by_file(write(top), tmp_path / "bundle", monkeypatch)
    rung = verify(tmp_path / "bundle", rebuild=True, up_to="V4").rungs["V4"]
    if rung.status == "not-run" and "kernel" in rung.why and not os.environ.get("CI"):
        pytest.skip(rung.why)
    assert rung.status == "pass", rung.why
    assert {"Own.connection", "Own.login", "JupyterHub.services[three]"} <= set(rung.items)


def test_a_text_without_a_secret_comes_along_whole(tmp_path, monkeypatch):
    top = tmp_path / "srv"
    top.mkdir()
    (top / "jupyterhub_config.py").write_text(
        "c = get_config()\nc.Own.place = __file__.replace('jupyterhub_config.py', 'a.yaml')\n"
        "c.Own.page = 'https://example.org/?token={token}'\nc.Own.words = 'the password: at the desk'\n"
    )
    (top / "a.yaml").write_text("# why\na: '# none'\nb: | # this\n  # text\nc: [1, 2]  # that\n")
    captured_by_file(top, tmp_path / "bundle", monkeypatch)
    (file,) = (tmp_path / "bundle").rglob("a.yaml")
    assert file.read_text() == "\na: '# none'\nb: |\n  # text\nc: [1, 2]\n"
    (code,) = (each.read_text() for each in (tmp_path / "bundle").rglob("jupyterhub_config*.py"))
    assert code == (top / "jupyterhub_config.py").read_text()


def test_a_secret_that_is_read_when_the_hub_starts_is_named_too(tmp_path, monkeypatch):
    value = canary(4711)
    (tmp_path / "token").write_text(value)
    file = tmp_path / "jupyterhub_config.py"
    file.write_text("c = get_config()\nc.Own.header = 'Bearer ' + open('token').read()\n")
    config = Config()
    config.Own.header = f"Bearer {value}"
    record.write(tmp_path / "record.json", config, file, tmp_path)
    captured = write_bundle(read_record(tmp_path / "record.json"), tmp_path / "bundle")
    assert "OWN_HEADER" in {each.slot for each in captured.manifest.secrets}
    for each in (tmp_path / "bundle").rglob("*"):
        assert not each.is_file() or value.encode() not in each.read_bytes()
