"""The facts as text for a terminal. Called by `jupyter 2i2c info`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from .model import Culling, FactSheet, Span


def describe(sheet: FactSheet) -> str:
    """One line a fact: its name, its value, and in brackets where it comes from."""
    rows = []
    for each in fields(sheet.facts):
        value = getattr(sheet.facts, each.name)
        if value and each.name in sheet.provenance:
            source = sheet.provenance[each.name].source
            first, *rest = _lines(value) or [""]
            rows.append(f"{each.name:20} {first}  [{source}]")
            rows.extend(f"{'':20} {line}" for line in rest)
    return "\n".join(rows)


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value if len(value) <= 200 else f"{value[:60]}… ({len(value)} characters)"]
    if isinstance(value, Culling):
        return [f"idle for {value.timeout} s, at the latest after {value.max_age} s (0: never)"]
    if isinstance(value, tuple):
        if value and isinstance(value[0], Span):
            return " ".join("".join(_span(each) for each in value).split("\n")).splitlines()
        return [line for each in value for line in _lines(each)]
    if is_dataclass(value) and not isinstance(value, type):
        words = [str(getattr(value, each.name)) for each in fields(value)]
        return [", ".join(word for word in words if word)]
    return [str(value)]


def _span(span: Span) -> str:
    return f"{span.text} <{span.url}>" if span.url else span.text
