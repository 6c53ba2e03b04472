"""The last warnings and errors of this server, kept in memory for a request for help. Attached by app.py, read by diagnostics.py."""

from __future__ import annotations

import logging
import time
from collections import deque

MOST = 200
"""Records that are kept."""

LONGEST = 4000
"""Characters of each."""


class LogMemory(logging.Handler):
    """Keeps the words of the last records, and nothing else of them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: deque[str] = deque(maxlen=MOST)
        written = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
        written.converter = time.gmtime
        written.default_time_format = "%Y-%m-%dT%H:%M:%S"
        written.default_msec_format = ""
        self.setFormatter(written)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # a record whose arguments do not fit its message
            self.handleError(record)
            return
        if len(text) > LONGEST:
            # of a traceback the last lines say what happened
            half = LONGEST // 2
            text = f"{text[:half]}\n[…]\n{text[-half:]}"
        self._records.append(text)

    @property
    def records(self) -> tuple[str, ...]:
        """What is kept, the oldest first; times are UTC."""
        return tuple(self._records)
