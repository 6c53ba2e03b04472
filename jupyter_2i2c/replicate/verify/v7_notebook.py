"""V7: a real server starts from the rebuilt environment, and a notebook runs in each of its kernels. Called by verify/__init__.py.

The server has a home of its own and none of the person's variables; it listens on loopback with a
token that is made for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ... import tethered
from ..bundle import Bundle
from ..errors import Cancelled
from ..manifest import Manifest
from ..targets.local import CONFIG, Built
from ..work import Work
from .ladder import Result, Rung, judged, not_run
from .server import NotWorking, Server

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")

CELLS = (
    ("import sys, json\nprint(6 * 7)", "42"),
    ("from IPython.display import HTML, display\ndisplay(HTML('<b>replica</b>'))", "replica"),
    ("print(sys.prefix)", "{prefix}"),
)
"""Cells of the notebook, and what their output must hold."""


def check(bundle: Bundle, python: Path | None, built: Built | None, work: Work) -> Rung:
    """Start a server, save a notebook, run it, read it back; start every other kernel."""
    manifest = bundle.manifest()
    if manifest.kind != "environment":
        return not_run("the bundle holds no environment")
    if python is None:
        return not_run("nothing is built; give --built DIR, --python PATH or --target local")
    have = subprocess.run(
        [python, "-c", "import jupyter_server"], capture_output=True, check=False, cwd="/"
    )
    if have.returncode:
        return not_run("the environment has no jupyter_server, so it had none before")
    kernels = kernels_of(manifest)
    work.step(0, 0, "starting a server")
    items: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="2i2c-server-") as home:
        try:
            with _running(python, Path(home), built) as (url, token, process):
                asyncio.run(_visit(url, token, process, python, kernels, items, work))
        except Cancelled:
            raise
        except (NotWorking, OSError) as error:
            items.setdefault("server", Result("fail", str(error)))
    return judged(items, "steps")


def kernels_of(manifest: Manifest) -> list[str]:
    """The kernels that an environment in a bundle has, by their names."""
    return [
        item.id.partition(":")[2]
        for item in manifest.items
        if item.layer == "kernels" and item.status in ("captured", "secret-slot")
    ]


@contextmanager
def _running(
    python: Path, home: Path, built: Built | None
) -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    token = secrets.token_urlsafe(24)
    config = home / "config"
    config.mkdir()
    if built is not None and (built.directory / CONFIG).is_dir():
        config = built.directory / CONFIG
    environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environ.update(
        HOME=str(home),
        JUPYTER_TOKEN=token,  # in the environment: a command line is everybody's to read
        JUPYTER_CONFIG_DIR=str(config),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        IPYTHONDIR=str(home / "ipython"),
        PATH=f"{python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}",
    )
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = home / "server.log"
    with log.open("wb") as said:
        process = tethered.start(
            [
                python, "-m", "jupyter_server", "--no-browser", "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
                f"--ServerApp.root_dir={home}", "--ServerApp.password=", *root,
            ],
            cwd=home, env=environ, output=said,
        )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}", token, process
    except NotWorking as error:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise NotWorking(f"{error}; the server's last words: {' '.join(last)[:500]}") from None
    finally:
        tethered.stop(process)


async def _visit(
    url: str,
    token: str,
    process: subprocess.Popen[bytes],
    python: Path,
    kernels: list[str],
    items: dict[str, Result],
    work: Work,
) -> None:
    with closing(Server(url, token, process, work)) as server:
        await server.await_start()
        items["server"] = Result("pass", "it starts and answers")
        if await server.has_lab():
            items["lab"] = Result("pass", "JupyterLab's page is there")
        items["notebook"] = await run_notebook(server, str(python.parent.parent))
        await start_kernels(server, kernels, items)


async def start_kernels(server: Server, names: Iterable[str], items: dict[str, Result]) -> None:
    """Start each of these kernels, and say whether it answers."""
    for name in names:
        server.work.step(0, 0, f"starting the kernel {name}")
        try:
            await server.start_kernel(name)
            items[f"kernel:{name}"] = Result("pass", "it starts and answers")
        except NotWorking as error:
            items[f"kernel:{name}"] = Result("fail", str(error))


async def run_notebook(server: Server, prefix: str) -> Result:
    """Save a notebook, run each cell in a session of its own, save the outputs, and read them back."""
    server.work.step(0, 0, "running a notebook")
    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
              "execution_count": None, "id": f"cell-{number}"}
             for number, (source, _) in enumerate(CELLS)]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    try:
        await server.ask(
            "PUT", "/api/contents/replica.ipynb", {"type": "notebook", "content": notebook}
        )
        session = await server.ask(
            "POST", "/api/sessions",
            {"path": "replica.ipynb", "type": "notebook", "name": "replica", "kernel": {"name": "python3"}},
        )  # fmt: skip
        for cell, (source, wanted) in zip(cells, CELLS, strict=True):
            outputs = await server.execute(session["kernel"]["id"], source)
            cell["outputs"] = outputs
            wanted = wanted.format(prefix=prefix)
            if wanted not in json.dumps(outputs, ensure_ascii=False):
                return Result("fail", f"a cell gives {outputs!r:.300}, not {wanted!r}")
        await server.ask(
            "PUT", "/api/contents/replica.ipynb", {"type": "notebook", "content": notebook}
        )
        back = await server.ask("GET", "/api/contents/replica.ipynb", None)
        await server.ask("DELETE", f"/api/sessions/{session['id']}", None)
    except NotWorking as error:
        return Result("fail", str(error))
    if CELLS[0][1] not in json.dumps(back["content"]["cells"][0]["outputs"]):
        return Result("fail", "the saved notebook has lost its output")
    return Result("pass", f"{len(CELLS)} cells ran and were saved")
