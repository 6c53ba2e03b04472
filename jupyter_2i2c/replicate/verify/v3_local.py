"""V3 of a hub on one machine: what was built is what the bundle says, apart from the listed transforms. Called by verify/hub.py."""

from __future__ import annotations

import json
from pathlib import Path

from .. import checksums
from ..bundle import Bundle
from ..importers.recorded import ANNOUNCEMENTS, files_in
from ..targets import hub_local, service_store
from ..work import Work
from .ladder import Result, Rung, judged


def check(bundle: Bundle, built: hub_local.Built, work: Work) -> Rung:
    """Every file of the code byte for byte; every decision as `plan` makes it anew."""
    items = files(bundle, built.directory, work)
    port = int(str(built.plan.settings["JupyterHub.hub_bind_url"]).rpartition(":")[2]) - 1
    login = str(built.plan.settings.get("JupyterHub.authenticator_class", "dummy"))
    made = hub_local.plan(bundle, port=port, login=login)
    items.update(decisions(bundle, built.directory, made))
    text = hub_local.CONFIGURATION.format(bundle=bundle.place.name)
    config = (built.directory / hub_local.CONFIG).read_text("utf-8")
    # its first line names the bundle, which may have been renamed since
    if built.plan.store:
        kept = bundle.path(ANNOUNCEMENTS)
        items[service_store.FILE] = _equal(built.directory / service_store.FILE, kept)
    same = config.partition("\n")[2] == text.partition("\n")[2]
    items[hub_local.CONFIG] = Result("pass") if same else Result("fail", "it was changed")
    return judged(items, "files and decisions")


def files(bundle: Bundle, directory: Path, work: Work) -> dict[str, Result]:
    """Each file of the captured code, in ``source`` of a directory, and the overlay beside it."""
    work.step(0, 0, "comparing what was built")
    items: dict[str, Result] = {}
    source = directory / "source"
    main = hub_local.observed_of(bundle)["main"]
    wanted = {place: bundle.path(name) for place, name in files_in(bundle, main).items()}
    found = {path.relative_to(source).as_posix() for path in source.rglob("*")
             if path.is_file() and path.suffix != ".pyc"}  # fmt: skip
    for name in sorted(found - set(wanted)):
        items[f"source/{name}"] = Result("fail", "the bundle has no such file")
    wanted_here = {f"source/{name}": path for name, path in wanted.items()}
    for name, path in {**wanted_here, "replica.py": hub_local.OVERLAY}.items():
        items[name] = _equal(directory / name, path)
    return items


def decisions(bundle: Bundle, directory: Path, made: hub_local.Plan) -> dict[str, Result]:
    """Each part of replica.json, as `plan` decides it anew."""
    told = json.loads((directory / hub_local.DECIDED).read_text("utf-8"))
    return {
        f"replica.json: {name}": Result("pass")
        if told.get(name) == value
        else Result("fail", "it is not what `plan` decides")
        for name, value in hub_local.decided(bundle, made).items()
    }


def _equal(path: Path, wanted: Path) -> Result:
    if not path.is_file():
        return Result("fail", "it is not there")
    if checksums.of_file(path) != checksums.of_file(wanted):
        return Result("fail", "its bytes are not the bundle's")
    return Result("pass")
