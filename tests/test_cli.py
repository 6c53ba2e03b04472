"""The command line."""

import json
import os
import subprocess
import sys

import pytest

from jupyter_2i2c.cli import _parser, main
from jupyter_2i2c.demo.local_hub import clean_environment


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "hub.values.yaml"
    path.write_text(
        "jupyterhub: {custom: {jupyter2i2c: {name: 'Küste', docs_url: nope}}, cull: {timeout: 60}}"
    )
    return path


def test_info_prints_each_fact_with_its_source(values, capsys):
    assert main(["info", "--values", str(values)]) == 0
    output = capsys.readouterr()
    assert "Küste  [hub.values.yaml at /jupyterhub/custom/jupyter2i2c/name]" in output.out
    assert "with or without 2i2c.  [2i2c's public facts]" in output.out
    assert "docs_url: given 'nope', expected an address" in output.err


def test_info_prints_json(values, capsys):
    assert main(["info", "--values", str(values), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["facts"]["name"] == "Küste"
    assert answer["provenance"]["name"]["layer"] == "local"
    assert answer["facts"]["culling"]["timeout"] == 60


def test_info_of_an_unreadable_file_is_one_line_and_status_2(tmp_path, capsys):
    assert main(["info", "--values", str(tmp_path / "none.yaml")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "none.yaml: No such file" in error


def test_without_a_verb_it_says_which_there_are(capsys):
    assert main([]) == 2
    said = capsys.readouterr().err
    for verb in ("info", "doctor", "capture", "verify", "guide", "drill"):
        assert f"\n    {verb} " in said


def test_the_examples_in_the_help_are_calls(capsys):
    with pytest.raises(SystemExit):
        main(["capture", "hub", "--help"])
    said = capsys.readouterr().out
    lines = [each for each in said.splitlines() if each.startswith("  jupyter 2i2c ")]
    assert len(lines) == 3
    for each in lines:
        assert str(_parser().parse_args(each.split()[2:]).output) == "bundle"


def test_a_wrong_call_is_status_2(capsys):
    with pytest.raises(SystemExit) as end:
        main(["inform"])
    assert end.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def run(*arguments, **environment):
    """The command as a person types it."""
    return subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", *arguments],
        capture_output=True,
        text=True,
        env={**clean_environment(), **environment},
        timeout=60,
        check=False,
    )


def test_info_without_files_reads_this_machines_configuration(tmp_path):
    (tmp_path / "jupyter_server_config.py").write_text("c.HubInformation.name = 'Mine'\n")
    done = run("info", "--json", JUPYTER_CONFIG_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["facts"]["name"] == "Mine"
    assert answer["provenance"]["name"]["source"].startswith("c.HubInformation.name in")


def test_info_says_why_the_hub_is_not_in_it(tmp_path):
    done = run(
        "info",
        JUPYTER_CONFIG_DIR=str(tmp_path),
        JUPYTERHUB_API_URL="http://127.0.0.1:9/hub/api",
        JUPYTERHUB_API_TOKEN="x",
        JUPYTER_2I2C_SERVICE_URL="http://127.0.0.1:9/services/2i2c/",
    )
    assert done.returncode == 0, done.stderr
    assert "the hub's service cannot be reached" in done.stderr
    assert "Community hub" in done.stdout


def test_info_into_a_closed_pipe_is_no_error(values):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "info", "--values", str(values)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
