"""All hubs of a sample of real configurations, against the facts that are known of them."""

import json

import pytest
import yaml

from jupyter_2i2c.model import Culling
from jupyter_2i2c.sources import resolve
from jupyter_2i2c.text import line
from jupyter_2i2c.values import from_files


@pytest.fixture(scope="module")
def expected(corpus):
    return json.loads((corpus / "expected.json").read_text())["hubs"]


def values_of(corpus, hub, expected, tmp_path):
    """The values files of a hub, from the lowest to the highest."""
    cluster, _, name = hub.partition("/")
    # the inner chart's defaults apply to what the outer one nests
    inner = tmp_path / "z2jh.yaml"
    defaults = yaml.safe_load((corpus / "charts/jupyterhub-4.3.3/values.yaml").read_text())
    inner.write_text(yaml.safe_dump({"jupyterhub": defaults}))
    return [
        inner,
        corpus / "charts/basehub/values.yaml",
        corpus / f"rendered/{cluster}/{name}.values.yaml",
        *(corpus / "clusters" / cluster / each for each in expected["values_files"]),
    ]


def test_every_hub_says_what_is_known_of_it(corpus, expected, tmp_path):
    assert len(expected) == 27
    for hub, facts in expected.items():
        said = from_files(values_of(corpus, hub, facts, tmp_path))
        sheet = resolve(said)
        card = sheet.facts
        homepage = facts["homepage"]
        for role in ("org", "designed_by", "operated_by"):
            party = homepage[role]
            if party is None:
                assert role not in said.values, (hub, role)
            elif not party["name"]:
                assert getattr(card, role) is None, (hub, role)
            else:
                assert getattr(card, role).name == line(party["name"]), (hub, role)
                assert getattr(card, role).url in (party["url"], ""), (hub, role)
        funders = homepage["funded_by"]
        if funders and funders["has_custom_html"]:
            assert len(card.funded_by) >= 1, hub
            assert all(funder.url for funder in card.funded_by), hub
        elif funders and funders["name"]:
            assert [funder.name for funder in card.funded_by] == [line(funders["name"])], hub
        else:
            assert card.funded_by == (), hub
        assert len(card.notices) == homepage["announcements"], hub
        assert bool(card.learn_more) == bool(
            homepage["has_learn_more"] or homepage["redirect_to"]
        ), hub
        cull = facts["cull"]
        assert card.culling == Culling(
            cull["timeout"], cull["maxAge"], cull["every"], cull["users"]
        ), hub
        # whatever a hub leaves out, its card is a sensible one
        assert card.name, hub
        assert facts["domain"] in card.url, hub
        assert card.statement, hub
        if card.operated_by:
            assert card.contacts, hub
