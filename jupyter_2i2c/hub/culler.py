"""When this hub stops servers, from the arguments of its own culler. Called by handover.py.

The idle culler is a service that the hub starts, on z2jh and TLJH too; its command line is the
one place where its times are certain.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from ..model import Culling

PROGRAMS = ("jupyterhub-idle-culler", "jupyterhub_idle_culler", "cull_idle_servers.py")

DEFAULT_TIMEOUT = 600
"""Seconds that jupyterhub-idle-culler waits where it is not told otherwise."""


def culling_of(services: Iterable[Any]) -> Culling | None:
    """The culling done by the first of `services` that is an idle culler.

    Args:
        services: the hub's service specifications, as in ``c.JupyterHub.services``.

    Returns:
        The times; None where no service is a culler, or its arguments cannot be read.
    """
    for service in services:
        command = service.get("command") if isinstance(service, Mapping) else None
        if isinstance(command, str):
            command = command.split()
        if not isinstance(command, (list, tuple)):
            continue
        words = [str(word) for word in command]
        place = next((i for i, word in enumerate(words) if word.endswith(PROGRAMS)), None)
        if place is not None:
            return _read(words[place + 1 :])
    return None


class _Unreadable(Exception):
    pass


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise _Unreadable(message)


def _read(words: list[str]) -> Culling | None:
    parser = _Arguments(add_help=False, allow_abbrev=False)
    for name in ("timeout", "cull-every", "max-age"):
        # the culler takes both spellings, and the long form with its class name
        spellings = {name, name.replace("-", "_")}
        trait = f"IdleCuller.{name.replace('-', '_')}"
        flags = [f"--{each}" for each in sorted({*spellings, trait})]
        parser.add_argument(*flags, dest=name.replace("-", "_"), type=int, default=0)
    users = [f"--{each}" for each in ("cull-users", "cull_users", "IdleCuller.cull_users")]
    parser.add_argument(*users, dest="users", nargs="?", const="true", default="false")
    try:
        found, _ = parser.parse_known_args(words)
    except _Unreadable:
        return None
    timeout = found.timeout or DEFAULT_TIMEOUT
    return Culling(
        timeout=timeout,
        max_age=found.max_age,
        every=found.cull_every or timeout // 2,
        users=found.users.lower() not in ("false", "0", "no"),
    )
