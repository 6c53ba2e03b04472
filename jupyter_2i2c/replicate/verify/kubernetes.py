"""The rungs of a hub that is built for Kubernetes: V1 to V4; elsewhere.py asks one that runs. Called by verify/__init__.py."""

from __future__ import annotations

from pathlib import Path

from ..bundle import Bundle
from ..errors import ReplicateError
from ..importers import bundled
from ..importers.source import HubSource
from ..targets import hub_local, k8s, local
from ..work import Work
from . import v1_kubernetes, v2_references, v3_equal, v4_kubernetes
from .built_k8s import is_built, read_built
from .footing import footing
from .ladder import RUNGS, Rung, Verification, failed, judged, not_run

NOT_BUILT = "nothing is built for Kubernetes; give --built DIR or --target k8s"
ONLY_RUNNING = (
    "it needs the hub in its cluster: start it as the README beside the values says, and give its address"
    " with --live URL"
)
NO_PART = "the bundle is of a hub, and holds none"
OTHERS = {
    "V5": f"it is about an environment; {NO_PART}",
    "V8": f"it is about files of people; {NO_PART}",
}


def is_asked_for(bundle: Bundle, built: Path | None, target: str) -> bool:
    """Whether these rungs are the ones to climb.

    Arguments:
        bundle: any.
        built: what was given as built; may be none.
        target: what shall be built now; empty where nothing shall.
    """
    if built is not None:
        return is_built(built)
    holds_hub = bundle.path(bundled.DESCRIPTION).is_file()
    if target in ("local", "tljh") and holds_hub:
        hub_local.required(
            bundle
        )  # what cannot be built is said here, and not as a fault of the hub
    return target == "k8s" or holds_hub


def verify(
    bundle: Bundle,
    built: Path | None,
    rebuild: bool,
    chart: Path | None,
    python: Path | None,
    up_to: str,
    trust: str | None,
    directory: Path,
    work: Work,
) -> Verification:
    """Climb the ladder of a bundle for Kubernetes, as verify/__init__.py does for the others.

    Raises:
        ReplicateError: the bundle holds no hub that could be built for Kubernetes.
    """
    base = footing(bundle, up_to, trust, work)
    wanted, rungs, broken = base.wanted, base.rungs, base.broken
    source = None
    if not broken and len(wanted) > 1:
        try:
            source = bundled.source_of(bundle)
        except ReplicateError as error:
            if not bundle.path(bundled.DESCRIPTION).is_file():
                raise
            broken = "V1"
            rungs["V1"] = failed(str(error))
    if source is not None:
        work.step(0, 0, "comparing what was built with the bundle")
        climbed = climb(
            source,
            built=built,
            rebuild=rebuild,
            chart=chart,
            python=python,
            wanted=wanted,
            directory=directory,
            work=work,
        )
        if "V1" in climbed:
            rungs["V1"] = joined(rungs["V1"], climbed.pop("V1"))
        rungs.update(climbed)
        if not climbed and rungs["V1"].status == "fail":
            broken = "V1"  # what was built cannot even be read
    for name in RUNGS:
        if name not in rungs:
            why = f"{broken} failed" if broken else OTHERS.get(name, ONLY_RUNNING)
            if name == "V5" and local.has_environment(bundle):
                why = "the environment becomes an image there; its own bundle is verified with --target local"
            rungs[name] = not_run(why if name in wanted else f"asked for no more than {up_to}")
    return Verification(str(bundle.place), {name: rungs[name] for name in RUNGS})


def climb(
    source: HubSource,
    *,
    built: Path | None = None,
    rebuild: bool = False,
    chart: Path | None = None,
    python: Path | None = None,
    wanted: list[str],
    directory: Path,
    work: Work | None = None,
) -> dict[str, Rung]:
    """Climb V1 to V4.

    Arguments:
        source: the hub, from its bundle.
        built: what `build --target k8s` made of it.
        rebuild: or build it now.
        chart: a directory with z2jh's chart, whose schema is asked and whose code is executed.
        python: the interpreter of the hub's image.
        wanted: the rungs to try.
        directory: of its own, for what is built now.
        work: told how far it is.

    Returns:
        The rungs of `wanted` among V1 to V4.
    """
    names = [each for each in ("V1", "V2", "V3", "V4") if each in wanted]
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
        rungs["V2"] = v2_references.check(hub, source, chart)
    if "V3" in wanted:
        rungs["V3"] = v3_equal.check(hub, source, chart)
    if "V4" in wanted:
        rungs["V4"] = v4_kubernetes.check(hub, source, chart, python, work or Work())
    return rungs


def joined(bundle: Rung, built: Rung) -> Rung:
    """V1 of a bundle's own files and of what was built of it, as one rung."""
    if not built.items:
        return built if built.status == "fail" else bundle
    items = {**bundle.items, **{f"built: {name}": each for name, each in built.items.items()}}
    return judged(items, "files and objects")
