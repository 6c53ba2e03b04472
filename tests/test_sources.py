"""How what several sources say becomes the facts."""

import json

import pytest
from traitlets.config import Config

from jupyter_2i2c.config import read
from jupyter_2i2c.defaults import DEFAULTS, OPERATOR_CONTACT
from jupyter_2i2c.model import Contact, Party, Principle, Provenance
from jupyter_2i2c.sources import Stated, evidence, from_service, resolve, sheet_to_json


def said(layer, **traits):
    return read(Config({"HubInformation": traits}), layer, layer)


def over_the_wire(sheet):
    return from_service(json.loads(json.dumps(sheet_to_json(sheet))))


def test_the_service_goes_over_local_goes_over_defaults_field_by_field():
    service, filled_in = over_the_wire(resolve(said("service", name="S", region="s")))
    sheet = resolve(service, said("local", name="L", provider="l"), filled_in)
    assert (sheet.facts.name, sheet.facts.region, sheet.facts.provider) == ("S", "s", "l")
    assert sheet.facts.statement == DEFAULTS.statement
    layers = {name: where.layer for name, where in sheet.provenance.items()}
    assert layers["name"] == layers["region"] == "service"
    assert layers["provider"] == "local"
    assert layers["statement"] == "default"


def test_a_local_word_goes_over_what_the_service_filled_in():
    service, filled_in = over_the_wire(resolve(said("service", name="S")))
    sheet = resolve(service, said("local", mission="Ours"), filled_in)
    assert sheet.facts.mission == "Ours"


def test_what_the_service_filled_in_goes_over_our_own_defaults():
    service, filled_in = over_the_wire(resolve(Stated()))
    newer = {**filled_in.values, "mission": "A newer default"}
    sheet = resolve(service, Stated(), Stated(newer, filled_in.provenance))
    assert sheet.facts.mission == "A newer default"


def test_an_empty_value_removes_a_default_on_the_other_side_too():
    sheet = resolve(said("service", contacts=[], status_url=""))
    assert sheet.facts.contacts == ()
    service, filled_in = over_the_wire(sheet)
    there = resolve(service, Stated(), filled_in)
    assert there.facts.contacts == ()
    assert there.facts.status_url == ""


def test_another_operator_is_not_answered_for_by_the_default_contact():
    assert resolve(Stated()).facts.contacts == (OPERATOR_CONTACT,)
    cloudbank = resolve(said("service", operated_by={"name": "CB", "url": "https://cb.example/"}))
    (contact,) = cloudbank.facts.contacts
    assert (contact.name, contact.url, contact.email) == ("CB", "https://cb.example/", "")
    assert resolve(said("service", operated_by=None)).facts.contacts == ()


def test_contacts_are_told_in_the_order_to_ask():
    sheet = resolve(
        said(
            "service",
            contacts=[
                {"role": "operator", "name": "O"},
                {"role": "community", "name": "C"},
                {"role": "representative", "name": "R"},
            ],
        )
    )
    assert [each["name"] for each in sheet_to_json(sheet)["facts"]["contacts"]] == ["C", "R", "O"]


def test_evidence_of_a_principle_is_an_address_on_this_hub():
    facts = resolve(said("service", configuration_url="https://c.example/")).facts
    assert evidence(Principle("x", "configuration_url"), facts) == "https://c.example/"
    assert evidence(Principle("x", "https://e.example/"), facts) == "https://e.example/"
    for named in ("org", "description", "__doc__", "__module__"):
        assert evidence(Principle("x", named), facts) == ""
    assert evidence(Principle("x", "no_such_fact"), facts) == ""
    assert evidence(Principle("x"), facts) == ""


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"facts": []}])
def test_an_answer_that_is_none_is_refused(answer):
    with pytest.raises(ValueError, match="no facts"):
        from_service(answer)


def test_an_answer_of_a_newer_service_is_read_as_far_as_it_is_understood():
    service, filled_in = from_service(
        {
            "version": 2,
            "facts": {"name": "N", "weather": "fine", "org": {"name": "O", "planet": "Earth"}},
            "provenance": {
                "name": {"layer": "service", "source": "x", "line": 3},
                "weather": {"layer": "service", "source": "x"},
                "org": {"layer": "default", "source": "y"},
            },
        }
    )
    assert service.values == {"name": "N"}
    assert filled_in.values == {"org": Party("O")}
    assert service.provenance["name"] == Provenance("service", "x")


def test_problems_do_not_travel():
    sheet = resolve(said("service", name=3))
    assert sheet.problems
    assert "problems" not in sheet_to_json(sheet)


def test_the_statement_stands_word_for_word():
    assert resolve(Stated()).facts.statement == (
        "The Right to Replicate gives communities the right to replicate their infrastructure in"
        " its entirety elsewhere, with or without 2i2c."
    )
    assert [layer.level for layer in DEFAULTS.layers] == ["MAY", "SHOULD", "MUST", "MUST"]
    assert len(DEFAULTS.commitments) == 2


def test_a_contact_of_our_own_stays():
    sheet = resolve(said("local", contacts=[{"role": "community", "name": "Us"}]))
    assert sheet.facts.contacts == (Contact("community", "Us"),)
