"""The doctor's findings for a terminal. Called by command.py and server/doctor.py."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable

from ...text import visible
from .findings import ORDER, Finding, in_order

WORDS = {"red": "RED", "yellow": "YELLOW", "not known": "NOT KNOWN", "green": "FINE"}
COLOURS = {"red": "31", "yellow": "33", "not known": "36", "green": "32"}
WIDEST = 100
INDENT = " " * 9


def report(findings: Iterable[Finding], *, everything: bool = False, colour: bool = False) -> str:
    """The findings as text: what is the matter first, then how many checks found nothing.

    Args:
        findings: of all checks.
        everything: list what is fine, too.
        colour: whether the terminal shows colours.
    """
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    ordered = in_order(findings)
    blocks = []
    for each in ordered:
        if each.severity != "green":
            blocks.append("\n".join(_whole(each, width, colour)))
    if everything:
        fine = [_line(each, colour) for each in ordered if each.severity == "green"]
        blocks.append("\n".join(fine))
    blocks.append(_counts(ordered, everything))
    return "\n\n".join(each for each in blocks if each)


def _whole(finding: Finding, width: int, colour: bool) -> list[str]:
    lines = [f"{_word(finding, colour)}  {visible(finding.title)}"]
    lines += _part("Found", finding.found, width)
    lines += _part("Why", finding.why, width)
    lines += _mend(finding.mend, width)
    return lines


def _mend(text: str, width: int) -> list[str]:
    """Sentences are broken into lines, what is to be pasted is not."""
    lines: list[str] = []
    for each in visible(text).splitlines():
        sentence = each.endswith((".", ":"))
        lines += _wrapped(each, width - len(INDENT)) if sentence else [each]
    return [f"{INDENT if i else '  Mend   '}{each}" for i, each in enumerate(lines)]


def _part(name: str, text: str, width: int) -> list[str]:
    lines = _wrapped(visible(text), width - len(INDENT))
    return [f"{INDENT if i else f'  {name:6} '}{each}" for i, each in enumerate(lines)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _line(finding: Finding, colour: bool) -> str:
    text = f"{_word(finding, colour)}  {visible(finding.title)}"
    return f"{text}: {visible(finding.found)}" if finding.found else text


def _word(finding: Finding, colour: bool) -> str:
    word = WORDS[finding.severity]
    return f"\x1b[{COLOURS[finding.severity]};1m{word}\x1b[0m" if colour else word


def _counts(findings: list[Finding], everything: bool) -> str:
    counts = []
    for severity in ORDER:
        number = sum(each.severity == severity for each in findings)
        if number:
            counts.append(f"{number} {'fine' if severity == 'green' else severity}")
    more = "" if everything else " (--all lists what is fine)"
    return ", ".join(counts) + more
