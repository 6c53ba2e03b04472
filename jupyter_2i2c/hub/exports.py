"""Exports the hub, one export at a time, with the approver's own rights. Started by administration.py, given work by actions/export.py, shown by console/exports.py.

What the hub's API says is read here, with the approver's token, which goes nowhere else. All that takes
memory or time, or reads what others wrote, is done in a process of its own (export_work.py), which has
neither that token nor any other secret. What an export makes lies in a directory that only the service
can read, until it is too old, or there are enough newer ones.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from sqlalchemy import Connection

from ..replicate.errors import ReplicateError
from ..replicate.importers.live import Refused, observe
from ..replicate.work import Work
from .actions.wording import count
from .hub_api import Hub, HubError, HubRefused, TooMany
from .identity import HubUnavailable
from .news.carrying import carried
from .store import audit, exports
from .store.database import Store
from .store.errors import StoreUnavailable
from .store.exports import Ended, Export, NotGoing, Result

log = logging.getLogger(__name__)

PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""Of the service's environment, all that the process that makes an export gets."""

COMMAND = (sys.executable, "-m", "jupyter_2i2c.hub.export_work")

BUNDLE = "bundle"

PARTS: Mapping[str, str] = {
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "guide.md": "text/markdown; charset=utf-8",
}
"""Files of an export beside its bundle that can be downloaded, and what they are."""

NEEDED = {
    "users": "list:users",
    "groups": "list:groups",
    "services": "list:services",
    "info": "read:hub",
}
"""What is asked of the hub's API, and the scope for all of it. Who may see only some of them gets none: a part must not look like the whole."""

PREFIX = "export-"
"""How the directory of each export is called, before its id; nothing else there is ours."""

WORK = "work"
LOG = "log"

LARGEST_LINE = 16 << 20

AGAIN = 2.0
"""Seconds after which a task is told once more to end."""

INTERRUPTED = "The service was interrupted meanwhile, and nothing was kept. Ask again."


class CannotExport(Exception):
    """It cannot be done; nothing is kept. The text is for a person."""


class NoFile(Exception):
    """There is no such file, or not any more."""


@dataclass(frozen=True)
class Settings:
    """What the operator decides about exports.

    Attributes:
        record: what the hub wrote down about itself; empty where it wrote nothing here.
        directory: where exports are kept; empty where the hub is not exported.
        kept: of how many the files are kept.
        days: for how many days.
        name: of the hub.
        chart: the directory of z2jh's chart that runs the hub; empty where none was named.
    """

    record: str = ""
    directory: str = ""
    kept: int = 5
    days: int = 30
    name: str = ""
    chart: str = ""

    @property
    def offered(self) -> bool:
        """Whether this hub can be exported from here."""
        return bool(self.record and self.directory) and os.access(self.record, os.R_OK)


class Exports:
    """Makes exports, and keeps them for a while.

    Args:
        store: open.
        settings: the operator's.
    """

    TIME_LIMIT = 1800.0
    """Seconds that an export may take."""
    COMPARE_LIMIT = 120.0
    """Seconds that a comparison may take."""
    NOTE_EVERY = 1.0
    """Seconds between two notes in the store of how far it is, at least."""
    GRACE = 5.0
    """Seconds that its process gets to end when it shall."""
    ATTEMPTS = 4
    """How often the hub is asked one question before it counts as unreachable."""
    FIRST_DELAY = 1.0
    LONGEST_DELAY = 30.0
    """Seconds between two attempts, doubled each time."""
    SWEEP_EVERY = 3600.0
    """Seconds between two looks at what is too old."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self.settings = settings
        self._directory = Path(settings.directory).absolute() if settings.directory else Path()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._cancelled_by: dict[str, str] = {}
        self._comparing = asyncio.Lock()
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def offered(self) -> bool:
        """Whether this hub can be exported from here, at this moment."""
        return self.settings.offered

    async def start(self) -> None:
        """Say of what an interrupted service left that it failed, and remove what is too old."""
        if not self.settings.directory:
            return
        await self._store.write(_leave_interrupted)
        self._sweeping = asyncio.create_task(self._keep_sweeping())

    async def close(self) -> None:
        """End what is going on; it counts as failed."""
        tasks = [*self._tasks.values(), *([self._sweeping] if self._sweeping else [])]
        await asyncio.gather(*(_stopped(each) for each in tasks))

    # --- making one -------------------------------------------------------------------------

    async def begin(
        self, intent: str, actor: str, hub: Hub, *, people: bool, announcements: bool, consent: str
    ) -> Export:
        """Begin one; it goes on in the background.

        Args:
            intent: that was approved; the export has its id.
            actor: who approved it.
            hub: with their rights.
            people: whether to take names of people.
            announcements: whether to take announcements.
            consent: the words that were consented to.

        Raises:
            Busy: (store.exports) there is one that has not ended.
            StoreUnavailable: it is not begun.
        """
        export = await self._store.write(
            exports.create,
            intent,
            actor,
            people=people,
            announcements=announcements,
            consent=consent,
        )
        task = asyncio.create_task(self._run(export, hub))
        self._tasks[export.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(export.id, None))
        return export

    async def cancel(self, export: str, actor: str) -> None:
        """End one that is going on; nothing of it is kept.

        Raises:
            NotGoing: (store.exports) it has ended.
        """
        task = self._tasks.get(export)
        if task is None:  # nothing is at work on it, whatever the store says
            told = f"Cancelled by “{actor}”. Nothing was kept."
            await self._store.write(exports.finish, export, "cancelled", told, actor=actor)
            return
        self._cancelled_by[export] = actor
        await _stopped(task)

    async def _run(self, export: Export, hub: Hub) -> None:
        directory = self._place(export)
        task = asyncio.current_task()
        late = asyncio.Event()

        def end() -> None:
            late.set()
            if task:
                task.cancel()

        limit = asyncio.get_running_loop().call_later(self.TIME_LIMIT, end)
        try:
            result = await self._make(export, hub, directory)
        except asyncio.CancelledError:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
            if late.is_set():
                await self._end(export, "failed", _why(TimeoutError()))
                return
            if actor := self._cancelled_by.pop(export.id, ""):
                told = f"Cancelled by “{actor}”. Nothing was kept."
                await self._end(export, "cancelled", told, actor=actor)
                return
            with suppress(StoreUnavailable, NotGoing):  # else the next start says it
                await self._store.write(exports.finish, export.id, "failed", INTERRUPTED)
            raise
        except Exception as error:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
            await self._end(export, "failed", _why(error))
        else:
            await self._end(export, "done", _told(result), result)
            await self.sweep()
        finally:
            limit.cancel()

    async def _make(self, export: Export, hub: Hub, directory: Path) -> Result:
        note = _Notes(self._store, export.id, self.NOTE_EVERY)
        await note(0, 0, "asking the hub")
        try:
            directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.mkdir(mode=0o700)
            (directory / WORK).mkdir(mode=0o700)
        except OSError as error:
            raise CannotExport(
                f"{error.filename} cannot be made: {error.strerror}. The operator makes room, or sets"
                " HubService.exports_directory to a place that the service can write"
            ) from None
        api = await self._ask(hub, export.people, note)
        told = await self._store.read(carried) if export.announcements else None
        now = datetime.now(timezone.utc)
        job = {
            "do": "export",
            "record": str(Path(self.settings.record).absolute()),
            "directory": str(directory),
            "file": f"{_file_name(self.settings.name, now)}.tar.zst",
            "name": self.settings.name,
            "chart": str(Path(self.settings.chart).absolute()) if self.settings.chart else "",
            "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "people": export.people,
            "api": api,
            "announcements": told,
            "unread": "" if told is not None else "they were not asked for",
        }
        result = await self._in_child(job, directory / WORK, note)
        await asyncio.to_thread(shutil.rmtree, directory / WORK, ignore_errors=True)
        return Result(**result)

    async def _ask(self, hub: Hub, people: bool, note: _Notes) -> dict[str, Any]:
        """What the hub's API says to the approver; of people only how many, if they are not taken."""
        scopes = (await self._patiently(hub.whoami)).scopes
        refused = [what for what, scope in NEEDED.items() if scope not in scopes]
        if len(refused) == len(NEEDED):
            return {"refused": refused}

        async def ask(path: str, query: Mapping[str, int]) -> Any:
            if path in refused:
                raise Refused
            await note.write()
            return await self._patiently(lambda: hub.see(path, query))

        told = await observe(ask, Work(note.keep), "the hub's API", people=people)
        return {what: len(each) if isinstance(each, range) else each for what, each in told.items()}

    async def _patiently(self, question: Callable[[], Any]) -> Any:
        delay = self.FIRST_DELAY
        for left in reversed(range(self.ATTEMPTS)):
            try:
                return await question()
            except HubRefused:
                # what the scopes do not let through is not asked for
                raise CannotExport(
                    "the login with which it was approved has ended. Ask again"
                ) from None
            except TooMany as error:
                delay = max(delay, error.retry_after)
                if not left:
                    raise
            except HubUnavailable:
                if not left:
                    raise
            await asyncio.sleep(min(delay, self.LONGEST_DELAY))
            delay *= 2
        raise AssertionError  # the last attempt returns or raises

    async def _end(
        self,
        export: Export,
        state: Ended,
        message: str,
        result: Result | None = None,
        actor: str = audit.SERVICE,
    ) -> None:
        """Store the end, again and again until the store takes it."""
        delay = self.FIRST_DELAY
        while True:
            try:
                await self._store.write(
                    exports.finish, export.id, state, message, result, actor=actor
                )
                return
            except NotGoing:
                return
            except StoreUnavailable as error:
                log.warning("how an export ended is not stored yet: %s", error)
            await asyncio.sleep(delay)
            delay = min(delay * 2, self.LONGEST_DELAY)

    # --- in a process of its own ------------------------------------------------------------

    async def _in_child(
        self, job: Mapping[str, Any], directory: Path, note: _Notes | None = None
    ) -> dict[str, Any]:
        """Have a job done.

        Args:
            job: as export_work.py takes it.
            directory: for its temporary files, and for what it prints.
            note: told how far it is.

        Raises:
            CannotExport: it failed.
        """
        async with _child(directory, self.GRACE) as process:
            assert process.stdin
            assert process.stdout
            # what breaks off is known by its answers
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(job).encode() + b"\n")
                await process.stdin.drain()
            while line := await process.stdout.readline():
                told = json.loads(line)
                if "result" in told:
                    result: dict[str, Any] = told["result"]
                    return result
                if "failed" in told:
                    raise CannotExport(told["failed"])
                if note:
                    await note(told["done"], told["total"], told["step"])
            await process.wait()
        last = await asyncio.to_thread(_last_words, directory / LOG)
        log.error("the process of an export ended with %s: %s", process.returncode, last)
        raise CannotExport("its process ended before it was done. The service's log says more")

    # --- what was made ----------------------------------------------------------------------

    def _place(self, export: Export) -> Path:
        return self._directory / f"{PREFIX}{export.id}"

    def file(self, export: Export, part: str) -> Path:
        """A file of an export.

        Args:
            export: it.
            part: `BUNDLE`, or a key of `PARTS`.

        Raises:
            NoFile: there is none.
        """
        if not export.kept or (part != BUNDLE and part not in PARTS):
            raise NoFile
        return self._place(export) / (export.file if part == BUNDLE else part)

    async def told(self, export: Export, name: str) -> dict[str, Any]:
        """What its process wrote about an export for the console: export_work's `PAGE` or `OWN`.

        Raises:
            NoFile: it is not there.
        """
        if not export.kept:
            raise NoFile
        return await asyncio.to_thread(_read, self._place(export) / name)

    async def compare(self, first: Export, second: Export) -> dict[str, Any]:
        """What changed from one export to another, as replicate/hub_diff.py tells it.

        Raises:
            NoFile: one of them is not there any more.
            CannotExport: they cannot be compared.
        """
        bundles = [self.file(each, BUNDLE) for each in (first, second)]
        kept = bundles[1].with_name(f"since-{first.id}.json")
        async with self._comparing:
            with suppress(NoFile):
                return await asyncio.to_thread(_read, kept)
            if not all(each.is_file() for each in bundles):
                raise NoFile
            directory = bundles[1].with_name(WORK)
            directory.mkdir(mode=0o700, exist_ok=True)
            job = {"do": "compare", "first": str(bundles[0]), "second": str(bundles[1])}
            try:
                result = await asyncio.wait_for(self._in_child(job, directory), self.COMPARE_LIMIT)
            except (TimeoutError, asyncio.TimeoutError):
                raise CannotExport("it takes too long") from None
            finally:
                await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
            # where it cannot be kept, it is compared anew the next time
            with suppress(OSError, CannotExport), _private(kept) as file:
                file.write(json.dumps(result).encode())
            return result

    async def remove(self, export: Export, actor: str = audit.SERVICE) -> None:
        """Remove the files of an export; that there was one stays known."""
        await asyncio.to_thread(shutil.rmtree, self._place(export), ignore_errors=True)
        await self._store.write(exports.note_removed, export.id, actor)

    async def sweep(self) -> None:
        """Remove the files of exports that are too old or too many, and of those that nobody knows."""
        # looked at before the store: what is begun meanwhile is not among them
        there = await asyncio.to_thread(_places, self._directory)
        try:
            known = await self._store.read(exports.kept)
            oldest = datetime.now(timezone.utc) - timedelta(days=self.settings.days)
            for number, each in enumerate(known):
                if number >= self.settings.kept or each.created < oldest:
                    await self.remove(each)
            going = {each.id for each in await self._store.read(exports.going)}
            names = {f"{PREFIX}{each}" for each in {*going, *(each.id for each in known)}}
            for place in there:
                if place.name not in names:  # an interrupted service left it
                    await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        except StoreUnavailable as error:
            log.warning("old exports are looked for later: %s", error)

    async def _keep_sweeping(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(self.SWEEP_EVERY)


class _Notes:
    """Notes in the store how far an export is, now and then.

    Args:
        store: open.
        export: its id.
        every: seconds between two notes.
    """

    def __init__(self, store: Store, export: str, every: float) -> None:
        self._store = store
        self._export = export
        self._every = every
        self._noted = float("-inf")
        self._latest = (0, 0, "")

    async def __call__(self, done: int, total: int, what: str) -> None:
        """Note it, unless that was done a moment ago."""
        self.keep(done, total, what)
        await self.write()

    def keep(self, done: int, total: int, what: str) -> None:
        """What to note the next time."""
        self._latest = (done, total, what)

    async def write(self) -> None:
        """Note what is kept, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._noted < self._every:
            return
        self._noted = now
        done, total, what = self._latest
        with suppress(StoreUnavailable):  # the next note says more
            await self._store.write(exports.step, self._export, what, done, total)


@asynccontextmanager
async def _child(directory: Path, grace: float) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for jobs, which does not outlive the block.

    Args:
        directory: for its temporary files, and for what it prints.
        grace: seconds that it gets to end.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with _private(directory / LOG) as printed:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=printed,
            env={**environment, "TMPDIR": str(directory)},
            cwd="/",  # from where Python imports, too
            start_new_session=True,
            limit=LARGEST_LINE,
        )
    try:
        yield process
    finally:
        await asyncio.shield(_ended(process, grace))


async def _ended(process: asyncio.subprocess.Process, grace: float) -> None:
    """Have a process end, with all that it started."""
    assert process.stdin
    process.stdin.close()
    for sign in (SIGTERM, SIGKILL):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), grace)
    # what it started and did not end itself
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, SIGKILL)


async def _stopped(task: asyncio.Task[None]) -> None:
    """Have a task end; `asyncio.wait_for` before Python 3.12 may lose a cancellation that it gets."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN)


def _private(path: Path) -> Any:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as error:
        raise CannotExport(f"{path} cannot be written: {error.strerror}") from None


def _why(error: Exception) -> str:
    """Why an export failed, for a person."""
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return "It took too long, and nothing was kept. Ask again when the machine has less to do."
    if isinstance(error, (CannotExport, ReplicateError)):
        return f"Nothing was kept: {error}."
    if isinstance(error, (HubUnavailable, HubError)):
        return f"Nothing was kept, because {error}. Ask again when the hub answers."
    if isinstance(error, StoreUnavailable):
        return f"Nothing was kept, because {error}. Ask again."
    log.error("an export failed", exc_info=error)
    return "Nothing was kept: something went wrong in the service. Its log says what."


def _told(result: Result) -> str:
    """What came of an export, for a person."""
    if result.blockers:
        checks = count(result.blockers, "check", "checks")
        return f"The bundle is there, but {checks} failed: the report says which."
    left = f", with {count(result.not_run, 'item', 'items')} not run" if result.not_run else ""
    return f"The bundle is there, and what was built of it holds up to {result.highest}{left}."


def _file_name(hub: str, now: datetime) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", hub.lower()).strip("-")[:60].strip("-") or "hub"
    return f"replica-{words}-{now.strftime('%Y%m%dT%H%M%SZ')}"


def _last_words(path: Path) -> str:
    try:
        return " ".join(path.read_bytes()[-2000:].decode("utf-8", "replace").splitlines()[-3:])
    except OSError:
        return "it left nothing"


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise NoFile from None
    if not isinstance(told, dict):
        raise NoFile
    return told


def _places(directory: Path) -> list[Path]:
    """The directories of exports."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        found = (each for each in directory.iterdir() if each.name.startswith(PREFIX))
        return [each for each in found if each.is_dir() and not each.is_symlink()]
    return []


# --- in the store's threads ---------------------------------------------------------------------


def _leave_interrupted(c: Connection) -> None:
    for each in exports.going(c):
        exports.finish(c, each.id, "failed", INTERRUPTED)
