"""Where things are in a directory with z2jh's chart, unpacked or as a checkout. Called by V1 and V4 of a hub on Kubernetes."""

from __future__ import annotations

from pathlib import Path

from ..errors import ReplicateError

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


def code_of(chart: Path) -> tuple[str, str] | None:
    """The texts of the hub's own configuration file and of its module; None where they are not there."""
    paths = [chart / each for each in CODE]
    if not all(path.is_file() for path in paths):
        return None
    return paths[0].read_text("utf-8"), paths[1].read_text("utf-8")
