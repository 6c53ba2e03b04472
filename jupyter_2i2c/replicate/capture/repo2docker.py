"""The input files of repo2docker, so that Binder, repo2docker and a hub can build an image. Called by environment.py.

``env/<profile>`` is a repository to repo2docker: it reads the ``binder`` directory in it.
"""

from __future__ import annotations

from pathlib import Path

from ..targets import overlay
from .collected import Collected
from .interpreter import Interpreter

POST_BUILD = """\
#!/bin/bash
# Puts back what no package index has: scripts, editable sources, kernels, extensions, settings.
set -eu
python3 binder/overlay.py . "${KERNEL_PYTHON_PREFIX:-${NB_PYTHON_PREFIX:-$CONDA_DIR}}" "$PWD/src" "$HOME/.jupyter"
"""


def capture(
    of: Interpreter, requirements: str, apt: list[str], conda_environment: str, collected: Collected
) -> None:
    """Write them.

    Arguments:
        of: the interpreter.
        requirements: what pip installs, with hashes where they are known.
        apt: names that somebody asked for.
        conda_environment: ``environment.yml``; empty where there is no conda.
        collected: takes it.
    """
    if conda_environment:
        collected.text("binder/environment.yml", conda_environment)
    else:
        collected.text("binder/runtime.txt", f"python-{of.minor}\n")
        collected.text("binder/requirements.txt", requirements)
    if apt:
        collected.text("binder/apt.txt", "".join(f"{name}\n" for name in apt))
    collected.text("binder/overlay.py", Path(overlay.__file__).read_bytes())
    path, _, _ = collected.text("binder/postBuild", POST_BUILD)
    # repo2docker runs it as a program
    (collected.staging.bag / "data" / path).chmod(0o755)
