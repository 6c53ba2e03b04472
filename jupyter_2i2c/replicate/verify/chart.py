"""Where things are in a directory with z2jh's chart, unpacked or as a checkout. Called by V1 and V4 of a hub on Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..importers.source import HubSource
from ..importers.yaml_reading import parse, read_text
from .built_k8s import defaults_of

SCHEMAS = ("values.schema.json", "values.schema.yaml")
CODE = ("files/hub/jupyterhub_config.py", "files/hub/z2jh.py")


def chart_in(directory: Path) -> Path:
    """The chart's own directory.

    Raises:
        ReplicateError: there is none.
    """
    for place in (directory, directory / "jupyterhub"):
        if (place / "values.yaml").is_file() and schema_of(place) is not None:
            return place.absolute()
    raise ReplicateError(
        f"{directory} holds no values.yaml with its values.schema; give the directory of the chart"
        " jupyterhub, unpacked or as a checkout"
    )


def schema_of(chart: Path) -> Path | None:
    """The schema of its values."""
    return next((chart / each for each in SCHEMAS if (chart / each).is_file()), None)


@cache
def defaults_in(chart: Path) -> Mapping[str, Any]:
    """The chart's own values."""
    document = parse(read_text(chart / "values.yaml", chart, "values.yaml"), "values.yaml")
    values: Mapping[str, Any] = document.node.plain()
    return values


def defaults_for(source: HubSource, chart: Path | None) -> Mapping[str, Any]:
    """z2jh's defaults, from the bundle or else from the chart that was given; empty where nobody knows them."""
    known = defaults_of(source.layers)
    return known if known or chart is None else defaults_in(chart_in(chart))


def version_of(chart: Path) -> str:
    """The chart's version; empty in a checkout, where it is not set."""
    path = chart / "Chart.yaml"
    if not path.is_file():
        return ""
    told = parse(read_text(path, chart, "Chart.yaml"), "Chart.yaml").node.plain()
    version = str(told.get("version") or "")
    return "" if "set.by" in version else version


def code_of(chart: Path) -> tuple[str, str] | None:
    """The texts of the hub's own configuration file and of its module; None where they are not there."""
    paths = [chart / each for each in CODE]
    if not all(path.is_file() for path in paths):
        return None
    return paths[0].read_text("utf-8"), paths[1].read_text("utf-8")
