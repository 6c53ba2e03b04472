"""`/audit`: what was done, by whom and why; with filters, and as a file. Opened from the navigation."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import Any

from ..store import audit
from ..store.export import write_csv, write_lines
from .base import ConsolePage
from .pages import Page
from .render import ACTIONS, named

PAGE = 50
CHUNK = 500
FORMAT = "%Y-%m-%d"


class AuditPage(ConsolePage):
    """A page of the audit log, newest first."""

    needs = "custom:2i2c:audit:read"
    fresh = True

    async def get(self) -> None:
        """Show it, or send all that the filters let through as a file."""
        filters = self._filters()
        form = self.get_query_argument("as", "")
        if form in ("csv", "jsonl"):
            await self._send(form, filters)
            return
        entries = await self.console.store.read(
            audit.entries, **filters, before=self.number("before") or None, limit=PAGE + 1
        )
        given = self._given()
        self.show(
            "audit.html",
            entries=entries[:PAGE],
            given=given,
            actions=sorted(ACTIONS.values()),
            later=self.link("audit", **given, before=entries[PAGE - 1].sequence)
            if len(entries) > PAGE
            else "",
            files={form: self.link("audit", **given, **{"as": form}) for form in ("csv", "jsonl")},
        )

    def _given(self) -> dict[str, str]:
        names = ("actor", "action", "target", "since", "until")
        return {name: self.get_query_argument(name, "")[:200] for name in names}

    def _filters(self) -> dict[str, Any]:
        given = self._given()
        return {
            "actor": given["actor"] or None,
            "action": named(given["action"]) or None,
            "target": given["target"] or None,
            "since": _day(given["since"]),
            "until": _day(given["until"], end=True),
        }

    async def _send(self, form: str, filters: dict[str, Any]) -> None:
        self.set_header("Content-Type", "text/csv" if form == "csv" else "application/jsonl")
        self.set_header("Content-Disposition", f'attachment; filename="audit.{form}"')
        before: int | None = None
        first = True
        while True:
            entries = await self.console.store.read(
                audit.entries, **filters, before=before, limit=CHUNK
            )
            file = io.StringIO()
            if form == "csv":
                write_csv(entries, file, heading=first)
            else:
                write_lines(entries, file)
            self.write(file.getvalue())
            await self.flush()
            if len(entries) < CHUNK:
                return
            first, before = False, entries[-1].sequence


def _day(text: str, *, end: bool = False) -> datetime | None:
    """When a day begins, or ends; None for what is no day."""
    try:
        return datetime.strptime(text, FORMAT).replace(tzinfo=timezone.utc) + timedelta(days=end)
    except (ValueError, OverflowError):
        return None


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    return (Page("audit", "Audit log", AuditPage.needs, ((r"audit/?", AuditPage),)),)
