"""How the charts of a hub are put inside each other, told by what the charts say they depend on. Called by infrastructure.py."""

from __future__ import annotations

from dataclasses import dataclass

from .checkout import Chart, Checkout
from .source import CHART

UMBRELLA = "basehub"
"""What 2i2c calls its chart around the plain one; taken where the charts themselves are not there."""


@dataclass(frozen=True)
class Shape:
    """How the charts of a hub are nested.

    Attributes:
        outer: the chart around the plain one; None where there is none, or it is not there.
        nesting: the key under which a chart around `outer` nests everything; may be empty.
        outermost: that chart; None where there is none, or it is not there.
        plain: whether the hub's chart is the plain one, so that nothing is nested at all.
    """

    outer: Chart | None = None
    nesting: str = ""
    outermost: Chart | None = None
    plain: bool = False


def shape_of(checkout: Checkout, helm_chart: str) -> Shape:
    """How the charts of a hub with this chart are nested."""
    if helm_chart == CHART:
        return Shape(plain=True)
    chart = checkout.chart(helm_chart)
    if chart is None:
        umbrella = checkout.chart(UMBRELLA)
        return Shape(umbrella, "" if helm_chart in ("", UMBRELLA) else UMBRELLA)
    if CHART not in chart.dependencies:
        for name, told in chart.dependencies.items():
            inner = checkout.chart(told["name"])
            if inner is not None and CHART in inner.dependencies:
                return Shape(inner, name, chart)
    return Shape(chart)
