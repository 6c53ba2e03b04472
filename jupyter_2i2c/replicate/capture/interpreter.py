"""Which interpreter an environment has, and what it stands on. Called by environment.py and, for another one, through probe.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import ReplicateError
from . import probe

TIMEOUT = 60


@dataclass(frozen=True)
class Interpreter:
    """A Python and where its packages are.

    Attributes:
        executable: how it is called.
        version: ``3.11.7``.
        implementation: ``cpython``.
        prefix: the environment's directory.
        base_prefix: of the Python that it was made from; the same if it is no virtual environment.
        sites: directories of packages, in the order in which imports look there.
        user_base: the person's own directory of packages, which `sites` may have one of.
        platform: system, machine, release of libc and the like.
    """

    executable: Path
    version: str
    implementation: str
    prefix: Path
    base_prefix: Path
    sites: tuple[Path, ...]
    user_base: Path
    platform: dict[str, str]

    @property
    def minor(self) -> str:
        """``3.11``."""
        return ".".join(self.version.split(".")[:2])

    def base_of(self, site: Path) -> Path:
        """The prefix that a directory of packages belongs to."""
        for base in (self.prefix, self.user_base, self.base_prefix):
            if site.is_relative_to(base):
                return base
        return site.parent


def interpreter(python: str | os.PathLike[str] | None = None) -> Interpreter:
    """The interpreter that runs this, or another one, which is asked.

    Raises:
        ReplicateError: the other one does not answer.
    """
    if python is None or Path(python) == Path(sys.executable):
        return _made_of(probe.facts())
    try:
        done = subprocess.run(
            [python, probe.__file__],
            capture_output=True,
            check=True,
            timeout=TIMEOUT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )
        return _made_of(json.loads(done.stdout))
    except subprocess.CalledProcessError as error:
        last = (error.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
        raise ReplicateError(f"{python} fails: {last}; give another --python") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ReplicateError(f"{python} is no Python that runs: {error}; give another") from None


def _made_of(facts: probe.Facts) -> Interpreter:
    return Interpreter(
        executable=Path(str(facts["executable"])),
        version=str(facts["version"]),
        implementation=str(facts["implementation"]),
        prefix=Path(str(facts["prefix"])),
        base_prefix=Path(str(facts["base_prefix"])),
        sites=tuple(Path(each) for each in facts["sites"]),
        user_base=Path(str(facts["user_base"])),
        platform=facts["platform"],
    )
