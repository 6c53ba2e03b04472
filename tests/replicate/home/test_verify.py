"""A home that was taken away can be verified without unpacking it, and harm is found."""

from __future__ import annotations

import io
import tarfile

import pytest
import zstandard

from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.home.verify import verify_home

from .conftest import unpack


@pytest.mark.parametrize("form", ["tar.zst", "tar", "zip"])
def test_an_archive_is_whole(capture, tmp_path, form):
    done = capture("-o", tmp_path / f"x.{form}", "--json")
    checked = verify_home(tmp_path / f"x.{form}")
    assert checked.wrong == []
    assert checked.whole
    assert checked.files == done.report["checksums"]


def test_volumes_and_an_unpacked_bag_are_whole(capture, tmp_path):
    out = tmp_path / "out"
    assert capture("-o", out, "--volume-size", "1M").status == 0
    checked = verify_home(out)
    assert checked.whole, checked.wrong
    assert capture("-o", tmp_path / "x.tar").status == 0
    assert verify_home(unpack(tmp_path / "x.tar", tmp_path / "bag")).whole


def again(source, target, change):
    """Write an archive anew, with its members changed."""
    with tarfile.open(source) as before, tarfile.open(target, "w") as after:
        for member in before:
            content = before.extractfile(member).read() if member.isreg() else None
            changed = change(member, content)
            if changed is not None:
                if content is not None:
                    member.size = len(changed)
                after.addfile(member, io.BytesIO(changed) if content is not None else None)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            lambda m, c: (
                c.replace(b"first", b"fIrst") if c and m.name.endswith("a.txt") else c or b""
            ),
            "not what was taken",
        ),
        (lambda m, c: None if m.name.endswith("run.sh") else c or b"", "not there"),
        (lambda m, c: None if "sha256" in m.name else c or b"", "no list"),
    ],
)
def test_harm_is_found(capture, tmp_path, change, word):
    assert capture("-o", tmp_path / "x.tar", "project", "same").status == 0
    again(tmp_path / "x.tar", tmp_path / "y.tar", change)
    checked = verify_home(tmp_path / "y.tar")
    assert not checked.whole
    assert any(word in why for _, why in checked.wrong)


def test_what_was_added_is_found(capture, tmp_path):
    assert capture("-o", tmp_path / "x.tar").status == 0
    with tarfile.open(tmp_path / "x.tar", "a") as archive:
        info = tarfile.TarInfo("mine/data/added")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    assert ("data/added", "it is there and not listed") in verify_home(tmp_path / "x.tar").wrong


def test_what_is_cut_off_is_found(capture, tmp_path):
    assert capture("-o", tmp_path / "x.tar.zst").status == 0
    content = (tmp_path / "x.tar.zst").read_bytes()
    for part in (0.3, 0.9, 0.999):
        (tmp_path / "y.tar.zst").write_bytes(content[: int(len(content) * part)])
        assert not verify_home(tmp_path / "y.tar.zst").whole
    harmed = bytearray(content)
    harmed[len(harmed) // 2] ^= 1
    (tmp_path / "y.tar.zst").write_bytes(harmed)
    assert not verify_home(tmp_path / "y.tar.zst").whole


def test_an_empty_stream_is_not_whole(tmp_path):
    (tmp_path / "x.tar.zst").write_bytes(zstandard.compress(bytes(1024)))
    assert not verify_home(tmp_path / "x.tar.zst").whole


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(ReplicateError, match=r"no bagit\.txt"):
        verify_home(tmp_path)
