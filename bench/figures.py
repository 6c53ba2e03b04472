"""A figure and the bar it must reach. Called by the benchmarks."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Something measured.

    Attributes:
        what: in words.
        value: as it is shown.
        bar: what it must reach, in words; empty for what is only told.
        reached: whether it does; None without a bar.
    """

    what: str
    value: str
    bar: str = ""
    reached: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[self.reached]
        return f"{self.what}: {self.value} {f'({self.bar}) {verdict}' if self.bar else ''}"


def table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown."""
    rows = ["| what | measured | bar | reached |", "|---|---|---|---|"]
    for each in figures:
        reached = {True: "yes", False: "**no**", None: ""}[each.reached]
        rows.append(f"| {each.what} | {each.value} | {each.bar} | {reached} |")
    return "\n".join(rows)


def at_least(what: str, value: float, bar: float, more: str = "") -> Figure:
    """A ratio that must not fall below `bar`."""
    return Figure(what, f"{value:.2f}{more}", f"at least {bar}", value >= bar)


def at_most(what: str, value: float, bar: float, unit: str = "", more: str = "") -> Figure:
    """A number that must not rise above `bar`."""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return Figure(what, f"{shown}{unit}{more}", f"at most {bar:,}{unit}", value <= bar)


def bootstrap(pairs: Sequence[tuple[float, float]], rounds: int = 4000) -> tuple[float, float]:
    """The 95 % interval of the mean difference of pairs."""
    differences = [b - a for a, b in pairs]
    draw = random.Random(1)
    means = sorted(
        statistics.fmean(draw.choices(differences, k=len(differences))) for _ in range(rounds)
    )
    return means[math.floor(rounds * 0.025)], means[math.ceil(rounds * 0.975) - 1]


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of all lie."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
