"""The JSON that crosses from Python to the browser and between versions; `src/__tests__/contract.spec.ts` reads the same files."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from jupyter_2i2c import model
from jupyter_2i2c.model import HubFacts, from_json, to_json
from jupyter_2i2c.server.announcements import Announcement
from jupyter_2i2c.server.diagnostics import Part
from jupyter_2i2c.server.home import Home
from jupyter_2i2c.server.last_replica import Replica
from jupyter_2i2c.server.observation import Image, Server, Session
from jupyter_2i2c.server.resources import Usage
from jupyter_2i2c.server.standing import Done
from jupyter_2i2c.server.support import Request
from jupyter_2i2c.sources import Stated, from_service, resolve, sheet_to_json

TYPESCRIPT = (Path(__file__).parents[1] / "src" / "api.ts").read_text("utf-8")

MIRRORED = {
    "IParty": model.Party,
    "ISpan": model.Span,
    "ILayer": model.Layer,
    "IContact": model.Contact,
    "ISupportCategory": model.SupportCategory,
    "IOutageKind": model.OutageKind,
    "IPrinciple": model.Principle,
    "ILink": model.Link,
    "IComponent": model.Component,
    "ICulling": model.Culling,
    "IHubFacts": model.HubFacts,
    "IProvenance": model.Provenance,
    "IProblem": model.Problem,
    "IEvidence": model.Evidence,
    "ILayerEvidence": model.LayerEvidence,
    "IEvidenceSheet": model.EvidenceSheet,
    "IUsage": Usage,
    "IDone": Done,
    "IPart": Part,
    "ISentRequest": Request,
    "IReplica": Replica,
}


@pytest.mark.parametrize(("interface", "cls"), MIRRORED.items(), ids=MIRRORED)
def test_each_interface_has_the_fields_of_its_dataclass(interface, cls):
    body = re.search(rf"export interface {interface} {{\n(.*?)\n}}", TYPESCRIPT, re.S)[1]
    assert re.findall(r"^  (\w+):", body, re.M) == [field.name for field in fields(cls)]


def test_the_panels_example_is_what_the_server_answers(data):
    example = json.loads((data / "info.json").read_text("utf-8"))
    stated, filled_in = from_service(example)
    again = sheet_to_json(resolve(stated, Stated(), filled_in))
    assert again["facts"] == example["facts"]
    assert again["provenance"] == example["provenance"]


def test_the_sessions_example_has_the_fields_of_a_session(data):
    example = json.loads((data / "session.json").read_text("utf-8"))
    assert set(example) == {field.name for field in fields(Session)} | {"you"}
    parts = {"server": Server, "image": Image, "memory": Usage, "cpu": Usage, "home": Home}
    for name, cls in parts.items():
        assert set(example[name]) == {field.name for field in fields(cls)}, name


def test_the_announcements_example_has_their_fields(data):
    example = json.loads((data / "announcements.json").read_text("utf-8"))
    for each in example["announcements"]:
        assert list(each) == [field.name for field in fields(Announcement)]


def test_the_evidences_example_is_a_sheet(data):
    example = json.loads((data / "evidence.json").read_text("utf-8"))
    version = example.pop("version")
    assert version == 1
    assert to_json(from_json(model.EvidenceSheet, example)) == example


def released(data):
    return sorted(data.glob("service-info-*.json"))


def test_the_answer_of_every_released_service_is_understood(data):
    assert released(data)
    for path in released(data):
        stated, filled_in = from_service(json.loads(path.read_text("utf-8")))
        facts = resolve(stated, Stated(), filled_in).facts
        assert facts.name == "Coastal Ocean Hub", path.name
        assert facts.contacts, path.name


def test_what_a_released_panel_reads_is_still_told(data):
    """`api/v1` only grows: each field of an older answer is in ours, with a value of its type."""
    ours = sheet_to_json(resolve(Stated()))["facts"]
    for path in released(data):
        theirs = json.loads(path.read_text("utf-8"))["facts"]
        assert set(theirs) <= set(ours), path.name
        assert to_json(from_json(HubFacts, theirs)) == {**ours, **theirs}, path.name
