"""The service's log: one line for each thing, as text or as JSON, without names of people and without tokens. Called by app.py."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

TEXT = "[%(levelname)1.1s %(asctime)s jupyter_2i2c] %(message)s"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: ``time``, ``level``, ``logger``, ``message``, ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_log(app_log: logging.Logger, *, as_json: bool) -> None:
    """Let the whole package write where the application does, the audit log's heads among it.

    Args:
        app_log: the application's own.
        as_json: whether lines are for machines.
    """
    formatter = JsonFormatter() if as_json else logging.Formatter(TEXT)
    package = logging.getLogger("jupyter_2i2c")
    package.setLevel(logging.INFO)
    package.propagate = False
    package.handlers = list(app_log.handlers)
    for handler in app_log.handlers:
        handler.setFormatter(formatter)
