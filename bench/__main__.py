"""Runs the benchmarks and writes their figures to RESULTS.md. `make bench` calls it; `ONLY=service make bench` runs one."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable
from datetime import date
from importlib import metadata
from pathlib import Path

from . import (
    announcements,
    console,
    home,
    hubs,
    jobs,
    replicate,
    requests,
    service,
    start,
    user_server,
)
from .figures import Figure, table

RESULTS = Path(__file__).with_name("RESULTS.md")

BENCHMARKS = {
    "start": start,
    "user_server": user_server,
    "service": service,
    "jobs": jobs,
    "replicate": replicate,
    "home": home,
    "hubs": hubs,
    "console": console,
    "announcements": announcements,
    "requests": requests,
}


def main() -> int:
    for tool in ("wrk", "uv"):
        if not shutil.which(tool):
            print(f"{tool} is needed for the benchmarks (Debian: apt install wrk)", file=sys.stderr)
            return 2
    only = os.environ.get("ONLY", "").split() or list(BENCHMARKS)
    sections = {}
    for name in only:
        print(f"{name} …", file=sys.stderr)
        benchmark = BENCHMARKS[name]
        title, _, text = (benchmark.__doc__ or "").strip().partition("\n\n")
        figures: list[Figure] = benchmark.run()
        sections[name] = f"## {title}\n\n{text.strip()}\n\n{table(figures)}\n"
        for figure in figures:
            print(f"  {figure}", file=sys.stderr)
    if only == list(BENCHMARKS):
        RESULTS.write_text(_head() + "\n".join(sections.values()), "utf-8")
    else:
        _replace_sections(sections.values())
    print(f"written to {RESULTS}", file=sys.stderr)
    return 0


def _replace_sections(sections: Iterable[str]) -> None:
    """Put the figures of some benchmarks in the place of their earlier ones; each says when it was measured."""
    head, *present = RESULTS.read_text("utf-8").split("\n## ")
    by_title = {each.partition("\n")[0]: each.strip() + "\n" for each in present}
    for section in sections:
        title, _, text = section.removeprefix("## ").strip().partition("\n")
        note = f"Measured by itself on {date.today()}."
        by_title[title] = f"{title}\n\n{note}\n{text}\n"
    parts = [head.strip() + "\n", *(f"## {each}" for each in by_title.values())]
    RESULTS.write_text("\n".join(parts), "utf-8")


def _head() -> str:
    versions = ", ".join(
        f"{name} {metadata.version(name)}"
        for name in ("jupyterlab", "jupyter_server", "jupyterhub", "tornado")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        "# Figures\n\n"
        f"`make bench` wrote this on {date.today()}, on {os.cpu_count()} cores and {memory} GiB,"
        f" {platform.system()}, Python {platform.python_version()}; {versions}. Load generator and"
        " server share the cores. Every row compares with its peer in the same run; absolute times"
        " say little on another machine.\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
