"""What is captured of an environment, and what is said of the rest."""

import json
import os
import subprocess

import pytest

from jupyter_2i2c.replicate.capture import editable, environment
from jupyter_2i2c.replicate.capture import lock as locking
from jupyter_2i2c.replicate.capture import source_tree as trees
from jupyter_2i2c.replicate.capture.distributions import listed
from jupyter_2i2c.replicate.capture.environment import estimate_environment
from jupyter_2i2c.replicate.capture.source_tree import source_tree
from jupyter_2i2c.replicate.errors import Cancelled, ReplicateError
from jupyter_2i2c.replicate.verify import verify
from jupyter_2i2c.replicate.work import Work

from .conftest import CREATED, git, tree, uv, wheel

ENV = "data/env/default"


@pytest.fixture
def items(bundle_once):
    return {item.id: item for item in bundle_once.manifest.items}


def observed(place):
    plain = json.loads((place / ENV / "observed.json").read_text())
    return {each["name"]: each for each in plain["distributions"]}


def test_each_distribution_has_its_origin(bundle_once):
    found = observed(bundle_once.place)
    kinds = {name: each["origin"]["kind"] for name, each in found.items()}
    assert kinds == {"alpha": "index", "beta": "index", "gamma": "archive", "delta": "editable"}
    assert (
        found["beta"]["modified"]
        == [path for path in found["beta"]["modified"] if path.endswith("beta/data.txt")]
        != []
    )


def test_what_no_index_has_is_carried(bundle_once, items):
    names = {path.name for path in (bundle_once.place / ENV / "vendored").glob("*.whl")}
    assert names == {"beta-2.0-py3-none-any.whl", "gamma-3.0-py3-none-any.whl"}
    assert "carried as it is" in items["python:beta"].reason


def test_an_editable_source_has_its_changes_and_not_its_history(bundle_once, items):
    top = bundle_once.place / ENV / "vendored" / "delta"
    carried = set(tree(top / "tree"))
    assert carried == {".gitignore", "delta.py", "new.py", "_version.py"}
    patch = (top / "dirty.patch").read_text()
    assert "+CHANGED = True" in patch
    assert "+NEW = True" in patch
    assert "notes.log" in items["python:delta/source"].reason


def test_what_git_ignores_is_left_out_and_said_so(bundle_once, items):
    reason = items["python:delta/source"].reason
    assert "left out, as git ignores them: build/, mine.py" in reason
    assert "as a build made them: _version.py" in reason
    source = observed(bundle_once.place)["delta"]["source"]
    assert source["ignored"] == ["build/", "mine.py"]
    assert source["built"] == ["_version.py"]


def test_compiled_modules_are_carried_and_ignored_directories_are_not(
    tmp_path,
):
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("*.so\n/out/\n*.txt\n")
    for name in ("own/__init__.py", "own/fast.so", "own/deep/only.so", "out/fast.so", "logs/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("\n")
    source = source_tree(tmp_path, Work())
    assert set(source.files) == {".gitignore", "own/__init__.py", "own/deep/only.so", "own/fast.so"}
    assert source.ignored == ("logs/", "out/")


def test_a_source_that_a_repository_around_it_ignores_is_carried(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("projects/\n")
    top = tmp_path / "projects" / "own"
    top.mkdir(parents=True)
    (top / "own.py").write_text("OWN = True\n")
    source = source_tree(top, Work())
    assert set(source.files) == {"own.py"}
    assert source.commit == ""


def test_a_file_that_vanishes_while_it_is_read_is_reported(made_once, tmp_path, monkeypatch):
    here = made_once.source / "passing.py"
    here.write_text("HERE = True\n")

    def source_then_gone(top, work):
        source = source_tree(top, work)
        here.unlink()
        return source

    monkeypatch.setattr(editable, "source_tree", source_then_gone)
    captured = made_once.capture(tmp_path / "b", make_lock=False)
    (item,) = (each for each in captured.manifest.items if each.id == "python:delta/source")
    assert item.status == "captured"
    assert "when their turn came: passing.py" in item.reason
    assert verify(captured.place, up_to="V1").highest == "V1"


def test_a_file_that_vanishes_costs_the_patch_nothing_else(made_once, monkeypatch):
    here = made_once.source / "passing.py"
    here.write_text("HERE = True\n")
    whole = trees._patch

    def gone_then_patch(*arguments):
        here.unlink()
        return whole(*arguments)

    monkeypatch.setattr(trees, "_patch", gone_then_patch)
    patch = source_tree(made_once.source, Work()).patch
    assert b"+NEW = True" in patch
    assert b"passing.py" not in patch


@pytest.mark.parametrize("name", ["gamma.py", "__editable__.delta.pth"])
def test_a_package_whose_file_vanishes_is_not_captured(made_once, tmp_path, monkeypatch, name):
    here = made_once.site / name
    content = here.read_bytes()
    hashed = environment.files_of

    def hashed_then_gone(*arguments):
        found = hashed(*arguments)
        here.unlink()
        return found

    monkeypatch.setattr(environment, "files_of", hashed_then_gone)
    try:
        captured = made_once.capture(tmp_path / "b", make_lock=False)
    finally:
        here.write_bytes(content)
    package = "gamma" if name == "gamma.py" else "delta"
    (item,) = (each for each in captured.manifest.items if each.id == f"python:{package}")
    assert item.status == "not-captured"
    assert name in item.reason
    assert verify(captured.place, up_to="V1").highest == "V1"


@pytest.mark.parametrize("given", [None, "0"])
def test_uv_trusts_whom_the_machine_trusts(tmp_path, monkeypatch, given):
    said = tmp_path / "said"
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$UV_SYSTEM_CERTS" > {said}\n')
    uv.chmod(0o755)
    monkeypatch.setattr(locking, "find_uv", lambda: str(uv))
    if given:
        monkeypatch.setenv("UV_SYSTEM_CERTS", given)
    locking.run_uv("--version", work=Work())
    assert said.read_text().strip() == (given or "1")


def test_the_repository_of_an_editable_package_is_not_touched(made_once, tmp_path):
    before = tree(made_once.source)
    made_once.capture(tmp_path / "b", make_lock=False)
    assert tree(made_once.source) == before


def test_the_lock_names_what_the_index_has_with_hashes(bundle_once):
    text = (bundle_once.place / ENV / "requirements.txt").read_text()
    assert text.startswith("alpha==1.0 \\\n    --hash=sha256:")
    assert "./vendored/gamma-3.0-py3-none-any.whl" in text
    assert "delta" not in text
    made = locking.read_lock((bundle_once.place / ENV / "pylock.toml").read_text())
    assert set(made.packages) == {"alpha", "beta", "gamma"}


def test_kernels_extensions_and_settings(bundle_once, items):
    spec = json.loads((bundle_once.place / ENV / "kernels/own/kernel.json").read_text())
    assert spec["argv"][0] == "{prefix}/bin/python"
    assert spec["env"] == {"OWN_DATA": "{prefix}/share/own"}
    assert items["kernels:own"].status == "secret-slot"
    assert items["kernels:elsewhere"].status == "not-captured"
    assert "--python /opt/other/bin/python" in items["kernels:elsewhere"].action_needed
    assert items["labextensions:@own/extension"].status == "captured"
    assert items["server-extensions:own_server"].evidence.endswith(": on")
    assert items["jupyter-config:user/jupyter_server_config.py"].status == "policy-excluded"
    theme = ENV + "/jupyter-config/user/lab/user-settings/@jupyterlab/apputils-extension"
    (settings,) = (bundle_once.place / theme).iterdir()
    assert json.loads(settings.read_text()) == {"theme": "JupyterLab Dark"}
    assert items["python:files of none or several"].evidence.startswith("1 files")


def test_variables_have_names_and_only_harmless_values(bundle_once):
    shown = json.loads((bundle_once.place / ENV / "variables.json").read_text())
    assert shown == {"HOME": None, "LANG": "C.UTF-8", "PRIVATE_NAME": None}


def test_the_same_input_gives_the_same_bytes(made_once, bundle_once, tmp_path):
    again = made_once.capture(tmp_path / "again")
    assert tree(again.place) == tree(bundle_once.place)
    for kind in (".tar.zst", ".zip"):
        first = made_once.capture(tmp_path / f"a{kind}", make_lock=False).place.read_bytes()
        (tmp_path / f"a{kind}").unlink()
        assert made_once.capture(tmp_path / f"a{kind}", make_lock=False).place.read_bytes() == first


def test_sha256sum_verifies_it_without_us(bundle_once, made_once):
    for listing in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", listing], cwd=bundle_once.place, check=True)
    for listing in (bundle_once.place / ENV / "files").iterdir():
        if listing.stat().st_size:
            subprocess.run(
                ["sha256sum", "-c", "--quiet", "--ignore-missing", listing],
                cwd=made_once.prefix,
                check=True,
            )


def test_without_uv_it_says_that_the_lock_is_not_made(made_once, tmp_path, monkeypatch):
    def none():
        raise locking.NoLock("uv is not there")

    monkeypatch.setattr(locking, "find_uv", none)
    captured = made_once.capture(tmp_path / "b")
    assert "uv is not there" in captured.no_lock
    assert any("lock" in each.what for each in captured.manifest.not_captured)
    assert not (captured.place / ENV / "pylock.toml").exists()
    assert set(observed(captured.place)) == {"alpha", "beta", "gamma", "delta"}


def test_without_network_it_says_that_the_lock_is_not_made(made_once, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    captured = made_once.capture(tmp_path / "b")
    assert "127.0.0.1:9" in captured.no_lock


def test_what_the_index_does_not_have_is_carried(made_once, index, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    alpha = index.directory / "alpha"
    alpha.rename(tmp_path / "alpha")
    try:
        captured = made_once.capture(tmp_path / "b")
    finally:
        (tmp_path / "alpha").rename(alpha)
    assert not captured.no_lock
    assert (captured.place / ENV / "vendored" / "alpha-1.0-py3-none-any.whl").is_file()


def test_repo2docker_finds_its_files(bundle_once, made_once):
    binder = bundle_once.place / ENV / "binder"
    assert {path.name for path in binder.iterdir()} == {
        "overlay.py",
        "postBuild",
        "requirements.txt",
        "runtime.txt",
    }
    assert (binder / "runtime.txt").read_text().startswith("python-3.")
    subprocess.run(["bash", "-n", binder / "postBuild"], check=True)
    assert (binder / "postBuild").stat().st_mode & 0o100


def test_apt_r_julia_and_conda_are_read_without_their_programs(made_once, tmp_path):
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(
        "Package: git\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.39\n\n"
        "Package: libgit\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.5\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    (root / "var/lib/apt").mkdir(parents=True)
    (root / "var/lib/apt/extended_states").write_text("Package: libgit\nAuto-Installed: 1\n")
    library = root / "usr/lib/R/library"
    for name, fields in {
        "base": "Package: base\nVersion: 4.5.1\nPriority: base\n",
        "dplyr": "Package: dplyr\nVersion: 1.1.4\nRepository: CRAN\n",
        "own": "Package: own\nVersion: 0.1\nRemoteType: github\nRemoteSha: abc\n",
    }.items():
        (library / name).mkdir(parents=True)
        (library / name / "DESCRIPTION").write_text(fields)
    project = tmp_path / "julia"
    project.mkdir()
    (project / "Project.toml").write_text("[deps]\n")
    environ = {**made_once.environ, "JULIA_PROJECT": str(project)}
    captured = made_once.capture(tmp_path / "b", root=root, environ=environ, make_lock=False)
    top = captured.place / ENV
    assert (top / "apt.txt").read_text() == "git\n"
    assert (top / "binder" / "apt.txt").read_text() == "git\n"
    assert (top / "apt-packages.tsv").read_text() == "git\t1:2.39\tamd64\nlibgit\t1.5\tamd64\n"
    renv = json.loads((top / "renv.lock").read_text())
    assert renv["R"]["Version"] == "4.5.1"
    assert renv["Packages"]["dplyr"]["Source"] == "Repository"
    assert renv["Packages"]["own"]["Source"] == "GitHub"
    statuses = {item.id: item.status for item in captured.manifest.items}
    assert statuses["julia:Project.toml"] == "captured"
    assert statuses["julia:Manifest.toml"] == "not-captured"


def test_conda_records_become_an_explicit_file(made_once, tmp_path):
    meta = made_once.prefix / "conda-meta"
    meta.mkdir()
    record = {
        "name": "zlib", "version": "1.3", "build": "h1", "subdir": "linux-64", "md5": "m" * 32,
        "channel": "https://user:pass@conda.example.org/t/tk-1234/forge/linux-64",
        "url": "https://conda.example.org/t/tk-1234/forge/linux-64/zlib-1.3-h1.conda",
    }  # fmt: skip
    try:
        (meta / "zlib-1.3-h1.json").write_text(json.dumps(record))
        (meta / "broken.json").write_text("{")
        (meta / "history").write_text("# update specs: ['zlib']\n")
        captured = made_once.capture(tmp_path / "b", make_lock=False)
    finally:
        for path in meta.iterdir():
            path.unlink()
        meta.rmdir()
    explicit = (captured.place / ENV / "conda-explicit.txt").read_text()
    assert explicit == (
        "# platform: linux-64\n@EXPLICIT\n"
        f"https://conda.example.org/forge/linux-64/zlib-1.3-h1.conda#{'m' * 32}\n"
    )
    environment = (captured.place / ENV / "environment.yml").read_text()
    assert "  - zlib=1.3=h1\n" in environment
    assert '    - "alpha==1.0"\n' in environment
    assert b"tk-1234" not in b"".join(tree(captured.place).values())
    statuses = {item.id: item.status for item in captured.manifest.items}
    assert statuses["conda:zlib"] == "captured"
    assert statuses["conda:broken.json"] == "unknown"
    assert (captured.place / ENV / "binder" / "environment.yml").read_text() == environment


def test_the_list_for_the_panel(made_once):
    assert listed(made_once.python) == [
        ("alpha", "1.0"),
        ("beta", "2.0"),
        ("delta", "0.1"),
        ("gamma", "3.0"),
    ]
    estimate = estimate_environment(python=made_once.python)
    assert estimate.distributions == 4
    assert estimate.bytes > 0


def test_a_file_of_several_distributions_is_the_winners(index, made_once, tmp_path):
    prefix = tmp_path / "env"
    uv("venv", prefix)
    for name in ("one", "two"):
        path = wheel(tmp_path, name, "1", {"both.py": f"OF = {name!r}\n", f"{name}.py": "\n"})
        uv("pip", "install", "--python", prefix, path)
    before, made_once.prefix = made_once.prefix, prefix
    try:
        captured = made_once.capture(tmp_path / "b", make_lock=False)
    finally:
        made_once.prefix = before
    found = observed(captured.place)
    assert found["one"]["modified"] == found["two"]["modified"] == []
    (path,) = (captured.place / ENV / "vendored" / "unowned").rglob("both.py")
    assert path.read_text() == "OF = 'two'\n"
    assert verify(captured.place, rebuild=True, up_to="V5").holds


def test_names_that_only_this_system_can_have_are_left_out_and_said_so(made_once, tmp_path):
    odd = [b"odd-\xff.py", b"back\\slash.py", b"NEW.py"]
    paths = [os.fsencode(made_once.source) + b"/" + name for name in odd]
    for path in paths:
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(b"ODD = True\n")
    try:
        captured = made_once.capture(tmp_path / "b", make_lock=False)
    finally:
        for path in paths:
            os.unlink(path)  # noqa: PTH108
    (source,) = (each for each in captured.manifest.items if each.id == "python:delta/source")
    assert source.status == "captured"
    assert "odd names" in source.reason
    assert verify(captured.place, up_to="V1").highest == "V1"


def test_a_destination_that_is_taken_stays(made_once, tmp_path):
    (tmp_path / "b").write_text("mine")
    with pytest.raises(ReplicateError, match="is there already"):
        made_once.capture(tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"


def test_a_time_that_is_none(made_once, tmp_path):
    with pytest.raises(ReplicateError, match="write it like"):
        made_once.capture(tmp_path / "b", created="yesterday")


def test_another_python_that_is_none(made_once, tmp_path):
    made_once.prefix = tmp_path / "nowhere"
    try:
        with pytest.raises(ReplicateError, match="is no Python that runs"):
            made_once.capture(tmp_path / "b")
    finally:
        made_once.prefix = made_once.source.parent / "env"


def test_cancelled_at_any_moment_it_leaves_nothing(made_once, tmp_path):
    reached = set()
    for stop_at in ("hashing", "locking", "carrying what no index has", "writing", "packing"):

        def stop(done, total, what, stop_at=stop_at):
            reached.add(what)
            if what == stop_at:
                raise Cancelled

        with pytest.raises(Cancelled):
            made_once.capture(tmp_path / "b.tar.zst", progress=stop)
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(Cancelled):
        made_once.capture(tmp_path / "b", cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []
    assert "locking" in reached


def test_what_a_killed_capture_left_is_removed_by_the_next(made_once, tmp_path):
    first = made_once.capture(tmp_path / "b", make_lock=False)
    assert first.manifest.created == CREATED
    import socket

    process = subprocess.Popen(["true"])
    process.wait()
    left = tmp_path / f".c.partial-{socket.gethostname()}-{process.pid}-x"
    left.mkdir()
    made_once.capture(tmp_path / "c", make_lock=False)
    assert not left.exists()
