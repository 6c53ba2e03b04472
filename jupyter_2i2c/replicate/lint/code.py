"""Rules about the Python in values; it is read, never executed. Called by lint/all_rules.py."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from ..importers.source import CHART, Finding, Path
from .subject import Subject

SNIPPETS: Path = (CHART, "hub", "extraConfig")


def syntax(subject: Subject) -> Iterator[Finding]:
    """Code that is no Python; the hub does not start with it."""
    snippets = subject.get(*SNIPPETS[1:]) or {}
    for name, text in snippets.items():
        if not isinstance(text, str):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}," if line else ""
            yield subject.finding(
                "no-python",
                "error",
                (*SNIPPETS, name),
                f"the code {name}{where} cannot be read: {getattr(error, 'msg', error)};"
                " the hub does not start",
                "mend it; `python -m py_compile` says the same",
            )
