"""The ladder, its report, and a real notebook in a real server."""

import dataclasses
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.bundle import Bundle, opened
from jupyter_2i2c.replicate.errors import Cancelled, ReplicateError
from jupyter_2i2c.replicate.inspect import inspected
from jupyter_2i2c.replicate.report_html import inspect_page, verification_page
from jupyter_2i2c.replicate.report_text import inspect_text, plain, verification_text
from jupyter_2i2c.replicate.verify import v7_notebook, verify
from jupyter_2i2c.replicate.verify.ladder import (
    RUNGS,
    Result,
    Rung,
    Verification,
    failed,
    judged,
    not_run,
)
from jupyter_2i2c.replicate.verify.report import write
from jupyter_2i2c.replicate.work import Work


def ladder(**rungs):
    return Verification("b", {name: rungs.get(name, not_run("not asked for")) for name in RUNGS})


def passing(left=0):
    items = {"a": Result("pass")} | {f"n{n}": Result("not-run", "no tool") for n in range(left)}
    return judged(items, "items")


def test_the_highest_rung_has_nothing_failing_below_it():
    assert ladder().highest == ""
    assert ladder(V0=passing(), V1=passing(), V5=passing()).highest == "V5"
    assert ladder(V0=passing(), V1=failed("x"), V5=passing()).highest == "V0"
    assert ladder(V0=passing(), V5=failed("x"), V7=passing()).highest == "V0"
    assert ladder(V0=failed("x"), V1=passing()).highest == ""


def test_the_highest_rung_says_what_was_not_run_up_to_it():
    skipped = judged({"a": Result("not-run", "no tool")}, "items")
    assert ladder(V0=passing(), V5=passing(2)).highest == "V5 with 2 items not run"
    assert ladder(V5=passing(1), V7=passing()).highest == "V7 with 1 item not run (V5)"
    assert ladder(V5=passing(1), V7=passing(2)).highest == "V7 with 3 items not run (V5, V7)"
    assert ladder(V5=skipped, V7=passing()).highest == "V7 with 1 item not run (V5)"
    assert ladder(V5=passing(), V7=skipped).highest == "V5"


def test_not_run_never_counts_as_a_pass():
    assert judged({"a": Result("not-run")}, "items").status == "not-run"
    assert not ladder().holds
    assert judged({}, "items").status == "not-run"
    assert judged({"a": Result("pass"), "b": Result("fail")}, "items").status == "fail"


def test_the_json_is_as_published(bundle_once):
    told = verify(bundle_once.place, up_to="V1").to_json()
    assert set(told) == {"bundle", "rungs", "highest", "blockers"}
    assert list(told["rungs"]) == list(RUNGS)
    for rung in told["rungs"].values():
        assert rung["status"] in ("pass", "fail", "not-run")
        assert rung["why"]
    assert told["highest"] == "V1"
    assert told["rungs"]["V5"]["status"] == "not-run"


def test_the_report_is_beside_the_bag_and_changes_nothing_in_it(bundle):
    from .conftest import tree

    before = tree(bundle)
    where = write(verify(bundle, up_to="V1"), bundle)
    assert where == bundle.with_name("replica.report")
    assert {path.name for path in where.iterdir()} == {"report.txt", "report.json", "report.html"}
    assert json.loads((where / "report.json").read_text())["highest"] == "V1"
    assert tree(bundle) == before
    write(verify(bundle, up_to="V0"), bundle)
    assert json.loads((where / "report.json").read_text())["highest"] == "V0"


class Page(HTMLParser):
    """What a page would load or run."""

    def __init__(self):
        super().__init__()
        self.tags = []
        self.attributes = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def looked_at(text):
    page = Page()
    page.feed(text)
    assert not {"script", "img", "link", "iframe", "a", "object"} & set(page.tags)
    assert not [
        each for each in page.attributes if each[1] in ("src", "href") or each[1][:2] == "on"
    ]
    assert "default-src 'none'" in text
    return page


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b]0;title\x07"


def test_pages_hold_nothing_that_runs_or_loads(bundle, tmp_path):
    path = bundle / "data" / "manifest.json"
    manifest = json.loads(path.read_text())
    for item in manifest["items"]:
        item["evidence"] = item["reason"] = item["action_needed"] = HOSTILE
    manifest["source"][HOSTILE] = manifest["layers"]["python"] = HOSTILE
    manifest["items"][0]["id"] = f"python:{HOSTILE}"
    path.write_text(json.dumps(manifest))
    found = inspected(Bundle(bundle, bundle))
    looked_at(inspect_page(found))
    assert "\x1b" not in inspect_text(found)
    hostile = ladder(V0=judged({HOSTILE: Result("fail", HOSTILE)}, "items"))
    hostile = dataclasses.replace(hostile, bundle=HOSTILE)
    looked_at(verification_page(hostile))
    assert "\x1b" not in verification_text(hostile)
    assert plain("a\x1bb") == "a\\x1bb"


def test_every_picture_is_there_as_text(bundle_once):
    page = verification_page(verify(bundle_once.place, up_to="V1"))
    text = re.sub(r"<[^>]*>", " ", page.partition("<body>")[2])
    for name, title in RUNGS.items():
        assert f"{name}" in text
        assert title in text.replace("&#x27;", "'")
    assert "not run" in text
    layers = inspect_page(inspected(Bundle(bundle_once.place, bundle_once.place)))
    assert "6 captured" in re.sub(r"<[^>]*>", " ", layers)


def test_inspect_keeps_the_order_of_the_layers(bundle_once):
    found = inspected(Bundle(bundle_once.place, bundle_once.place))
    assert [layer["id"] for layer in found["layers"]] == list(bundle_once.manifest.layers)
    assert found["layers"][0]["id"] == "interpreter"
    assert "Not captured" not in inspect_text(found).splitlines()[0]


def with_kernels(bundle, *names):
    """The bundle's manifest, whose kernels are these."""
    path = bundle / "data" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["items"] = [
        {"id": f"kernels:{name}", "layer": "kernels", "status": "captured", "evidence": "e", "source": "a"}
        for name in names
    ]  # fmt: skip
    path.write_text(json.dumps(manifest))
    return Bundle(bundle, bundle)


def test_a_real_notebook_runs_in_a_real_server(bundle):
    rung = v7_notebook.check(
        with_kernels(bundle, "python3", "none"), Path(sys.executable), None, Work()
    )
    results = {name: each.status for name, each in rung.items.items()}
    assert results.pop("kernel:none") == "fail"
    assert results == {
        "server": "pass",
        "lab": "pass",
        "notebook": "pass",
        "kernel:python3": "pass",
    }
    assert rung.status == "fail"


def test_the_server_knows_none_of_the_persons_variables(bundle, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "canary-9d8f7a6b")
    code = "import os\nprint(sorted(set(os.environ) & {'A_TOKEN', 'JUPYTERHUB_API_TOKEN'}), 'x')"
    monkeypatch.setattr(v7_notebook, "CELLS", ((code, "[] x"),))
    rung = v7_notebook.check(with_kernels(bundle), Path(sys.executable), None, Work())
    assert rung.items["notebook"].status == "pass", rung


def test_a_cell_that_gives_something_else(bundle, monkeypatch):
    monkeypatch.setattr(v7_notebook, "CELLS", (("print(6 * 8)", "42"),))
    rung = v7_notebook.check(with_kernels(bundle), Path(sys.executable), None, Work())
    assert rung.items["notebook"].status == "fail"
    assert "48" in rung.items["notebook"].why
    monkeypatch.setattr(v7_notebook, "CELLS", (("1 / 0", "42"),))
    rung = v7_notebook.check(with_kernels(bundle), Path(sys.executable), None, Work())
    assert "ZeroDivisionError" in rung.items["notebook"].why


def test_a_server_that_does_not_start(bundle, monkeypatch):
    monkeypatch.setattr(v7_notebook, "PASSED_ON", ())
    monkeypatch.setattr(v7_notebook.secrets, "token_urlsafe", lambda _: "token")
    config = bundle.parent / "jupyter"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text("raise SystemExit('broken settings')\n")
    from jupyter_2i2c.replicate.targets.local import Built

    rung = v7_notebook.check(
        with_kernels(bundle), Path(sys.executable), Built(bundle.parent), Work()
    )
    assert rung.status == "fail"
    assert "does not start" in rung.items["server"].why


def test_without_a_server_before_there_is_none_to_start(bundle_once, built_once):
    verification = verify(bundle_once.place, built=built_once.directory)
    assert verification.rungs["V7"].status == "not-run"
    assert "jupyter_server" in verification.rungs["V7"].why
    assert verification.highest == "V5"


def test_cancelled(bundle_once, built_once):
    with pytest.raises(Cancelled):
        verify(bundle_once.place, built=built_once.directory, cancelled=lambda: True)


def test_a_rung_that_is_none(bundle_once):
    with pytest.raises(ReplicateError, match="the rungs are V0"):
        verify(bundle_once.place, up_to="V9")


def test_verify_and_inspect_execute_nothing_of_the_bundle(bundle, tmp_path):
    mark = tmp_path / "mark"
    for name in ("binder/postBuild", "binder/overlay.py", "vendored/delta/tree/delta.py"):
        path = bundle / "data/env/default" / name
        path.write_text(f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n")
    verify(bundle, up_to="V1")
    with opened(bundle) as one:
        inspected(one)
    assert not mark.exists()


def test_a_rung_says_how_many():
    rung = Rung("pass", "", {"a": Result("pass"), "b": Result("not-run")})
    assert rung.count("not-run") == 1
