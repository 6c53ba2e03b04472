"""Goes over the hubs of a deployments repository. Called by `jupyter 2i2c lint --infrastructure`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..importers.checkout import Checkout
from ..importers.infrastructure import read_from
from ..importers.source import SEVERITIES, Finding, HubSource
from ..work import Work
from .all_rules import HubFindings, lint, same_addresses, to_json

PLACE = re.compile(r"([^\s:]+\.\w+)(?::(\d+))?:? ")
"""How an error begins that names a file."""


@dataclass
class RepositoryFindings:
    """What was found in all of it.

    Attributes:
        hubs: by cluster and name, in the repository's order.
        general: what is of no single hub, such as a file that cannot be read.
    """

    hubs: list[HubFindings] = field(default_factory=list)
    general: list[Finding] = field(default_factory=list)

    def count(self, severity: str) -> int:
        """How many findings have it."""
        of_hubs = sum(each.count(severity) for each in self.hubs)
        return of_hubs + sum(each.severity == severity for each in self.general)

    def reaches(self, severity: str) -> bool:
        """Whether there is one of this severity or a worse one."""
        worse = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(self.count(each) for each in worse)

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return to_json(self.hubs, self.general)


def lint_repository(
    directory: Path,
    *,
    cluster: str = "",
    hub: str = "",
    rendered: Path | None = None,
    chart: Path | None = None,
    work: Work | None = None,
) -> RepositoryFindings:
    """Look at every hub, or at those of one cluster, or at one.

    Arguments:
        directory: the checkout.
        cluster: only its hubs.
        hub: only this one, of `cluster`.
        rendered: a directory with the computed layers, where there is no jsonnet.
        chart: a directory with the plain chart.
        work: told how far it is.

    Raises:
        ReplicateError: there is no such repository, cluster or hub. A hub that cannot be read is a
            finding, unless it is the one that was asked for.
    """
    work = work or Work()
    checkout = Checkout(directory, chart=chart, rendered=rendered)
    wanted = _wanted(checkout, cluster, hub)
    found = RepositoryFindings()
    if not cluster:
        found.general += [_unreadable(error, name) for name, error in checkout.unreadable.items()]
        found.general += [_passed_over(name, why) for name, why in checkout.passed_over.items()]
    sources: list[HubSource] = []
    for done, (its_cluster, name) in enumerate(wanted):
        work.step(done, len(wanted), f"{its_cluster}/{name}")
        try:
            source = read_from(checkout, its_cluster, name)
        except ReplicateError as error:
            if hub:
                raise
            found.hubs.append(HubFindings(its_cluster, name, (_unreadable(error),)))
            continue
        found.hubs.append(lint(source))
        sources.append(_without_values(source))
    found.general += same_addresses(sources)
    return found


def _wanted(checkout: Checkout, cluster: str, hub: str) -> list[tuple[str, str]]:
    if hub and not cluster:
        raise ReplicateError("hubs of several clusters share names; give --cluster with --hub")
    if cluster:
        names = list(checkout.cluster(cluster).hubs())
        if hub and hub not in names:
            known = ", ".join(names) or "none"
            raise ReplicateError(f"{cluster} has no hub {hub!r}; there are: {known}")
        return [(cluster, name) for name in names if not hub or name == hub]
    return checkout.hubs()


def _unreadable(error: ReplicateError, file: str = "") -> Finding:
    place = PLACE.match(str(error))
    if place:
        file = place[1]
    line = int(place[2] or 0) if place else 0
    mend = "mend the file that it names"
    return Finding("cannot-be-read", "error", file, line, "", str(error), mend)


def _passed_over(file: str, why: str) -> Finding:
    mend = "if it is of a cluster that runs, give a whole checkout; else leave it"
    return Finding("passed-over", "note", file, 0, "", why, mend)


def _without_values(source: HubSource) -> HubSource:
    """Only which hub it was: all values of a whole repository need not be in memory at once."""
    return HubSource(hub=source.hub, values={}, layers=(), origins={})


def lint_text(found: RepositoryFindings, severities: Iterable[str]) -> str:
    """For a terminal: each finding with file and line, then a summary."""
    shown = set(severities)
    lines: list[str] = []
    for hub in found.hubs:
        picked = [each for each in hub.findings if each.severity in shown]
        if picked:
            lines += [f"{hub.cluster}/{hub.hub}", *_lines(picked), ""]
    general = [each for each in found.general if each.severity in shown]
    if general:
        lines += ["the repository", *_lines(general), ""]
    worst = [hub for hub in found.hubs if hub.count("error")]
    counts = ", ".join(
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in SEVERITIES
        for number in [found.count(severity)]
    )
    hubs = len(found.hubs)
    lines.append(
        f"{hubs} hub{'' if hubs == 1 else 's'} looked at: {counts}"
        + (
            f"; errors in {', '.join(f'{each.cluster}/{each.hub}' for each in worst)}"
            if worst
            else ""
        )
    )
    hidden = [each for each in SEVERITIES if each not in shown and found.count(each)]
    if hidden:
        lines.append(f"--all shows the {' and '.join(each + 's' for each in hidden)}, too.")
    return "\n".join(lines)


def _lines(findings: Iterable[Finding]) -> list[str]:
    lines = []
    for each in findings:
        where = each.where or each.pointer or "-"
        lines.append(f"  {each.severity:7} {where}  {each.id}")
        lines.append(f"          {_one_line(each.message)}")
        lines.append(f"          mend: {_one_line(each.mend)}")
    return lines


def _one_line(text: str) -> str:
    """A text of a configuration, without what a terminal would act on."""
    return "".join(each if each.isprintable() else " " for each in " ".join(text.split()))
