"""Helm's rules for laying values over values. Called by infrastructure.py.

Between value files: maps merge, everything else replaces, null included. Over a chart's defaults a null
deletes the default it lands on and otherwise stays; a parent chart's values for a subchart are not yet
that subchart's defaults, so that a null among them stays until it meets those. This is what Helm 3 does;
Helm 4 treats some nulls differently, which is why values are shipped merged.
"""

from __future__ import annotations

from collections.abc import Collection

from .yaml_reading import Node


def over_file(below: Node, above: Node) -> Node:
    """One value file over another."""
    merged = dict(below.value)
    for key, node in above.value.items():
        present = merged.get(key)
        if present is not None and isinstance(present.value, dict) and isinstance(node.value, dict):
            merged[key] = over_file(present, node)
        else:
            merged[key] = node
    return Node(merged, above.line, above.source)


def over_chart(values: Node, defaults: Node, subcharts: Collection[str] = ()) -> Node:
    """Values over the defaults of the chart that they are for.

    Arguments:
        values: of all files.
        defaults: the chart's ``values.yaml``.
        subcharts: names of the chart's dependencies, below which nulls stay.
    """
    return _over(values, defaults, frozenset(subcharts), keep_nulls=False)


def over_parent(values: Node, defaults: Node) -> Node:
    """Values for a subchart over those that its parent chart has for it: nulls stay."""
    return _over(values, defaults, frozenset(), keep_nulls=True)


def _over(values: Node, defaults: Node, subcharts: frozenset[str], *, keep_nulls: bool) -> Node:
    merged = {}
    for key, node in values.value.items():
        default = defaults.value.get(key)
        if default is None:
            merged[key] = node
        elif node.value is None and not keep_nulls:
            continue  # deleted
        elif isinstance(node.value, dict) and isinstance(default.value, dict):
            keep = keep_nulls or key in subcharts
            merged[key] = _over(node, default, frozenset(), keep_nulls=keep)
        else:
            merged[key] = node
    for key, default in defaults.value.items():
        if key not in values.value:
            merged[key] = default
    return Node(merged, values.line, values.source)
