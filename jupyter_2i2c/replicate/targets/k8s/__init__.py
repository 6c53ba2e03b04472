"""Builds a hub for Kubernetes: values for z2jh's own chart and the objects around them. Called by `jupyter 2i2c build --target k8s` and verify/."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...appearing import appearing
from ...errors import ReplicateError
from ...importers.source import HubSource
from ...paths import inside
from ...yaml_text import yaml_text
from .objects import NAME, Object
from .planning import SECRET_VALUES, VALUES, ChartValues, Design, design
from .readme import readme

NOTES = "build.json"
VERSION = re.compile(r"[\w.+-]*", re.ASCII)
KUSTOMIZATION = "kustomization.yaml"
SECRETS_HEAD = """\
What is secret, over {file}. Put a value in each place <secret:…>, and keep this file where secrets
are kept. The README says what each is and who issues it."""


@dataclass(frozen=True)
class Built:
    """A hub that was built.

    Attributes:
        directory: where.
        design: what was written.
    """

    directory: Path
    design: Design


def build(source: HubSource, directory: Path, bundle: str = "") -> Built:
    """Write values, objects, templates of secrets and the steps to take.

    Arguments:
        source: the hub.
        directory: that is not there yet; it appears when it is whole.
        bundle: the SHA-256 of the bundle's manifest, if it is of one.

    Raises:
        ReplicateError: it cannot be written, or has names that Kubernetes does not take; nothing is
            left behind.
    """
    with appearing(directory) as partial:
        planned = design(source)
        _check_names(planned, source)
        for name, text in files_of(planned, source, bundle).items():
            path = inside(partial, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return Built(directory.absolute(), planned)


def _check_names(planned: Design, source: HubSource) -> None:
    """Names become files, and words of commands that people paste."""
    for chart in (planned.hub, *planned.charts):
        if not NAME.fullmatch(chart.name) or not VERSION.fullmatch(chart.version):
            raise ReplicateError(
                f"{chart.name!r} {chart.version!r} is no chart's name and version; look at the values"
            )
    if not NAME.fullmatch(source.name):
        raise ReplicateError(
            f"{source.name!r} cannot be a namespace of Kubernetes: small letters, digits and -;"
            " capture the hub under such a name"
        )


def files_of(planned: Design, source: HubSource, bundle: str = "") -> dict[str, str]:
    """Every file, by its name; the same hub gives the same bytes."""
    hub = planned.hub
    files = {
        VALUES: yaml_text(
            dict(hub.values),
            f"Values for the chart {hub.name} {hub.version}, of the hub {source.name}.",
        )
    }
    if hub.secrets:
        files[SECRET_VALUES] = yaml_text(dict(hub.secrets), SECRETS_HEAD.format(file=VALUES))
    for chart in planned.charts:
        files.update(_of_chart(chart, source.name))
    names = {}
    for number, each in enumerate(planned.objects, 1):
        names[_name(each, number)] = each
    files.update({f"objects/{name}": yaml_text(each) for name, each in names.items()})
    for each in planned.secrets:
        head = f"To fill in, then: kubectl apply --namespace {source.name} -f secrets/"
        files[f"secrets/{each['metadata']['name']}.yaml"] = yaml_text(each, head)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": source.name,
        "resources": [f"objects/{name}" for name in names],
    }
    files[KUSTOMIZATION] = yaml_text(kustomization)
    files["README.md"] = readme(planned, source)
    files[NOTES] = json.dumps(_notes(planned, source, bundle), indent=1, ensure_ascii=False) + "\n"
    return files


def _of_chart(chart: ChartValues, hub: str) -> dict[str, str]:
    name = f"charts/{chart.name}.yaml"
    head = f"Values for the chart {chart.name} {chart.version}, beside the hub {hub}."
    files = {name: yaml_text(dict(chart.values), head)}
    if chart.secrets:
        text = yaml_text(dict(chart.secrets), SECRETS_HEAD.format(file=name))
        files[f"charts/{chart.name}.secrets.yaml"] = text
    return files


def _name(document: Object, number: int) -> str:
    kind, name = document["kind"].lower(), document["metadata"]["name"]
    return f"{number:02}-{kind}-{name}.yaml"


def _notes(planned: Design, source: HubSource, bundle: str) -> dict[str, Any]:
    charts = [planned.hub, *planned.charts]
    return {
        "target": "k8s",
        "hub": source.name,
        "cluster": source.cluster,
        "bundle": bundle,
        "charts": [
            {"name": each.name, "version": each.version, "repository": each.repository}
            for each in charts
        ],
        "placeholders": {
            each.name: {"was": each.was, "what": each.what, "how": each.how}
            for each in planned.placeholders
        },
    }
