"""A picture of lines over a part from 0 to 1, with a logarithmic scale upwards, as SVG. Called by the benchmarks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 60
COLOURS = ("#0b57a4", "#b26a00", "#b3261e", "#3b7d3b")
DASHES = ("", "8 4", "3 3", "12 3 3 3")
"""So that lines are told apart without their colours."""


@dataclass(frozen=True)
class Line:
    """A line and its name.

    Attributes:
        name: beside its end.
        points: each (part, value above 0).
    """

    name: str
    points: Sequence[tuple[float, float]]


def plot(title: str, across: str, up: str, lines: Sequence[Line]) -> str:
    """The picture.

    Args:
        title: above it.
        across: what goes from 0 to 100 %.
        up: what the values are.
        lines: what is drawn.
    """
    values = [value for line in lines for _, value in line.points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(part: float) -> float:
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    body = [
        f'<text x="{LEFT}" y="28" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text x="{x(0.5)}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>',
        (
            f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"'
            f' text-anchor="middle">{escape(up)}</text>'
        ),
    ]
    for exponent in range(low, high + 1):
        value = 10.0**exponent
        body.append(
            f'<path d="M{x(0)} {y(value):.1f}H{x(1)}" stroke="#d1d9e0"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for part in (0, 0.25, 0.5, 0.75, 1):
        body.append(
            f'<text x="{x(part)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{part:.0%}</text>'
        )
    taken: list[float] = []
    for index, line in enumerate(lines):
        path = " ".join(f"{x(part):.1f},{y(value):.1f}" for part, value in line.points)
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        end = y(line.points[-1][1])
        while any(abs(end - other) < 18 for other in taken):
            end += 4
        taken.append(end)
        body.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dash}"/>'
            f'<text x="{x(1) + 8}" y="{end + 4:.1f}" fill="{colour}">{escape(line.name)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2328"'
        f' role="img" aria-label="{escape(title)}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'
    )
