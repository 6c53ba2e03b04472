"""A home with what homes have in them, and the command that takes it away."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_2i2c.replicate.home.command import add_arguments, run_capture_home

CREATED = "2026-01-31T12:00:00Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A small home, with links, holes, odd names, caches and credentials."""
    top = tmp_path / "home"
    (top / "project/notes").mkdir(parents=True)
    (top / "project/notes/a.txt").write_text("first\n")
    (top / "project/model.bin").write_bytes(os.urandom(3 << 20))
    (top / "project/run.sh").write_text("#!/bin/sh\n")
    (top / "project/run.sh").chmod(0o751)
    (top / "empty").mkdir(mode=0o700)
    (top / "100%.txt").write_text("percent\n")
    Path(os.fsdecode(os.fsencode(top) + b"/caf\xe9.txt")).write_text("latin\n")
    (top / "two\nlines").write_text("odd\n")
    (top / "back\\slash").write_text("odd, too\n")
    (top / "link").symlink_to("project/notes/a.txt")
    (top / "dangling").symlink_to("nowhere")
    (top / "project/out").symlink_to("/usr")
    os.link(top / "project/notes/a.txt", top / "same")
    with (top / "holes").open("wb") as file:
        file.write(b"head")
        file.seek(24 << 20)
        file.write(b"tail")
        file.truncate(40 << 20)
    (top / ".cache/pip").mkdir(parents=True)
    (top / ".cache/pip/wheel").write_text("again and again")
    (top / "project/__pycache__").mkdir()
    (top / "project/__pycache__/x.pyc").write_text("made")
    (top / "tagged").mkdir()
    (top / "tagged/CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    (top / "tagged/blob").write_text("made")
    (top / "shared").mkdir()
    (top / "shared/everybodys").write_text("not mine")
    (top / ".netrc").write_text("machine example.org login me password canary-in-netrc\n")
    return top


@dataclass
class Done:
    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report


@pytest.fixture
def capture(home: Path, capfd) -> Callable[..., Done]:
    """Runs `capture home` on the home."""

    def run(*more: object) -> Done:
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        given = ["--home", home, "--created", CREATED, "--name", "mine", *more]
        status = run_capture_home(parser.parse_args([str(each) for each in given]))
        return Done(status, *capfd.readouterr())

    return run


def unpack(archive: Path, into: Path) -> Path:
    """Unpack with the system's tools; the directory that comes of it."""
    into.mkdir(exist_ok=True)
    how = ["--zstd"] if archive.suffix == ".zst" else []
    done = subprocess.run(
        ["tar", *how, "-xf", archive, "-C", into], check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    return into / "mine"


def sums_hold(bag: Path, *names: str) -> bool:
    """Whether `sha256sum` itself is content."""
    for name in names or ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--strict", "--quiet", "-c", name], cwd=bag, capture_output=True
        )
        if done.returncode:
            return False
    return True
