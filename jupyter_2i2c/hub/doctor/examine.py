"""One examination of a hub. Called by `jupyter 2i2c doctor` and by the console's dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..handover import Handed, load
from .checks import findings
from .findings import Finding
from .live import look


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        findings: of every check, in the order of the checks.
        as_of: when the hub read the configuration that was looked at, as an ISO time.
    """

    findings: tuple[Finding, ...]
    as_of: str


async def examine(path: Path, *, ask: bool = True, token: str = "") -> Examination:
    """Look at the hub whose handover file this is.

    Args:
        path: the file that `setup_hub` wrote.
        ask: whether to ask hub and service, too.
        token: to look for servers that are older than the service: one of a person who may see
            everybody's servers. Empty: not looked for.

    Raises:
        UnreadableHandover: the file cannot be used.
    """
    handed = load(path)
    live = await look(path, handed, _traits(handed), ask=ask, token=token)
    return Examination(tuple(findings(handed.observed, live)), handed.observed.at)


def _traits(handed: Handed) -> Mapping[str, Any]:
    """The service's traits as it takes them: the configured ones over its defaults."""
    from ..app import HubService

    defaults = {
        name: trait.default_value for name, trait in HubService.class_traits(config=True).items()
    }
    return {**defaults, **handed.traits}
