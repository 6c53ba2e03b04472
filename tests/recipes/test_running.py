"""Each recipe, run: a real hub with its lines, and what users and administrators reach through the hub's proxy.

Only addresses are of this machine; each that is replaced must be there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine

from jupyter_2i2c.demo.local_hub import Loopback

from .conftest import RECIPES, commands, documents

SCOPE = "access:services!service=2i2c"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

HERE = """
def here(text, addresses):
    for address, variable in addresses.items():
        assert address in text, address
        text = text.replace(address, f"127.0.0.1:{os.environ[variable]}")
    return text
"""
"""Puts the hub's own ports, which it learns when it starts, in the place of a recipe's addresses."""

CHART = """
import json, sys
sys.path.insert(0, {directory!r})
import z2jh

c.JupyterHub.services = [
    {{"name": name, **service, "api_token": z2jh.TOKENS[name]}}
    for name, service in z2jh.get_config("hub.services", {{}}).items()
]
for _, code in sorted(z2jh.get_config("hub.extraConfig").items()):
    exec(code)
"""
"""The part of the chart's own configuration that the recipes' values are for."""

VALUES = """
import os, yaml
from functools import reduce
from pathlib import Path
{here}
TOKENS = {tokens!r}

def get_config(key, default=None):
    values = yaml.safe_load(here(Path({values!r}).read_text("utf-8"), {addresses!r}))
    for part in key.split("."):
        values = values.get(part, default) if isinstance(values, dict) else default
    return values
"""
"""What the chart puts beside its configuration: a module by which that reads the values."""


def chart(directory: Path, values: str, addresses, tokens) -> str:
    """Lines for a hub's configuration, by which values reach it as in the chart's pod."""
    module = VALUES.format(
        here=HERE, tokens=tokens, values=str(RECIPES / values), addresses=addresses
    )
    (directory / "z2jh.py").write_text(module)
    return CHART.format(directory=str(directory))


def ask(hub, path, token=""):
    headers = {"Authorization": f"token {token}"} if token else {}
    with httpx.Client(transport=Loopback(), timeout=30) as client:
        return client.get(hub.url + path, headers=headers)


def prove(hubs, hub):
    """By the hub's proxy, a token reaches the facts, a user their page and an administrator the console."""
    ada = hubs.log_in(hub, "ada")
    info = ask(hub, "services/2i2c/api/v1/info", ada.token(scopes=[SCOPE]))
    assert info.status_code == 200, info.text
    facts = info.json()["facts"]
    assert facts["name"] == "Coast"
    assert facts["operated_by"]["name"] == "Your university"
    assert [each["email"] for each in facts["contacts"]] == ["hub@university.example"]
    ada.browser.headers.update(NAVIGATION)
    own = ada.browser.get("services/2i2c/me")
    assert (own.status_code, own.url.path) == (200, "/services/2i2c/me")
    for path in ("healthz", "readyz", "metrics"):
        assert ask(hub, f"services/2i2c/{path}").status_code == 404
    boss = hubs.log_in(hub, "boss")
    boss.browser.headers.update(NAVIGATION)
    asked = boss.browser.get("services/2i2c-console/")
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', asked.text))
    scopes = re.findall(r'name="scopes"[^>]*value="([^"]*)"', asked.text)
    form = {"_xsrf": unescape(fields["_xsrf"]), "scopes": scopes}
    page = boss.browser.post(str(asked.url), data=form)
    assert page.status_code == 200
    assert page.url.path == "/services/2i2c-console/"
    assert "Coast" in page.text


def operations(hub, path):
    with httpx.Client(transport=Loopback(), timeout=30) as client:
        return client.get(f"http://127.0.0.1:{hub.metrics_port}/{path}").json()


LISTENING = (
    "url=f\"http://127.0.0.1:{os.environ['LOCAL_HUB_SERVICE_PORT']}\", "
    "console_url=f\"http://127.0.0.1:{os.environ['LOCAL_HUB_CONSOLE_PORT']}\""
)


def test_beside_a_plain_jupyterhub(hubs):
    text = (RECIPES / "plain" / "jupyterhub_config.py").read_text("utf-8")
    assert text.count("setup_hub(c)") == 1
    hub = hubs.start(text.replace("setup_hub(c)", f"setup_hub(c, {LISTENING})"))
    prove(hubs, hub)
    assert operations(hub, "readyz") == {"status": "ok"}


def test_in_a_littlest_jupyterhub(hubs, tmp_path):
    """As its configuration does: each file of a directory is loaded after everything else."""
    text = (RECIPES / "tljh" / "jupyter_2i2c.py").read_text("utf-8")
    call = 'setup_hub(c, service_url="http://127.0.0.1/services/2i2c/")'
    assert text.count(call) == 1
    ours = tmp_path / "jupyter_2i2c.py"
    ours.write_text("import os\n" + text.replace(call, f"{call[:-1]}, {LISTENING})"))
    hub = hubs.start(
        f"""
        c.JupyterHub.services = [{{"name": "other", "api_token": "{"x" * 32}"}}]
        load_subconfig({str(ours)!r})
        """
    )
    prove(hubs, hub)
    seen = json.loads((hub.state / "jupyter_2i2c.json").read_text())["observed"]
    assert seen["service_address"] == "http://127.0.0.1/services/2i2c/"


def test_in_the_pod_of_a_z2jh_hub(hubs, tmp_path):
    addresses = {
        "hub:10300": "LOCAL_HUB_SERVICE_PORT",
        "hub:10301": "LOCAL_HUB_CONSOLE_PORT",
    }
    code = chart(tmp_path, "z2jh/values.yaml", addresses, {})
    # the recipe listens everywhere in its pod; here is more than a pod
    hub = hubs.start(code, 'c.HubService.bind_host = "127.0.0.1"')
    prove(hubs, hub)
    assert operations(hub, "readyz") == {"status": "ok"}
    assert (hub.state / "jupyter_2i2c.sqlite").exists()


# --- the Deployment -----------------------------------------------------------------------------


class Pod:
    """The process that the Deployment's container would be: its command, environment and files."""

    def __init__(self, directory: Path, secrets, addresses):
        deployment, config_map = (
            next(each for each in documents("deployment/service.yaml") if each["kind"] == kind)
            for kind in ("Deployment", "ConfigMap")
        )
        spec = deployment["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        self._left = dict(addresses)
        self._directory = directory
        volumes = {each["name"]: each for each in spec["volumes"]}
        for mount in container["volumeMounts"]:
            path = Path(mount["mountPath"])
            if path.is_relative_to(container["workingDir"]):
                place = directory / path.relative_to(container["workingDir"])
                place.mkdir()
                self._fill(place, volumes[mount["name"]], config_map, secrets)
        values = {each["name"]: self._value(each, secrets) for each in container["env"]}
        self.environment = {name: value for name, value in values.items() if value is not None}
        self.command = [*container["command"], *container["args"]]
        assert not self._left, "a recipe's address that is not there any more"

    def _fill(self, place, volume, config_map, secrets):
        if "configMap" in volume:
            assert volume["configMap"]["name"] == config_map["metadata"]["name"]
            for name, text in config_map["data"].items():
                (place / name).write_text(self._here(text))
        else:
            for item in volume["secret"]["items"]:
                secret = secrets[volume["secret"]["secretName"], item["key"]]
                (place / item["path"]).write_text(secret)

    def _value(self, variable, secrets):
        if "value" in variable:
            return self._here(variable["value"])
        reference = variable["valueFrom"]["secretKeyRef"]
        key = reference["name"], reference["key"]
        return secrets.get(key) if reference.get("optional") else secrets[key]

    def _here(self, text):
        for address, ours in list(self._left.items()):
            if address in text:
                text = text.replace(address, ours)
                del self._left[address]
        return text

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            cwd=self._directory,
            env={"PATH": os.environ["PATH"], **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.log = self.process.communicate(timeout=30)[0]


def inside(pod):
    """The command that the page has run in a pod."""
    (found,) = [line for line in commands("deployment.md") if pod in line and "--" in line]
    return found[found.index("--") + 1 :]


def run(command, directory, environment):
    return subprocess.run(
        command,
        cwd=directory,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def database(postgresql):
    """What postgresql.yaml makes: a role, and a database of its own. Its host."""
    url = postgresql.url("postgres").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def run(*statements):
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    run("CREATE ROLE jupyter_2i2c LOGIN", "CREATE DATABASE jupyter_2i2c OWNER jupyter_2i2c")
    yield str(postgresql.directory)
    run("DROP DATABASE jupyter_2i2c", "DROP ROLE jupyter_2i2c")
    engine.dispose()


@pytest.mark.end_to_end
def test_in_a_deployment_of_its_own(hubs, tmp_path, database):
    tokens = {"2i2c": "1" * 64, "2i2c-console": "2" * 64}
    addresses = {
        "jupyter-2i2c:10300": "LOCAL_HUB_SERVICE_PORT",
        "jupyter-2i2c:10301": "LOCAL_HUB_CONSOLE_PORT",
    }
    code = chart(tmp_path, "deployment/values.yaml", addresses, tokens)
    hub = hubs.start(code, "c.Authenticator.manage_groups = False", service=False)
    secrets = {
        **{("hub", f"hub.services.{name}.apiToken"): token for name, token in tokens.items()},
        ("jupyter-2i2c", "jupyter_2i2c.key"): "ab" * 32,
        ("jupyter-2i2c", "database-password"): "not asked for here",
    }
    directory = tmp_path / "pod"
    directory.mkdir()
    here = {
        "http://hub:8081/": hub.url,
        "https://hub.example/": hub.url,
        "0.0.0.0:10300": f"127.0.0.1:{hub.service_port}",
        "0.0.0.0:10301": f"127.0.0.1:{hub.console_port}",
        "0.0.0.0:10302": f"127.0.0.1:{hub.metrics_port}",
        "jupyter-2i2c-database": database,
    }
    with Pod(directory, secrets, here) as pod:
        hub.until("the service", lambda: hub.answers("services/2i2c/"))
        assert operations(hub, "readyz") == {"status": "ok"}
        assert operations(hub, "healthz") == {"status": "ok"}
        prove(hubs, hub)
        audit, doctor = (inside(f"deploy/{name}") for name in ("jupyter-2i2c", "hub"))
        verified = run(audit, directory, pod.environment)
        assert verified.returncode == 0, verified.stdout
        looked = run(doctor, hub.state, {})
        assert looked.returncode == 0, looked.stdout
        assert "Our own services" not in looked.stdout
    assert pod.process.returncode == 0, pod.log
    for line in pod.log.splitlines():
        json.loads(line)
    for secret in secrets.values():
        assert secret not in pod.log
    written = {path.name for path in directory.rglob("*") if path.is_file()}
    assert written == {"jupyter_2i2c_config.py", "jupyter_2i2c.key"}
