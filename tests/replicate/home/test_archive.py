"""One file: what comes out is what went in."""

from __future__ import annotations

import filecmp
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import bagit
import pytest

from jupyter_2i2c.replicate.home import command
from jupyter_2i2c.replicate.home.reading import Content, Unreadable, open_file
from jupyter_2i2c.replicate.home.verify import verify_home

from .conftest import sums_hold, unpack

LEFT_OUT = {".cache", "project/__pycache__", "shared", "tagged/CACHEDIR.TAG", "tagged/blob"}


def tree(top: Path) -> dict[bytes, tuple]:
    """What is below a directory: kind, permissions, and content or target."""
    found = {}
    start = os.fsencode(top)
    for where, directories, files in os.walk(start):
        for name in directories + files:
            path = where + b"/" + name
            status = os.lstat(path)
            content: object = None
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)  # noqa: PTH115 (a name in bytes)
            elif stat.S_ISREG(status.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            key = os.path.relpath(path, start)
            # not every tool sets the time of a link
            mtime = 0 if stat.S_ISLNK(status.st_mode) else int(status.st_mtime)
            found[key] = (status.st_mode, mtime, content)
    return found


def expected(home: Path) -> dict[bytes, tuple]:
    out = {os.fsencode(each) for each in LEFT_OUT}
    return {
        path: what
        for path, what in tree(home).items()
        if not any(path == each or path.startswith(each + b"/") for each in out)
    }


@pytest.mark.parametrize("form", ["tar.zst", "tar"])
def test_what_is_unpacked_is_what_was_there(home, capture, tmp_path, form):
    # of long ago, or a time that was lost could be the same by chance
    for number, path in enumerate(sorted(home.rglob("*"), reverse=True)):
        os.utime(path, (number, 1_500_000_000 + number), follow_symlinks=False)
    done = capture("-o", tmp_path / f"x.{form}", "--json")
    assert done.status == 0, done.err
    bag = unpack(tmp_path / f"x.{form}", tmp_path / "out")
    assert tree(bag / "data") == expected(home)
    assert (bag / "data/same").stat().st_ino == (bag / "data/project/notes/a.txt").stat().st_ino
    assert (bag / "data/holes").stat().st_blocks * 512 < 1 << 20
    assert sums_hold(bag, "manifest-sha256.txt", "names-sha256.txt", "tagmanifest-sha256.txt")
    listed = [
        line
        for name in ("manifest-sha256.txt", "names-sha256.txt")
        for line in (bag / name).read_bytes().splitlines()
    ]
    # every file, every further name and every link to one
    files = sum(stat.S_ISREG(mode) for mode, _, _ in expected(home).values())
    assert len(listed) == len(set(listed)) == files + 1 == done.report["checksums"]


def test_a_directory_that_may_not_be_written_to_is_unpacked_with_all_that_is_in_it(
    home, capture, tmp_path
):
    (home / "project/notes").chmod(0o555)
    (home / "project").chmod(0o555)
    capture("-o", tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as tar:
        names = [each.name.removeprefix("mine/data") for each in tar if "mine/data/" in each.name]
    inside = [name.startswith("/project/") for name in names]
    first = names.index("/project") + 1
    # whoever unpacks sets the permissions when it comes to another directory
    assert all(inside[first : first + sum(inside)])
    assert names[first + sum(inside) - 1].startswith("/project/notes/")


def test_python_reads_it_too(home, capture, tmp_path):
    assert capture("-o", tmp_path / "x.tar").status == 0
    with tarfile.open(tmp_path / "x.tar") as archive:
        archive.extractall(tmp_path / "out", filter="fully_trusted")
    assert tree(tmp_path / "out/mine/data") == expected(home)


def test_a_zip_holds_what_a_zip_can(home, capture, tmp_path):
    done = capture("-o", tmp_path / "x.zip", "--json")
    assert done.status == 0, done.err
    assert [each["path"] for each in done.report["renamed"]] == ["caf%E9.txt"]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
        info = archive.getinfo("mine/data/project/run.sh")
        assert stat.S_IMODE(info.external_attr >> 16) == 0o751
        link = archive.getinfo("mine/data/dangling")
        assert stat.S_ISLNK(link.external_attr >> 16)
        assert archive.read(link) == b"nowhere"
    bag = tmp_path / "out/mine"
    assert filecmp.cmp(bag / "data/holes", home / "holes", shallow=False)
    assert filecmp.cmp(bag / "data/same", home / "same", shallow=False)
    (bag / "data/link").unlink()  # Python makes a file of a link
    (bag / "data/link").symlink_to("project/notes/a.txt")
    assert sums_hold(bag)
    assert "holes in files" in done.report["not_captured"]


def test_a_plain_home_is_a_valid_bag(home, capture, tmp_path):
    for name in ("dangling", "project/out", "two\nlines", "back\\slash"):
        (home / name).unlink()
    Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9.txt")).unlink()
    assert capture("-o", tmp_path / "x.tar.zst").status == 0
    bag = unpack(tmp_path / "x.tar.zst", tmp_path / "out")
    assert bagit.Bag(str(bag)).is_valid()
    (bag / "data/project/model.bin").write_bytes(b"another")
    assert not bagit.Bag(str(bag)).is_valid()
    assert not sums_hold(bag)


def test_what_is_left_out_is_told(home, capture, tmp_path):
    (home / ".2i2cignore").write_text("# mine\n*.bin\n!project/keep.bin\nempty/\n")
    (home / "project/keep.bin").write_text("kept")
    os.mkfifo(home / "pipe")
    done = capture("-o", tmp_path / "x.tar", "--json", "--exclude", "back*")
    told = {each["path"]: each["why"] for each in done.report["left_out"]}
    assert told == {
        ".cache": "cache",
        "tagged": "cache",
        "shared": "shared",
        "project/model.bin": "ignored",
        "empty": "ignored",
        "back\\slash": "excluded",
        "pipe": "special",
    }
    assert done.report["left_out_counts"]["cache"] == 3
    bag = unpack(tmp_path / "x.tar", tmp_path / "out")
    assert (bag / "data/project/keep.bin").exists()
    assert not (bag / "data/project/model.bin").exists()
    assert not list((bag / "data/tagged").iterdir())


def test_an_archive_is_its_owners_only(capture, tmp_path):
    (tmp_path / ".x.tar.partial").symlink_to(tmp_path / "elsewhere")
    capture("-o", tmp_path / "x.tar")
    assert stat.S_IMODE((tmp_path / "x.tar").lstat().st_mode) == 0o600
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_chosen_is_taken_and_nothing_else(home, capture, tmp_path):
    done = capture("-o", tmp_path / "x.tar", "project/notes", "shared")
    assert done.status == 0
    bag = unpack(tmp_path / "x.tar", tmp_path / "out")
    assert set(tree(bag / "data")) == {
        b"project", b"project/notes", b"project/notes/a.txt", b"shared", b"shared/everybodys"
    }  # fmt: skip
    done = capture("-o", tmp_path / "y.tar", "--include", ".cache/pip")
    bag = unpack(tmp_path / "y.tar", tmp_path / "out2")
    assert (bag / "data/.cache/pip/wheel").exists()


def test_credentials_are_taken_and_listed(home, capture, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVICE_TOKEN", "canary-0123456789")
    (home / "project/notebook.ipynb").write_text('{"metadata": {"x": "canary-0123456789"}}')
    (home / "project/.git").mkdir()
    (home / "project/.git/config").write_text("url = https://me:canary-pass@git.example/x\n")
    done = capture("-o", tmp_path / "x.tar")
    assert done.status == 0
    assert "may hold passwords" in done.out
    for path in (".netrc", "project/notebook.ipynb", "project/.git/config"):
        assert f"  {path}\n" in done.out
    bag = unpack(tmp_path / "x.tar", tmp_path / "out")
    assert "canary" in (bag / "data/.netrc").read_text()


def test_the_same_home_gives_the_same_bytes(home, capture, tmp_path):
    for name in ("a.tar.zst", "b.tar.zst"):
        assert capture("-o", tmp_path / name).status == 0
    assert filecmp.cmp(tmp_path / "a.tar.zst", tmp_path / "b.tar.zst", shallow=False)


def test_an_export_into_the_home_does_not_hold_itself(home, capture):
    assert capture("-o", home / "x.tar").status == 0
    with tarfile.open(home / "x.tar") as archive:
        assert not [name for name in archive.getnames() if "x.tar" in name]


def test_a_file_that_changes_while_it_is_read_is_told(home, capture, tmp_path, monkeypatch):
    read = Content._read

    def grow(self, start, length, buffer):
        for chunk in read(self, start, length, buffer):
            with (home / "project/model.bin").open("r+b") as file:
                file.truncate(1 << 20)
            yield chunk

    monkeypatch.setattr(Content, "_read", grow)
    done = capture("-o", tmp_path / "x.tar", "--json", "project")
    assert done.status == 1
    (problem,) = done.report["problems"]
    assert (problem["path"], problem["what"]) == ("project/model.bin", "changed")
    assert "zeros stand for" in problem["more"]
    assert sums_hold(unpack(tmp_path / "x.tar", tmp_path / "out"))


def test_files_that_vanish_or_cannot_be_read_are_told(home, capture, tmp_path, monkeypatch):
    def refuse(path):
        if path.endswith("run.sh"):
            Path(path).unlink()
        if path.endswith("/same"):
            raise Unreadable("unreadable", "Permission denied")
        return open_file(path)

    monkeypatch.setattr("jupyter_2i2c.replicate.home.volume.open_file", refuse)
    done = capture("-o", tmp_path / "x.tar", "--json")
    assert done.status == 1
    told = {each["path"]: each["what"] for each in done.report["problems"]}
    assert told == {"same": "unreadable", "project/run.sh": "vanished"}
    bag = unpack(tmp_path / "x.tar", tmp_path / "out")
    assert not (bag / "data/project/run.sh").exists()
    # the other name of what could not be read is a file of its own
    assert (bag / "data/project/notes/a.txt").read_text() == "first\n"
    assert sums_hold(bag)


def test_nothing_that_looks_whole_is_left_by_a_full_disk(home, capture, tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jupyter_2i2c.replicate.home.tar.TarWriter._out", full)
    (tmp_path / "out").mkdir()
    done = capture("-o", tmp_path / "out/x.tar.zst")
    assert done.status == 2
    assert "no room left" in done.err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_home_that_would_be_filled_is_not(home, capture, monkeypatch):
    monkeypatch.setenv("JUPYTER_2I2C_HOME_QUOTA", "70M")
    done = capture("-o", home / "x.tar.zst")
    assert done.status == 2
    assert "Stream it elsewhere" in done.err
    assert not list(home.glob("*.tar*"))


def test_a_stream_that_is_cut_off_cannot_be_taken_for_whole(home, tmp_path):
    """Killed at any moment: what is there does not unpack to a bag."""
    code = (
        "import argparse, sys; from jupyter_2i2c.replicate.home.command import *;"
        "p = argparse.ArgumentParser(); add_arguments(p);"
        "sys.exit(run_capture_home(p.parse_args()))"
    )
    (home / "more").write_bytes(os.urandom(16 << 20))
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--home", home, "--name", "mine", "-o", "-"],
        stdout=subprocess.PIPE,
    )
    begun = process.stdout.read(1 << 20)
    process.kill()
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait() != 0
    (tmp_path / "x.tar.zst").write_bytes(begun + rest)
    checked = verify_home(tmp_path / "x.tar.zst")
    assert not checked.whole
    assert "cut off" in checked.wrong[0][1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-o", "x.tar", "--format", "zip"], "named like"),
        (["-o", "x.tar", "missing"], "there is no missing"),
        (["-o", "x.tar", "../home"], "not outside"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(capture, arguments, word):
    done = capture(*arguments)
    assert done.status == 2
    assert word in done.err


def test_an_estimate_writes_nothing(home, capture):
    done = capture("--estimate", "--json")
    assert done.report["files"] == 10
    assert done.report["bytes"] > 40 << 20 > 20 << 20 > done.report["bytes_stored"]
    assert next(iter(done.report["sizes"])) == "project"


def test_sizes_are_read_as_people_write_them():
    assert command._size("500M") == 500 << 20
    assert command._size("1.5 GiB") == 3 << 29


def piped(home, out, *more):
    """`capture home` in a process of its own, its standard output written to `out`."""
    with out.open("wb") as stream:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "jupyter_2i2c",
                "capture",
                "home",
                "--home",
                home,
                "--name",
                "mine",
                *more,
            ],
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


def test_what_the_quota_would_not_hold_is_streamed_if_asked(home, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_2I2C_HOME_QUOTA", "70M")
    out = tmp_path / "stream.tar.zst"
    refused = piped(home, out, "-o", home / "mine.tar.zst")
    assert refused.returncode == 2
    assert out.stat().st_size == 0
    done = piped(home, out, "-o", home / "mine.tar.zst", "--or-stream")
    assert "it goes to the standard output" in done.stderr
    assert not (home / "mine.tar.zst").exists()
    assert sums_hold(unpack(out, tmp_path / "unpacked"))


def test_what_fits_is_not_streamed_and_the_stream_stays_empty(home, tmp_path):
    out = tmp_path / "stream.tar.zst"
    done = piped(home, out, "-o", tmp_path / "mine.tar.zst", "--or-stream")
    assert out.stat().st_size == 0
    assert "each with its SHA-256" in done.stderr
    assert sums_hold(unpack(tmp_path / "mine.tar.zst", tmp_path / "unpacked"))


@pytest.mark.parametrize("out", ["-", "volumes"])
def test_only_one_file_can_be_a_stream_instead(capture, out):
    done = capture("-o", out, "--or-stream")
    assert done.status == 2
    assert "goes with one file" in done.err
