"""What is wrong with a user's server, from inside of it."""

import json

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub.scopes import ACCESS
from jupyter_2i2c.server import doctor

SAFE = ["users:activity!user=ada", "access:servers!server=ada/", ACCESS]


@pytest.fixture
def hub(stand_in):
    """A hub and a service that answer as they should, with a token of these scopes."""

    def with_token(scopes=SAFE, admin=False, status=200, service=200, version="6.1.1"):
        def answer(handler):
            if handler.request.path == "/hub/api/user":
                handler.set_status(status)
                handler.set_header("X-JupyterHub-Version", version)
                handler.finish(json.dumps({"name": "ada", "admin": admin, "scopes": scopes}))
            else:
                handler.set_status(service)
                handler.finish("{}")

        stand_in.answer = answer
        return stand_in

    with_token()
    return with_token


async def said():
    return {each.id: each for each in await doctor.examine()}


async def test_a_server_of_the_recommended_hub_has_nothing_red_or_yellow(hub, monkeypatch):
    versions = {"jupyterlab": "4.6.2", "jupyter_server": "2.20.0", "jupyterhub": "6.1.1"}
    monkeypatch.setattr(doctor.metadata, "version", versions.__getitem__)
    found = await said()
    assert {each.severity for each in found.values()} == {"green"}
    assert len(found) == 7


@pytest.mark.parametrize(
    ("scope", "admin", "severity"),
    [
        ("tokens!user=ada", True, "red"),
        ("tokens", False, "red"),
        ("admin:users", False, "red"),
        ("inherit", False, "red"),
        ("tokens!user=ada", False, "yellow"),
        ("servers!user=ada", True, "green"),
        ("read:tokens!user=ada", True, "green"),
    ],
)
async def test_a13_a_token_that_can_mint(hub, scope, admin, severity):
    hub([*SAFE, scope], admin)
    finding = (await said())["server-token-mints"]
    assert finding.severity == severity
    if severity != "green":
        assert scope in finding.found
        assert finding.mend


async def test_a_server_that_is_older_than_the_service_is_to_be_restarted(hub):
    hub(SAFE[:2], service=403)
    found = await said()
    assert found["server-access"].severity == "yellow"
    assert found["service-reachable"].severity == "yellow"
    assert "Restart" in found["server-access"].mend


async def test_a_hub_without_the_service_is_no_alarm(hub):
    hub(service=404)
    assert (await said())["service-reachable"].severity == "yellow"


async def test_f2_f3_a_service_or_hub_that_fails_is_one(hub):
    hub(service=503)
    assert (await said())["service-reachable"].severity == "red"
    hub(status=500)
    found = await said()
    assert found["hub-reachable"].severity == "red"
    assert "server-token-mints" not in found


async def test_old_versions_are_said_with_the_ones_to_have(hub, monkeypatch):
    versions = {"jupyterlab": "4.5.9", "jupyter_server": "2.19.1", "jupyterhub": "5.4.6"}
    monkeypatch.setattr(doctor.metadata, "version", versions.__getitem__)
    hub(version="5.5.0")
    found = await said()
    assert "4.5.10" in found["jupyterlab-version"].found
    assert "2.20.0" in found["jupyter-server-version"].found
    assert "5.5.1" in found["hub-version"].found
    assert found["jupyterhub-version"].severity == "yellow"


async def test_what_a_hub_says_that_makes_no_sense_is_no_error(hub):
    hub(scopes=[3, None])
    assert (await said())["server-token-mints"].severity == "green"
    hub(scopes=None)
    assert (await said())["server-access"].severity == "yellow"


def test_the_command_knows_that_it_runs_in_a_users_server(monkeypatch, capsys):
    for name, value in {
        "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
        "JUPYTERHUB_API_TOKEN": "x",
        "JUPYTERHUB_USER": "ada",
        "JUPYTER_2I2C_SERVICE_URL": "http://127.0.0.1:9/services/2i2c/",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["side"], answer["status"]) == ("server", "red")
    assert main(["doctor", "--offline"]) == 0
    assert "--all lists" in capsys.readouterr().out
