"""Killed or interrupted at any moment, nothing half stands where it shall appear, and the next try is as if nothing had been."""

import json
import subprocess
import sys

import pytest

from jupyter_2i2c.cli import main

from . import k8s_hub

DRIVER = """
import json, os, shutil, signal, sys, contextlib, io
from pathlib import Path
from jupyter_2i2c.cli import main

call, place, how, points = json.loads(sys.argv[1])
place = Path(place)
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}

def run(stop):
    '''Run the command in a child, which is hit before the n-th change below the directory; how many there were.'''
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        seen = 0
        def watch(event, args):
            nonlocal seen
            if event not in CHANGES or not isinstance(args[0], (str, os.PathLike)):
                return
            if event == "open" and not (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)):
                return
            if str(place) in os.fsdecode(args[0]):
                seen += 1
                if seen == stop:
                    os.kill(os.getpid(), getattr(signal, how))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.addaudithook(watch)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = main(call)
        os.write(writing, str(seen).encode())
        os._exit(status)
    os.close(writing)
    told = os.read(reading, 100)
    os.close(reading)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), int(told or 0)

def listed():
    return sorted(str(each.relative_to(place)) for each in place.rglob("*"))

def clean():
    shutil.rmtree(place)
    place.mkdir()

place.mkdir()
status, changes = run(0)
whole = listed()
found = []
for number in range(points):
    clean()
    at = 1 + number * (changes - 1) // max(1, points - 1)
    status, _ = run(at)
    left = [each for each in listed() if ".partial-" not in each]
    behind = listed()
    again, _ = run(0)
    found.append([at, status, left, again, listed(), behind])
print(json.dumps([changes, status, whole, found]))
"""
"""Runs a command again and again, and stops it at moments that are spread over all it does to the disk."""


@pytest.fixture(scope="module")
def top(tmp_path_factory):
    """A deployments repository, a hub's directory, and a bundle of each."""
    top = tmp_path_factory.mktemp("interrupted")
    k8s_hub.write(top / "repository")
    (top / "srv").mkdir()
    (top / "srv" / "jupyterhub_config.py").write_text("c = get_config()\nc.Spawner.cpu_limit = 1\n")
    assert main(["capture", "hub", *repository(top), "-o", str(top / "north")]) == 0
    assert main(["capture", "hub", "--config", str(top / "srv"), "-o", str(top / "plain")]) == 0
    return top


def repository(top):
    place = top / "repository"
    return ["--infrastructure", str(place), "--rendered", str(place / "rendered"),
            "--cluster", "north", "--hub", "field"]  # fmt: skip


COMMANDS = {
    "capture of a checkout": lambda top, out: ["capture", "hub", *repository(top), "-o", f"{out}/x"],
    "capture into one file": lambda top, out: ["capture", "hub", *repository(top), "-o", f"{out}/x.zip"],
    "capture of a configuration": lambda top, out: [
        "capture", "hub", "--config", str(top / "srv"), "-o", f"{out}/x"],
    "build for Kubernetes": lambda top, out: [
        "build", str(top / "north"), "--target", "k8s", "-o", f"{out}/x"],
    "build for one machine": lambda top, out: [
        "build", str(top / "plain"), "--target", "local", "-o", f"{out}/x"],
    "build for TLJH": lambda top, out: [
        "build", str(top / "plain"), "--target", "tljh", "-o", f"{out}/x"],
    "a drill": lambda top, out: [
        "drill", *repository(top), "--up-to", "V3", "-o", f"{out}/drills"],
}  # fmt: skip


def driven(top, out, command, how, points):
    call = json.dumps([COMMANDS[command](top, out), str(out), how, points])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRIVER, call], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SLOW = ("capture of a configuration", "a drill")


@pytest.mark.parametrize("command", COMMANDS)
def test_killed(command, top, tmp_path):
    points = 2 if command in SLOW else 6
    _, _, whole, found = driven(top, tmp_path / "out", command, "SIGKILL", points)
    assert len(whole) > 1 or command == "capture into one file"
    for at, status, left, again, after, _ in found:
        assert status == -9, at
        if command == "a drill":
            # a dated directory is whole, and so is what the last one said
            for each in left:
                assert each == "drills" or each.endswith("latest.json") or dated(whole, left), left
        else:
            assert left in ([], whole), (at, left)
        assert again == (2 if left == whole else 0), at
        # what the killed one left is gone, where there was something to do
        assert again or not [each for each in after if ".partial-" in each], at


def dated(whole, left):
    """Whether what is in dated directories is all that belongs there."""
    return len([each for each in left if "Z/" in each]) == len(
        [each for each in whole if "Z/" in each]
    )


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("command", ["capture into one file", "build for one machine"])
def test_told_to_end(command, how, top, tmp_path):
    _, _, whole, found = driven(top, tmp_path / "out", command, how, 4)
    for at, status, left, *_, behind in found:
        assert status == 2, at
        assert left in ([], whole), at
        assert left or behind == [], at
