"""What of this hub is open, tied or unpinned, from the record that it wrote; made when somebody asks. Called by api/evidence.py and the public page.

Everybody with a server may read it, so it names packages, images and settings, and never what a setting
is set to, nor people; those come out in an export, which somebody with the right to it approves.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..model import EvidenceSheet
from ..replicate.errors import ReplicateError
from ..replicate.evidence.layers import put_together, sheet_to_json
from .facts import Answer

NO_RECORD = (
    "the hub keeps no record of its configuration where its service can read it",
    "the operator runs the service beside a hub with setup_hub(c)",
)
UNUSABLE = (
    "the record of the hub's configuration cannot be used",
    "the operator restarts the hub, which writes it anew",
)
NOT_OURS = {"data": ("their owners choose the licence", ""),
            "environment": ("each server looks into its own", "open the panel in JupyterLab")}  # fmt: skip


class HubEvidence:
    """The evidence, made once for each record.

    Args:
        record: what the hub wrote down about itself; empty where it wrote nothing here.
        log: for what an operator should mend.
    """

    def __init__(self, record: str, log: logging.Logger | Any) -> None:
        self._record = Path(record) if record else None
        self._log = log
        self._made_of: tuple[int, ...] | None = None
        self._sheet: EvidenceSheet | None = None
        self._answer = Answer(b"", b"", "")
        self._making = asyncio.Lock()

    async def sheet(self) -> EvidenceSheet:
        """All of it; the first one who asks after the hub started waits for a second at most."""
        async with self._making:
            stamp = self._stamp()
            if self._sheet is None or stamp != self._made_of:
                self._sheet = await asyncio.to_thread(self._make)
                self._made_of = stamp
                self._answer = Answer.of(sheet_to_json(self._sheet))
            return self._sheet

    async def answer(self) -> Answer:
        """The same as it is sent."""
        await self.sheet()
        return self._answer

    def _stamp(self) -> tuple[int, ...]:
        try:
            status = self._record.stat() if self._record else None
        except OSError:
            status = None
        return (status.st_mtime_ns, status.st_size, status.st_ino) if status else ()

    def _make(self) -> EvidenceSheet:
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        why = NO_RECORD
        if self._record and self._record.is_file():
            try:
                return _of_record(self._record)
            except ReplicateError as error:
                self._log.warning("no evidence of this hub: %s", error)
            except Exception as error:  # an operator's values may be of any shape
                self._log.warning("no evidence of this hub: %s: %r", self._record, error)
            why = UNUSABLE
        return put_together(now, [], {**NOT_OURS, "infrastructure": why, "cloud": why})


def _of_record(path: Path) -> EvidenceSheet:
    from ..replicate.capture.interpreter import interpreter
    from ..replicate.evidence.configuration import from_record
    from ..replicate.evidence.hub import layers_of, packages_beside
    from ..replicate.evidence.packages import of_python
    from ..replicate.importers.recorded import read_record

    document = read_record(path)
    packages = packages_beside(of_python(interpreter()), document["versions"])
    layers = layers_of(from_record(document), packages)
    return put_together(str(document["at"]), [layers], NOT_OURS)
