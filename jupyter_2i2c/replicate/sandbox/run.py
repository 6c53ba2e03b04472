"""Executes one configuration, confined, and prints what it says. Started by start.py, with whatever interpreter is asked for.

    python -s run.py < request.json > answer.json

Needs the standard library, and the JupyterHub of that interpreter.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(HERE))

from confine import CannotConfine, confine  # type: ignore[import-not-found]  # noqa: E402
from recorder import Rules, record  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    """Read the request, confine this process, execute, answer."""
    request = json.load(sys.stdin)
    started = os.getpid()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the configuration prints is no answer
    try:
        # before the confinement, as its files may be anywhere
        import jupyterhub.app  # noqa: F401
    except ImportError as error:
        _answer(answers, {"needs": f"JupyterHub in {sys.executable}: {error}"})
        return
    try:
        confine(
            [request["directory"]],
            [*(each for each in sys.path if each), sys.prefix, sys.base_prefix],
            request["seconds"],
            request["memory"],
        )
    except CannotConfine as error:
        _answer(answers, {"cannot": str(error)})
        return
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    try:
        told = execute(request)
    except BaseException as error:
        told = {"error": _said(error, request)}
    if os.getpid() == started:  # and not a copy that the configuration made of us
        _answer(answers, told)
    os._exit(1)


def execute(request: dict[str, Any]) -> dict[str, Any]:
    """The record of a configuration, executed as JupyterHub does it.

    Takes ``file``, ``hub`` (the directory to run in), ``rules`` and ``places``.
    """
    from jupyterhub.app import JupyterHub

    os.chdir(request["hub"])
    app = JupyterHub.instance(log_level=50)
    app.raise_config_file_errors = True
    read: list[Any] = []
    # what was read is looked at, not applied: a class of a module that only stands in would be refused
    app.__dict__["update_config"] = read.append
    app.load_config_file(request["file"])
    places = {**request["places"], sys.prefix: "{prefix}"}
    rules = Rules(**request["rules"], known=request["known"], places=places)
    told = record(read[-1], rules)
    return {"config": told, "python": sys.version.split()[0], "known": rules.known}


def _said(error: BaseException, request: dict[str, Any]) -> str:
    """The error, and the line of the configuration it comes from."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    theirs = [each for each in frames if each.filename.startswith(request["directory"])]
    where = f"{theirs[-1].filename}:{theirs[-1].lineno}: " if theirs else ""
    text = f"{where}{type(error).__name__}: {error}"
    for place, word in request["places"].items():
        text = text.replace(place, word)
    return text[:2000]


def _answer(stream: Any, told: dict[str, Any]) -> None:
    json.dump(told, stream)
    stream.flush()
    os._exit(0)  # no code of theirs after the answer


if __name__ == "__main__":
    main()
