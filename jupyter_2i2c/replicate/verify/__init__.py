"""Climbs the ladder of a bundle, one file a rung. Called by `jupyter 2i2c verify` and server/replicas.py."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from .. import archive
from ..bundle import Bundle, opened
from ..errors import ReplicateError, UnsafeBundle
from ..targets import hub_local, local
from ..work import CancelledCheck, Progress, Work
from . import v8_data
from .elsewhere import Live
from .ladder import RUNGS, Rung, Verification, failed, not_run

__all__ = ["Live", "Verification", "verify"]


def verify(
    place: Path | str,
    *,
    built: Path | None = None,
    python: Path | None = None,
    rebuild: bool = False,
    target: str = "",
    chart: Path | None = None,
    up_to: str = "V8",
    trust: str | None = None,
    identity: Path | None = None,
    live: Live | None = None,
    progress: Progress | None = None,
    cancelled: CancelledCheck | None = None,
) -> Verification:
    """Climb the ladder as far as it can be climbed here.

    Arguments:
        place: the bundle.
        built: a directory that `build` made of it.
        python: or the interpreter of any environment that shall be equal.
        rebuild: or build it now, in a directory that is removed afterwards.
        target: what to build: ``local``, ``tljh`` or ``k8s``; by default what the bundle is of: ``k8s``
            for a hub that a chart runs, else ``local``.
        chart: a directory with z2jh's chart, for a hub on Kubernetes.
        up_to: the last rung to try.
        trust: a public key; the bundle must be signed with its private one.
        identity: a file with the key of an encrypted bundle.
        live: a replica that runs elsewhere, which V6 and V7 ask; none is started here then.
        progress: told how far it is, see work.py.
        cancelled: asked whether to stop, see work.py.

    Returns:
        What each rung says. A bundle that fails V0 is climbed no further: what it says of itself
        cannot be believed.

    Raises:
        ReplicateError: it cannot even be opened.
        Cancelled: it was asked to stop.
    """
    from . import elsewhere, kubernetes, tljh

    if up_to not in RUNGS:
        raise ReplicateError(f"{up_to} is no rung; the rungs are {', '.join(RUNGS)}")
    work = Work(progress, cancelled)
    # rungs run them from other directories; a name without a directory is looked up in the PATH
    built = built.absolute() if built else None
    python = python.absolute() if python and len(python.parts) > 1 else python
    if not Path(place).exists():
        raise ReplicateError(f"{place} is not there; give the bundle's directory or file")
    if Path(place).suffix != ".age" and not archive.is_bundle(Path(place)):
        rungs = v8_data.check_home(Path(place), work)
        return Verification(str(place), rungs | _rest(rungs, "the archive holds no environment"))
    try:
        with (
            opened(Path(place), work, identity=identity) as bundle,
            tempfile.TemporaryDirectory(prefix="2i2c-verify-") as directory,
        ):
            if live and bundle.manifest().kind != "hub":
                raise ReplicateError(f"{place} holds no hub, and --live is the address of one")
            if kubernetes.is_asked_for(bundle, built, target if rebuild else ""):
                found = kubernetes.verify(
                    bundle, built, rebuild, chart, python, up_to, trust, Path(directory), work
                )
            elif tljh.is_asked_for(built, target if rebuild else ""):
                found = tljh.verify(bundle, built, python, up_to, trust, Path(directory), work)
            else:
                here = not live
                found = _climb(
                    bundle, built, python, rebuild, up_to, trust, Path(directory), work, here
                )
            return elsewhere.added(found, bundle, live, built, up_to, work) if live else found
    except UnsafeBundle as error:
        rungs = {"V0": failed(str(error))}
        return Verification(str(place), rungs | _rest(rungs, "V0 failed"))


def _climb(
    bundle: Bundle,
    built: Path | None,
    python: Path | None,
    rebuild: bool,
    up_to: str,
    trust: str | None,
    directory: Path,
    work: Work,
    here: bool,
) -> Verification:
    """Climb the ladder of an environment, or of a hub that runs from its own files; that is started if `here`."""
    from . import hub, v5_environment, v7_notebook
    from .footing import footing

    base = footing(bundle, up_to, trust, work)
    wanted, rungs = base.wanted, base.rungs
    if base.broken:
        return Verification(str(bundle.place), rungs | _rest(rungs, f"{base.broken} failed"))
    if hub_local.is_hub(bundle):
        wanted = [each for each in wanted if here or each not in ("V6", "V7")]
        rungs |= hub.climb(bundle, built, python, rebuild, wanted, directory, work)
        return Verification(
            str(bundle.place), rungs | _rest(rungs, f"asked for no more than {up_to}")
        )
    where = local.Built(built) if built else None
    if rebuild and where is None and python is None and "V5" in wanted:
        try:
            where = local.build(bundle, directory / "built", work)
        except ReplicateError as error:
            rungs["V5"] = failed(f"it cannot be built: {error}")
            return Verification(str(bundle.place), rungs | _rest(rungs, "V5 failed"))
    interpreter = python or (where.python if where else None)
    climb: dict[str, Callable[[], Rung]] = {
        "V5": lambda: v5_environment.check(bundle, interpreter, where, work),
        "V7": lambda: v7_notebook.check(bundle, interpreter, where, work),
        "V8": lambda: v8_data.check(bundle, work),
    }
    for name, check in climb.items():
        if name in wanted:
            rungs[name] = check()
    return Verification(str(bundle.place), rungs | _rest(rungs, f"asked for no more than {up_to}"))


def _rest(rungs: dict[str, Rung], why: str) -> dict[str, Rung]:
    about_hubs = {"V2", "V3", "V4", "V6"}
    return {
        name: not_run("it is about a hub, and the bundle holds none" if name in about_hubs else why)
        for name in RUNGS
        if name not in rungs
    }
