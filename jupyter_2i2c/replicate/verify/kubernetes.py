"""The rungs of a hub that is built for Kubernetes: V1, V2 and V3. Called by verify/__init__.py."""

from __future__ import annotations

from pathlib import Path

from ..errors import ReplicateError
from ..importers.source import HubSource
from ..targets import k8s
from . import v1_kubernetes, v2_references, v3_equal
from .built_k8s import read_built
from .ladder import Rung, failed, judged, not_run

NOT_BUILT = "nothing is built for Kubernetes; give --built DIR or --target k8s"
ONLY_RUNNING = "it needs a cluster; follow the README beside the values"


def climb(
    source: HubSource,
    *,
    built: Path | None = None,
    rebuild: bool = False,
    chart: Path | None = None,
    wanted: list[str],
    directory: Path,
) -> dict[str, Rung]:
    """Climb V1 to V3.

    Arguments:
        source: the hub, from its bundle.
        built: what `build --target k8s` made of it.
        rebuild: or build it now.
        chart: a directory with z2jh's chart, whose schema is asked.
        wanted: the rungs to try.
        directory: of its own, for what is built now.

    Returns:
        The rungs of `wanted` among V1, V2 and V3.
    """
    names = [each for each in ("V1", "V2", "V3") if each in wanted]
    if built is None and not rebuild:
        return {each: not_run(NOT_BUILT) for each in names}
    try:
        place = built or k8s.build(source, directory / "k8s").directory
        hub = read_built(place)
    except ReplicateError as error:
        return {each: failed(str(error)) for each in names[:1]}
    rungs: dict[str, Rung] = {}
    if "V1" in wanted:
        rungs["V1"] = v1_kubernetes.check(hub, source, chart)
    if "V2" in wanted:
        rungs["V2"] = v2_references.check(hub, source)
    if "V3" in wanted:
        rungs["V3"] = v3_equal.check(hub, source)
    return rungs


def joined(bundle: Rung, built: Rung) -> Rung:
    """V1 of a bundle's own files and of what was built of it, as one rung."""
    items = {**bundle.items, **{f"built: {name}": each for name, each in built.items.items()}}
    return judged(items, "files and objects") if items else built
