"""Reads a hub from its jupyterhub_config.py, without its running: executed in the sandbox, as V4 executes a replica's. Called by `jupyter 2i2c capture hub --config`.

What only the running hub knows (its database, what its machine puts into the environment) is not
there; `setup_hub(c)` and its record see more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..redact import is_secret_name
from ..sandbox.recorder import Rules
from ..sandbox.start import NotExecuted, NotHere, execute
from ..work import Work
from .python_source import variables_read
from .recording import recorded

NAME = "jupyterhub_config.py"
LARGEST = 64 << 20
"""Bytes of the configuration's directory that are copied into the sandbox."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")


def read(place: Path, work: Work, python: Path | None = None) -> dict[str, Any]:
    """The record of a hub from its configuration file.

    Arguments:
        place: the file, or the directory that it is in.
        work: asked whether to stop.
        python: the interpreter that JupyterHub is installed for; this one by default.

    Returns:
        As recording.py has it, with ``live`` False.

    Raises:
        ReplicateError: it is not there, or cannot be executed.
    """
    file = (place / NAME if place.is_dir() else place).absolute()
    if not file.is_file():
        raise ReplicateError(f"{file} is not there; give a hub's {NAME} or its directory")
    if file.suffix != ".py":
        raise ReplicateError(
            f"{file} does not end in .py, and JupyterHub reads nothing of such a file; give another"
        )
    top = file.parent
    environment = _environment(top, file)

    def look(rules: Rules) -> Mapping[str, Any]:
        return _executed(file, environment, rules, work, python)

    document = recorded(look, file, top, environment)
    return {**document, "live": False, "machine": {**document["machine"], "same_place": True}}


def _environment(top: Path, file: Path) -> dict[str, str]:
    """The variables that the configuration asks for, as they are here; of a secret that is not, a stand-in."""
    environment = {}
    for each in {file, *top.rglob("*.py")}:
        try:
            asked = variables_read(each.read_text("utf-8"))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # which is told where it is taken
        for name, whole in asked:
            for found in [name] if whole else [one for one in os.environ if one.startswith(name)]:
                if found in os.environ:
                    environment[found] = os.environ[found]
                elif is_secret_name(found):
                    environment[found] = f"stand-in-for-{found}"
    return environment


def _executed(
    file: Path, environment: Mapping[str, str], rules: Rules, work: Work, python: Path | None
) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory(prefix="2i2c-sandbox-") as name:
        directory = Path(os.path.realpath(name))
        hub = directory / "hub"
        _copy(file.parent, hub)
        basics = {each: os.environ[each] for each in PASSED_ON if each in os.environ}
        work.step(0, 0, "executing the configuration in a sandbox")
        try:
            executed = execute(
                hub / file.name,
                directory,
                hub=hub,
                environment={**basics, **environment},
                known=rules.known,
                places={str(hub): "{config}"},
                work=work,
                python=python,
            )
        except NotHere as error:
            raise ReplicateError(f"{file} cannot be executed here: {error}") from None
        except NotExecuted as error:
            raise ReplicateError(
                f"{file} cannot be executed apart from its hub: {error}; set the variables that it asks"
                " for, or add setup_hub(c) and capture the running hub"
            ) from None
    for value, slot in executed.known.items():
        rules.known.setdefault(value, slot)
    return executed.config


def _copy(top: Path, target: Path) -> None:
    """What the configuration may load; not what is the hub's data, nor what only its owner may read."""
    size = 0
    for path in sorted(top.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix in (".sqlite", ".db", ".log"):
            continue
        if any(each.startswith(".") for each in path.relative_to(top).parts):
            continue
        size += path.stat().st_size
        if size > LARGEST:
            raise ReplicateError(
                f"{top} holds more than {LARGEST >> 20} MiB; put the configuration into a directory of its own"
            )
        copied = target / path.relative_to(top)
        copied.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, copied)
        except PermissionError:
            continue
