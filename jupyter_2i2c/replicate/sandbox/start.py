"""Starts the sandbox and waits for its answer. Called by verify/v4_configuration.py and importers/config_file.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import tethered
from ..redact import NO_SECRET_NAME, SECRET_NAME
from ..work import Work

RUN = Path(__file__).with_name("run.py")

SECONDS = 60
"""How long a configuration may take, in all and of processor time."""

MEMORY = 2 << 30
"""Bytes of address space that it may use."""

LARGEST_ANSWER = 64 << 20
DEEPEST_ANSWER = 200

AT_START = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
"""All that the interpreter is started with. What a configuration brings along may name libraries to load
(`LD_PRELOAD`), so it is set when the process is confined; and what it takes from a set comes in the same
order each time."""


class NotExecuted(Exception):
    """The configuration does not run; the message says why."""


class NotHere(Exception):
    """It cannot be tried on this machine; the message says what is needed."""


@dataclass(frozen=True)
class Executed:
    """What a configuration says when it is executed.

    Attributes:
        config: its settings, as recorder.py writes them.
        python: the version that executed it.
        known: values that turned out to be secrets, to their slots.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    python: str = ""
    known: Mapping[str, str] = field(default_factory=dict, repr=False)


def execute(
    file: Path,
    directory: Path,
    *,
    hub: Path,
    environment: Mapping[str, str],
    known: Mapping[str, str],
    places: Mapping[str, str],
    work: Work,
    python: Path | None = None,
    seconds: int = SECONDS,
    memory: int = MEMORY,
) -> Executed:
    """Execute a configuration file of a JupyterHub.

    Args:
        file: it, in `directory`.
        directory: which it may write to; nothing of anybody else's is in it.
        hub: in `directory`, where the hub would run.
        environment: all the variables it gets, once it is confined.
        known: values that are secrets, to their slots.
        places: directories to the words that stand for them.
        work: asked whether to stop.
        python: the interpreter; this one by default.
        seconds: how long it may take.
        memory: bytes it may use.

    Raises:
        NotExecuted: it fails, or takes too long.
        NotHere: there is no sandbox or no JupyterHub.
    """
    request = {
        "file": str(file),
        "directory": str(directory),
        "hub": str(hub),
        "rules": {"secret": SECRET_NAME.pattern, "no_secret": NO_SECRET_NAME.pattern},
        "environment": {"TMPDIR": str(directory), "HOME": str(directory), **environment},
        "known": dict(known),
        "places": dict(places),
        "seconds": seconds,
        "memory": memory,
    }
    interpreter = python or Path(sys.executable)
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(json.dumps(request).encode())
        asked.seek(0)
        with tempfile.TemporaryFile() as answers:
            process = tethered.start(
                [interpreter, "-s", RUN],
                cwd=directory,
                env={"TMPDIR": str(directory), "HOME": str(directory), **AT_START},
                output=answers,
                errors=said,
                given=asked,
            )
            _wait(process, seconds, work)
            answers.seek(0)
            answer = answers.read(LARGEST_ANSWER + 1)
        said.seek(0)
        last = said.read(1 << 20).decode("utf-8", "replace").strip().splitlines()[-1:]
    if not answer:
        why = " ".join(last)[:300] or f"it ended with {process.returncode}"
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            why = f"it takes more than {seconds} s of processor time, or too much memory"
        raise NotExecuted(f"the configuration does not answer: {why}")
    return understood(answer, " ".join(last)[:500])


def _wait(process: tethered.Program, seconds: int, work: Work) -> None:
    deadline = time.monotonic() + seconds
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                return
            work.check()
            if time.monotonic() > deadline:
                raise NotExecuted(f"the configuration does not end within {seconds} s")
    finally:
        # it cannot leave its process group, so nothing that it started stays
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        tethered.let_go(process)


def understood(answer: bytes, last: str) -> Executed:
    """What run.py answered, or what a configuration wrote in its place.

    Arguments:
        answer: JSON.
        last: the last line that the configuration printed.

    Raises:
        NotExecuted: it fails, or that is no answer.
        NotHere: as `execute` says it.
    """
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise NotExecuted(f"the configuration's answer cannot be read: {error}") from None
    if not isinstance(told, dict) or _is_deep(told):
        raise NotExecuted("the configuration put something else in the place of its answer")
    if "needs" in told:
        raise NotHere(f"needs {told['needs']}; give --python PATH of the hub's interpreter")
    if "cannot" in told:
        raise NotHere(str(told["cannot"]))
    if "error" in told:
        # who exits says why in their last line
        said = f" ({last})" if "SystemExit" in told["error"] and last else ""
        raise NotExecuted(f"{told['error']}{said}")
    config, known = told.get("config"), told.get("known")
    if not isinstance(config, dict) or not isinstance(known, dict):
        raise NotExecuted("the configuration put something else in the place of its answer")
    return Executed(config, str(told.get("python", "")), known)


def _is_deep(told: Any) -> bool:
    """Whether it is nested deeper than anything that recorder.py writes."""
    level = [told]
    for _ in range(DEEPEST_ANSWER):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)
