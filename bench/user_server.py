"""The user's server

Importing the extension, in a fresh process with Jupyter Server and JupyterLab loaded; memory of an
idle server (proportional set size, both servers up at once, three rounds); and the routes that the
panel asks, against Jupyter's own `/api`, with wrk in shuffled rounds.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path

from .environments import TOKEN, environment, running
from .figures import Figure, at_least, at_most
from .load import rates

IDLE = 20

IMPORT = """
import sys, time
import jupyter_server.serverapp, jupyterlab.labapp
begin = time.perf_counter()
import jupyter_2i2c
jupyter_2i2c._jupyter_server_extension_points()
print((time.perf_counter() - begin) * 1000)
heavy = {"sqlalchemy", "pydantic", "jupyter_2i2c.model", "jupyter_2i2c.config"} & set(sys.modules)
assert not heavy, heavy
"""


def run() -> list[Figure]:
    python = environment("ours") / "bin" / "python"
    imports = [
        float(subprocess.run([python, "-c", IMPORT], check=True, capture_output=True).stdout)
        for _ in range(11)
    ]
    figures = [
        at_most("importing the extension, median of 11", statistics.median(imports), 1.5, " ms")
    ]
    more = []
    for _ in range(3):
        with running("none", "ours") as (none, ours):
            time.sleep(IDLE)
            more.append(_pss(ours.pid) - _pss(none.pid))
    figures.append(
        at_most(
            "memory of an idle server over one without, median of 3",
            statistics.median(more),
            0.5,
            " MiB",
        )
    )
    figures += _routes()
    return figures


def _pss(pid: int) -> float:
    """MiB of a process, with its share of what it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell")


def _routes() -> list[Figure]:
    figures = []
    headers = {"Authorization": f"token {TOKEN}"}
    with running("ours", "jupyter-resource-usage") as (ours, peer):
        urls = {
            "/api": f"{ours.url}api",
            "info": f"{ours.url}jupyter-2i2c/info",
            "session": f"{ours.url}jupyter-2i2c/session",
        }
        theirs = {"/api": f"{peer.url}api", "metrics": f"{peer.url}api/metrics/v1"}
        for connections in (1, 32):
            found = rates(urls, headers, connections)
            for route, bar in (("info", 0.9), ("session", 0.5)):
                figures.append(
                    at_least(
                        f"`{route}` over `/api`, {connections} connection{'s' * (connections > 1)}",
                        found[route] / found["/api"],
                        bar,
                        f" ({found[route]:,.0f}/s)",
                    )
                )
            other = rates(theirs, headers, connections)
            figures.append(
                Figure(
                    f"jupyter-resource-usage's metrics over `/api`, {connections}",
                    f"{other['metrics'] / other['/api']:.2f}",
                )
            )
    return figures
