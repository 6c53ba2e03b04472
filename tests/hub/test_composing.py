"""`setup_hub` in the configuration of real hubs: first or last in the file, and on servers that are older than it."""

import pytest

from ..hubs import SETUP

pytestmark = pytest.mark.end_to_end

# what deployments of z2jh write; it replaces lists, whoever filled them before
REST = """
c.JupyterHub.services = [{"name": "other", "api_token": "other-token-of-32-characters-ok"}]
c.JupyterHub.load_roles = [
    {"name": "other", "services": ["other"], "scopes": ["list:users", "read:roles"]},
    {"name": "user", "scopes": ["self", "access:services!service=other"]},
    {"name": "server", "scopes": ["self", "users:activity!user"]},
]
c.JupyterHub.custom_scopes = {"custom:mine": {"description": "Mine"}}
c.SimpleLocalProcessSpawner.environment = {"MINE": "1"}
c.SimpleLocalProcessSpawner.server_token_scopes = lambda spawner: ["self", "users:activity!user"]
c.HubInformation.name = "Composed hub"
"""


@pytest.mark.parametrize("order", [(SETUP, REST), (REST, SETUP)], ids=["first", "last"])
def test_it_composes_wherever_it_stands(hubs, order):
    hub = hubs.start(*order)
    ada = hubs.log_in(hub, "ada")
    ada.start_server()
    assert ada.ask_server("jupyter-2i2c/info")["facts"]["name"] == "Composed hub"
    assert ada.server_environment()["MINE"] == "1"
    scopes = ada.api("GET", "user").json()["scopes"]
    assert "access:services!service=other" in scopes
    assert "access:services!service=2i2c" in scopes
    assert "jupyter_2i2c:" not in hub.last_words(10_000)  # nothing to complain about


def test_a_server_older_than_the_service_is_told_to_restart_it(hubs):
    keep = "c.JupyterHub.cleanup_servers = False"
    hub = hubs.start(keep, service=False)
    ada = hubs.log_in(hub, "ada")
    ada.start_server()
    assert ada.ask_server("jupyter-2i2c/info")["service"]["state"] == "no-service"
    # an operator who put the address, but not the scope, before
    address = f'c.Spawner.environment = {{"JUPYTER_2I2C_SERVICE_URL": "{hub.url}services/2i2c/"}}'
    mal = hubs.log_in(hub, "mal")
    hub.restart(hubs.config(keep, address), service=False)
    mal.start_server()
    hub.restart(hubs.config(keep, SETUP))
    assert ada.ask_server("jupyter-2i2c/info")["service"]["state"] == "no-service"
    assert mal.ask_server("jupyter-2i2c/info")["service"]["state"] == "restart"
    assert ada.ask_server("jupyter-2i2c/info")["facts"]["statement"]


AWKWARD = """
c.JupyterHub.allow_named_servers = True
c.Authenticator.allowed_users = {"ädä@x.example"}
"""


def test_f37_f40_f41_below_another_address_with_named_servers_and_names_to_escape(hubs):
    hub = hubs.start(SETUP, AWKWARD, base_url="/some/where/")
    person = hubs.log_in(hub, "ädä@x.example")
    person.start_server("two")
    answer = person.ask_server("jupyter-2i2c/info", "two")
    assert answer["service"]["state"] == "ok", answer["service"]
    session = person.ask_server("jupyter-2i2c/session", "two")
    assert session["server"]["name"] == "two"
    assert session["server"]["started"]
    assert session["server"]["can_stop"]
    assert session["you"]["owner"]
