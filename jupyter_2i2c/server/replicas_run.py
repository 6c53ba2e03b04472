"""Takes an environment, or plans the taking of files, in a process of its own. Started by replicas_jobs.py.

It outlives the browser's tab and the server: what it does and what came of it is in its directory,
and that it lives is known by the lock it holds there.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

JOB, STATE, LOCK = "job.json", "state.json", "lock"

INTERVAL = 0.3
"""Seconds between two notes of the progress."""

VOLUME_SIZE = 1 << 30


class State:
    """What is known of a job, in a file that is whole at any moment.

    Args:
        directory: of the job.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / STATE
        self._noted = float("-inf")
        self._known: dict[str, Any] = {}

    def note(self, **more: Any) -> None:
        """Write down what is new."""
        self._known.update(more, updated=time.time())
        partial = self._path.with_name(f".{STATE}.partial")
        partial.write_text(json.dumps(self._known), "utf-8")
        partial.replace(self._path)

    def progress(self, done: int, total: int, what: str) -> None:
        """Write down how far it is, now and then."""
        now = time.monotonic()
        if now - self._noted >= INTERVAL:
            self._noted = now
            self.note(done=done, total=total, what=what)


def main(directory: Path) -> int:
    """Do one job.

    Returns:
        The exit status: 0 when it is done, 1 when it is not.
    """
    from ..replicate.errors import Cancelled, ReplicateError

    with (directory / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.write(str(os.getpid()))
        lock.flush()
        signal.signal(signal.SIGTERM, _stop)
        os.nice(5)
        job = json.loads((directory / JOB).read_text("utf-8"))
        state = State(directory)
        state.note(state="running", what="", done=0, total=0)
        try:
            result = {"environment": _environment, "home": _home}[job["kind"]](
                directory, job, state
            )
        except (Cancelled, KeyboardInterrupt):
            state.note(state="cancelled")
            return 1
        except ReplicateError as error:
            state.note(state="failed", message=str(error))
            return 1
        except OSError as error:
            said = f"{error.filename or 'a file'}: {error.strerror or error}"
            state.note(state="failed", message=said)
            return 1
        except Exception as error:  # whatever it is, it must not look as if it went on
            state.note(state="failed", message=f"{type(error).__name__}: {error}")
            raise
        state.note(**result)
        return 0


def _environment(directory: Path, job: dict[str, Any], state: State) -> dict[str, Any]:
    """Capture, and climb the ladder as far as was asked for."""
    from ..replicate.capture.environment import capture_environment
    from ..replicate.verify import verify
    from ..replicate.verify.report import write

    options = job["options"]
    place = directory / f"{job['name']}.{options['format']}"
    if not place.exists():
        state.note(what="capturing")
        captured = capture_environment(
            place, created=job["created"], hub=job["hub"], progress=state.progress
        )
        state.note(captured=captured.to_json())
    state.note(what="verifying", file=place.name, size=place.stat().st_size)
    verification = verify(
        place,
        rebuild=options["prove"],
        up_to="V7" if options["prove"] else "V1",
        progress=state.progress,
    )
    write(verification, place)
    found = verification.to_json()
    return {
        "state": "done",
        "highest": found["highest"],
        "rungs": {
            name: {"status": rung["status"], "why": rung["why"]}
            for name, rung in found["rungs"].items()
        },
        "blockers": found["blockers"],
    }


def _home(directory: Path, job: dict[str, Any], state: State) -> dict[str, Any]:
    """Plan the volumes; they are made when they are downloaded, so that they take no room here."""
    from ..replicate.home.plan import Plan, make
    from ..replicate.home.rules import Rules

    options = job["options"]
    home = Path(job["home"])
    rules = Rules.of_home(
        home, exclude=options["exclude"], include=options["include"], shared=job["shared"]
    )

    def planned(volume_size: int) -> Plan:
        plan = Plan(
            name=job["name"],
            home=str(home),
            created=job["created"],
            format=options["format"],
            volume_size=volume_size,
        )
        return make(
            directory,
            plan,
            rules,
            options["names"],
            lambda files, size: state.progress(size, 0, f"{files:,}"),
        )

    plan = planned(VOLUME_SIZE)
    if plan.volumes == 1:
        plan = planned(0)  # one file, with its checksums in it
    return {
        "state": "ready",
        "size": plan.stored,
        "files": plan.files,
        "volumes": plan.volumes + bool(plan.volume_size),
        "left_out": plan.left_out_counts,
        "secrets": plan.secrets[:100],
        "problems": plan.problems[:100],
    }


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
