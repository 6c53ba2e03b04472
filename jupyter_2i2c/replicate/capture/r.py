"""R packages, from their DESCRIPTION files; R is not started. Called by environment.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .collected import Collected

LIBRARIES = (
    "lib/R/library",
    "usr/lib/R/library",
    "usr/lib/R/site-library",
    "usr/local/lib/R/library",
    "usr/local/lib/R/site-library",
)
CRAN = "https://cloud.r-project.org"


def libraries(prefix: Path, environ: Mapping[str, str], root: Path) -> list[Path]:
    """The directories of R packages, in the order in which R looks there."""
    told = [
        Path(each)
        for name in ("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE")
        for each in environ.get(name, "").split(":")
        if each and "%" not in each
    ]
    usual = [prefix / LIBRARIES[0], *(root / each for each in LIBRARIES[1:])]
    return [each for each in dict.fromkeys([*told, *usual]) if each.is_dir()]


def packages(libraries: Iterable[Path]) -> tuple[str, dict[str, dict[str, str]]]:
    """R's version, empty where there is none, and the fields of each package's DESCRIPTION by its name."""
    found: dict[str, dict[str, str]] = {}
    version = ""
    for library in libraries:
        for path in sorted(library.glob("*/DESCRIPTION")):
            fields = _fields(path)
            name = fields.get("Package", "")
            if name == "base":
                version = version or fields.get("Version", "")
            elif name and fields.get("Priority") != "base":
                found.setdefault(name, fields)
    return version, found


def capture(
    of_prefix: Path, environ: Mapping[str, str], collected: Collected, root: Path = Path("/")
) -> str:
    """Write ``renv.lock``.

    Returns:
        R's version; empty where there is none.
    """
    version, found = packages(libraries(of_prefix, environ, root))
    if not version and not found:
        collected.missing("R packages", "R is not there")
        return ""
    locked = {
        "R": {"Version": version, "Repositories": [{"Name": "CRAN", "URL": CRAN}]},
        "Packages": {name: _locked(fields) for name, fields in sorted(found.items())},
    }
    collected.kept(
        "r",
        "renv.lock",
        "renv.lock",
        json.dumps(locked, indent=2, ensure_ascii=False) + "\n",
        f"R {version}, {len(found)} packages by their DESCRIPTION",
        action="run renv::restore() beside it",
    )
    return version


def _locked(fields: Mapping[str, str]) -> dict[str, str]:
    locked = {"Package": fields["Package"], "Version": fields.get("Version", "")}
    if fields.get("RemoteType"):
        locked["Source"] = fields["RemoteType"].capitalize().replace("Github", "GitHub")
        for name in ("RemoteHost", "RemoteUsername", "RemoteRepo", "RemoteRef", "RemoteSha"):
            if fields.get(name):
                locked[name] = fields[name]
    elif repository := fields.get("Repository"):
        locked |= {"Source": "Repository", "Repository": repository}
    else:
        locked["Source"] = "unknown"
    return locked


def _fields(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return {}
    fields = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator and not line[0].isspace():
            fields[name] = value.strip()
    return fields
