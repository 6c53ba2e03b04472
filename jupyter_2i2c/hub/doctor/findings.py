"""What the doctor says. Made by the checks of both sides, shown by report.py and on the console's dashboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["red", "yellow", "not known", "green"]

ORDER: tuple[Severity, ...] = ("red", "yellow", "not known", "green")
"""The worst first."""

FORMAT = 1
"""The version of the JSON form. It only grows."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        id: the check's name; stays the same from version to version.
        severity: ``red`` (mend it now), ``yellow`` (a risk to know or to weigh), ``not known`` (it
            could not be looked at from here) or ``green``.
        title: what is the matter, as one sentence.
        found: what was seen. Holds names from the configuration: untrusted text.
        why: why it matters; empty where nothing is the matter.
        mend: what to do, where possible as lines of configuration to paste; may be empty.
    """

    id: str
    severity: Severity
    title: str
    found: str
    why: str = ""
    mend: str = ""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; what is equally bad stays in the order of the checks."""
    return sorted(findings, key=lambda each: ORDER.index(each.severity))


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst severity among the findings; green if there are none."""
    return min((each.severity for each in findings), key=ORDER.index, default="green")


def to_json(findings: Iterable[Finding], side: str, as_of: str) -> dict[str, Any]:
    """The JSON form.

    Args:
        findings: of all checks.
        side: ``hub`` or ``server``.
        as_of: when the configuration that was looked at was read; an ISO time, or empty.

    Returns:
        ``{"version": 1, "side": …, "as_of": …, "status": the worst severity, "counts": {severity:
        number}, "findings": [{"id", "severity", "title", "found", "why", "mend"}]}``.
    """
    ordered = in_order(findings)
    counts = Counter(each.severity for each in ordered)
    return {
        "version": FORMAT,
        "side": side,
        "as_of": as_of,
        "status": worst(ordered),
        "counts": {severity: counts[severity] for severity in ORDER},
        "findings": [asdict(each) for each in ordered],
    }
