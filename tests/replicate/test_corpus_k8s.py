"""Real configurations, where a corpus of them is there: captured, planned, built for Kubernetes, V0 to V3, and lint without a false alarm."""

import json
from functools import cache
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.importers.bundled import bundle_of, source_of
from jupyter_2i2c.replicate.importers.checkout import Checkout
from jupyter_2i2c.replicate.importers.infrastructure import read_from
from jupyter_2i2c.replicate.lint.all_rules import lint
from jupyter_2i2c.replicate.targets import k8s
from jupyter_2i2c.replicate.targets.k8s.provided import maker_of, provided_by_chart
from jupyter_2i2c.replicate.targets.k8s.references import references_of_hub
from jupyter_2i2c.replicate.verify import verify

TOP = Path(__file__).parents[2].parent / "shared" / "corpus"
EXPECTED = TOP / "expected.json"
HUBS = json.loads(EXPECTED.read_text())["hubs"] if EXPECTED.is_file() else {}
CHART = TOP / "charts" / "jupyterhub-4.3.3"


@cache
def checkout():
    return Checkout(TOP, rendered=TOP / "rendered")


@pytest.fixture(params=HUBS or ["none"])
def hub(request, corpus):
    return request.param


@cache
def read(hub):
    return read_from(checkout(), *hub.split("/"))


@pytest.fixture
def source(hub):
    return read(hub)


def test_it_is_taken_built_and_equal(source, tmp_path):
    bundle_of(source, tmp_path / "bundle")
    with opened(tmp_path / "bundle") as bundle:
        k8s.build(source_of(bundle), tmp_path / "built")
    verification = verify(tmp_path / "bundle", built=tmp_path / "built", chart=CHART, up_to="V3")
    assert verification.blockers == []
    assert verification.highest == "V3"


def test_references_of_the_plain_chart_are_those_that_helm_leaves(hub, source):
    values = source.values["jupyterhub"]
    provided = provided_by_chart(values, source.name)
    missing = {}
    for reference in references_of_hub(values):
        if maker_of(reference, provided)[1] and not reference.optional:
            by = missing.setdefault((reference.kind, reference.name), set())
            by.add(reference.needed_by)
    assert missing == {
        (each["kind"], each["name"]): set(each["needed_by"])
        for each in HUBS[hub]["missing_references_on_plain_z2jh"]
    }


GENUINE = {
    ("2i2c-aws-us/orcid-demo", "several-defaults"),  # two choices of image say default: true
    ("reflective/workshop", "broken-link"),  # a link to a sentence
}
"""Mistakes of the corpus that its list of facts does not name."""


def test_lint_finds_what_is_known_and_nothing_else(hub, source):
    known = HUBS[hub]["findings"]
    found = lint(source).findings
    ids = {}
    for each in found:
        ids.setdefault(each.id, []).append(each)
    pointers = {key: {each.pointer for each in same} for key, same in ids.items()}
    assert pointers.get("misplaced-in-override", set()) == set(known["misplaced_default"])
    assert pointers.get("empty-value", set()) == set(known["null_pointers"])
    several = pointers.get("list-in-several-files", set())
    assert several == set(known["lists_defined_in_several_files"])
    assert bool(ids.get("public-after-secret")) == known["public_file_after_secret_file"]
    assert bool(ids.get("role-lost-scope")) == known["usage_quota_scope_missing"]
    stray = [(Path(each.file).name, each.pointer) for each in ids.get("stray-top-level-key", [])]
    assert stray == [(each["file"], f"/{each['key']}") for each in known["stray_top_level_keys"]]
    assert len(ids["server-mints-tokens"]) == 1
    assert all(each.severity == "warning" for each in ids["server-mints-tokens"])
    loud = {each.id for each in found if each.severity != "note"}
    expected = {
        "server-mints-tokens",  # on every hub
        "misplaced-in-override",
        "list-in-several-files",
        "role-lost-scope",
        "stray-top-level-key",
        "hidden-behaviour",  # Python or a whole file that is encrypted
    }
    expected |= {rule for name, rule in GENUINE if name == hub}
    if hub in ("hhmi/staging", "hhmi/spyglass"):
        expected.add("readable-secret")  # the database's password
    assert loud <= expected


def test_every_finding_has_a_place_and_a_mend(source):
    for each in lint(source).findings:
        assert each.file, each
        assert each.message, each
        assert each.mend, each
