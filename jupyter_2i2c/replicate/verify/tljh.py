"""The rungs of what `build --target tljh` made: V1, V3 and V4. Called by verify/__init__.py.

TLJH needs root and systemd on a machine of its own, so nothing starts it here; elsewhere.py asks one that
runs for V6 and V7.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..bundle import Bundle
from ..importers.yaml_reading import parse, read_text
from ..targets import hub_local, tljh
from ..work import Work
from . import v3_local, v4_configuration
from .footing import footing
from .kubernetes import joined
from .ladder import RUNGS, Result, Rung, Verification, judged, not_run

SCHEMA = Path(__file__).parents[1] / "schema" / "tljh-config.json"
OTHERS = {
    "V2": "nothing but the machine itself has what is referred to",
    "V5": "it is about an environment, and the bundle holds none",
    "V8": "it is about files of people, and the bundle holds none",
}
ONLY_THERE = (
    "it needs TLJH on a machine of its own, with root and systemd: start it as README.md says, and give its"
    " address with --live URL"
)


def is_asked_for(built: Path | None, target: str) -> bool:
    """Whether these rungs are the ones to climb.

    Arguments:
        built: what was given as built; may be none.
        target: what shall be built now; empty where nothing shall.
    """
    return tljh.is_built(built) if built is not None else target == "tljh"


def verify(
    bundle: Bundle,
    built: Path | None,
    python: Path | None,
    up_to: str,
    trust: str | None,
    directory: Path,
    work: Work,
) -> Verification:
    """Climb the ladder of a bundle for TLJH, as verify/__init__.py does for the others.

    Raises:
        ReplicateError: the bundle holds no hub that could be built for it.
    """
    base = footing(bundle, up_to, trust, work)
    wanted, rungs, broken = base.wanted, base.rungs, base.broken
    if not broken:
        if built is None:
            tljh.build(bundle, directory / "tljh", work)
            built = directory / "tljh"
        captured = hub_local.read_built(built / tljh.EXTRA / tljh.CAPTURED)
        if "V1" in wanted:
            rungs["V1"] = joined(rungs["V1"], _schema(built))
        if "V3" in wanted:
            rungs["V3"] = _equal(bundle, built, captured, work)
        if "V4" in wanted:
            loader = Path(tljh.EXTRA) / tljh.LOADER
            rungs["V4"] = v4_configuration.check(
                bundle, captured, python, work, top=built, file=loader
            )
    for name in RUNGS:
        if name not in rungs:
            why = f"{broken} failed" if broken else OTHERS.get(name, ONLY_THERE)
            rungs[name] = not_run(why if name in wanted else f"asked for no more than {up_to}")
    return Verification(str(bundle.place), {name: rungs[name] for name in RUNGS})


def _schema(built: Path) -> Rung:
    """TLJH's own file by our schema of the keys that it documents."""
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return not_run("jsonschema is not there; the extra `replicate` brings it")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    told = _said(built)
    items = {tljh.CONFIG: Result("pass", "by our schema of the keys that TLJH documents")}
    for error in Draft202012Validator(schema).iter_errors(told):
        items[f"{tljh.CONFIG} {error.json_path}"] = Result("fail", error.message)
    if len(items) > 1:
        del items[tljh.CONFIG]
    return judged(items, "files")


def _said(built: Path) -> object:
    text = read_text(built / tljh.CONFIG, built, tljh.CONFIG)
    return parse(text, tljh.CONFIG).node.plain()


def _equal(bundle: Bundle, built: Path, captured: hub_local.Built, work: Work) -> Rung:
    made, said = tljh.plan(bundle)
    items = dict(v3_local.files(bundle, captured.directory, work))
    items.update(v3_local.decisions(bundle, captured.directory, made))
    there = (built / tljh.EXTRA / tljh.LOADER).read_text("utf-8")
    items[tljh.LOADER] = (
        Result("pass") if there == tljh.CONFIGURATION else Result("fail", "it was changed")
    )
    told = _said(built)
    for key in sorted({*said, *(told if isinstance(told, dict) else {})}):
        same = isinstance(told, dict) and told.get(key) == said.get(key)
        items[f"{tljh.CONFIG}: {key}"] = (
            Result("pass") if same else Result("fail", "it is not what `plan` decides")
        )
    return judged(items, "files and decisions")
