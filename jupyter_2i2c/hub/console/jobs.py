"""`/jobs` and below: long work, how far it is, and what failed. Opened from an intent's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..jobs import told
from ..store import jobs
from ..store.jobs import Item, Job, WrongState
from .base import ConsolePage, Refusal
from .pages import Page

FAILURES = 50
RIGHT = "servers"


class JobsPage(ConsolePage):
    """The last jobs."""

    needs = RIGHT
    fresh = True

    async def get(self) -> None:
        """Show them."""
        self.show("jobs.html", jobs=await self.console.store.read(jobs.recent, 50), told=told)


class JobPage(ConsolePage):
    """One job. While it runs, the page comes anew by itself."""

    needs = RIGHT
    fresh = True

    async def get(self, id_: str) -> None:
        """Show it."""
        job = await self._find(id_)
        offset = self.number("from")
        failures: list[Item] = await self.console.store.read(
            jobs.failures, job.id, offset, FAILURES + 1
        )
        if job.state == "running":
            self.set_header("Refresh", "2")
        action, once = self.once("jobs", job.id)
        self.show(
            "job.html",
            job=job,
            text=told(job.counts),
            ended=_ended(job.counts),
            failures=failures[:FAILURES],
            later=self.link("jobs", job.id, **{"from": offset + FAILURES})
            if len(failures) > FAILURES
            else "",
            action=action,
            once=once,
        )

    async def post(self, id_: str) -> None:
        """Cancel it, have it go on with the visitor's login, or try again what failed."""
        job = await self._find(id_)
        runner = self.console.administration.runner
        decision = self.get_body_argument("decision", "")
        try:
            if decision == "cancel":
                await runner.cancel(job.id, self.user)
            elif decision == "resume":
                await runner.resume(job.id, self.session.token, self.user)
            elif decision == "retry":
                await runner.retry_failed(job.id, self.session.token, self.user)
        except WrongState as error:
            raise Refusal(409, f"It is too late for that: {error}.") from None
        self.see(self.link("jobs", job.id))

    async def _find(self, id_: str) -> Job:
        job: Job | None = await self.console.store.read(jobs.get, id_)
        if job is None:
            raise Refusal(404, "There is no such job, or it has been deleted.")
        return job


def _ended(counts: Mapping[str, int]) -> int:
    return sum(counts.get(state, 0) for state in ("done", "failed", "skipped"))


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = (
        (r"jobs/?", JobsPage),
        (r"jobs/([A-Za-z0-9_-]{1,64})", JobPage),
    )
    return (Page("jobs", "Jobs", RIGHT, routes),)
