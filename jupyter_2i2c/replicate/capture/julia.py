"""Julia's project, carried as it is. Called by environment.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .collected import Collected

FILES = ("Project.toml", "Manifest.toml")


def project(environ: Mapping[str, str], home: Path) -> Path | None:
    """The directory of the project that Julia would use: the one told, or the newest shared one."""
    told = environ.get("JULIA_PROJECT", "")
    if told and not told.startswith("@"):
        path = Path(told)
        return path.parent if path.name in FILES else path
    depot = Path(environ.get("JULIA_DEPOT_PATH", "").split(":")[0] or home / ".julia")
    found = sorted(
        (each.parent for each in depot.glob("environments/v*/Project.toml")),
        key=lambda each: [int(part) for part in each.name[1:].split(".") if part.isdecimal()],
    )
    return found[-1] if found else None


def capture(environ: Mapping[str, str], home: Path, collected: Collected) -> None:
    """Carry the project's two files."""
    directory = project(environ, home)
    if directory is None or not (directory / FILES[0]).is_file():
        collected.missing("Julia packages", "Julia has no project here")
        return
    for name in FILES:
        try:
            content = (directory / name).read_bytes()
        except OSError:
            collected.item(
                "julia", name, "not-captured", "Julia's project", reason="it is not there",
                action="run Pkg.resolve() on the new machine",
            )  # fmt: skip
            continue
        collected.kept(
            "julia", name, f"julia/{name}", content, "Julia's project",
            action="run Pkg.instantiate() beside it",
        )  # fmt: skip
