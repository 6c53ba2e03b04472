"""Works through long jobs, such as stopping two thousand servers, with the approver's own rights. Started by app.py, given work by intents.py.

Every step can be cut off and taken up again. Before a server is asked to stop, the store says so;
before it is asked again, the hub is asked what is so. A server that its user started again since
the job was made is left alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection

from .actions.wording import count
from .hub_api import Hub, HubApi, HubError, HubRefused, NotFound, Server, TooMany, walk
from .identity import HubUnavailable
from .store import audit, intents, jobs
from .store.database import Store
from .store.errors import StoreUnavailable
from .store.jobs import Item, Job

TOKEN_LIFETIME = timedelta(minutes=60)
"""For how long a job keeps its approver's token, at most."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class Pause(Exception):
    """The job cannot go on by itself; the message says why and what to do."""


@dataclass(frozen=True)
class Result:
    """What came of one item: its new state, and why if that is no success."""

    item: Item
    state: Literal["waiting", "asked", "done", "failed", "skipped"]
    error: str = ""


class JobRunner:
    """Runs the jobs in the store.

    Args:
        store: open.
        api: a way to the hub for jobs alone; its concurrency bounds what jobs ask at a time.
        parallel: servers of a job that are worked on at a time.
    """

    ATTEMPTS = 3
    """How often one server is asked to stop before it counts as failed."""
    FIRST_DELAY = 1.0
    LONGEST_DELAY = 30.0
    """Seconds between two attempts, doubled each time, of which chance takes up to a half."""
    STOP_PATIENCE = 300.0
    """Seconds that servers get to end after the hub took the request."""
    HUB_PATIENCE = 900.0
    """Seconds for which a hub that does not answer is waited for, such as one that restarts."""

    def __init__(self, store: Store, api: HubApi, *, parallel: int = 10) -> None:
        self._store = store
        self._api = api
        self._parallel = parallel
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._rest = 0.0  # until when (of the loop's clock) the hub asked not to be asked
        self._waiting_for_hub = asyncio.Lock()

    async def start(self) -> None:
        """Take up what was running when the service ended, however it ended."""
        await self._store.write(_leave_cancelled)
        for job in await self._store.read(jobs.running):
            self.run(job.id)

    async def close(self) -> None:
        """Stop working; what is not done stays in the store for the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run(self, job: str) -> asyncio.Task[None]:
        """Work on a job that the store has as running. It is worked on once, however often this is called."""
        task = self._tasks.get(job)
        if task is None or task.done():
            task = asyncio.create_task(self._run(job))
            self._tasks[job] = task
            task.add_done_callback(lambda done: self._ended(job, done))
        return task

    async def resume(self, job: str, token: str, actor: str) -> Job:
        """Continue a paused job with a fresh login, which may be another administrator's.

        Raises:
            WrongState: it is not paused (store.jobs).
            HubRefused: the login is not good.
        """
        return await self._again(jobs.resume, job, token, actor)

    async def retry_failed(self, job: str, token: str, actor: str) -> Job:
        """Try again what failed in a job that has ended.

        Raises:
            WrongState: it has not ended (store.jobs).
            HubRefused: the login is not good.
        """
        return await self._again(jobs.retry_failed, job, token, actor)

    async def cancel(self, job: str, actor: str) -> Job:
        """Leave out what has not been asked yet.

        Raises:
            WrongState: it has ended (store.jobs).
        """
        return await self._store.write(_cancel, job, actor, self._is_at_work(job))

    async def _again(self, change: Callable[..., Job], job: str, token: str, actor: str) -> Job:
        identity = await self._api.as_person(token).whoami()
        if identity.name != actor:
            raise HubRefused("this login is somebody else's")
        expires = datetime.now(timezone.utc) + TOKEN_LIFETIME
        # a task that is just about to end must not take the new run for its own
        if (old := self._tasks.get(job)) is not None:
            await asyncio.wait({old})
        changed = await self._store.write(change, job, token, actor=actor, token_expires=expires)
        self.run(job)
        return changed

    def _is_at_work(self, job: str) -> bool:
        return job in self._tasks and not self._tasks[job].done()

    def _ended(self, job: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(job) is task:
            del self._tasks[job]
        if not task.cancelled() and (error := task.exception()):
            log.error(
                "job %s stopped working and is taken up at the next start", job, exc_info=error
            )

    # --- one job --------------------------------------------------------------------------

    async def _run(self, id_: str) -> None:
        job = await self._read(jobs.get, id_)
        token = await self._read(jobs.token, id_)
        if job is None or job.state != "running":
            return
        try:
            if token is None:
                raise Pause("the approver's login can no longer be read. Continue it with yours.")
            run = _Run(self, job, self._api.as_person(token))
            await run.to_the_end()
        except Pause as pause:
            await self._change(jobs.pause, id_, str(pause))
        else:
            await self._change(_end, id_)

    async def _change(self, function: Callable[..., Job], *args: Any) -> None:
        """Move a job on, unless somebody cancelled it meanwhile."""
        try:
            await self._write(function, *args)
        except jobs.WrongState:
            log.info("a job was cancelled while it ran")

    async def _read(self, function: Callable[..., T], *args: Any) -> T:
        return await self._patiently(self._store.read, function, *args)

    async def _write(self, function: Callable[..., T], *args: Any) -> T:
        return await self._patiently(self._store.write, function, *args)

    async def _patiently(
        self, how: Callable[..., Any], function: Callable[..., T], *args: Any
    ) -> T:
        """A call of the store, again and again until the store takes it: what is so must not be lost."""
        for delay in _delays(self.FIRST_DELAY, self.LONGEST_DELAY):
            try:
                result: T = await how(function, *args)
                return result
            except StoreUnavailable as error:
                log.warning("a job waits for the database: %s", error)
                await asyncio.sleep(delay)
        raise AssertionError  # the delays never end

    # --- the hub, for all jobs --------------------------------------------------------------

    def rest(self, seconds: float) -> None:
        """Ask the hub nothing for so long: it said so."""
        until = asyncio.get_running_loop().time() + seconds
        self._rest = max(self._rest, until)

    async def turn(self) -> None:
        """Wait until the hub may be asked again."""
        loop = asyncio.get_running_loop()
        while (left := self._rest - loop.time()) > 0:
            await asyncio.sleep(left)

    async def await_hub(self, hub: Hub) -> None:
        """Return when the hub answers again.

        Raises:
            Pause: it does not, or it answers that the login has ended.
        """
        async with self._waiting_for_hub:
            waited = 0.0
            for delay in _delays(self.FIRST_DELAY, self.LONGEST_DELAY):
                await self.turn()
                try:
                    await hub.whoami()
                    return
                except TooMany as error:
                    self.rest(error.retry_after)
                except HubRefused:
                    raise Pause(LOGIN_ENDED) from None
                except HubError:
                    pass  # the path to the hub is being changed: it answers, but not as itself
                except HubUnavailable as error:
                    log.warning("a job waits for the hub: %s", error)
                if waited >= self.HUB_PATIENCE:
                    raise Pause(
                        "the hub has not answered for a long time. Continue it when it does."
                    )
                await asyncio.sleep(delay)
                waited += delay

    @property
    def parallel(self) -> int:
        """Servers of a job that are worked on at a time."""
        return self._parallel


LOGIN_ENDED = "the login with which it was approved has ended. Continue it with a fresh one."


class _Run:
    """One stretch of work on one job, with one login."""

    def __init__(self, runner: JobRunner, job: Job, hub: Hub) -> None:
        self._runner = runner
        self._job = job
        self._hub = hub
        self._tries: dict[int, int] = {}
        self._results: list[Result] = []

    async def to_the_end(self) -> None:
        """Work until nothing is left.

        Raises:
            Pause: it cannot go on.
        """
        identity = await self._ask(self._hub.whoami)
        if identity.name != self._job.actor:
            raise Pause(LOGIN_ENDED)
        # what was asked before a crash or a pause is looked up before anything is asked
        await self._look_up()
        while True:
            await self._work(own=False)
            if await self._look_up():
                continue
            await self._work(own=True)  # the server in which the approver may be looking on
            if not await self._look_up():
                return

    async def _work(self, own: bool) -> None:
        """Ask for all that waits, several at a time."""
        claimed: deque[Item] = deque()
        active: set[asyncio.Task[Result]] = set()
        pause: Pause | None = None
        try:
            while True:
                while pause is None and len(active) < self._runner.parallel:
                    if not claimed:
                        claimed.extend(await self._claim(own))
                    if not claimed:
                        break
                    active.add(asyncio.create_task(self._stop(claimed.popleft())))
                if not active:
                    break
                ended, active = await asyncio.wait(active, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    try:
                        self._results.append(task.result())
                    except Pause as error:
                        pause = error  # the others that are on their way still end
                if len(self._results) >= self._runner.parallel:
                    await self._flush()
            # claimed, but never asked for
            self._results += [Result(item, "waiting") for item in claimed]
            await self._flush()
        finally:
            for task in active:
                task.cancel()
            await asyncio.gather(*active, return_exceptions=True)
        if pause is not None:
            raise pause

    async def _claim(self, own: bool) -> list[Item]:
        """The next items, which the store has as asked from here on."""
        expires = self._job.token_expires
        if expires is not None and datetime.now(timezone.utc) >= expires:
            raise Pause(LOGIN_ENDED)
        actor = None if own else self._job.actor
        return await self._runner._write(_claim, self._job.id, self._runner.parallel, actor)

    async def _stop(self, item: Item) -> Result:
        """Have one server stopped, as far as that can be told at once.

        Raises:
            Pause: the hub takes the login no more, or does not answer any more.
        """
        why = ""
        asked = item.attempts > 1
        for delay in _delays(self._runner.FIRST_DELAY, self._runner.LONGEST_DELAY):
            person = await self._ask(self._hub.user, item.user)
            if person is not None and not person.sees_servers:
                return Result(item, "failed", "you may not see this person's servers")
            found = _judge(item, person.servers.get(item.server) if person else None, asked)
            if found:
                return found
            if self._tries.get(item.id, 0) >= self._runner.ATTEMPTS:
                return Result(item, "failed", why or "the hub took the request, and it still runs")
            self._tries[item.id] = self._tries.get(item.id, 0) + 1
            asked = True
            try:
                await self._runner.turn()
                answer = await self._hub.stop(item.user, item.server)
                return Result(item, "done" if answer == "stopped" else "asked")
            except TooMany as error:
                self._runner.rest(error.retry_after)
                self._tries[item.id] -= 1
                continue
            except NotFound:
                continue
            except HubRefused as error:
                await self._runner.await_hub(self._hub)  # pauses if it is the login
                return Result(item, "failed", str(error))
            except (HubError, HubUnavailable) as error:
                why = str(error)
            await asyncio.sleep(delay)
        raise AssertionError  # the delays never end

    async def _ask(self, question: Callable[..., Any], *args: Any) -> Any:
        """A question that changes nothing, until the hub answers it; None if there is nothing."""
        while True:
            await self._runner.turn()
            try:
                return await question(*args)
            except TooMany as error:
                self._runner.rest(error.retry_after)
            except NotFound:
                return None
            except HubRefused:
                raise Pause(LOGIN_ENDED) from None
            except (HubError, HubUnavailable):
                await self._runner.await_hub(self._hub)

    async def _look_up(self) -> bool:
        """Find out what became of what was asked for and not seen to end, and check what was.

        Returns:
            Whether there is something to be asked for once more.
        """
        waited = 0.0
        again = False
        for delay in _delays(self._runner.FIRST_DELAY, self._runner.LONGEST_DELAY):
            open_ = await self._runner._read(_all_in, self._job.id, "asked")
            if not open_:
                return again
            running = await self._running()
            for item in open_:
                server = running.get((item.user, item.server))
                result = _judge(item, server, True)
                if result is None:
                    again = True
                    result = Result(item, "waiting")
                if result.state != "asked":
                    self._results.append(result)
                elif waited >= self._runner.STOP_PATIENCE:
                    self._results.append(
                        Result(item, "failed", "it has been stopping for too long")
                    )
            left = len(open_) - len(self._results)
            await self._flush()
            if not left:
                return again
            await asyncio.sleep(delay)
            waited += delay
        raise AssertionError  # the delays never end

    async def _running(self) -> Mapping[tuple[str, str], Server]:
        """All servers that run, start or stop."""

        async def see() -> dict[tuple[str, str], Server]:
            seen: dict[tuple[str, str], Server] = {}
            async for person in walk(self._hub, state="active"):
                if not person.sees_servers:  # then what is not seen may run all the same
                    raise Pause("the hub no longer shows who has a server. " + LOGIN_ENDED)
                seen |= {(person.name, name): each for name, each in person.servers.items()}
            return seen

        found: dict[tuple[str, str], Server] = await self._ask(see)
        return found

    async def _flush(self) -> None:
        """Store what came of items, and for their users what was done to them."""
        results, self._results = self._results, []
        if results:
            await self._runner._write(_store_results, self._job, results)


def _judge(item: Item, server: Server | None, asked: bool) -> Result | None:
    """What an item's server says of the item; None if it runs as it did when the job was made."""
    if server is None or server.stopped:
        return Result(item, "done") if asked else Result(item, "skipped", "had stopped before")
    if server.pending == "stop":
        return Result(item, "asked")
    started = server.started.isoformat() if server.started else ""
    if item.mark and started and started != item.mark:
        if asked:
            return Result(item, "done")
        return Result(item, "skipped", "was started again since")
    return None


def _delays(first: float, longest: float) -> Any:
    """Ever longer waits, without end, spread so that many do not come at the same moment."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)
        delay = min(delay * 2, longest)


# --- in the store's threads ---------------------------------------------------------------------


def _claim(c: Connection, job: str, n: int, not_of: str | None) -> list[Item]:
    """The next items, marked as asked. None once the job was cancelled: then none is waiting."""
    waiting = [item for item in jobs.next_items(c, job, 2 * n) if item.user != not_of][:n]
    jobs.mark_asked(c, [item.id for item in waiting])
    return [Item(**{**vars(item), "attempts": item.attempts + 1}) for item in waiting]


def _all_in(c: Connection, job: str, state: str) -> list[Item]:
    return jobs.items(c, job, state, limit=1_000_000)


def _store_results(c: Connection, job: Job, results: list[Result]) -> None:
    now = jobs.get(c, job.id)
    cancelled = now is not None and now.state == "cancelled"
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        state: str = result.state
        if cancelled and state == "waiting":
            state = "skipped"
        if state != "asked":  # that is what the store has
            groups.setdefault((state, result.error), []).append(result)
    for (state, error), group in groups.items():
        jobs.mark(c, [result.item.id for result in group], state, error)
        if state not in ("done", "failed"):
            continue
        for result in group:
            target = {"user": result.item.user, "server": result.item.server}
            detail = {"job": job.id, **({"why": error} if error else {})}
            audit.append(c, job.actor, "stop-server", target, state, job.reason, "job", detail)


def _end(c: Connection, id_: str) -> Job:
    """End a job, and the intent that it came from."""
    counts = jobs.counts(c, id_)
    text = told(counts)
    job = jobs.end(c, id_, text)
    state = "done" if not counts.get("failed") else "partly" if counts.get("done") else "failed"
    _finish_intent(c, job, state, text)
    return job


def _cancel(c: Connection, id_: str, actor: str, at_work: bool) -> Job:
    job = jobs.cancel(c, id_, actor=actor)
    if not at_work:
        job = _leave(c, job)
    _finish_intent(c, job, "cancelled", f"Cancelled by “{actor}”. {told(job.counts)}")
    return job


def _leave_cancelled(c: Connection) -> None:
    """Give up what cancelled jobs had asked for when the service ended: no login is left to look."""
    for job in jobs.in_state(c, "cancelled"):
        _leave(c, job)


def _leave(c: Connection, job: Job) -> Job:
    """Say of what was asked for and not seen to end that this is all that is known."""
    why = "it was asked to stop, and nobody saw whether it did"
    open_ = _all_in(c, job.id, "asked")
    if not open_:
        return job
    _store_results(c, job, [Result(item, "failed", why) for item in open_])
    return replace(job, counts=jobs.counts(c, job.id))


def _finish_intent(c: Connection, job: Job, state: str, text: str) -> None:
    for intent in intents.in_state(c, "running"):
        if intent.job == job.id:
            intents.finish(c, intent.id, state, {"text": text, "items": dict(job.counts)})


def told(counts: Mapping[str, int]) -> str:
    """How far a job has come, for a person.

    Args:
        counts: items by state.
    """
    parts = [f"Stopped {count(counts.get('done', 0), 'server', 'servers')}."]
    if asked := counts.get("asked"):
        parts.append(f"{count(asked, 'is', 'are')} stopping.")
    if failed := counts.get("failed"):
        parts.append(
            f"{count(failed, 'did', 'did')} not stop; the job says which, and can try again."
        )
    if skipped := counts.get("skipped"):
        parts.append(f"{count(skipped, 'was', 'were')} left alone.")
    if waiting := counts.get("waiting"):
        parts.append(f"{count(waiting, 'is', 'are')} still to be asked.")
    return " ".join(parts)
