"""What an operator's own function gives to administrators' servers is noted, and not changed."""

import json
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.hub.doctor.checks import findings
from jupyter_2i2c.hub.doctor.observed import Live
from jupyter_2i2c.hub.handover import load


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A hub whose operator has a function of their own; starts servers, says what doctor says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("jupyter_2i2c.hub.doctor.watch.is_administrator", lambda s: s.admin)
    monkeypatch.setattr("jupyter_2i2c.hub.scopes.is_administrator", lambda s: s.admin)

    class Hub:
        def __init__(self, function, narrow=False, roles=()):
            self.c = Config()
            self.c.JupyterHub.load_roles = list(roles)
            self.c.KubeSpawner.server_token_scopes = function
            setup_hub(self.c, narrow_admin_servers=narrow)

        async def server(self, admin):
            return await self.c.KubeSpawner.server_token_scopes(SimpleNamespace(admin=admin))

        def says(self):
            observed = load(tmp_path / "jupyter_2i2c.json").observed
            (found,) = [e for e in findings(observed, Live()) if e.id == "server-token-mints"]
            return found.severity

    return Hub


async def later(spawner):
    return ["users:activity!user", "self"]


@pytest.mark.parametrize("function", [later, lambda spawner: ["users:activity!user", "self"]])
async def test_a13_a_function_that_gives_self_to_an_administrators_server(start, function):
    hub = start(function)
    assert hub.says() == "not known"
    assert "self" in await hub.server(admin=False)
    assert hub.says() == "not known"
    assert "self" in await hub.server(admin=True)
    assert hub.says() == "red"


async def test_a_function_that_tells_administrators_apart_is_fine(start):
    hub = start(lambda spawner: ["users:activity!user", *([] if spawner.admin else ["self"])])
    await hub.server(admin=False)
    assert hub.says() == "not known"
    await hub.server(admin=True)
    assert hub.says() == "green"


@pytest.mark.parametrize(("scope", "severity"), [("self", "red"), ("list:users", "green")])
async def test_a_function_that_answers_with_nothing_leaves_it_to_the_role(
    start, monkeypatch, scope, severity
):
    monkeypatch.setattr("jupyter_2i2c.hub.scopes._role_scopes", lambda *_: [scope])
    hub = start(lambda spawner: [], roles=[{"name": "server", "scopes": [scope]}])
    assert scope in await hub.server(admin=True)
    assert hub.says() == severity


async def test_one_bad_answer_is_remembered(start):
    answers = iter([["self"], ["users:activity!user"]])
    hub = start(lambda spawner: next(answers))
    await hub.server(admin=True)
    await hub.server(admin=True)
    assert hub.says() == "red"


async def test_with_narrowing_it_is_fine_whatever_the_function_says(start):
    hub = start(lambda spawner: ["self"], narrow=True)
    assert hub.says() == "green"
    assert "self" not in await hub.server(admin=True)
    assert hub.says() == "green"


async def test_a_file_that_cannot_be_written_keeps_no_server_from_starting(start, tmp_path, caplog):
    hub = start(lambda spawner: ["self"])
    (tmp_path / "jupyter_2i2c.json").unlink()
    (tmp_path / "jupyter_2i2c.json").mkdir()
    assert "self" in await hub.server(admin=True)
    assert "doctor cannot note" in caplog.text


async def test_the_rest_of_the_file_stays(start, tmp_path):
    hub = start(lambda spawner: ["self"])
    before = json.loads((tmp_path / "jupyter_2i2c.json").read_text())
    await hub.server(admin=True)
    after = json.loads((tmp_path / "jupyter_2i2c.json").read_text())
    assert after.pop("observed") != before.pop("observed")
    assert after == before
