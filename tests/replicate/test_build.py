"""What is built is what was captured; what was tampered with is not built, or is found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.capture.lock import NoLock
from jupyter_2i2c.replicate.errors import Cancelled, ReplicateError
from jupyter_2i2c.replicate.targets import local
from jupyter_2i2c.replicate.verify import verify
from jupyter_2i2c.replicate.work import Work

from .conftest import CREATED, rebag, uv

ENV = "data/env/default"


@pytest.fixture
def built(built_once, tmp_path):
    """What was built, to be changed; its scripts and its editable package still name the first place."""
    shutil.copytree(built_once.directory, tmp_path / "built", symlinks=True)
    return local.Built(tmp_path / "built")


def run(python, code):
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def climb(bundle, built, up_to="V5"):
    return verify(bundle, built=built.directory, up_to=up_to)


def test_it_is_equal_and_says_so(bundle_once, built_once):
    verification = verify(bundle_once.place, built=built_once.directory, up_to="V5")
    statuses = {name: rung.status for name, rung in verification.rungs.items()}
    assert statuses["V0"] == statuses["V1"] == statuses["V5"] == "pass", verification.blockers
    assert verification.highest == "V5"
    claimed = [
        item.id
        for item in bundle_once.manifest.items
        if item.status in ("captured", "secret-slot")
        and item.layer in ("python", "kernels", "labextensions", "jupyter-config", "interpreter")
    ]
    assert sorted(verification.rungs["V5"].items) == sorted(claimed)


def test_it_works(built_once, made_once):
    python = built_once.python
    assert run(python, "import alpha, beta, gamma, stray; print(alpha.__doc__)") == "alpha"
    assert run(python, "import delta, new, _version; print(delta.CHANGED)") == "True"
    where = run(python, "import delta; print(delta.__file__)")
    assert Path(where).is_relative_to(built_once.directory)
    for command in ("alpha", "alpha-tool", "gamma"):
        script = built_once.environment / "bin" / command
        assert subprocess.run([script], capture_output=True, check=True).stdout
        assert str(made_once.prefix) not in script.read_text()
    data = built_once.environment / "lib" / Path(where).name
    assert not data.exists()
    (edited,) = built_once.environment.glob("lib/python*/site-packages/beta/data.txt")
    assert edited.read_text() == "beta, edited\n"
    share = built_once.environment / "share" / "jupyter"
    spec = json.loads((share / "kernels" / "own" / "kernel.json").read_text())
    assert spec["argv"][0] == str(python)
    assert (share / "labextensions/@own/extension/static/remote.js").read_text() == "var own;\n"


def test_it_is_built_where_there_is_only_another_patch_of_its_python(bundle, tmp_path):
    observed = bundle / ENV / "observed.json"
    told = json.loads(observed.read_text())
    had = told["python"]["version"]
    told["python"]["version"] = f"{had.rpartition('.')[0]}.99"
    observed.write_text(json.dumps(told))
    lock = bundle / ENV / "pylock.toml"
    assert f'requires-python = ">={had}"' in lock.read_text()
    lock.write_text(lock.read_text().replace(f">={had}", f">={told['python']['version']}"))
    rebag(bundle)
    with opened(bundle) as opened_bundle:
        built = local.build(opened_bundle, tmp_path / "built", Work())
    assert f"Python is {had}; it was {told['python']['version']}" in built.notes
    assert run(built.python, "import alpha; print(alpha.__doc__)") == "alpha"


def test_a_secret_that_was_taken_out_is_no_password_now(built_once, bundle_once):
    config = built_once.environment / "etc" / "jupyter" / "jupyter_server_config.json"
    assert json.loads(config.read_text()) == {
        "ServerApp": {"jpserver_extensions": {"own_server": True}}
    }
    assert any("password" in note for note in built_once.notes)
    captured = bundle_once.place / ENV / "jupyter-config/env/jupyter_server_config.json"
    assert "<secret:" in captured.read_text()
    assert "argon2:own" not in captured.read_text()


def test_no_file_is_shared_with_a_cache(built_once):
    linked = [
        path
        for path in (built_once.environment / "lib").rglob("*")
        if path.is_file() and path.stat().st_nlink > 1
    ]
    assert linked == []


def test_a_capture_of_what_was_built_is_the_same(bundle_once, built_once, tmp_path):
    from jupyter_2i2c.replicate.capture.environment import capture_environment
    from jupyter_2i2c.replicate.diff import diff

    again = capture_environment(
        tmp_path / "b",
        python=str(built_once.python),
        created=CREATED,
        environ={"HOME": str(tmp_path)},
        make_lock=False,
        root=tmp_path,
    )
    difference = diff(bundle_once.place, again.place)
    changed = {name for name in difference.changed if name.startswith("python:")}
    assert changed <= {"python:delta/source"}, difference.changed
    assert not [name for name in difference.removed if name.startswith(("python:", "kernels:own"))]


FAULTS = {
    "a byte in an installed file": "python:alpha",
    "a missing file": "python:gamma",
    "a new file in a package's metadata": "python:alpha",
    "another version": "python:beta",
    "a package more": "python:surplus",
    "a swapped kernelspec": "kernels:own",
    "a changed extension": "labextensions:@own/extension",
    "a changed setting": "jupyter-config:env/labconfig/page_config.json",
    "a changed source": "python:delta/source",
    "a changed script": "python:alpha",
    "a changed file of no distribution": "python:files of none or several",
}


def seed(fault, built, tmp_path):
    (site,) = built.environment.glob("lib/python*/site-packages")
    share = built.environment / "share" / "jupyter"
    if fault == "a byte in an installed file":
        # as long as before, and its time too: only the bytes tell
        path = site / "alpha.py"
        status = path.stat()
        path.write_text(path.read_text().replace("alpha')", "alphb')"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif fault == "a missing file":
        (site / "gamma.py").unlink()
    elif fault == "a new file in a package's metadata":
        record = site / "alpha-1.0.dist-info" / "RECORD"
        (site / "alpha_more.py").write_text("MORE = True\n")
        record.write_text(record.read_text() + "alpha_more.py,,\n")
    elif fault == "another version":
        (site / "beta-2.0.dist-info").rename(site / "beta-2.1.dist-info")
        metadata = site / "beta-2.1.dist-info" / "METADATA"
        metadata.write_text(metadata.read_text().replace("2.0", "2.1"))
    elif fault == "a package more":
        (site / "surplus-1.dist-info").mkdir()
        (site / "surplus-1.dist-info" / "METADATA").write_text("Name: surplus\nVersion: 1\n")
    elif fault == "a swapped kernelspec":
        path = share / "kernels" / "own" / "kernel.json"
        path.write_text(path.read_text().replace("own_kernel", "other_kernel"))
    elif fault == "a changed extension":
        (share / "labextensions/@own/extension/static/remote.js").write_text("var bad;\n")
    elif fault == "a changed setting":
        path = built.environment / "etc/jupyter/labconfig/page_config.json"
        path.write_text('{"disabledExtensions": {}}')
    elif fault == "a changed source":
        (built.directory / "src" / "delta" / "new.py").write_text("NEW = False\n")
    elif fault == "a changed script":
        path = built.environment / "bin" / "alpha"
        path.write_text(path.read_text() + "print('more')\n")
    elif fault == "a changed file of no distribution":
        (site / "stray.py").write_text("STRAY = False\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_was_built_is_found_and_only_it(fault, bundle_once, tmp_path):
    with opened(bundle_once.place) as bundle:
        built = local.build(bundle, tmp_path / "built", Work())
    seed(fault, built, tmp_path)
    verification = climb(bundle_once.place, built)
    items = verification.rungs["V5"].items
    assert {name for name, each in items.items() if each.status == "fail"} == {FAULTS[fault]}
    assert verification.highest == "V1"
    assert not verification.holds


def test_a_poisoned_cache_does_not_reach_the_build(made_once, bundle_once, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    lock = bundle_once.place / ENV / "pylock.toml"

    def environment(name):
        """What uv makes of the lock with the cache that everything else uses."""
        uv("venv", tmp_path / name)
        uv("pip", "sync", "--preview-features", "pylock", "--python", tmp_path / name, lock)
        return tmp_path / name

    environment("first")
    poisoned = list((tmp_path / "cache").rglob("alpha.py"))
    assert poisoned
    for path in poisoned:
        path.write_text("POISON = True\n")
    third = environment("third")
    assert run(third / "bin" / "python", "import alpha; print(alpha.POISON)") == "True"

    with opened(bundle_once.place) as bundle:
        built = local.build(bundle, tmp_path / "built", Work())
    assert climb(bundle_once.place, built).holds
    # and an environment that was made from it is found out
    poisoned_one = verify(bundle_once.place, python=third / "bin" / "python", up_to="V5")
    assert poisoned_one.rungs["V5"].items["python:alpha"].status == "fail"


def test_a_tampered_lock_is_not_built(bundle, tmp_path):
    lock = bundle / ENV / "pylock.toml"
    text = lock.read_text()
    at = text.index('sha256 = "') + len('sha256 = "')
    lock.write_text(text[:at] + "0" * 64 + text[at + 64 :])
    assert verify(bundle, up_to="V0").rungs["V0"].status == "fail"
    rebag(bundle)
    assert verify(bundle, up_to="V0").rungs["V0"].status == "pass"
    with (
        opened(bundle) as one,
        pytest.raises(ReplicateError, match="Hash mismatch"),
    ):
        local.build(one, tmp_path / "built", Work())
    assert not (tmp_path / "built").exists()


def test_a_missing_wheel(bundle, tmp_path):
    (bundle / ENV / "vendored" / "gamma-3.0-py3-none-any.whl").unlink()
    verification = verify(bundle, rebuild=True)
    assert verification.rungs["V0"].status == "fail"
    assert "gamma-3.0" in " ".join(verification.blockers)
    rebag(bundle)
    verification = verify(bundle, rebuild=True, up_to="V5")
    assert verification.rungs["V5"].status == "fail"
    assert "cannot be built" in verification.blockers[0]


def test_a_lock_that_was_not_made_is_made_by_the_build(made_once, tmp_path):
    captured = made_once.capture(tmp_path / "b", make_lock=False)
    verification = verify(captured.place, rebuild=True, up_to="V5")
    assert verification.rungs["V5"].status == "pass", verification.blockers


def test_without_network_a_build_says_so_and_leaves_nothing(bundle_once, tmp_path, monkeypatch):
    lock = bundle_once.place / ENV / "pylock.toml"
    assert "127.0.0.1" in lock.read_text()
    copy = Path(shutil.copytree(bundle_once.place, tmp_path / "copy"))
    text = lock.read_text()
    port = text.split("http://127.0.0.1:")[1].split("/")[0]
    (copy / ENV / "pylock.toml").write_text(text.replace(f":{port}/", ":9/"))
    with opened(copy) as bundle, pytest.raises(NoLock, match=r"127\.0\.0\.1:9"):
        local.build(bundle, tmp_path / "built", Work())
    assert not (tmp_path / "built").exists()


def test_a_cancelled_build_leaves_nothing(bundle_once, tmp_path):
    with opened(bundle_once.place) as bundle, pytest.raises(Cancelled):
        local.build(bundle, tmp_path / "built", Work(cancelled=lambda: True))
    assert not (tmp_path / "built").exists()


def test_a_directory_that_is_taken(bundle_once, tmp_path):
    with opened(bundle_once.place) as bundle, pytest.raises(ReplicateError, match="already"):
        local.build(bundle, tmp_path, Work())


def test_the_disk_is_full(made_once, tmp_path, monkeypatch):
    import errno

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ReplicateError, match="No space left on device"):
        made_once.capture(tmp_path / "b", make_lock=False)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_killed_while_it_writes_nothing_looks_like_a_bundle(made_once, tmp_path):
    code = (
        "import os, signal, sys\n"
        "from jupyter_2i2c.replicate.capture.environment import capture_environment\n"
        "def kill(done, total, what):\n"
        "    if what == sys.argv[3]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "capture_environment(sys.argv[1], python=sys.argv[2], make_lock=False, progress=kill)\n"
    )
    for stage in ("writing", "looking for secrets", "packing"):
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "b.zip", made_once.python, stage], check=False
        )
        assert done.returncode == -9, stage
        assert not (tmp_path / "b.zip").exists()
    captured = made_once.capture(tmp_path / "b.zip", make_lock=False)
    assert [path.name for path in tmp_path.iterdir()] == [captured.place.name]
