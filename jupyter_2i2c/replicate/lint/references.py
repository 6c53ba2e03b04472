"""Rules about names of objects that nobody makes. Called by lint/all_rules.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..importers.source import CHART, Finding
from ..targets.k8s.objects import PROMETHEUS, objects_of
from ..targets.k8s.provided import (
    Provided,
    maker_of,
    provided_by_chart,
    provided_by_objects,
    provided_by_others,
)
from ..targets.k8s.references import (
    Reference,
    references_of_chart,
    references_of_hub,
)
from ..targets.k8s.references import mounts_without_volume as _mounts_without_volume
from .subject import Subject

BESIDE = ("binderhub-service", "dask-gateway", "jupyterhub-home-nfs", "jupyterhub-groups-exporter")
"""Charts beside z2jh that an umbrella chart brings along."""


def dangling(subject: Subject) -> Iterator[Finding]:
    """A name that neither the charts nor the umbrella's own templates make."""
    source = subject.source
    provided = [
        *provided_by_chart(subject.values, source.name),
        *provided_by_others(source.values),
        *_of_umbrella(subject),
    ]
    seen: set[str] = set()
    for reference, chart in _references(subject):
        maker, why = maker_of(reference, provided)
        if not why or reference.optional or reference.id in seen:
            continue
        seen.add(reference.id)
        by_hand = reference.kind == "Secret" and maker is None
        yield subject.finding(
            "dangling-reference",
            "warning" if by_hand else "error",
            (CHART, *reference.path) if chart == CHART else reference.path,
            f"{reference.needed_by} needs {reference.id}: {why}"
            + (" in these files, so it was made by hand or is not there" if by_hand else ""),
            "make it, write its name as it is, or mark the reference optional",
        )


def _references(subject: Subject) -> Iterator[tuple[Reference, str]]:
    for reference in references_of_hub(subject.values):
        yield reference, CHART
    for name in BESIDE:
        values: Any = subject.source.values.get(name)
        if isinstance(values, dict) and values.get("enabled"):
            for reference in references_of_chart(name, values):
                yield reference, name


def _of_umbrella(subject: Subject) -> Iterator[Provided]:
    source = subject.source
    if not source.umbrella:
        return
    distribution = str(source.umbrella.get("k8s_distribution") or "")
    yield from provided_by_objects(objects_of(source.values, source.name, distribution))
    keys = frozenset({"username", "password"})
    yield Provided("Secret", PROMETHEUS, keys, "the umbrella chart, empty")


def mounts_without_volume(subject: Subject) -> Iterator[Finding]:
    """A mount of a volume that users' pods do not have."""
    for reference in _mounts_without_volume(subject.values):
        yield subject.finding(
            "mount-without-volume",
            "error",
            (CHART, *reference.path),
            f"users' pods mount the volume {reference.name} and have none of this name;"
            " no server starts",
            "add the volume, or empty the mount",
        )


def empty_secrets(subject: Subject) -> Iterator[Finding]:
    """A Secret that the umbrella chart makes empty, for another program to fill."""
    if not subject.source.umbrella:
        return
    for reference in references_of_hub(subject.values):
        if (reference.kind, reference.name) == ("Secret", PROMETHEUS):
            yield subject.finding(
                "empty-secret",
                "note",
                (CHART, *reference.path),
                f"the Secret {PROMETHEUS} is made empty and filled from another namespace by a program"
                " of the operator's; elsewhere the hub does not start before somebody fills it",
                "supply its username and password when the hub is rebuilt",
            )
            return
