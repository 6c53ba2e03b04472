"""The verbs as a person types them."""

import json
import os
import subprocess
import sys

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.capture.environment import capture_environment
from jupyter_2i2c.replicate.diff import diff


@pytest.fixture
def person(made_once, monkeypatch):
    """The variables of the environment's person, and no others that matter."""
    for name in [each for each in os.environ if each.startswith("JUPYTERHUB")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(made_once.home))
    return made_once


def test_from_capture_to_the_report(person, tmp_path, capsys):
    bundle, built = str(tmp_path / "b"), str(tmp_path / "built")
    assert main(["capture", "env", "-o", bundle, "--python", person.python]) == 0
    assert "Python distributions" in capsys.readouterr().out
    assert main(["inspect", bundle]) == 0
    assert "Kernels" in capsys.readouterr().out
    assert main(["inspect", bundle, "--html", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert main(["build", bundle, "--target", "local", "-o", built]) == 0
    assert "start" in capsys.readouterr().out
    assert main(["verify", bundle, "--built", built, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["highest"] == "V5"
    assert (tmp_path / "b.report" / "report.html").is_file()
    assert main(["verify", bundle, "--target", "local", "--no-report"]) == 0
    assert "Highest rung: V5" in capsys.readouterr().out
    assert main(["diff", bundle, "--python", person.python]) == 0
    assert "items are equal" in capsys.readouterr().out


def test_what_changed_since(person, bundle_once, tmp_path, capsys):
    new = person.site / "stray.py"
    before = new.read_text()
    added = person.site / "later-1.dist-info"
    try:
        new.write_text("STRAY = 2\n")
        added.mkdir()
        (added / "METADATA").write_text("Name: later\nVersion: 1\n")
        (added / "RECORD").write_text("later-1.dist-info/METADATA,,\n")
        assert main(["diff", str(bundle_once.place), "--python", person.python, "--json"]) == 1
    finally:
        new.write_text(before)
        (added / "METADATA").unlink()
        (added / "RECORD").unlink()
        added.rmdir()
    told = json.loads(capsys.readouterr().out)
    assert "python:later" in told["added"]
    assert "stray.py" in told["changed"]["python:files of none or several"]


def test_facts_about_the_hub_are_no_change_of_the_environment(person, tmp_path, capsys):
    place = tmp_path / "b"
    capture_environment(place, python=person.python, make_lock=False, hub={"hub": "Coast"})
    assert main(["diff", str(place), "--python", person.python]) == 0
    assert "hub:hub" not in capsys.readouterr().out


def test_two_bundles(bundle_once, bundle):
    assert not diff(bundle_once.place, bundle).differs


def test_a_broken_bundle_is_not_built_and_fails(bundle, tmp_path, capsys):
    (bundle / "data" / "env" / "default" / "observed.json").write_text("{}")
    assert main(["build", str(bundle), "--target", "local", "-o", str(tmp_path / "x")]) == 1
    assert "is not whole" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
    assert main(["verify", str(bundle), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["rungs"]["V0"]["status"] == "fail"


@pytest.mark.parametrize(
    "call",
    [
        ["inspect", "{none}"],
        ["verify", "{none}"],
        ["build", "{none}", "--target", "local", "-o", "{none}/x"],
        ["diff", "{none}"],
        ["capture", "env", "-o", "{here}"],
        ["capture", "env", "-o", "{none}", "--python", "{none}"],
        ["capture", "env", "-o", "{none}", "--encrypt-to", "age1wrong"],
        ["capture", "env", "-o", "{none}", "--created", "then"],
        ["capture", "env", "-o", "{none}.tar.gz"],
        ["capture", "home", "-o", "{none}.tar.gz", "--home", "{here}"],
        ["capture", "home", "-o", "{none}.zip", "--home", "{here}", "--volume-size", "1M"],
        ["capture", "home", "-o", "-", "--volume", "2"],
        ["capture", "home", "-o", "{file}"],
        ["drill", "--cluster", "north", "-o", "{none}"],
        ["verify", "{here}", "--built", "{here}"],
    ],
)
def test_wrong_input_is_one_line_and_status_2(call, tmp_path, capsys):
    names = {"none": tmp_path / "none", "here": tmp_path, "file": tmp_path / "file"}
    names["file"].touch()
    assert main([each.format(**names) for each in call]) == 2
    error = capsys.readouterr().err
    assert error.startswith("jupyter 2i2c ")
    assert error.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_parser_imports_nothing_heavy():
    code = (
        "import sys; from jupyter_2i2c.cli import _parser; _parser();"
        "print(sorted({'bagit', 'zstandard', 'tornado', 'jsonschema', 'cryptography', 'traitlets'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_in_a_pipe_there_is_no_progress(person, tmp_path, capsys):
    assert main(["capture", "env", "-o", str(tmp_path / "b"), "--python", person.python]) == 0
    assert capsys.readouterr().err == ""
