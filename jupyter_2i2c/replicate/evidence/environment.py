"""The evidence that an environment gives: what is installed, and what it is pointed at. Called by server/evidence.py and inspect.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...model import Evidence, LayerEvidence
from ..capture import apt, julia, r
from ..capture.interpreter import Interpreter
from ..targets.k8s.placeholders import BUCKET
from .findings import TIED, names, of_channels, of_images, of_packages
from .licences import NOT_KNOWN
from .packages import (
    Package,
    channels,
    licence_from_json,
    of_apt,
    of_conda,
    of_python,
    of_r_libraries,
)

PYTHON = "Python packages"


def look(
    of: Interpreter, environ: Mapping[str, str], home: Path, root: Path = Path("/")
) -> tuple[LayerEvidence, ...]:
    """What is to be said of the environment that an interpreter stands for. Takes up to a second.

    Arguments:
        of: the interpreter.
        environ: the server's variables.
        home: of the person.
        root: of the machine, for apt and R.
    """
    python = of_python(of)
    conda = of_conda(of.prefix, python)
    items = [
        *of_packages("python", PYTHON, python, "the metadata that their installers wrote"),
        *of_packages("conda", "conda packages", conda, "conda-meta"),
        *of_channels(channels(of.prefix), "conda-meta"),
        *of_packages(
            "r", "R packages", of_r_libraries(of.prefix, environ, root), "their DESCRIPTION files"
        ),
        *_julia(environ, home),
        *of_packages("apt", "System packages", of_apt(root), "/var/lib/dpkg/status"),
    ]
    if image := environ.get("JUPYTER_IMAGE_SPEC") or environ.get("JUPYTER_IMAGE"):
        items += of_images("image", "The image of this server", [image], "JUPYTER_IMAGE_SPEC")
    return (
        LayerEvidence("data", tuple(_data(environ))),
        LayerEvidence("environment", tuple(items)),
    )


def stamp(
    of: Interpreter, environ: Mapping[str, str], root: Path = Path("/")
) -> tuple[tuple[str, int], ...]:
    """Changes whenever something is installed or taken away; far cheaper than to look."""
    places = [
        *of.sites,
        of.prefix / "conda-meta",
        *r.libraries(of.prefix, environ, root),
        root / apt.STATUS,
    ]
    return tuple((str(each), _changed(each)) for each in places)


def _changed(place: Path) -> int:
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0


def _julia(environ: Mapping[str, str], home: Path) -> Iterator[Evidence]:
    directory = julia.project(environ, home)
    if directory is not None and (directory / julia.FILES[0]).is_file():
        yield Evidence(
            "julia", "Julia packages", "Julia notes no licences", NOT_KNOWN, 0, (),
            "Julia's project", "each package's repository has its licence",
        )  # fmt: skip


def _data(environ: Mapping[str, str]) -> Iterator[Evidence]:
    yield Evidence(
        "files", "Your files", "you choose their licence", NOT_KNOWN, 0, (), "",
        "Take my data, in the panel, copies them as they are",
    )  # fmt: skip
    buckets = [name for name, value in environ.items() if BUCKET.match(value)]
    if buckets:
        yield Evidence(
            "buckets", "Buckets", "that this server is pointed at, in one account at a cloud", TIED,
            len(buckets), names(buckets), "the server's variables",
            "copy what you need from there while the hub is yours to use",
        )  # fmt: skip


def from_observed(observed: Mapping[str, Any]) -> tuple[LayerEvidence, ...]:
    """The same of an environment in a bundle, as far as its capture noted it.

    Arguments:
        observed: what ``observed.json`` holds; from elsewhere it may be anything.
    """
    told = observed.get("distributions")
    told = told if isinstance(told, list) else []
    packages = [
        Package(
            str(each.get("name", ""))[:100],
            str(each.get("version", ""))[:100],
            licence_from_json(each.get("licence")),
            str(each.get("moves", ""))[:100],
        )
        for each in told
        if isinstance(each, Mapping) and "licence" in each
    ]
    return (
        LayerEvidence(
            "environment",
            tuple(of_packages("python", PYTHON, packages, "the bundle's environment")),
        ),
    )
