"""Lists of checksums are those of sha256sum; progress and its cancelling."""

import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_2i2c.replicate import checksums, work
from jupyter_2i2c.replicate.errors import Cancelled, ReplicateError
from jupyter_2i2c.replicate.work import Work

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
DIGESTS = st.binary(max_size=8).map(lambda data: hashlib.sha256(data).hexdigest())


@given(st.dictionaries(NAMES, DIGESTS))
def test_what_is_written_is_read(exact):
    text = checksums.write_list(exact, {})
    assert checksums.read_list(text, "list") == {name: ("", each) for name, each in exact.items()}


def test_sha256sum_reads_it(tmp_path):
    names = ["plain", "with space", "back\\slash", "ü", "new\nline"]
    for name in names:
        (tmp_path / name).write_text(name)
    exact = {name: checksums.of_file(tmp_path / name) for name in names}
    text = checksums.write_list(exact, {"script": ("shebang", "0" * 64)})
    done = subprocess.run(
        ["sha256sum", "-c", "--strict"],
        input=text, text=True, cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.count(": OK") == len(names)
    read = checksums.read_list(text, "list")
    assert read["script"] == ("shebang", "0" * 64)
    assert {name for name, (transform, _) in read.items() if not transform} == set(names)


def test_a_list_that_is_none():
    with pytest.raises(ReplicateError, match="line 2"):
        checksums.read_list(f"{'0' * 64}  a\nnonsense\n", "list")


def test_what_is_gone_has_no_checksum(tmp_path):
    (tmp_path / "a").write_bytes(b"a" * (checksums.CHUNK + 1))
    paths = [str(tmp_path / name) for name in ("a", "gone")]
    found = checksums.of_files(paths, Work())
    digest = hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()
    assert found == dict(zip(paths, (digest, None), strict=True))


def test_progress_is_told_seldom_and_each_stage_once_at_least(monkeypatch):
    now = iter(range(1000))
    monkeypatch.setattr(work.time, "monotonic", lambda: next(now) / 100)
    told = []
    one = Work(lambda done, total, what: told.append((done, what)))
    for done in range(100):
        one.step(done, 100, "first")
    one.step(0, 0, "second")
    assert 5 <= len([each for each in told if each[1] == "first"]) <= 11
    assert told[-1] == (0, "second")


def test_cancelling_stops_a_large_file(tmp_path):
    (tmp_path / "a").write_bytes(b"a" * 3 * checksums.CHUNK)
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(Cancelled):
        checksums.of_files([str(tmp_path / "a")], Work(cancelled=cancelled))
