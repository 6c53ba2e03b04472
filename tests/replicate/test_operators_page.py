"""Every command of docs/operators/replicate.md, in order, beside a hub's record."""

import re
import subprocess
import sys
import types
from pathlib import Path

from traitlets.config import Config

from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.capture.environment import capture_environment
from jupyter_2i2c.replicate.verify import v4_kubernetes

from . import k8s_hub
from .conftest import uv

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "replicate.md"

# other tests type these, and look at all that they say
ELSEWHERE = ("jupyter 2i2c drill", "jupyter 2i2c capture env -o environment")


def commands():
    """Each command of the page, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield line.removeprefix("$ ")


def put_what_is_there_already(top, monkeypatch):
    """The record of a hub on Kubernetes, its chart, and an environment."""
    checkout = k8s_hub.source(top / "repository")
    (top / "repository" / "charts" / "jupyterhub-4.3.3").rename(top / "jupyterhub")
    samples = {each.placeholder: v4_kubernetes._sample(each) for each in checkout.secrets}
    values = v4_kubernetes._with_stand_ins(checkout.values["jupyterhub"], samples)
    about = {"Chart": {"Version": "4.3.3"}, "Release": {"Name": "field", "Namespace": "field"}}
    z2jh = types.ModuleType("z2jh")
    z2jh.get_config = {**values, **about}.get
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "z2jh", z2jh)
        record.write(top / "from-the-pod.json", Config(), None, top)
    uv("venv", "--python", sys.executable, top / "env")
    python = str(top / "env" / "bin" / "python")
    capture_environment(top / "environment", python=python, environ={"HOME": str(top)}, root=top)


def test_every_command_works_as_it_is_written(tmp_path, monkeypatch, sandbox):
    put_what_is_there_already(tmp_path, monkeypatch)
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(
        "c = get_config()\nc.Authenticator.allowed_users = {'ada'}\nc.Spawner.mem_limit = '2G'\n"
    )
    c = Config()
    c.Authenticator.allowed_users = {"ada"}
    c.Spawner.mem_limit = "2G"
    record.write(tmp_path / "jupyter_2i2c.record.json", c, file, tmp_path)
    assert set(ELSEWHERE) <= set(commands())
    lines = [each for each in commands() if each not in ELSEWHERE]
    own = f'jupyter() {{ "{sys.executable}" -m jupyter_2i2c "${{@:2}}"; }}\n'
    done = subprocess.run(
        ["bash", "-c", f"set -eux\n{own}" + "\n".join(lines)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("Highest rung: V4") == 3
    assert "no differences; " in done.stdout
    assert '~ Spawner.mem_limit: null, now "2G"' in done.stdout
    assert (tmp_path / "drills" / "latest.json").is_file()
    assert (tmp_path / "leaving.md").read_text().startswith("# Leaving with Our hub\n")
    assert (tmp_path / "for-tljh" / "config.yaml").read_text().count("2G") == 1
