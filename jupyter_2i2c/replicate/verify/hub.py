"""The rungs of a hub that was captured where it runs, on what `build --target local` made of it. Called by verify/__init__.py."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..bundle import Bundle
from ..errors import ReplicateError
from ..targets import hub_local, local
from ..work import Work
from . import v2_local, v3_local, v4_configuration, v5_environment, v6_live, v7_hub
from .ladder import Rung, failed, not_run
from .replica import ReplicaFails, running

HUB = ("V2", "V3", "V4", "V6", "V7")
"""The rungs that are about a hub."""


def climb(
    bundle: Bundle,
    built: Path | None,
    python: Path | None,
    rebuild: bool,
    wanted: list[str],
    directory: Path,
    work: Work,
) -> dict[str, Rung]:
    """Climb V2 to V7; V5, where the bundle holds an environment, too.

    Arguments:
        bundle: of a hub that was captured where it runs.
        built: what `build` made of it.
        python: the interpreter that JupyterHub is installed for.
        rebuild: or build it now.
        wanted: the rungs to try.
        directory: of its own, for what is built now.
        work: told how far it is.
    """
    rungs = {
        "V5": not_run(
            "the bundle holds no environment; `capture env` in a user's server makes one, and"
            " `capture hub --environment` takes it along"
        ),
        "V8": not_run("the bundle holds no files of users; each takes them with `capture home`"),
        **{each: not_run("it was not asked for") for each in HUB if each not in wanted},
    }
    try:
        if built is not None:
            replica = hub_local.read_built(built)
        elif rebuild:
            replica = hub_local.build(
                bundle, directory / "hub", work, str(python) if python else None
            )
        else:
            why = "nothing is built; give --built DIR or --target local"
            return rungs | {each: not_run(why) for each in HUB}
    except ReplicateError as error:
        return {"V4": failed(f"it cannot be built: {error}")}
    if "V2" in wanted:
        rungs["V2"] = v2_local.check(bundle, replica, work)
    if "V3" in wanted:
        rungs["V3"] = v3_local.check(bundle, replica, work)
    environment = hub_local.environment_of(replica)
    if "V5" in wanted and local.has_environment(bundle):
        rungs["V5"] = v5_environment.check(
            bundle, environment.python if environment else None, environment, work
        )
    if "V4" in wanted:
        rungs["V4"] = v4_configuration.check(bundle, replica, python, work)
        if rungs["V4"].status == "fail":
            # what does not say the same is not started: it may be anything
            why = "V4 failed, and what differs is not started"
            return {**rungs, "V6": not_run(why), "V7": not_run(why)}
    if not {"V6", "V7"} & set(wanted):
        return rungs
    if "JupyterHub.authenticator_class" in replica.plan.settings and (
        replica.plan.settings["JupyterHub.authenticator_class"] != "dummy"
    ):
        why = "its login needs a person; build with --login dummy to have it tried"
        return {**rungs, "V6": not_run(why), "V7": not_run(why)}
    if not shutil.which("configurable-http-proxy"):
        why = "it needs configurable-http-proxy; install it with `npm install -g configurable-http-proxy`"
        return {**rungs, "V6": not_run(why), "V7": not_run(why)}
    try:
        with running(replica, hub_local.observed_of(bundle)["config"], python, work) as started:
            if "V6" in wanted:
                rungs["V6"] = v6_live.check(bundle, replica, started, work, python)
            if "V7" in wanted:
                moved = any(each.id == "environment" for each in replica.plan.changes)
                of_servers = environment.python if environment and moved else python
                rungs["V7"] = v7_hub.check(bundle, started, of_servers, work)
    except ReplicaFails as error:
        rungs["V6"] = failed(f"the replica does not run: {error}")
    return rungs
