"""Environments of five kinds to capture and rebuild. Called by replicate.py; they are kept in .bench between runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from jupyter_2i2c.replicate.capture.lock import find_uv

from .environments import ROOT

KINDS = {
    "lab": "bare Lab",
    "science": "scientific stack",
    "carried": "editable, VCS and local wheel",
    "kernels": "kernels and extensions installed by hand",
    "conda": "layout of conda, synthetic records",
}

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0"

[project.scripts]
{name} = "{name}:main"
"""


@cache
def made(name: str) -> Path:
    """The environment, made if need be."""
    top = ROOT / ".bench" / "replicated" / name
    prefix = top / "env"
    if not (top / "made").exists():
        shutil.rmtree(top, ignore_errors=True)
        top.mkdir(parents=True)
        _uv("venv", "--python", sys.executable, prefix)
        {
            "lab": _lab,
            "science": _science,
            "carried": _carried,
            "kernels": _kernels,
            "conda": _conda,
        }[name](top, prefix)
        (top / "made").touch()
    return prefix


def _uv(*arguments: str | Path) -> None:
    subprocess.run([find_uv(), "--quiet", *arguments], check=True)


def _install(prefix: Path, *requirements: str | Path) -> None:
    _uv("pip", "install", "--python", prefix, *requirements)


def _lab(top: Path, prefix: Path) -> None:
    _install(prefix, "jupyterlab>=4.1,<5")


def _science(top: Path, prefix: Path) -> None:
    _install(prefix, "--requirements", Path(__file__).with_name("science.txt"))


def _project(directory: Path, name: str) -> Path:
    """The source of a package, in a repository of its own."""
    directory.mkdir()
    (directory / "pyproject.toml").write_text(PROJECT.format(name=name))
    (directory / name).mkdir()
    (directory / name / "__init__.py").write_text(f"def main():\n    print({name!r})\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        subprocess.run([*git, *arguments], cwd=directory, check=True)
    return directory


def _carried(top: Path, prefix: Path) -> None:
    _lab(top, prefix)
    editable = _project(top / "editable", "bench_editable")
    _install(prefix, "--editable", editable)
    with (editable / "bench_editable" / "__init__.py").open("a") as file:
        file.write("CHANGED = True\n")
    _install(prefix, f"git+{_project(top / 'vcs', 'bench_vcs').as_uri()}")
    wheel = _project(top / "wheel", "bench_wheel")
    _uv("build", "--wheel", "--out-dir", top / "dist", wheel)
    _install(prefix, *(top / "dist").glob("*.whl"))


def _kernels(top: Path, prefix: Path) -> None:
    _install(
        prefix, "jupyterlab>=4.1,<5", "jupyterlab-git", "jupyter-resource-usage", "bash_kernel"
    )
    python = prefix / "bin" / "python"
    subprocess.run([python, "-m", "bash_kernel.install", "--sys-prefix"], check=True)
    subprocess.run(
        [python, "-m", "ipykernel", "install", "--prefix", prefix, "--name", "own"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    extension = prefix / "share" / "jupyter" / "labextensions" / "@own" / "extension"
    (extension / "static").mkdir(parents=True)
    (extension / "package.json").write_text('{"name": "@own/extension", "version": "1.0.0"}')
    (extension / "static" / "style.js").write_text("// own\n")
    config = prefix / "etc" / "jupyter" / "labconfig"
    config.mkdir(parents=True, exist_ok=True)
    (config / "page_config.json").write_text(
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
    )


def _conda(top: Path, prefix: Path) -> None:
    """conda itself is not needed: a few of the packages say that conda installed them, and have its records."""
    _install(prefix, "jupyterlab>=4.1,<5", "toolz", "locket")
    meta = prefix / "conda-meta"
    meta.mkdir()
    (meta / "history").write_text("# update specs: ['toolz', 'locket']\n")
    for info in prefix.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        if name in ("toolz", "locket"):
            (info / "INSTALLER").write_text("conda")
            record = {
                "name": name,
                "version": version,
                "build": "pyhd8ed1ab_0",
                "channel": "https://conda.anaconda.org/conda-forge/noarch",
                "subdir": "noarch",
                "url": f"https://conda.anaconda.org/conda-forge/noarch/{name}-{version}-pyhd8ed1ab_0.conda",
                "md5": "0" * 32,
                "sha256": "0" * 64,
            }
            (meta / f"{name}-{version}-pyhd8ed1ab_0.json").write_text(json.dumps(record))
