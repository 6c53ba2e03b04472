"""The words that both sides share, and their JSON form."""

import json
from dataclasses import fields

import pytest

from jupyter_2i2c.defaults import DEFAULTS
from jupyter_2i2c.model import Culling, HubFacts, Party, Span, from_json, to_json


def test_facts_survive_json():
    facts = HubFacts(
        name="A hub",
        org=Party("Org", "https://org.example/"),
        funded_by=(Party("One"), Party("Two")),
        notices=((Span("Hear, "), Span("hear", "https://x.example/")),),
        culling=Culling(3600, 7200),
    )
    assert from_json(HubFacts, json.loads(json.dumps(to_json(facts)))) == facts
    assert from_json(HubFacts, json.loads(json.dumps(to_json(DEFAULTS)))) == DEFAULTS


def test_fields_of_a_newer_version_are_ignored_and_missing_ones_stay_empty():
    facts = from_json(HubFacts, {"name": "A hub", "weather": "fine", "culling": {"moon": 1}})
    assert facts == HubFacts(name="A hub", culling=Culling())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 3},
        {"name": None},
        {"org": "text"},
        {"org": {"url": "https://x.example"}},
        {"funded_by": {"name": "x"}},
        {"funded_by": [3, None, {"nom": "x"}]},
        {"culling": {"timeout": True}},
        {"notices": [["x"]]},
    ],
)
def test_a_field_of_the_wrong_type_is_left_out(wrong):
    (name,) = wrong
    value = getattr(from_json(HubFacts, wrong), name)
    assert value in ("", None, (), ((),), Culling())


def test_something_else_than_an_object_is_refused():
    with pytest.raises(ValueError, match="expected an object for HubFacts, got list"):
        from_json(HubFacts, [])


def test_every_fact_is_described():
    for field in fields(HubFacts):
        assert f"    {field.name}: " in (HubFacts.__doc__ or "")
