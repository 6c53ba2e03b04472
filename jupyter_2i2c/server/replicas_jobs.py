"""What was taken away and what is being taken, kept in the person's home. Called by replicas.py."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .replicas_run import JOB, LOCK, STATE

EXPORTS = Path(".local/share/jupyter_2i2c/exports")
"""Below the home."""

ENVIRONMENT_FORMATS = ("tar.zst", "zip")
HOME_FORMATS = ("tar.zst", "zip", "tar")

MOST_NAMES = 1000

STARTING = 30.0
"""Seconds in which a new process may not have begun."""

STALLED = 900.0
"""Seconds without a sign of progress after which a job keeps no server alive."""

CHUNK = 256 << 10

ESTIMATE_TIMEOUT = 300

GOING = ("starting", "running")


class WrongRequest(Exception):
    """It cannot be done; the message says why and what to do instead."""


class Exports:
    """The jobs of one person.

    Args:
        home: the person's home directory.
        shared: names at its top that are everybody's.
        hub: facts of the hub for an environment's bundle; asked when one is taken.
    """

    def __init__(self, home: Path, shared: list[str], hub: Callable[[], Mapping[str, str]]) -> None:
        self.home = home
        self._shared = shared
        self._hub = hub
        self._directory = home / EXPORTS
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._downloads: dict[tuple[str, int], int] = {}

    def all(self) -> list[dict[str, Any]]:
        """All jobs, the newest first."""
        if not self._directory.is_dir():
            return []
        found = (self._read(each.name) for each in self._directory.iterdir())
        return sorted(
            (each for each in found if each), key=lambda each: each["created"], reverse=True
        )

    def get(self, identity: str) -> dict[str, Any]:
        """One job.

        Raises:
            WrongRequest: there is none.
        """
        job = self._read(identity)
        if job is None:
            raise WrongRequest("there is no such export; it may have been removed")
        return job

    def busy(self) -> bool:
        """Whether something is being done that a server should live for."""
        if self._downloads:
            return True
        now = time.time()
        return any(
            job["state"] in GOING and now - job.get("updated", now) < STALLED for job in self.all()
        )

    def start(self, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Begin one.

        Args:
            kind: ``environment`` or ``home``.
            options: ``format``; of an environment ``prove``, whether it is rebuilt and a notebook
                run in it; of a home ``names``, ``exclude`` and ``include``.

        Raises:
            WrongRequest: the options are wrong, or one of the kind is going on.
            OSError: the home cannot be written to.
        """
        if kind not in ("environment", "home"):
            raise WrongRequest("take an environment or a home")
        if any(job["kind"] == kind and job["state"] in GOING for job in self.all()):
            raise WrongRequest("one is being taken already; wait for it, or cancel it")
        now = datetime.now(timezone.utc)
        created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        identity = f"{now.strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(3)}"
        user = re.sub(r"[^A-Za-z0-9._-]+", "-", os.environ.get("JUPYTERHUB_USER") or "me")
        job: dict[str, Any] = {
            "id": identity,
            "kind": kind,
            "created": created,
            "name": f"{kind}-{user.strip('-.') or 'me'}-{now.strftime('%Y%m%dT%H%M%SZ')}",
        }
        if kind == "environment":
            job["options"] = {
                "format": _one_of(options.get("format"), ENVIRONMENT_FORMATS),
                "prove": options.get("prove") is True,
            }
            job["hub"] = dict(self._hub())
        else:
            job["options"] = {
                "format": _one_of(options.get("format"), HOME_FORMATS),
                "names": self._names(options.get("names")),
                "exclude": _texts(options.get("exclude")),
                "include": _texts(options.get("include")),
            }
            job["home"] = str(self.home)
            job["shared"] = self._shared
        directory = self._directory / identity
        directory.mkdir(parents=True, mode=0o700)
        (directory / JOB).write_text(json.dumps(job), "utf-8")
        self._run(identity)
        return self.get(identity)

    def again(self, identity: str) -> dict[str, Any]:
        """Begin one again that was interrupted, cancelled or failed.

        Raises:
            WrongRequest: there is none, or it goes on.
        """
        if self.get(identity)["state"] not in ("interrupted", "cancelled", "failed"):
            raise WrongRequest("it is not interrupted")
        self._run(identity)
        return self.get(identity)

    def end(self, identity: str) -> None:
        """Cancel one that is going on; remove any other, with its files.

        Raises:
            WrongRequest: there is none.
        """
        job = self.get(identity)
        if job["state"] not in GOING:
            shutil.rmtree(self._directory / identity, ignore_errors=True)
            return
        process = self._started.get(identity)
        if process and process.poll() is None:
            process.terminate()
            return
        if holder := self._holder(identity):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(holder, signal.SIGTERM)

    def file(self, identity: str) -> tuple[Path, str]:
        """The file of an environment, and what to call it.

        Raises:
            WrongRequest: there is none, or it is not finished.
        """
        job = self.get(identity)
        path = self._directory / identity / str(job.get("file", ""))
        if job["kind"] != "environment" or not path.is_file():
            raise WrongRequest("it is not finished")
        return path, path.name

    def report(self, identity: str) -> Path:
        """The page with the report on an environment.

        Raises:
            WrongRequest: there is none.
        """
        path, _ = self.file(identity)
        page = path.with_name(f"{path.name}.report") / "report.html"
        if not page.is_file():
            raise WrongRequest("it has no report yet")
        return page

    async def volume(self, identity: str, number: int) -> tuple[str, AsyncIterator[bytes]]:
        """A volume of a home, made now: its name and its bytes.

        The iterator ends with an exception if the volume is not whole.

        Raises:
            WrongRequest: there is no such volume, or the checksums are asked for too early.
        """
        from ..replicate.home.archive import volume_name
        from ..replicate.home.plan import Plan
        from ..replicate.home.volume import records_path

        job = self.get(identity)
        directory = self._directory / identity
        if job["kind"] != "home" or job["state"] not in ("ready", "done"):
            raise WrongRequest("it is not ready")
        if not 1 <= number <= job["volumes"]:
            raise WrongRequest(f"there is no volume {number}")
        plan = Plan.load(directory)
        if plan.volume_size and number > plan.volumes:
            missing = [n for n in range(1, number) if not records_path(directory, n).exists()]
            if missing:
                raise WrongRequest(f"download volume {missing[0]} before the checksums")
        return volume_name(plan, number), self._stream(identity, number)

    async def estimate(self, kind: str) -> dict[str, Any]:
        """How much there is to take.

        Raises:
            WrongRequest: it cannot be told.
        """
        if kind == "environment":
            from ..replicate.capture.environment import estimate_environment

            told = await asyncio.to_thread(estimate_environment)
            return {**vars(told), "room": _room(self._directory)}
        shared = [part for name in self._shared for part in ("--shared", name)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jupyter_2i2c", "capture", "home", "--estimate", "--json",
            "--home", str(self.home), *shared,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(), ESTIMATE_TIMEOUT)
        except asyncio.TimeoutError:
            raise WrongRequest("counting takes too long; take it without an estimate") from None
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            said = err.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise WrongRequest(said or "it cannot be told")
        told_json: dict[str, Any] = json.loads(out)
        return told_json

    async def _stream(self, identity: str, number: int) -> AsyncIterator[bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jupyter_2i2c", "capture", "home", "-o", "-",
            "--from-plan", str(self._directory / identity), "--volume", str(number),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=_nice, limit=CHUNK,
        )  # fmt: skip
        assert process.stdout
        key = (identity, number)
        self._downloads[key] = 0
        try:
            while chunk := await process.stdout.read(CHUNK):
                yield chunk
                self._downloads[key] += len(chunk)
            if await process.wait():
                raise WrongRequest("the volume could not be made whole")
        finally:
            del self._downloads[key]
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _names(self, given: Any) -> list[str]:
        names = [os.path.normpath(name).strip("/") for name in _texts(given)]
        for name in names:
            if name in (".", "..") or name.startswith("../"):
                raise WrongRequest("names are of what is in the home")
            if not os.path.lexists(self.home / name):
                raise WrongRequest(f"there is no {name} in the home any more")
        return names

    def _run(self, identity: str) -> None:
        directory = self._directory / identity
        (directory / STATE).unlink(missing_ok=True)
        with (directory / "log").open("ab") as log:
            self._started[identity] = subprocess.Popen(
                [sys.executable, "-m", "jupyter_2i2c.server.replicas_run", str(directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it goes on when the server is restarted
            )

    def _read(self, identity: str) -> dict[str, Any] | None:
        directory = self._directory / identity
        if not re.fullmatch(r"[0-9TZ]+-[0-9a-f]+", identity):
            return None
        try:
            job = json.loads((directory / JOB).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        try:
            state = json.loads((directory / STATE).read_text("utf-8"))
        except (OSError, ValueError):
            state = {"state": "starting"}
        job = {**{key: job[key] for key in ("id", "kind", "created", "name", "options")}, **state}
        if job["state"] in GOING and not self._lives(identity, directory):
            job["state"] = "interrupted"
        if job["kind"] == "home" and job["state"] == "ready":
            self._add_volumes(job, directory)
        return job

    def _add_volumes(self, job: dict[str, Any], directory: Path) -> None:
        from ..replicate.home.volume import records_path

        report = directory / "report.json"
        done = [
            number
            for number in range(1, job["volumes"] + 1)
            if (
                report.exists()
                if number == job["volumes"]
                else records_path(directory, number).exists()
            )
        ]
        job["downloaded"] = done
        job["downloading"] = {
            str(number): size
            for (identity, number), size in self._downloads.items()
            if identity == job["id"]
        }
        if len(done) == job["volumes"] and not job["downloading"]:
            job["state"] = "done"
            try:
                told = json.loads(report.read_bytes())
            except (OSError, ValueError):
                return
            job["problems"] = told["problems"][:100]
            job["secrets"] = told["may_hold_secrets"][:100]
            job["checksums"] = told["checksums"]

    def _lives(self, identity: str, directory: Path) -> bool:
        process = self._started.get(identity)
        if process:
            return process.poll() is None
        if self._holder(identity):
            return True
        try:
            begun = (directory / JOB).stat().st_mtime
        except OSError:
            return False
        return not (directory / STATE).exists() and time.time() - begun < STARTING

    def _holder(self, identity: str) -> int:
        """The process that holds a job's lock; 0 if none does."""
        try:
            with (self._directory / identity / LOCK).open("r+") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0)
        except (OSError, ValueError):
            return 0
        return 0


def _nice() -> None:
    os.nice(10)


def _one_of(given: Any, allowed: tuple[str, ...]) -> str:
    if given is None:
        return allowed[0]
    if given not in allowed:
        raise WrongRequest(f"the format is one of {', '.join(allowed)}")
    return str(given)


def _texts(given: Any) -> list[str]:
    if given is None:
        return []
    if (
        not isinstance(given, list)
        or len(given) > MOST_NAMES
        or not all(isinstance(each, str) and each and "\0" not in each for each in given)
    ):
        raise WrongRequest(f"a list of at most {MOST_NAMES} names is expected")
    return given


def _room(directory: Path) -> int:
    from ..replicate.home.room import room

    return room(directory)
