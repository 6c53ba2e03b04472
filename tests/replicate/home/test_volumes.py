"""A directory of volumes: each whole or not there, and the whole goes on where it was."""

from __future__ import annotations

import os
import subprocess
import sys

import bagit
import pytest

from jupyter_2i2c.replicate.home.archive import VolumeSet

from .conftest import CREATED, sums_hold, unpack
from .test_archive import expected, tree


@pytest.fixture
def large(home):
    """A home of several volumes, with a file that fits into none."""
    for number in range(4):
        (home / f"part{number}").write_bytes(os.urandom(700_000))
    (home / "huge").write_bytes(os.urandom(3_500_000))
    return home


def together(directory, into):
    for each in sorted((directory / "data").iterdir()):
        bag = unpack(each, into)
    return bag


def join(bag):
    subprocess.run(
        "cat data/huge.part* > data/huge && rm data/huge.part*"
        " && cat data/project/model.bin.part* > data/project/model.bin && rm data/project/model.bin.part*",
        shell=True,
        cwd=bag,
        check=True,
    )


def test_the_volumes_together_are_the_home(large, capture, tmp_path):
    out = tmp_path / "volumes"
    done = capture("-o", out, "--volume-size", "1M", "--json")
    assert done.status == 0, done.err
    assert bagit.Bag(str(out)).is_valid()
    assert sums_hold(out)
    assert not (out / ".unfinished").exists()
    bag = together(out, tmp_path / "together")
    assert sums_hold(bag)
    join(bag)
    assert sums_hold(bag, "joined-sha256.txt")
    (bag / "data/huge").chmod((large / "huge").stat().st_mode)
    after, before = tree(bag / "data"), expected(large)
    assert after.keys() == before.keys()
    assert {p: w[2] for p, w in after.items()} == {p: w[2] for p, w in before.items()}


def test_it_goes_on_where_it_was(large, capture, tmp_path, monkeypatch):
    out = tmp_path / "volumes"
    note = VolumeSet._note

    def stop(self, name, *rest, **more):
        note(self, name, *rest, **more)
        if name.startswith("mine-0003"):
            raise KeyboardInterrupt

    monkeypatch.setattr(VolumeSet, "_note", stop)
    done = capture("-o", out, "--volume-size", "1M")
    assert done.status == 2
    assert "call it again" in done.err
    assert not (out / "bagit.txt").exists()
    begun = {each.name: each.stat().st_ino for each in (out / "data").iterdir()}
    assert len(begun) == 3
    monkeypatch.setattr(VolumeSet, "_note", note)
    (out / "data/.mine-0004.tar.zst.partial").write_text("half")
    (out / "data/mine-0002.tar.zst").write_text("harmed")  # not as large as it was
    assert capture("-o", out, "--volume-size", "2M").status == 2  # another question
    done = capture("-o", out, "--volume-size", "1M")
    assert done.status == 0, done.err
    assert "2 of" in done.err
    kept = {each.name: each.stat().st_ino for each in (out / "data").iterdir()}
    assert kept["mine-0001.tar.zst"] == begun["mine-0001.tar.zst"]
    assert bagit.Bag(str(out)).is_valid()
    assert sums_hold(together(out, tmp_path / "together"))


def test_it_survives_being_killed(large, capture, tmp_path):
    """Whenever it is killed, nothing looks whole that is not, and the next call ends well."""
    out = tmp_path / "volumes"
    code = (
        "import argparse, os, sys; from jupyter_2i2c.replicate.home import command, volume;"
        "w = volume._Members.write; count = [0]\n"
        "def write(self, entry):\n"
        "    count[0] += 1\n"
        "    if count[0] > int(sys.argv.pop()) - 0: os.kill(os.getpid(), 9)\n"
        "    sys.argv.append(str(LIMIT))\n"
        "    return w(self, entry)\n"
        "LIMIT = int(sys.argv[-1])\n"
        "volume._Members.write = write\n"
        "p = argparse.ArgumentParser(); command.add_arguments(p);"
        "sys.exit(command.run_capture_home(p.parse_args(sys.argv[1:-1])))"
    )
    given = ["--home", large, "--created", CREATED, "--name", "mine", "--volume-size", "1M"]
    for entries in (2, 9, 16):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, given), "-o", str(out), str(entries)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == -9, done.stderr
        assert not (out / "bagit.txt").exists()
    assert capture("-o", out, "--volume-size", "1M").status == 0
    assert bagit.Bag(str(out)).is_valid()


def test_one_volume_can_be_written_again_alone(large, capture, tmp_path):
    plan = tmp_path / "plan"
    done = capture("--plan-only", plan, "--volume-size", "1M", "--json")
    volumes = done.report["volumes"]
    early = capture_stream(plan, volumes + 1)
    assert early.returncode == 2
    assert b"come after all others" in early.stderr
    first = capture_stream(plan, 1).stdout
    archives = [capture_stream(plan, number).stdout for number in range(1, volumes + 2)]
    assert archives[0] == first
    into = tmp_path / "together"
    for number, content in enumerate(archives):
        each = tmp_path / f"{number}.tar.zst"
        each.write_bytes(content)
        bag = unpack(each, into)
    assert sums_hold(bag)


def capture_stream(plan, number):
    code = (
        "import argparse, sys; from jupyter_2i2c.replicate.home.command import *;"
        "p = argparse.ArgumentParser(); add_arguments(p);"
        "sys.exit(run_capture_home(p.parse_args()))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "--from-plan", plan, "--volume", str(number), "-o", "-"],
        capture_output=True,
    )


def test_a_part_that_changed_since_the_plan_is_told(large, capture, tmp_path):
    plan = tmp_path / "plan"
    volumes = capture("--plan-only", plan, "--volume-size", "1M", "--json").report["volumes"]
    for number in range(1, volumes + 1):
        if number == volumes - 1:
            (large / "huge").write_bytes(os.urandom(3_500_000))
        capture_stream(plan, number)
    capture_stream(plan, volumes + 1)
    import json

    report = json.loads((plan / "report.json").read_text())
    assert {each["path"].partition(".part")[0] for each in report["problems"]} == {"huge"}


def test_a_directory_with_something_in_it_is_left_alone(large, capture, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    done = capture("-o", tmp_path / "full")
    assert done.status == 2
    assert "not empty" in done.err
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["mine"]
