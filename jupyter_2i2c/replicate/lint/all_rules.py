"""All rules, tried on one hub. Called by repository.py and by tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..importers.source import SEVERITIES, Finding, HubSource
from . import code, images, kinds, layers, profiles, references, roles, settings
from .subject import Subject

Rule = Callable[[Subject], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    kinds.of_another_kind,
    layers.empty_values,
    roles.lost_scopes,
    roles.servers_that_mint_tokens,
    roles.services_with_all_rights,
    roles.roles_without_service,
    profiles.default_inside_override,
    profiles.several_defaults,
    profiles.guarantee_over_limit,
    profiles.same_prefix,
    images.unpinned_images,
    images.no_digest,
    images.template_branch,
    references.dangling,
    references.mounts_without_volume,
    references.empty_secrets,
    settings.placeholders,
    settings.authenticator,
    settings.homepage,
    settings.sections,
    code.syntax,
)
"""All rules, in the order in which they are tried."""


@dataclass(frozen=True)
class HubFindings:
    """What was found in one hub.

    Attributes:
        cluster, hub: which.
        findings: the worst first, each by file and line.
    """

    cluster: str
    hub: str
    findings: tuple[Finding, ...]

    def count(self, severity: str) -> int:
        """How many have it."""
        return sum(each.severity == severity for each in self.findings)


def lint(source: HubSource) -> HubFindings:
    """Look at one hub; what its importer noticed is among the findings."""
    subject = Subject(source)
    found = [*source.findings]
    for rule in RULES:
        found += rule(subject)
    return HubFindings(source.cluster, source.name, tuple(_in_order(found)))


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    unique = {(each.id, each.file, each.line, each.pointer): each for each in found}
    return sorted(
        unique.values(),
        key=lambda each: (SEVERITIES.index(each.severity), each.file, each.line, each.id),
    )


def same_addresses(sources: Iterable[HubSource]) -> list[Finding]:
    """Hubs of one repository that answer at one address; only one of them does."""
    by_domain: dict[str, list[HubSource]] = {}
    for source in sources:
        if source.hub.domain:
            by_domain.setdefault(source.hub.domain, []).append(source)
    return [
        Finding(
            "same-address",
            "error",
            "",
            0,
            "",
            f"{domain} is the address of {', '.join(f'{each.cluster}/{each.name}' for each in same)};"
            " only one of them can answer there",
            "give each hub an address of its own in its cluster.yaml",
        )
        for domain, same in sorted(by_domain.items())
        if len(same) > 1
    ]


def to_json(found: Iterable[HubFindings], general: Iterable[Finding] = ()) -> dict[str, Any]:
    """What ``--json`` prints."""
    found, general = list(found), list(general)
    counts = Counter(each.severity for hub in found for each in hub.findings)
    counts.update(each.severity for each in general)
    return {
        "summary": {
            "hubs": len(found),
            **{severity: counts[severity] for severity in SEVERITIES},
        },
        "findings": [
            {"cluster": hub.cluster, "hub": hub.hub, **_plain(each)}
            for hub in found
            for each in hub.findings
        ]
        + [_plain(each) for each in general],
    }


def _plain(finding: Finding) -> Mapping[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity,
        "file": finding.file,
        "line": finding.line,
        "pointer": finding.pointer,
        "message": finding.message,
        "mend": finding.mend,
    }
