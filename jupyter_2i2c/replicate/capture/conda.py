"""conda packages, from ``conda-meta``; neither conda nor its solver is needed. Called by environment.py."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .collected import Collected
from .interpreter import Interpreter
from .origins import without_credentials

EXPLICIT = "conda-explicit.txt"
ENVIRONMENT = "environment.yml"

TOKEN = re.compile(r"/t/[^/]+/")
SPECS = re.compile(r"^# (?:update|install|create) specs: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class CondaPackage:
    """A package as conda recorded it.

    Attributes:
        name, version, build, channel, subdir: conda's.
        url: where it came from, without credentials.
        md5, sha256: of the package file; empty where not recorded.
        licence: as its maker wrote it; empty where not recorded.
    """

    name: str
    version: str
    build: str
    channel: str
    subdir: str
    url: str
    md5: str
    sha256: str
    licence: str = ""

    def explicit(self) -> str:
        """Its line in an ``@EXPLICIT`` file."""
        return f"{self.url}#{self.md5}" if self.md5 else self.url


def packages(prefix: Path) -> tuple[list[CondaPackage], list[str]]:
    """What conda has installed in a prefix, sorted, and the records that cannot be read."""
    found, broken = [], []
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            found.append(_package(json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            broken.append(path.name)
    return sorted(found, key=lambda each: each.name), broken


def _package(record: dict[str, Any]) -> CondaPackage:
    url = _clean(str(record.get("url") or ""))
    channel = _clean(str(record.get("channel") or ""))
    return CondaPackage(
        name=str(record["name"]),
        version=str(record["version"]),
        build=str(record.get("build") or record.get("build_string") or ""),
        channel=channel.rstrip("/").removesuffix(f"/{record.get('subdir')}"),
        subdir=str(record.get("subdir") or ""),
        url=url,
        md5=str(record.get("md5") or ""),
        sha256=str(record.get("sha256") or ""),
        licence=str(record.get("license") or ""),
    )


def _clean(address: str) -> str:
    address = TOKEN.sub("/", address)
    return without_credentials(address) if "://" in address else address


def capture(of: Interpreter, collected: Collected, pip_packages: list[str]) -> str:
    """Write what conda installed.

    Arguments:
        of: the interpreter.
        collected: takes it.
        pip_packages: requirements of what pip installed on top.

    Returns:
        ``environment.yml``; empty where this is no environment of conda.
    """
    if not (of.prefix / "conda-meta").is_dir():
        collected.missing("conda packages", "the environment is not one of conda")
        return ""
    found, broken = packages(of.prefix)
    lines = [each.explicit() for each in found if each.url]
    platform = found[0].subdir if found else ""
    platform = next((each.subdir for each in found if each.subdir != "noarch"), platform)
    head = f"# platform: {platform}\n@EXPLICIT\n"
    path, digest, _ = collected.text(EXPLICIT, head + "".join(f"{line}\n" for line in lines))
    environment = _environment(of, found, pip_packages)
    collected.text(ENVIRONMENT, environment)
    for each in found:
        evidence = f"conda-meta: {each.version} {each.build} of {each.channel or 'no channel'}"
        if each.url:
            collected.item("conda", each.name, "captured", evidence, path=path, sha256=digest)
        else:
            collected.item(
                "conda", each.name, "not-captured", evidence, reason="conda recorded no address"
            )
    for name in broken:
        collected.item("conda", name, "unknown", f"conda-meta/{name}", reason="it cannot be read")
    return environment


def _environment(of: Interpreter, found: list[CondaPackage], pip_packages: list[str]) -> str:
    """``environment.yml``: what a person asked for if conda's history tells, pinned; else all of it."""
    history = of.prefix / "conda-meta" / "history"
    try:
        asked = SPECS.findall(history.read_text("utf-8", "replace"))
    except OSError:
        asked = []
    names = {
        re.split(r"[\s=<>!~\[]", spec.strip("'\" ").rpartition("::")[2])[0].lower()
        for line in asked
        for spec in re.findall(r"'[^']*'|\"[^\"]*\"", line) or line.strip("[]").split(",")
    }
    chosen = [each for each in found if each.name in names] or found
    channels = sorted({each.channel for each in found if each.channel})
    lines = ["channels:", *(f"  - {json.dumps(each)}" for each in channels), "dependencies:"]
    lines += [f"  - {each.name}={each.version}={each.build}" for each in chosen]
    if pip_packages:
        lines += ["  - pip", "  - pip:", *(f"    - {json.dumps(each)}" for each in pip_packages)]
    return "\n".join(lines) + "\n"
