"""Builds an environment in a directory of this machine. Called by `jupyter 2i2c build --target local` and verify/.

What is installed is fetched into a cache of its own and copied: an environment whose files are hard
links into a shared cache is not proven by anything, as an edit of one is an edit of the other, and
the next installation takes the edited file without a word.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import checksums
from ..bundle import Bundle
from ..capture.collected import PROFILE
from ..capture.distributions import normalised
from ..capture.lock import NoLock, lock, run_uv, with_vendored
from ..errors import ReplicateError
from ..manifest import ENVIRONMENT_LAYERS
from ..work import Work
from . import overlay

ENVIRONMENT = "environment"
SOURCES = "src"
CONFIG = "jupyter"
NOTES = "build.json"

START = """\
#!/bin/sh
# Starts JupyterLab in the environment that was rebuilt here, with its own settings.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
export JUPYTER_CONFIG_DIR="$here/{config}"
exec "$here/{environment}/bin/python" -m jupyterlab "$@"
"""


@dataclass(frozen=True)
class Built:
    """An environment that was built.

    Attributes:
        directory: where; `environment` is in it.
        seconds: how long each part took.
        notes: what differs from the source or must be done by hand, in words.
    """

    directory: Path
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def environment(self) -> Path:
        """The virtual environment."""
        return self.directory / ENVIRONMENT

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.environment / "bin" / "python"


def build(bundle: Bundle, directory: Path, work: Work, python: str | None = None) -> Built:
    """Build an environment; it is renamed to its place only when it is whole.

    Arguments:
        bundle: of an environment.
        directory: that is not there yet.
        work: told how far it is.
        python: an interpreter to build on; else uv finds one of the version.

    Raises:
        ReplicateError: it cannot be built; nothing is left behind.
    """
    if os.path.lexists(directory):
        raise ReplicateError(f"{directory} is there already; give a directory that is not")
    observed = observed_of(bundle)
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    try:
        # scripts name the environment's place, so it is built where it stays
        directory.mkdir()
        with tempfile.TemporaryDirectory(prefix="2i2c-cache-", dir=directory) as cache:
            begin = time.perf_counter()
            notes = _install(bundle, observed, directory, Path(cache), python, work)
            seconds["install"] = round(time.perf_counter() - begin, 3)
        begin = time.perf_counter()
        work.step(0, 0, "laying over what no index has")
        captured = bundle.path(PROFILE)
        left_out = overlay.apply(
            captured, directory / ENVIRONMENT, directory / SOURCES, directory / CONFIG
        )
        notes += [f"{each} is left out: a secret belongs there" for each in left_out]
        start = directory / "start"
        start.write_text(START.format(config=CONFIG, environment=ENVIRONMENT))
        start.chmod(0o755)
        notes += _by_hand(bundle)
        told = {
            "bundle": checksums.of_file(bundle.top / "manifest-sha256.txt"),
            "cache": "fresh",
            "link_mode": "copy",
            "notes": notes,
        }
        (directory / NOTES).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        seconds["overlay"] = round(time.perf_counter() - begin, 3)
    except BaseException as error:
        shutil.rmtree(directory, ignore_errors=True)
        if isinstance(error, OSError):
            raise ReplicateError(
                f"{directory} cannot be built: {error.strerror or error}; nothing was left there"
            ) from error
        raise
    return Built(directory, seconds, tuple(notes))


def has_environment(bundle: Bundle) -> bool:
    """Whether the bundle holds an environment, alone or with a hub."""
    return bundle.path(f"{PROFILE}/observed.json").is_file()


def observed_of(bundle: Bundle) -> dict[str, Any]:
    """What capture saw.

    Raises:
        ReplicateError: the bundle has no environment.
    """
    if not has_environment(bundle):
        raise ReplicateError(f"{bundle.place} holds no environment; take one with `capture env`")
    try:
        observed = json.loads(bundle.text(f"{PROFILE}/observed.json"))
        _ = observed["python"]["version"], observed["distributions"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReplicateError(
            f"observed.json cannot be read: {error}; take the bundle anew"
        ) from None
    return dict(observed)


def _install(
    bundle: Bundle,
    observed: Mapping[str, Any],
    directory: Path,
    cache: Path,
    python: str | None,
    work: Work,
) -> list[str]:
    environment = directory / ENVIRONMENT
    version = str(observed["python"]["version"])
    notes = []
    work.step(0, 0, f"making an environment of Python {version}")
    found = _venv(environment, version, python, work)
    if found != version:
        notes.append(f"Python is {found}; it was {version}")
    path = bundle.path(f"{PROFILE}/pylock.toml")
    if not path.is_file():
        path = _lock_here(bundle, observed, environment, directory, work)
        notes.append("the lock was made here, from the versions that were observed")
    elif found != version:
        path = _for_python(path, found, cache / "lock")
    work.step(0, 0, "installing the packages")
    run_uv(
        "pip", "sync", "--preview-features", "pylock", "--python", environment, "--cache-dir", cache,
        "--link-mode", "copy", "--allow-empty-requirements", path, work=work,
    )  # fmt: skip
    return notes


def _for_python(path: Path, version: str, directory: Path) -> Path:
    """The lock with the version that is here in place of the one that it asks for, which uv would insist on."""
    asked = re.compile(r'^requires-python = ".*"$', re.MULTILINE)
    copy = directory / path.name
    # it names the wheels that the bundle carries by where they are from it
    shutil.copytree(path.parent.absolute(), directory, copy_function=os.symlink)
    copy.unlink()
    copy.write_text(
        asked.sub(f'requires-python = ">={version}"', path.read_text("utf-8"), count=1), "utf-8"
    )
    return copy


def _venv(environment: Path, version: str, python: str | None, work: Work) -> str:
    """Make it, of the very version if that is to be had, else of the same minor one."""
    minor = ".".join(version.split(".")[:2])
    own = [sys.executable] if minor == "{}.{}".format(*sys.version_info[:2]) else []
    for each in [python] if python else [version, *own, minor]:
        try:
            run_uv("venv", "--no-project", "--python", each, environment, work=work)
        except NoLock as error:
            why = error
            continue
        text = (environment / "pyvenv.cfg").read_text("utf-8")
        told = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
        found = told.get("version_info", "")
        if found.split(".")[:2] != version.split(".")[:2]:
            raise ReplicateError(
                f"the environment needs Python {minor} and {each} is {found}; give another --python"
            )
        return found
    raise ReplicateError(f"there is no Python {minor} here: {why}; install it or give --python")


def _lock_here(
    bundle: Bundle, observed: Mapping[str, Any], environment: Path, directory: Path, work: Work
) -> Path:
    """The lock that could not be made where the environment was captured."""
    vendored = {}
    wanted = []
    for each in observed["distributions"]:
        if path := each.get("vendored"):
            digest = checksums.of_file(bundle.path(f"{PROFILE}/{path}"))
            vendored[normalised(each["name"])] = (
                each["version"],
                str(bundle.path(f"{PROFILE}/{path}")),
                digest,
            )
        elif each["origin"]["kind"] in ("index", "unknown"):
            wanted.append((each["name"], each["version"]))
    work.step(0, 0, "locking")
    try:
        made = lock(
            wanted, str(environment / "bin" / "python"), str(observed["python"]["version"]), work
        )
    except NoLock as error:
        raise ReplicateError(
            f"the bundle has no lock and it cannot be made here: {error}. Build it where an index"
            " can be reached"
        ) from error
    path = directory / "pylock.toml"
    path.write_text(with_vendored(made, vendored), "utf-8")
    return path


def _by_hand(bundle: Bundle) -> list[str]:
    """What this target does not bring back."""
    manifest = bundle.manifest()
    counts = manifest.counts()
    notes = [
        f"{ENVIRONMENT_LAYERS[layer]} are not installed: use {file} of the bundle"
        for layer, file in (
            ("conda", "conda-explicit.txt"),
            ("apt", "apt.txt"),
            ("r", "renv.lock"),
            ("julia", "julia/"),
        )
        if counts.get(layer)
    ]
    return notes + [
        f"{item.id}: {item.reason}; {item.action_needed}"
        for item in manifest.items
        if item.status == "not-captured" and item.layer in ("python", "kernels", "labextensions")
    ]
