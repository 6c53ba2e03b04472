"""The last proof that this hub can be taken elsewhere: what the last `jupyter 2i2c drill` said. Called by api/replica.py, the public page and the console.

A drill runs where the operator lets cron or CI run it; what it leaves is a small file that the service
reads whenever it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

LATEST = "latest.json"
LARGEST = 1 << 20
LONGEST = 100
LONGEST_LINE = 500


@dataclass(frozen=True)
class Proof:
    """What the last drill said.

    Attributes:
        at: when it began.
        highest: the highest rung that it reached, such as ``V7``; empty where it reached none.
        holds: whether nothing failed.
        blockers: how many things failed. What they are is the operator's to read.
        overdue: whether it is older than the operator's limit, or failed.
    """

    at: datetime
    highest: str
    holds: bool
    blockers: int
    overdue: bool

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**vars(self), "at": at}


class Drills:
    """Where the drills' results lie.

    Args:
        directory: what ``jupyter 2i2c drill -o`` was given; empty where nobody drills.
        limit: days after which a drill is too old.
        now: the time.
    """

    def __init__(
        self,
        directory: str = "",
        limit: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._file = Path(directory) / LATEST if directory else None
        self.limit_days = limit
        self._now = now

    @property
    def configured(self) -> bool:
        """Whether there should be a drill now and then."""
        return self._file is not None

    def last(self) -> Proof | None:
        """The last drill; None where there was none, or what it left cannot be read."""
        try:
            told = self._told()
            at = datetime.strptime(told["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
            holds = told["holds"] is True
            return Proof(
                at=at,
                highest=str(told["highest"])[:LONGEST],
                holds=holds,
                blockers=len(told["blockers"]),
                overdue=not holds or self._now() - at > timedelta(days=self.limit_days),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def blockers(self) -> list[str]:
        """What failed in the last drill, each in a line: for those who may export the hub."""
        try:
            return [str(each)[:LONGEST_LINE] for each in self._told()["blockers"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _told(self) -> Any:
        if self._file is None:
            raise FileNotFoundError
        with self._file.open("rb") as file:
            return json.loads(file.read(LARGEST))
