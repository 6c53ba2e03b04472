"""`plan`, `build` and `verify` of a hub for Kubernetes, as they are typed."""

import json

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.importers.bundled import bundle_of

from . import k8s_hub

CREATED = "2026-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("verbs")


@pytest.fixture(scope="module")
def bundle(place):
    source = k8s_hub.source(place / "repository")
    return bundle_of(source, place / "bundle", created=CREATED).place


@pytest.fixture(scope="module")
def built(bundle, place):
    assert main(["build", str(bundle), "--target", "k8s", "-o", str(place / "built")]) == 0
    return place / "built"


def test_plan_lists_every_transform_and_writes_nothing(bundle, place, capsys):
    before = sorted(place.rglob("*"))
    assert main(["plan", str(bundle), "--target", "k8s"]) == 0
    text = capsys.readouterr().out
    assert "the address of the hub: field.example.org becomes replace-me-hub-domain" in text
    assert "Nothing was written." in text
    assert sorted(place.rglob("*")) == before
    assert main(["plan", str(bundle), "--target", "k8s", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["target"] == "k8s"
    assert all({"id", "kind", "what", "why", "changes"} <= set(each) for each in told["steps"])


def test_build_says_where_the_steps_are(bundle, place, capsys):
    assert main(["build", str(bundle), "--target", "k8s", "-o", str(place / "again")]) == 0
    assert "README.md says what to do" in capsys.readouterr().out
    readme = (place / "again" / "README.md").read_text()
    assert "kubectl apply -k ." in readme
    assert "--version 4.3.3 --values values.yaml --values secrets.values.yaml" in readme
    assert "| `replace-me-hub-domain.invalid` | `field.example.org` |" in readme


def test_verify_climbs_to_v3(bundle, built, place, capsys):
    chart = place / "repository" / "charts" / "jupyterhub-4.3.3"
    status = main(
        ["verify", str(bundle), "--built", str(built), "--chart", str(chart), "--up-to", "V3",
         "--json", "--no-report"]
    )  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert told["blockers"] == []
    assert status == 0
    assert told["highest"] == "V3"
    assert told["rungs"]["V4"]["status"] == "not-run"


def test_verify_builds_now_where_nothing_is_built(bundle, capsys):
    status = main(["verify", str(bundle), "--target", "k8s", "--up-to", "V3", "--no-report"])
    text = capsys.readouterr().out
    assert status == 0
    assert "Highest rung: V3 with 1 item not run (V1)" in text


def test_a_change_of_what_was_built_fails_with_its_place(bundle, built, tmp_path, capsys):
    values = built / "values.yaml"
    whole = values.read_text()
    try:
        values.write_text(whole.replace("limit: 1G", "limit: 2G"))
        arguments = ["verify", str(bundle), "--built", str(built), "--up-to", "V3", "--no-report"]
        assert main(arguments) == 1
    finally:
        values.write_text(whole)
    assert "values /singleuser/memory/limit" in capsys.readouterr().out


def test_what_was_built_and_is_no_yaml_any_more_is_said_with_its_line(bundle, built, capsys):
    values = built / "values.yaml"
    whole = values.read_text()
    try:
        values.write_text(whole + "a: [\n")
        assert main(["verify", str(bundle), "--built", str(built), "--no-report"]) == 1
    finally:
        values.write_text(whole)
    assert "values.yaml:" in capsys.readouterr().out


def test_a_bundle_of_an_environment_has_no_hub(place, tmp_path, capsys):
    (tmp_path / "bag").mkdir()
    assert main(["plan", str(tmp_path / "bag"), "--target", "k8s"]) == 2
    assert "no bundle" in capsys.readouterr().err
