"""Stopping two thousand servers

A hub of ours in memory, which needs 20 ms for a stop, fails for one server in twenty, and answers 429
with `Retry-After: 1` to more than 100 stops a second. The service that works on the job is a process
of its own; it is killed (SIGKILL) with a third done, and started again.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections import Counter

from tornado import web

from jupyter_2i2c.hub.store import jobs
from jupyter_2i2c.hub.store.database import Store
from tests.hub.stub_hub import StubHub
from tests.hub.test_jobs import WORKER

from .figures import Figure, at_most

SERVERS = 2000
BAD = frozenset(f"u{number}" for number in range(0, SERVERS, 20))
STOP_TAKES = 0.02
STOPS_A_SECOND = 100
RETRY_AFTER = 1.0
IMPATIENT_FROM = 0.3
"""Seconds after a 429 in which what was on its way may still arrive."""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_stop_all(f"sqlite:///{directory}/store.sqlite"))


class Trouble:
    """What goes wrong at the hub, and how the service takes it."""

    def __init__(self) -> None:
        self.limited = 0
        self.impatient = 0
        self.failed: Counter[str] = Counter()
        self._stops: list[float] = []
        self._said = 0.0

    async def __call__(self, handler: web.RequestHandler) -> bool:
        now = asyncio.get_running_loop().time()
        if IMPATIENT_FROM < now - self._said < RETRY_AFTER - 0.05:
            self.impatient += 1
        if handler.request.method != "DELETE":
            return False
        self._stops = [each for each in self._stops if each > now - 1]
        if len(self._stops) >= STOPS_A_SECOND:
            self.limited += 1
            self._said = now
            handler.set_header("Retry-After", str(int(RETRY_AFTER)))
            handler.set_status(429)
            return True
        self._stops.append(now)
        await asyncio.sleep(STOP_TAKES)
        user = handler.path_asked.split("/")[2]
        if user in BAD:
            self.failed[user] += 1
            handler.set_status(500)
            return True
        return False


async def _stop_all(url: str) -> list[Figure]:
    stub = await StubHub().start()
    trouble = stub.fault = Trouble()
    for number in range(SERVERS):
        stub.add(f"u{number}", servers=[""])
    store = Store(url, bytes(range(32)), on_head=lambda head: None)
    store.open()
    items = [(f"u{number}", "", "2026-11-21T00:00:00+00:00") for number in range(SERVERS)]
    job = store.write_now(
        jobs.create, kind="stop-all", actor="boss", token="boss-token", items=items
    )
    begin = time.perf_counter()
    service = await _service(url, stub.url)
    while len(stub.stopped) < SERVERS // 3:
        await stub.arrivals.get()
    service.kill()
    await service.wait()
    lost = (await store.read(jobs.get, job.id)).counts.get("asked", 0)
    service = await _service(url, stub.url)
    while (found := await store.read(jobs.get, job.id)).state == "running":
        await asyncio.sleep(0.1)
    took = time.perf_counter() - begin
    service.terminate()
    await service.wait()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    named = {item.user for item in await store.read(jobs.failures, job.id, 0, SERVERS)}
    store.close()
    await stub.stop()
    twice = sum(each - 1 for each in stub.stopped.values()) + len(stub.stopped_again)
    stopped = len(stub.stopped)
    return [
        Figure(
            f"servers stopped, of {SERVERS:,} of which {len(BAD)} cannot be",
            f"{stopped:,} (job {found.state}: {found.counts.get('done', 0):,} done)",
            f"{SERVERS - len(BAD):,}",
            found.state == "done" and stopped == found.counts.get("done") == SERVERS - len(BAD),
        ),
        Figure(
            "failures that the report names",
            f"{len(named)}",
            f"all {len(BAD)}, no other",
            named == BAD,
        ),
        at_most("questions on their way at a time", stub.most_at_once, 10),
        at_most("servers asked to stop when they had stopped, or twice", twice, 0),
        at_most(
            "questions within the time that a 429 asked to wait",
            trouble.impatient,
            0,
            "",
            f" ({trouble.limited:,} answers 429)",
        ),
        Figure("servers asked when the service was killed", f"{lost}", "looked up, not repeated"),
        Figure(
            "all of it, with the kill and a second start",
            f"{took:.1f} s; {SERVERS / STOPS_A_SECOND:.0f} s at the rate that the hub allows",
        ),
        Figure("the service's memory, at most", f"{memory:.0f} MiB"),
    ]


async def _service(url: str, hub: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, url, hub, "1")
