"""What the hub's configuration says, on its way to the service."""

import sys
import types

import pytest
from traitlets.config import Config

from jupyter_2i2c.hub.handover import UnreadableHandover, load, stated_by, write
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.model import Culling, Party, Span


@pytest.fixture
def path(tmp_path):
    return tmp_path / "handed.json"


def config():
    c = Config()
    c.HubInformation.name = "Küste"
    c.HubInformation.org = "Org"
    c.HubInformation.notices = ["<b>Hear</b>"]
    c.HubInformation.contacts = []
    c.HubInformation.docs_url = "nope"
    c.HubService.identity_max_age = 5
    c.HubService.something = object()
    c.JupyterHub.services = [{"name": "c", "command": ["jupyterhub-idle-culler", "--timeout=60"]}]
    c.Authenticator.admin_users = {"boss"}
    c.GitHubOAuthenticator.manage_groups = True
    return c


def test_it_arrives_as_it_was_said(path):
    c = config()
    write(path, stated_by(c), c)
    handed = load(path)
    stated = handed.stated
    assert stated.values == {
        "name": "Küste",
        "org": Party("Org"),
        "notices": ((Span("Hear"),),),
        "contacts": (),
        "culling": Culling(60, 0, 30),
    }
    assert stated.provenance["culling"].source == "the idle culler's arguments"
    assert [problem.given for problem in stated.problems] == ["'nope'"]
    assert handed.traits == {"identity_max_age": 5}
    assert handed.hub == HubSettings(frozenset({"boss"}), manage_groups=True)


def test_the_values_of_z2jh_are_read_from_its_own_module(monkeypatch):
    values = {
        "custom": {"homepage": {"templateVars": {"org": {"name": "Chart", "url": ""}}}},
        "cull": {"timeout": 90, "maxAge": 0, "every": 30},
        "ingress": None,
    }
    module = types.ModuleType("z2jh")
    module.get_config = lambda key, default=None: values.get(key, default)
    monkeypatch.setitem(sys.modules, "z2jh", module)
    stated = stated_by(Config())
    assert stated.values["name"] == "Chart"
    assert stated.values["culling"] == Culling(90, 0, 30)
    assert stated.provenance["org"].source == "custom/homepage/templateVars/org in values"
    assert stated_by(config()).values["name"] == "Küste"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1"),
        (b'{"schema": 1,\n oops', "line 2"),
        (b'{"schema": \xff}', "byte 11 is not UTF-8"),
        (b"[]", "not written by this version"),
        (b'{"schema": 99}', "not written by this version"),
        (b'{"schema": 1}', "lacks something"),
        (b'{"schema": 1, "facts": {}, "provenance": 3, "problems": []}', "lacks something"),
    ],
)
def test_f18_f20_f22_a_damaged_file_says_where_and_what_to_do(path, content, message):
    path.write_bytes(content)
    with pytest.raises(UnreadableHandover, match=message):
        load(path)


def test_f22_settings_of_another_kind_are_passed_over(path):
    path.write_text(
        '{"schema": 1, "facts": {}, "provenance": {}, "problems": [],'
        ' "hub": {"admin_users": 3, "admin_groups": [["x"], "chairs"], "subdomains": "yes"}}'
    )
    assert load(path).hub == HubSettings(admin_groups=frozenset({"chairs"}))


def test_f19_a_missing_file_says_so(path):
    with pytest.raises(UnreadableHandover, match=r"No such file.*restart the hub"):
        load(path)


def test_f21_a_field_of_a_newer_version_is_passed_over(path):
    path.write_text(
        '{"schema": 1, "facts": {"name": "N", "weather": "fine"}, "problems": [],'
        ' "provenance": {"name": {"layer": "service", "source": "x"},'
        ' "weather": {"layer": "service", "source": "x"}}}'
    )
    assert load(path).stated.values == {"name": "N"}
