"""A notebook in an administrator's server cannot make itself an administrator's token."""

import pytest

from ..hubs import SETUP

pytestmark = pytest.mark.end_to_end

# the list that the hubs of the sample have
SELF = """
c.JupyterHub.load_roles = [
    {"name": "server", "scopes": ["self", "users:activity!user", "access:servers!server"]},
    {"name": "lead", "users": ["mal"], "scopes": ["admin:users", "list:users"]},
    {"name": "tutor", "users": ["eve"], "scopes": ["list:users", "custom:mine"]},
]
c.JupyterHub.custom_scopes = {"custom:mine": {"description": "Mine"}}
c.Authenticator.allowed_users = {"ada", "mal", "eve"}
"""

MINT = """
import json, os, urllib.error, urllib.request
def ask(path, method="GET", token=os.environ["JUPYTERHUB_API_TOKEN"]):
    request = urllib.request.Request(os.environ["JUPYTERHUB_API_URL"] + path, method=method)
    request.add_header("Authorization", "token " + token)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
status, minted = ask("/users/" + os.environ["JUPYTERHUB_USER"] + "/tokens", "POST")
users = ask("/users", token=minted["token"])[0] if minted else None
print(status, users)
"""


def test_t2_it_can_where_the_role_is_left_as_it_was(hubs):
    """The attack works against a hub without us, so that the next test means something."""
    hub = hubs.start(SELF, service=False)
    for name in ("boss", "eve"):
        person = hubs.log_in(hub, name)
        person.start_server()
        assert person.run(MINT) == "201 200"


def test_t2_a13_it_cannot_with_us(hubs):
    hub = hubs.start(SELF, SETUP)
    outcomes = {"boss": "403 None", "mal": "403 None", "eve": "403 None", "ada": "201 403"}
    for name, outcome in outcomes.items():
        person = hubs.log_in(hub, name)
        person.start_server()
        assert person.run(MINT) == outcome, name
        assert person.ask_server("jupyter-2i2c/info")["service"]["state"] == "ok"


def test_an_operator_can_leave_it(hubs):
    setup = SETUP.replace("    c,\n", "    c,\n    narrow_admin_servers=False,\n")
    assert setup != SETUP
    boss = hubs.log_in(hubs.start(SELF, setup), "boss")
    boss.start_server()
    assert boss.run(MINT) == "201 200"
    assert boss.ask_server("jupyter-2i2c/info")["service"]["state"] == "ok"
