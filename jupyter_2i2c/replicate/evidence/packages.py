"""What is installed, each with its licence and where it came from. Called by environment.py and hub.py.

Reads what installers wrote down: METADATA, ``conda-meta``, DESCRIPTION, dpkg's status. Nothing is started.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..capture import apt, conda, r
from ..capture.distributions import Distribution, distributions, normalised
from ..capture.interpreter import Interpreter
from ..capture.origins import origin
from .licences import (
    NOT_KNOWN,
    OPEN_STATUS,
    OWN,
    UNKNOWN,
    Licence,
    of_metadata,
    of_name,
    of_r,
    of_text,
)

LICENCE_FIELDS = ("License-Expression", "License", "Classifier", "License-File")

LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENSE.rst", "LICENCE", "COPYING")

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

DISTRIBUTORS = re.compile(
    r"@(lists\.|tracker\.|lists\.alioth\.)?(debian\.org|ubuntu\.com)|@lists\.ubuntu\.com"
)
"""Maintainers by whose policy what they put into the main part of their distribution is free."""


@dataclass(frozen=True)
class Package:
    """Something that is installed.

    Attributes:
        name: as its metadata says it.
        version: the same.
        licence: it has.
        moves: why its source means another thing tomorrow; empty where it does not.
        channel: of conda, that it came from.
    """

    name: str
    version: str
    licence: Licence
    moves: str = ""
    channel: str = ""

    @property
    def key(self) -> str:
        """The name as all its spellings are compared."""
        return normalised(self.name)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def of_python(of: Interpreter) -> list[Package]:
    """The Python distributions, sorted."""
    return [
        Package(each.name, each.version, licence_of(each), _moves(each))
        for each in distributions(of)
    ]


def licence_of(distribution: Distribution) -> Licence:
    """The licence of a Python distribution: as its metadata says, or else the text that came along."""
    fields = licence_fields(distribution.note("METADATA") or distribution.note("PKG-INFO"))
    told = of_metadata(fields)
    if told.status != NOT_KNOWN or told.source == "classifiers":
        return told
    listed = [name for each in fields["License-File"] for name in (each, f"licenses/{each}")]
    for name in (*listed, *LICENCE_FILES):
        if not _is_inside(name):
            continue
        if text := distribution.note(name):
            found = of_text(text, Path(name).name)
            return found if found.status != NOT_KNOWN else told
    return told


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")


def licence_fields(metadata: str) -> dict[str, list[str]]:
    """The fields about licences, with all their lines."""
    found: dict[str, list[str]] = {name: [] for name in LICENCE_FIELDS}
    last: list[str] | None = None
    for line in metadata.splitlines():
        if not line.strip() and not line[:1].isspace():
            break
        if line[:1].isspace():
            if last:
                last[-1] += "\n" + line.strip().lstrip("|").strip()
            continue
        name, separator, value = line.partition(":")
        last = found.get(name.strip()) if separator else None
        if last is not None:
            last.append(value.strip())
    return found


def _moves(distribution: Distribution) -> str:
    """Why another thing may be installed from the same source tomorrow."""
    where = origin(distribution)
    if where.kind == "editable":
        return "from a directory that can be edited"
    if where.kind == "directory":
        return "from a directory that may be nowhere else"
    if where.kind == "vcs":
        asked = (distribution.direct_url.get("vcs_info") or {}).get("requested_revision", "")
        if not COMMIT.fullmatch(str(asked)):
            return "from a branch or a tag of a repository"
    return ""


def of_conda(prefix: Path, python: Iterable[Package]) -> list[Package]:
    """The packages of conda that are no Python distribution, and those that come from a channel with terms."""
    known = {each.key for each in python}
    found, _ = conda.packages(prefix)
    return [
        Package(each.name, each.version, of_name(each.licence, "conda-meta"), channel=each.channel)
        for each in found
        if normalised(each.name) not in known
    ]


def channels(prefix: Path) -> dict[str, list[str]]:
    """Conda's packages by the channel that they came from."""
    by_channel: dict[str, list[str]] = {}
    for each in conda.packages(prefix)[0]:
        by_channel.setdefault(each.channel, []).append(f"{each.name} {each.version}")
    return by_channel


def of_r_libraries(prefix: Path, environ: Mapping[str, str], root: Path) -> list[Package]:
    """The packages of R that are not R itself, sorted."""
    _, found = r.packages(r.libraries(prefix, environ, root))
    return [
        Package(name, fields.get("Version", ""), of_r(fields.get("License", "")), _moves_r(fields))
        for name, fields in sorted(found.items())
    ]


def _moves_r(fields: Mapping[str, str]) -> str:
    if fields.get("RemoteType") and fields.get("RemoteType") != "standard":
        asked = fields.get("RemoteRef", "")
        return "" if COMMIT.fullmatch(asked) else "from a branch or a tag of a repository"
    return ""


def of_apt(root: Path) -> list[Package]:
    """The packages of the machine, as far as their part of the distribution says whether they are free."""
    return [Package(name, "", _of_section(*told)) for name, *told in apt.sections(root)]


def _of_section(section: str, maintainer: str) -> Licence:
    part = section.partition("/")[0] if "/" in section else ""
    if part in ("non-free", "non-free-firmware", "multiverse", "restricted"):
        return Licence(OWN, part, "dpkg")
    if part in ("", "contrib", "universe") and DISTRIBUTORS.search(maintainer):
        return Licence(OPEN_STATUS, "free by the distribution's policy", "dpkg")
    return UNKNOWN


def told_in_bundle(distribution: Distribution) -> dict[str, Any]:
    """What a bundle notes of a distribution's licence, and of a source that moves."""
    licence = {name: value for name, value in vars(licence_of(distribution)).items() if value}
    moves = _moves(distribution)
    return {"licence": licence, **({"moves": moves} if moves else {})}


def licence_from_json(told: Any) -> Licence:
    """From a bundle, which may hold anything."""
    if not isinstance(told, Mapping) or told.get("status") not in (OPEN_STATUS, OWN, NOT_KNOWN):
        return UNKNOWN
    name, source = (str(told.get(key, ""))[:100] for key in ("name", "source"))
    return Licence(told["status"], name, source, told.get("copyleft") is True)
