"""The audit log as files that other programs read. Called by auditing.py and by the console."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from .audit import Entry

COLUMNS = (
    "sequence",
    "time",
    "actor",
    "action",
    "target",
    "result",
    "reason",
    "source",
    "detail",
    "previous",
    "hash",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell, which anybody's words could begin with."""


def write_lines(entries: Iterable[Entry], file: TextIO) -> None:
    """Write entries as JSON, one a line."""
    for entry in entries:
        document = {**vars(entry), "time": entry.time.isoformat()}
        file.write(json.dumps(document, ensure_ascii=False) + "\n")


def write_csv(entries: Iterable[Entry], file: TextIO, *, heading: bool = True) -> None:
    """Write entries as CSV that a spreadsheet shows and does not compute."""
    writer = csv.writer(file, lineterminator="\n")
    if heading:
        writer.writerow(COLUMNS)
    for entry in entries:
        values = {
            **vars(entry),
            "time": entry.time.isoformat(),
            "target": json.dumps(entry.target, ensure_ascii=False),
            "detail": json.dumps(entry.detail, ensure_ascii=False),
        }
        writer.writerow([_cell(values[name]) for name in COLUMNS])


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
