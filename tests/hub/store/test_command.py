"""`jupyter 2i2c audit`, and what docs/operators/store.md says about backups."""

import argparse
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_2i2c.hub.store import audit, command, intents, jobs

from .conftest import KEY

PAGE = Path(__file__).parents[3] / "docs" / "operators" / "store.md"


@pytest.fixture
def hub(tmp_path, monkeypatch, url, store):
    """The hub's directory, with a store in which something was done."""
    service = {"database_url": url, "key_file": "secret.key"}
    if url.startswith("sqlite"):
        service["database_url"] = "sqlite:///store.sqlite"
    (tmp_path / "jupyter_2i2c.json").write_text(json.dumps({"schema": 1, "service": service}))
    (tmp_path / "secret.key").write_text(KEY.hex() + "\n")
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        store.write_now(
            audit.append, "ada", "stop-server", {"user": f"u{number}"}, "done", "=1+1 é"
        )
    return tmp_path


@pytest.fixture
def run(hub, capsys):
    """Runs the verb; returns its exit status and what it printed."""

    def run(*line):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        status = command.run(parser.parse_args(line))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_verify_finds_its_database_and_says_what_it_did(run, heads):
    status, out, _ = run("--verify")
    assert status == 0
    assert "5 entries from number 1 checked, 0 heads compared." in out
    assert "A cut tail shows only against a head" in out
    assert f"head {heads[-1]}" in out
    status, out, _ = run("--verify", "--head", heads[-1])
    assert status == 0
    assert "1 head compared" in out


def test_verify_elsewhere(run, hub, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    status, _, err = run("--verify")
    assert status == 2
    assert "Run it in the hub's directory" in err
    status, out, _ = run("--verify", "--config", str(hub / "jupyter_2i2c.json"))
    assert status == 0, out


def test_verify_with_everything_given(run, url, hub):
    (hub / "jupyter_2i2c.json").unlink()
    assert run("--verify", "--database", url, "--key-file", "secret.key")[0] == 0


def test_a25_verify_says_what_is_wrong(run, raw):
    raw("UPDATE audit SET reason = 'x' WHERE sequence = 2")
    status, out, _ = run("--verify")
    assert status == 1
    assert "changed: Entry 2 is not as it was written" in out
    status, out, _ = run("--verify", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["ok"] is False
    assert found["problems"][0]["sequence"] == 2


def test_a25_verify_finds_a_cut_tail_by_the_service_s_log(run, raw, hub, heads):
    (hub / "hub.log").write_text("".join(f"[I] jupyter_2i2c audit head {each}\n" for each in heads))
    assert run("--verify", "--log", "hub.log")[0] == 0
    raw("DELETE FROM audit WHERE sequence = 5")
    status, out, _ = run("--verify", "--log", "hub.log")
    assert status == 1
    assert "cut: Entry 5 was there once; the log ends at 4" in out
    assert run("--verify", "--head", heads[-1])[0] == 1
    assert run("--verify")[0] == 0


def test_export_as_lines(run):
    status, out, _ = run("--export")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [each["sequence"] for each in lines] == [1, 2, 3, 4, 5]
    assert lines[0]["reason"] == "=1+1 é"


def test_export_as_csv_computes_nothing(run):
    _, out, _ = run("--export", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [each["sequence"] for each in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["reason"] == "'=1+1 é"


def test_purge(run, store):
    old = datetime(2020, 1, 1, tzinfo=timezone.utc)
    job = store.write_now(
        jobs.create, kind="stop-all", actor="ada", items=[("a", "")], token="x", time=old
    )
    ask = {"kind": "stop-server", "actor": "ada", "target": {"user": "a"}}
    intent = store.write_now(intents.create, **ask, time=old)
    store.write_now(intents.refuse, intent.id, actor="ada", time=old)
    assert run("--purge-before", "2019-01-01")[1] == "0 entries removed\n"
    status, out, err = run("--purge-before", datetime.now(timezone.utc).isoformat())
    assert (status, out) == (0, "8 entries removed\n")
    assert "jupyter_2i2c audit head 9:" in err
    (left,) = store.read_now(audit.entries)
    assert (left.action, left.source) == ("purge-audit", "command line")
    assert store.read_now(intents.get, intent.id) is None
    assert store.read_now(jobs.get, job.id) is not None  # it has not ended
    assert run("--verify")[0] == 0


def test_a_slip_in_the_year_removes_nothing(run, store, capsys):
    with pytest.raises(SystemExit):
        run("--purge-before", "2062-11-21")
    assert "2062-11-21 is still to come" in capsys.readouterr().err
    assert len(store.read_now(audit.entries)) == 5


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--verify", "--head", "5:x"], "is no head"),
        (["--verify", "--log", "missing.log"], "missing.log: No such file"),
        (["--verify", "--key-file", "missing"], "there is no key"),
        (["--verify", "--key-file", "jupyter_2i2c.json"], "64 hexadecimal digits"),
        (["--verify", "--database", "sqlite:///missing"], "there is no such database"),
        (["--verify", "--config", "secret.key"], "not the file that the hub writes"),
    ],
)
def test_a_wrong_call_is_said_in_a_line(run, line, words, hub):
    status, out, err = run(*line)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert not (hub / "missing").exists()


# --- what the page for operators says -------------------------------------------------------


def commands_of(page, title):
    """The commands in the section of that title."""
    section = page.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def shell(hub, url, tmp_path):
    """Runs a command of the page, in the hub's directory, as the page's reader would."""
    programs = Path(shutil.which("pg_dump") or "/nowhere/pg_dump").parent
    path = f"{Path(sys.executable).parent}:{programs}:{os.environ['PATH']}"

    def shell(line, **replaced):
        for old, new in replaced.items():
            line = line.replace(old, new)
        done = subprocess.run(
            ["bash", "-euc", line],
            env={**os.environ, "PATH": path},
            cwd=hub,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return shell


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_backup_of_sqlite_is_made_checked_and_restored(shell, hub, store, heads, open_store):
    ours = {"jupyter_2i2c.sqlite": "store.sqlite", "jupyter_2i2c.key": "secret.key"}
    lines = commands_of(PAGE, "Back up and restore SQLite")
    assert len(lines) == 6
    backup, without_sqlite3, verify, *restore = lines
    assert (hub / "store.sqlite-wal").stat().st_size  # the service runs
    if shutil.which("sqlite3"):
        shell(backup, **ours)
    shell(without_sqlite3, **ours)
    if not shutil.which("sqlite3"):
        shutil.copy(hub / "backup-2.sqlite", hub / "backup.sqlite")
    assert "5 entries" in shell(verify, **ours)
    store.write_now(audit.append, "ada", "after", {}, "done")
    store.close()
    for line in restore:
        shell(line, **ours)
    again = open_store(f"sqlite:///{hub / 'store.sqlite'}")
    found = again.read_now(audit.verify, heads[:5])
    assert (found.ok, found.checked, found.heads) == (True, 5, 5)
    assert not again.read_now(audit.verify, heads).ok  # one was written after the backup
    assert (hub / "store.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_backup_of_postgresql_is_made_and_restored(
    shell, url, postgresql, store, heads, monkeypatch
):
    backup, *restore = commands_of(PAGE, "Back up and restore PostgreSQL")
    monkeypatch.setenv("DATABASE", url)
    shell(backup)
    store.write_now(audit.append, "ada", "after", {}, "done")
    monkeypatch.setenv("DATABASE", postgresql.new())
    put_back, verify = restore
    shell(put_back)
    assert "5 entries" in shell(verify, **{"jupyter_2i2c.key": "secret.key"})


def test_the_other_commands_of_the_page(shell, hub, heads):
    (hub / "hub.log").write_text(f"[I] jupyter_2i2c audit head {heads[-1]}\n")
    for line in commands_of(PAGE, "Verify the audit log"):
        assert "5 entries from number 1 checked" in shell(line)
    for line in commands_of(PAGE, "Export and shorten it"):
        shell(line)
    assert len((hub / "audit.jsonl").read_text().splitlines()) == 5
    assert len((hub / "audit.csv").read_text().splitlines()) == 6
