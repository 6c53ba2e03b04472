"""Labs to compare: the same packages, with one extension more each. Called by the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import httpx

from jupyter_2i2c.demo.local_hub import clean_environment, free_ports

ROOT = Path(__file__).parents[1]
TOKEN = "bench"

LABS = {
    "none": (),
    "ours": ("jupyter_2i2c",),
    "jupyter-resource-usage": ("jupyter-resource-usage==1.3.0",),
    "jupyter-archive": ("jupyter-archive==3.5.1",),
}
"""The peers are the best of the real extensions near ours."""


@cache
def environment(name: str) -> Path:
    """The virtual environment of a Lab, made if need be; the commands are in ``bin``."""
    path = ROOT / ".bench" / name
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    same = [
        f"{package}=={metadata.version(package)}"
        for package in ("jupyterlab", "jupyter_server", "tornado", "notebook", "psutil")
    ]
    subprocess.run(
        ["uv", "pip", "install", "--quiet", "--python", path, *same, *_requirements(name)],
        check=True,
    )
    return path


def _requirements(name: str) -> list[str]:
    if name != "ours":
        return list(LABS[name])
    (wheel,) = (ROOT / "dist").glob("*.whl")
    return ["--reinstall-package", "jupyter_2i2c", str(wheel)]


@dataclass
class RunningLab:
    """A Lab that runs.

    Attributes:
        url: its address.
        pid: of its server.
    """

    url: str
    pid: int


@contextmanager
def running(*names: str, home: Path | None = None) -> Iterator[list[RunningLab]]:
    """Labs, each with a home of its own or all with `home`, without what else would talk to the world."""
    with ExitStack() as stack:
        yield [stack.enter_context(_lab(name, home)) for name in names]


@contextmanager
def _lab(name: str, given: Path | None) -> Iterator[RunningLab]:
    commands = environment(name) / "bin"
    with free_ports(0, 1) as (port,):
        pass
    with tempfile.TemporaryDirectory() as own:
        home = str(given or own)
        settings = Path(home) / ".jupyter" / "labconfig"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "page_config.json").write_text(
            '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
        )
        process = subprocess.Popen(
            [
                commands / "jupyter-lab",
                "--no-browser",
                f"--port={port}",
                f"--IdentityProvider.token={TOKEN}",
                "--LabApp.extension_manager=readonly",
                "--log-level=WARN",
                *(["--allow-root"] if os.geteuid() == 0 else []),
            ],
            env={**clean_environment(), "HOME": home, "JUPYTER_CONFIG_DIR": f"{home}/.jupyter"},
            cwd=home,
            stderr=subprocess.DEVNULL,
        )
        try:
            lab = RunningLab(f"http://127.0.0.1:{port}/", process.pid)
            _await(lab.url + "api")
            yield lab
        finally:
            process.terminate()
            process.wait(30)


def _await(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
