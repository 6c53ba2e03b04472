"""Every command of docs/operators/repository.md, in order, beside a checkout of a small deployments repository."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from jupyter_2i2c.replicate.targets import k8s

from . import k8s_hub

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "repository.md"

# it is installed already: tests/test_packaging.py
INSTALLS = "pip install 'jupyter_2i2c[replicate]'"

# helm and kubectl need no more than what these look for: that what they are given is there
STAND_INS = """\
jupyter() {{ {own} -m jupyter_2i2c "${{@:2}}"; }}
helm() {{
    case "$1" in
    pull) test "${{@: -1}}" = --untar; cp -r {chart} "$2" ;;
    template)
        test -s "$3/values.yaml"
        shift 3
        while test $# -gt 0; do test "$1" != --values || test -s "$2"; shift 2; done ;;
    esac
}}
kubectl() {{
    test "$1" = kustomize
    grep -o 'objects/.*' "$2/kustomization.yaml" | while read -r each; do test -s "$2/$each"; done
}}
"""


def commands():
    """Each command of the page, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield line.removeprefix("$ ")


def checkout(top):
    """The repository with its computed layer as jsonnet, and the chart outside of it."""
    k8s_hub.write(top / "infrastructure")
    chart = (top / "infrastructure" / "charts" / "jupyterhub-4.3.3").rename(top / "upstream")
    computed = yaml.safe_load(k8s_hub.COMPUTED.format(hub="field"))
    jsonnet = json.dumps(computed).replace(
        '"field.example', "std.extVar('VARS_2I2C_HUB_NAME') + \".example"
    )
    assert jsonnet.count("extVar") == 1
    (top / "infrastructure/charts/basehub/values.jsonnet").write_text(jsonnet)
    return chart


def test_every_command_works_as_it_is_written(tmp_path):
    chart = checkout(tmp_path)
    assert INSTALLS in commands()
    lines = [each for each in commands() if each != INSTALLS]
    stand_ins = STAND_INS.format(own=shlex.quote(sys.executable), chart=shlex.quote(str(chart)))
    done = subprocess.run(
        ["bash", "-c", f"set -eu\n{stand_ins}set -x\n" + "\n".join(lines)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    assert "Highest rung: V4" in done.stdout
    assert "for-kubernetes/values.yaml" in done.stdout  # a grep found it
    assert (tmp_path / "leaving-field.md").read_text().startswith("# Leaving with Field school\n")
    assert json.loads((tmp_path / "lint.json").read_text())["summary"]["hubs"] == 1
    built = yaml.safe_load((tmp_path / "for-kubernetes" / "values.yaml").read_text())
    assert built["ingress"]["hosts"] == ["replace-me-hub-domain.invalid"]


def test_the_table_names_what_a_build_has(tmp_path):
    table = PAGE.read_text("utf-8").split("| in `for-kubernetes`")[1].split("\n\n")[0]
    named = set(re.findall(r"`([\w.]+/?)`", table.replace("| what the", "")))
    built = tmp_path / "built"
    k8s.build(k8s_hub.source(tmp_path / "repository"), built)
    there = {f"{each.name}/" if each.is_dir() else each.name for each in built.iterdir()}
    assert there == named
