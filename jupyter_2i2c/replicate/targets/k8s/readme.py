"""The steps that bring a built hub to a cluster, as a page beside the values. Called by targets/k8s."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ...importers.source import HubSource
from .planning import SECRET_VALUES, VALUES, ChartValues, Design


def readme(planned: Design, source: HubSource) -> str:
    """Markdown: what to decide, what to supply, and the commands, in their order."""
    hub = source.name
    lines = [
        f"# {source.hub.display_name or hub} on your own Kubernetes",
        "",
        f"Built from the hub `{hub}`{_of(source.cluster)}. You need `kubectl`, `helm` and",
        "the rights of an administrator of the cluster. Nothing here is the old operator's.",
        "",
        "## 1. What must be there already",
        "",
        *(f"* {_escaped(need)}" for need in planned.plan.needs),
        "",
        "## 2. Decide",
        "",
        "Put your own words in place of these, in every file here. What is forgotten reaches nobody;",
        "`grep -rn --include='*.yaml' replace-me- .` lists it.",
        "",
        "| stands here | was | what it is | how to decide |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{each.name}` | `{_cell(each.was)}` | {_cell(each.what)} | {_cell(each.how)} |"
            for each in planned.placeholders
        ),
        "",
        "## 3. Supply the secrets",
        "",
        "They are in no bundle. Put a value in place of each `<secret:…>`;",
        "`grep -rnE --include='*.yaml' '<secret:[A-Z]' .` lists what is left.",
        "",
        "| what | how to get it |",
        "| --- | --- |",
        *_secrets(planned),
        "",
        "## 4. Check it with your own tools",
        "",
        "Before anything is applied, `helm template` shows what the charts make of these values, and",
        "the cluster says whether it would take it:",
        "",
        "```shell",
        f"kubectl create namespace {hub}",
        f"{_template(planned.hub, hub)} | kubectl apply --namespace {hub} --dry-run=server -f -",
        "kubectl apply -k . --dry-run=server",
        "```",
        "",
        "`jupyter 2i2c verify BUNDLE --built . --chart DIR` says what of this was compared with the",
        "bundle, place by place, also after you filled it in.",
        "",
        "## 5. Start it",
        "",
        "```shell",
        *_secret_objects(planned, hub),
        "kubectl apply -k .",
        *(line for chart in planned.charts for line in _helm(chart, hub, f"charts/{chart.name}")),
        *_helm(planned.hub, hub, ""),
        "```",
        "",
        "## 6. Compare what runs",
        "",
        "Once the hub answers, `jupyter 2i2c people restore BUNDLE --live https://ADDRESS/` enters the users and",
        "groups of the bundle that it lacks, and `jupyter 2i2c verify BUNDLE --built . --live https://ADDRESS/`",
        "compares who and what is on it, and tries a server. `--help` says which tokens they need.",
        "",
        "## What is different from the source",
        "",
        *(f"* {_escaped(each.what)}: {_escaped(each.why)}" for each in planned.plan.steps),
        "",
    ]
    return "\n".join(lines)


def _of(cluster: str) -> str:
    return f" of the cluster `{cluster}`" if cluster else ", as it ran"


def _secrets(planned: Design) -> Iterator[str]:
    for step in planned.plan.of_kind("secret"):
        yield f"| {_cell(step.what)} | {_cell(step.action)} |"


def _secret_objects(planned: Design, hub: str) -> Iterator[str]:
    if planned.secrets:
        yield f"kubectl apply --namespace {hub} -f secrets/"


def _helm(chart: ChartValues, hub: str, base: str) -> Iterator[str]:
    oci = chart.repository.startswith("oci://")
    release = hub if not base else f"{hub}-{chart.name}"
    repository = shlex.quote(chart.repository)
    reference = repository if oci else chart.name
    command = f"helm upgrade --install {release} {reference} --namespace {hub}"
    if chart.repository and not oci:
        command += f" --repo {repository}"
    if chart.version:
        command += f" --version {chart.version}"
    values = f"{base}.yaml" if base else VALUES
    secrets = f"{base}.secrets.yaml" if base else SECRET_VALUES
    yield f"{command} --values {values}" + (f" --values {secrets}" if chart.secrets else "")


def _template(chart: ChartValues, hub: str) -> str:
    command = next(_helm(chart, hub, ""))
    return command.replace("helm upgrade --install", "helm template")


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Text from a configuration, as no markup of its own."""
    return text.replace("\n", " ").replace("<", "&lt;").replace("`", "'")
