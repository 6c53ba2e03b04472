"""Puts the environment that a hub's people work in into the hub's bundle, from a bundle of its own or from where it is. Called by recorded.py.

Both are captured where they are, which is seldom one machine: the hub beside the hub, and the
environment in a user's server.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import archive
from ..bundle import Bundle, Staging, opened
from ..errors import ReplicateError
from ..manifest import ENVIRONMENT_LAYERS, Manifest
from ..work import Work

TOP = "env/"
TEMPLATE = "secrets.template.env"


def put(staging: Staging, place: Path, work: Work) -> Manifest:
    """Put it in.

    Arguments:
        staging: the hub's bundle, while it is made.
        place: a bundle that `capture env` wrote, or the interpreter of an environment.
        work: told how far it is.

    Returns:
        What the environment says about itself.

    Raises:
        ReplicateError: it is neither, or the bundle is not whole.
    """
    with _bundle(place, staging.created, work) as bundle:
        manifest = bundle.manifest()
        foreign = [
            each.id
            for each in manifest.items
            if each.layer not in ENVIRONMENT_LAYERS or not (each.path or TOP).startswith(TOP)
        ]
        if foreign:
            # it comes from a user's server, and the hub's own report is not to be written there
            raise ReplicateError(
                f"{place} tells of what is no environment ({foreign[0]}); take it anew with `capture env`"
            )
        for name in bundle.names():
            if name.startswith(TOP):
                work.step(0, 0, "adding the environment")
                shutil.copyfile(bundle.path(name), staging.path_for(name))
                staging.added(name)
        if bundle.path(TEMPLATE).is_file():
            staging.add(f"{TOP}{TEMPLATE}", bundle.text(TEMPLATE))
        return manifest


@contextmanager
def _bundle(place: Path, created: str, work: Work) -> Iterator[Bundle]:
    packed = place.is_file() and archive.kind(place)
    if place.is_file() and not packed and os.access(place, os.X_OK):
        from ..capture.environment import capture_environment

        with tempfile.TemporaryDirectory(prefix="2i2c-environment-") as directory:
            made = Path(directory) / "environment"
            capture_environment(made, python=str(place), created=created, progress=work.step)
            with opened(made, work) as bundle:
                yield bundle
        return
    with opened(place, work) as bundle:
        from ..verify import v0_bag

        whole = v0_bag.check(bundle, None, work)
        if whole.status == "fail":
            raise ReplicateError(f"{place} is not whole: {whole.why}; take it anew")
        if bundle.manifest().kind != "environment":
            raise ReplicateError(
                f"{place} holds no environment but a {bundle.manifest().kind}; give what `capture env`"
                " wrote in a user's server, or an environment's interpreter"
            )
        yield bundle
