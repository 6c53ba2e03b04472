"""What doctor says of the roles, services and settings of a sample of real hubs, as z2jh would set them."""

import json
from functools import reduce

import pytest
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.hub.doctor.checks import findings
from jupyter_2i2c.hub.doctor.observe import observe
from jupyter_2i2c.hub.doctor.observed import Live
from jupyter_2i2c.values import load, merge

from ...test_corpus import values_of


@pytest.fixture(scope="module")
def hubs(corpus, tmp_path_factory):
    """Each hub's values of `hub`, by its name."""
    where = tmp_path_factory.mktemp("values")
    expected = json.loads((corpus / "expected.json").read_text())["hubs"]
    return {
        name: reduce(merge, map(load, values_of(corpus, name, facts, where)))["jupyterhub"]["hub"]
        for name, facts in expected.items()
    }


def configuration(values):
    """What z2jh's own configuration file makes of them."""
    c = Config()
    for section, traits in (values.get("config") or {}).items():
        c[section].update(traits or {})
    for key, trait in (("loadRoles", "load_roles"), ("services", "services")):
        given = values.get(key) or {}
        c.JupyterHub[trait] = [{"name": name, **(each or {})} for name, each in given.items()]
    return c


def said(c):
    return {each.id: each for each in findings(observe(c), Live())}


@pytest.mark.parametrize(("narrow", "severity"), [(True, "green"), (False, "red")])
def test_self_in_the_role_of_every_real_hub(hubs, tmp_path, monkeypatch, narrow, severity):
    monkeypatch.chdir(tmp_path)
    assert len(hubs) == 27
    for name, values in hubs.items():
        c = configuration(values)
        setup_hub(c, narrow_admin_servers=narrow)
        found = said(c)
        assert found["server-token-mints"].severity == severity, name
        assert "self" in found["server-token-mints"].found, name
        red = {each.id for each in found.values() if each.severity == "red"}
        assert red == (set() if narrow else {"server-token-mints"}), name


def test_without_setup_hub_their_lists_lack_our_scope(hubs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, values in hubs.items():
        found = said(configuration(values))
        assert found["user-access"].severity == "red", name
        assert found["server-access"].severity == "red", name
