"""What a bundle says of what is open in it, however it was written."""

import json

import pytest
from traitlets.config import Config

from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.bundle import Bundle, opened
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.inspect import inspected
from jupyter_2i2c.replicate.report_html import inspect_page


def found(place):
    """Layer and id to evidence."""
    told = inspected(Bundle(place, place))
    layers = told["evidence"]["layers"]
    assert [each["key"] for each in layers] == ["data", "environment", "infrastructure", "cloud"]
    assert "What is open" in inspect_page(told)
    return {(layer["key"], each["id"]): each for layer in layers for each in layer["items"]}


def test_an_environments_bundle_tells_licences_and_what_moves(bundle_once):
    items = found(bundle_once.place)
    unknown = items["environment", "python:not-known"]
    assert {"alpha 1.0", "beta 2.0", "gamma 3.0"} <= set(unknown["names"])
    assert items["environment", "python:moves-0"]["names"] == ["delta 0.1"]
    assert items["cloud", "nothing"]["status"] == "not-known"


@pytest.mark.parametrize(
    "observed",
    [
        "{",
        "[]",
        "[" * 100_000,
        {"distributions": "x"},
        {"distributions": [1, {"licence": {"status": "x"}}, {"name": [], "licence": []}]},
    ],
)
def test_what_cannot_be_read_is_not_known(bundle, observed):
    path = bundle / "data" / "env" / "default" / "observed.json"
    path.write_text(observed if isinstance(observed, str) else json.dumps(observed))
    statuses = {each["status"] for each in found(bundle).values()}
    assert statuses == {"not-known"}


def test_what_a_bundle_from_elsewhere_says_is_text(bundle):
    path = bundle / "data" / "env" / "default" / "observed.json"
    name = "<script>alert(1)</script>"
    licence = {"status": "own-licence", "name": name * 100}
    told = {"distributions": [{"name": name, "version": "1", "licence": licence}]}
    path.write_text(json.dumps(told))
    assert found(bundle)["environment", "python:own"]["count"] == 1
    assert "<script" not in inspect_page(inspected(Bundle(bundle, bundle)))


def test_a_hubs_bundle_tells_what_ties_it(tmp_path):
    config = Config()
    config.KubeSpawner.storage_class = "of-one-cloud"
    config.KubeSpawner.image = "example.org/matlab:latest"
    record.write(tmp_path / "record.json", config, None, tmp_path)
    write_bundle(read_record(tmp_path / "record.json"), tmp_path / "bundle")
    with opened(tmp_path / "bundle") as bundle:
        items = found(bundle.place)
    assert items["cloud", "tie:the-storage-class"]["names"] == ["KubeSpawner.storage_class"]
    assert items["environment", "images:matlab"]["status"] == "own-licence"
    assert items["data", "nothing"]["status"] == "not-known"
