"""`jupyter 2i2c announce`, and what docs/administrators/news.md says of it."""

import argparse
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_2i2c.hub.news import command
from jupyter_2i2c.hub.store import announcements, audit
from jupyter_2i2c.hub.store.database import Store

from ..store.test_command import commands_of

PAGE = Path(__file__).parents[3] / "docs" / "administrators" / "news.md"
KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The store of a hub, in whose directory this is."""
    (tmp_path / "jupyter_2i2c.json").write_text(json.dumps({"schema": 1, "service": {}}))
    (tmp_path / "jupyter_2i2c.key").write_text(KEY.hex() + "\n")
    monkeypatch.chdir(tmp_path)
    store = Store(f"sqlite:///{tmp_path}/jupyter_2i2c.sqlite", KEY, on_head=lambda head: None)
    store.open()
    yield store
    store.close()


@pytest.fixture
def run(store, capsys):
    """Runs the verb; returns its exit status and what it printed."""

    def run(*line):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        status = command.run(parser.parse_args(line))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_no_id_looks_like_an_option(run, monkeypatch):
    """Whatever chance gives, it can be pasted behind the command."""
    # the URL-safe alphabet writes these bytes as "-Pj4…"
    monkeypatch.setattr(secrets, "token_bytes", lambda size: b"\xf8" * size)
    id_ = run("publish", "--title", "Slow")[1].partition(":")[0]
    assert run("withdraw", id_)[0] == 0


def test_published_listed_shown_changed_withdrawn(run, store):
    status, out, err = run("publish", "--title", "Slow", "--severity", "incident", "--group", "a")
    assert status == 0
    id_ = out.partition(":")[0]
    assert "within about a minute" in out
    assert "audit head 1:" in err
    assert f"{id_}  shown, incident, for the group a: Slow" in run("list")[1]
    assert run("edit", id_, "--title", "Slower", "--everyone", "--quietly")[0] == 0
    found = store.read_now(announcements.get, id_)
    assert (found.title, found.severity, found.edition, found.author) == (
        "Slower",
        "incident",
        1,
        "",
    )
    assert found.audience == {"kind": "everyone"}
    shown = run("show", id_)[1]
    assert "2: edited by the command line at" in shown
    assert "Seen by 0, acknowledged by 0, dismissed by 0" in shown
    assert run("withdraw", id_)[0] == 0
    assert "Nothing is shown." in run("list")[1]
    assert "withdrawn, incident" in run("list", "--all")[1]
    entries = store.read_now(audit.entries)
    assert [entry.action for entry in reversed(entries)] == [
        "publish-announcement",
        "edit-announcement",
        "withdraw-announcement",
    ]
    assert {(entry.actor, entry.source) for entry in entries} == {("", "command line")}


def test_as_json(run):
    status, out, _ = run("publish", "--title", "x", "--acknowledge", "--json")
    made = json.loads(out)
    assert (status, made["state"], made["acknowledge"], made["dismissible"]) == (
        0,
        "shown",
        True,
        False,
    )
    (listed,) = json.loads(run("list", "--json")[1])
    assert listed == made
    shown = json.loads(run("show", made["id"], "--json")[1])
    assert shown["counts"] == {"seen": 0, "acknowledged": 0, "dismissed": 0}
    assert [each["what"] for each in shown["history"]] == ["published"]


def test_a_preview_changes_nothing(run, store):
    status, out, _ = run("publish", "--title", "x", "--body", "**y**", "--preview", "--json")
    assert status == 0
    assert json.loads(out)["body_html"] == "<p><strong>y</strong></p>\n"
    assert "Nothing was changed." in run("publish", "--title", "x", "--preview")[1]
    assert store.read_now(announcements.current) == []
    assert store.read_now(audit.entries) == []


def test_all_that_is_wrong_is_told_and_nothing_published(run, store):
    status, out, err = run("publish", "--title", " ", "--severity", "bad", "--ends", "soon")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 3
    assert "write it as 2026-11-24T06:00Z" in err
    assert store.read_now(announcements.current) == []


@pytest.mark.parametrize("line", [("show", "x"), ("edit", "x", "--title", "y"), ("withdraw", "x")])
def test_what_is_not_there_is_told(run, line):
    status, _, err = run(*line)
    assert status == 2
    assert "there is no announcement 'x'" in err


def test_a_text_that_cannot_be_read_is_told(run, tmp_path):
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    status, _, err = run("publish", "--title", "x", "--body-file", "latin")
    assert (status, "byte 3 is not UTF-8" in err) == (2, True)
    status, _, err = run("publish", "--title", "x", "--body-file", "none")
    assert (status, "No such file" in err) == (2, True)


def test_elsewhere_it_says_where_to_run_it(run, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    status, _, err = run("list")
    assert status == 2
    assert "Run it in the hub's directory" in err


CARRIED = [{"id": "abc", "title": "Storage is full"}, {"id": "def", "title": ""}]


def test_what_went_with_a_hub_is_restored(run, store, tmp_path):
    (tmp_path / "carried.json").write_text(json.dumps(CARRIED))
    status, out, _ = run("restore", "carried.json")
    assert (status, out) == (
        0, "1 published, 0 were there already\ndef: left out. Give it a title.\n",
    )  # fmt: skip
    (found,) = store.read_now(announcements.current)
    assert (found.id, found.title, found.author) == ("abc", "Storage is full", "")
    again = json.loads(run("restore", "carried.json", "--json")[1])
    assert again == {"published": [], "there": ["abc"], "left": {"def": "Give it a title."}}


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, json.dumps([{}] * 10_001)])
def test_what_is_no_list_of_announcements_is_refused(run, store, tmp_path, text):
    (tmp_path / "carried.json").write_text(text)
    status, _, err = run("restore", "carried.json")
    assert status == 2
    assert "carried.json: no" in err
    assert err.count("\n") == 1
    assert store.read_now(announcements.current) == []


def test_a_file_of_fifty_megabytes_is_not_read(run, tmp_path):
    with (tmp_path / "carried.json").open("wb") as file:
        file.truncate((50 << 20) + 1)
    status, _, err = run("restore", "carried.json")
    assert (status, "larger than 50 MiB" in err) == (2, True)


def test_a_hub_that_has_not_started_yet_gets_its_store(run, tmp_path):
    (tmp_path / "carried.json").write_text(json.dumps(CARRIED))
    place = (
        "--database",
        f"sqlite:///{tmp_path}/new.sqlite",
        "--key-file",
        str(tmp_path / "new.key"),
    )
    assert run("restore", "carried.json", *place)[0] == 2
    assert not (tmp_path / "new.key").exists()
    assert run("restore", "carried.json", "--create", *place)[1].startswith("1 published")
    assert json.loads(run("list", "--json", *place)[1])[0]["id"] == "abc"
    for name in ("new.sqlite", "new.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_commands_of_the_page(run, store, tmp_path):
    (tmp_path / "maintenance.md").write_text("Servers **stop**.")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    first, *lines = commands_of(PAGE, "From the command line")
    environment = {**os.environ, "PATH": path}
    printed = ""
    for line in (first, *lines):
        done = subprocess.run(
            ["bash", "-euc", line], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, line + done.stderr
        printed += done.stdout
        environment.setdefault("ID", done.stdout.partition(":")[0])
    assert "Servers start as usual" in printed
    (left,) = store.read_now(announcements.current)
    assert (left.title, left.acknowledge) == ("Quotas", True)
    assert left.audience["groups"] == ["teachers", "students"]
