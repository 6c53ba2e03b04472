"""What of this server's environment and of its hub is open, tied or not known. Called by evidence.py; loaded when somebody looks."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..model import EvidenceSheet, LayerEvidence, from_json
from ..replicate.capture.interpreter import Interpreter, interpreter
from ..replicate.errors import ReplicateError
from ..replicate.evidence import environment
from ..replicate.evidence.layers import IMAGES_CONTENT, put_together, sheet_to_json
from .hub_client import HubClient, HubError

MAX_AGE = 600.0
"""Seconds after which the service is asked again, once somebody looks."""

WHY = {
    "no-hub": ("no hub started this server", ""),
    "no-service": (
        "this hub has no service that tells it",
        "the operator adds jupyter_2i2c to the hub, or a newer version of it",
    ),
    "restart": ("this server started before the hub's service did", "restart your server"),
    "unavailable": ("the hub's service does not tell it now", "look again later"),
}
"""Why nothing is known of the hub's layers, by the state of its service."""

UNREADABLE = ("this environment could not be looked at", "the server's log says why")


class LayersHere:
    """Looks when somebody asks, and again only where something was installed meanwhile.

    Args:
        hub: the way to the service.
        python: gives the interpreter of the default kernel; None for the server's own.
        log: for what cannot be looked at.
        environ: the server's variables.
    """

    def __init__(
        self,
        hub: HubClient,
        python: Callable[[], str | None],
        log: logging.Logger | Any,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._hub = hub
        self._python = python
        self._log = log
        self._environ = environ
        self._of_hub = EvidenceSheet("")
        self._etag = ""
        self._state = "unavailable"
        self._ask_again = 0.0
        self._looked_at: object = None
        self._here: tuple[LayerEvidence, ...] = ()
        self._interpreter: tuple[str | None, Interpreter] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def answer(self) -> dict[str, Any]:
        """The JSON for the panel."""
        async with self._one_at_a_time:
            if time.monotonic() >= self._ask_again:
                await self._ask()
            here = await asyncio.to_thread(self._look)
        lacking = dict.fromkeys(("infrastructure", "cloud"), WHY[self._state])
        if not here:
            lacking["environment"] = UNREADABLE
        of_hub = _without_this_image(self._of_hub.layers) if here else self._of_hub.layers
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return sheet_to_json(put_together(now, [here, of_hub], lacking))

    async def _ask(self) -> None:
        wait = MAX_AGE
        try:
            answer = await self._hub.ask_service("v1/evidence", self._etag)
            if answer.body is not None:
                self._of_hub, self._etag = from_json(EvidenceSheet, answer.body), answer.etag
        except ValueError as error:
            self._log.warning("jupyter_2i2c: the service's evidence cannot be read: %s", error)
        except HubError as error:
            self._state = error.state if error.state in WHY else "unavailable"
            if error.state in ("no-hub", "no-service"):
                self._of_hub, self._etag = EvidenceSheet(""), ""
            else:
                wait = min(error.retry_after, MAX_AGE)
        self._ask_again = time.monotonic() + wait * random.uniform(0.9, 1.1)

    def _look(self) -> tuple[LayerEvidence, ...]:
        """The environment, in a thread: with hundreds of packages it takes some tenths of a second."""
        try:
            of = self._of(self._python())
            stamp = environment.stamp(of, self._environ)
            if stamp != self._looked_at:
                self._here = environment.look(of, self._environ, Path.home())
                self._looked_at = stamp
        except (ReplicateError, OSError, ValueError) as error:
            self._log.warning("jupyter_2i2c: the environment cannot be looked at: %s", error)
            self._here, self._looked_at = (), None
        return self._here

    def _of(self, python: str | None) -> Interpreter:
        """Who it is, asked once: for another one than this, it is a process."""
        if self._interpreter is None or self._interpreter[0] != python:
            self._interpreter = python, interpreter(python)
        return self._interpreter[1]


def _without_this_image(layers: Iterable[LayerEvidence]) -> list[LayerEvidence]:
    """What the hub says, without that nobody knows what is in its one image: it is the one that runs here."""
    return [
        replace(layer, items=tuple(each for each in layer.items
                                   if each.id != IMAGES_CONTENT or each.count > 1))
        for layer in layers
    ]  # fmt: skip


def python_of_kernel(manager: Any) -> str | None:
    """The interpreter that a server's notebooks run on by default; None where it is the server's own.

    Args:
        manager: of the server's kernels.
    """
    try:
        specs = manager.kernel_spec_manager
        command = specs.get_kernel_spec(manager.default_kernel_name).argv[0]
    except Exception:  # whatever is wrong with a kernel, the server's own environment can be told
        return None
    named = Path(command)
    return command if named.is_absolute() and named.name.startswith("python") else None
