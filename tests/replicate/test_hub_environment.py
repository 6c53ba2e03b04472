"""A hub and the environment that its people work in, in one bundle: both are rebuilt, and the replica's servers start in that environment."""

import json
import shutil
import sys
import sysconfig

import pytest
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.capture.environment import capture_environment
from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.targets import hub_local
from jupyter_2i2c.replicate.verify import verify
from jupyter_2i2c.replicate.work import Work

from .conftest import CREATED, rebag, uv

CONFIG = """\
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allowed_users = {"ada"}
c.Spawner.args = ["--allow-root"]
"""

SINGLEUSER = f"""\
#!python
import os, sys
os.environ["PYTHONPATH"] = {sysconfig.get_path("purelib")!r}
os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def environment(index, tmp_path_factory):
    """The bundle of an environment whose `jupyterhub` lends what it needs from this one."""
    top = tmp_path_factory.mktemp("environment")
    index.add(
        "jupyterhub",
        "0.1",
        {"jupyterhub-0.1.data/scripts/jupyterhub-singleuser": SINGLEUSER},
    )
    uv("venv", "--python", sys.executable, top / "env")
    uv("pip", "install", "--python", top / "env", "alpha==1.0", "jupyterhub==0.1")
    (top / "home").mkdir()
    environ = {"HOME": str(top / "home")}
    python = str(top / "env" / "bin" / "python")
    capture_environment(
        top / "bundle", python=python, environ=environ, root=top / "home", created=CREATED
    )
    return top / "bundle"


@pytest.fixture(scope="module")
def captured(environment, tmp_path_factory, sandbox):
    top = tmp_path_factory.mktemp("hub")
    (top / "jupyterhub_config.py").write_text(CONFIG)
    call = ["--config", str(top), "--environment", str(environment), "-o", str(top / "bundle")]
    assert main(["capture", "hub", *call]) == 0
    return top / "bundle"


@pytest.fixture(scope="module")
def built(captured, tmp_path_factory):
    with opened(captured) as bundle:
        return hub_local.build(bundle, tmp_path_factory.mktemp("built") / "hub", Work())


def test_one_bundle_holds_both(captured, environment):
    with opened(captured) as one, opened(environment) as alone:
        manifest, of_it = one.manifest(), alone.manifest()
        assert [each for each in one.names() if each.startswith("env/default/")] == [
            each for each in alone.names() if each.startswith("env/")
        ]
    assert manifest.kind == "hub"
    assert set(of_it.layers) < set(manifest.layers)
    assert set(of_it.items) < set(manifest.items)
    assert manifest.counts()["python"] == of_it.counts()["python"]


def test_servers_start_in_the_environment_that_was_rebuilt(captured, built):
    change = next(each for each in built.plan.changes if each.path == "Spawner.cmd")
    assert change.id == "environment"
    told = verify(captured, built=built.directory)
    assert told.blockers == []
    assert told.highest == "V7"
    assert told.rungs["V5"].items["python:alpha"].status == "pass"
    # it prints the prefix of what it runs on
    assert told.rungs["V7"].items["notebook"].status == "pass"
    assert told.rungs["V4"].items["Spawner.cmd"].status == "pass"


def test_an_edit_of_the_environment_is_caught_and_of_nothing_else(captured, built, tmp_path):
    path = next((built.directory / "user" / "environment").glob("lib/*/site-packages/alpha.py"))
    before = path.read_bytes()
    path.write_bytes(before + b"# edited\n")
    try:
        told = verify(captured, built=built.directory, up_to="V5")
    finally:
        path.write_bytes(before)
    assert [each.split(":")[0:2] for each in told.blockers] == [["V5 python", "alpha"]]


def test_an_interpreter_does_as_well_and_without_jupyterhub_servers_stay_beside_the_hub(
    tmp_path, sandbox
):
    uv("venv", "--python", sys.executable, tmp_path / "env")
    uv("pip", "install", "--python", tmp_path / "env", "beta==2.0")
    (tmp_path / "jupyterhub_config.py").write_text(CONFIG)
    python = tmp_path / "env" / "bin" / "python"
    call = ["--config", str(tmp_path / "jupyterhub_config.py"), "--environment", str(python)]
    assert main(["capture", "hub", *call, "-o", str(tmp_path / "bundle")]) == 0
    with opened(tmp_path / "bundle") as bundle:
        observed = json.loads(bundle.text("env/default/observed.json"))
        plan = hub_local.plan(bundle)
    assert [each["name"] for each in observed["distributions"]] == ["beta"]
    assert not [each for each in plan.changes if each.id == "environment"]
    assert any("has no jupyterhub" in each for each in plan.notes)


def test_what_is_no_whole_environment_is_refused_and_nothing_is_written(
    captured, environment, tmp_path
):
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(CONFIG)
    record.write(tmp_path / "a.record.json", Config(), file, tmp_path)
    document = read_record(tmp_path / "a.record.json")
    broken = shutil.copytree(environment, tmp_path / "broken")
    (broken / "data" / "env" / "default" / "observed.json").write_text("{}")
    other = shutil.copytree(environment, tmp_path / "other")
    path = other / "data" / "manifest.json"
    path.write_text(path.read_text().replace('"kind": "environment"', '"kind": "home"'))
    rebag(other)
    sly = shutil.copytree(environment, tmp_path / "sly")
    path = sly / "data" / "manifest.json"
    path.write_text(path.read_text().replace('"layer": "python"', '"layer": "people"'))
    rebag(sly)
    for place, why in (
        (captured, "but a hub"),
        (other, "but a home"),
        (broken, "is not whole"),
        (sly, "no environment \\(python:"),
        (file, "is no bundle"),
        (tmp_path / "none", "is not there"),
    ):
        with pytest.raises(ReplicateError, match=why):
            write_bundle(document, tmp_path / "b", environment=place)
        assert not (tmp_path / "b").exists()
