"""What a hub becomes on any Kubernetes: z2jh's own values, the objects around them, and every decision in between. Called by targets/k8s, `plan` and V3.

What the umbrella chart nested moves up; what it made becomes objects; charts beside z2jh get values of
their own; what belongs to the old cloud becomes a placeholder; secrets move to files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ...importers.source import CHART, HubSource, Path, at, leaves, pointer
from ...plan import Change, Plan, Step
from .clouds import EVERYWHERE, INGRESS_CLASS, LOAD_BALANCER, SELECTORS, WITHOUT
from .objects import Object, objects_of, secret_template, secrets_of
from .objects_seen import decisions_in, objects_seen
from .placeholders import MARK, Placeholder, Placeholders
from .references import NAME_TEMPLATE, references_of_hub, resolved

SLOT = "<secret:"
VALUES = "values.yaml"
SECRET_VALUES = "secrets.values.yaml"  # noqa: S105 -- a file's name
FACTS = ("nfs", "userServiceAccount", "nodePlaceholder", "inClusterNFS")
"""Values of the umbrella chart that only its own objects are made from."""

CODE_SECRETS = "replica-secrets"
ENVIRONMENTS: dict[Path, Path] = {
    (CHART, "hub"): (CHART, "hub", "extraEnv"),
    ("binderhub-service",): ("binderhub-service", "extraEnv"),
    ("dask-gateway", "gateway"): ("dask-gateway", "gateway", "env"),
}
"""Where the environment of the program is set that code below a place is run by."""


@dataclass(frozen=True)
class ChartValues:
    """A chart that is installed on its own.

    Attributes:
        name: of it.
        version: that the umbrella chart asked for; empty where it is not known.
        repository: where Helm finds it; empty where it is not known.
        values: without secrets.
        secrets: the layer that goes over them.
    """

    name: str
    version: str
    repository: str
    values: Mapping[str, Any]
    secrets: Mapping[str, Any]


@dataclass(frozen=True)
class Design:
    """All that is to be written.

    Attributes:
        plan: every transform.
        hub: z2jh itself.
        charts: the charts beside it.
        objects: in the order in which they are applied.
        secrets: templates of Secrets, to fill in.
        placeholders: the decisions to take.
    """

    plan: Plan
    hub: ChartValues
    charts: tuple[ChartValues, ...]
    objects: tuple[Object, ...]
    secrets: tuple[Object, ...]
    placeholders: tuple[Placeholder, ...]


def design(source: HubSource) -> Design:
    """Work out what a hub becomes; nothing is written."""
    carried = carried_values(source)
    found = Placeholders(carried, source.hub.domain, source.name)
    placeholders = tuple(found)
    steps = [*_un_nest(source), *_placed(placeholders)]
    values = deepcopy(carried)
    for placeholder in placeholders:
        for path, _, now in placeholder.places:
            put(values, path, now)
    for path in found.left_out:
        del at(values, path[:-1])[path[-1]]
    steps += [*_of_one_cloud(found), *_rewrites(values)]
    in_code, environment = _secrets_in_code(source, values)
    steps += in_code
    objects = objects_around(source, values)
    if source.seen == "c":
        added = tuple(decisions_in(objects))
        placeholders += added
        steps += _placed(added)
    secrets = secrets_of(values, objects)
    if environment:
        secrets = [each for each in secrets if each["metadata"]["name"] != CODE_SECRETS]
        secrets.append(secret_template(CODE_SECRETS, environment))
    steps += [*_objects(objects, source), *_templates(secrets), *_left_out(source, carried)]
    versions = source.umbrella.get("dependencies") or {}
    repositories = source.umbrella.get("repositories") or {}
    charts = []
    for name in (each for each in values if each not in (*FACTS, CHART)):
        plain, secret, moved = _without_secrets(
            values[name], (name,), f"charts/{name}.secrets.yaml"
        )
        version = str(versions.get(name, ""))
        repository = str(repositories.get(name) or REPOSITORIES.get(name, ""))
        charts.append(ChartValues(name, version, repository, plain, secret))
        steps += [_chart(charts[-1]), *_secrets(source, moved)]
    plain, secret, moved = _without_secrets(values.get(CHART) or {}, (CHART,), SECRET_VALUES)
    steps += _secrets(source, moved)
    hub = ChartValues(
        CHART,
        source.chart.get("version", ""),
        source.chart.get("repository") or REPOSITORIES[CHART],
        plain,
        secret,
    )
    needs = (*_needs(source, values), *_in_code(found), *_registries(values))
    plan = Plan("k8s", source.name, tuple(steps), needs)
    return Design(plan, hub, tuple(charts), tuple(objects), tuple(secrets), placeholders)


REPOSITORIES = {
    CHART: "https://hub.jupyter.org/helm-chart/",
    "dask-gateway": "https://helm.dask.org/",
    "binderhub-service": "https://2i2c.org/binderhub-service/",
    "jupyterhub-home-nfs": "oci://ghcr.io/2i2c-org/jupyterhub-home-nfs",
    "jupyterhub-groups-exporter": "https://2i2c.org/jupyterhub-groups-exporter",
}
"""Where Helm finds the charts that are known."""


STOCK_IMAGE = "jupyterhub/k8s-hub"
"""The hub's image that comes with z2jh's chart."""

OF_CHART = {
    "jupyterhub-groups-exporter": (
        "its metrics name its release as the namespace: let dashboards look for that name"
    ),
}
"""What a person must know of a chart that was made to be part of an umbrella chart."""

ACCOUNTS_REGISTRY = re.compile(
    r"[a-z0-9-]+-docker\.pkg\.dev/[a-z0-9-]+|(?:[a-z]+\.)?gcr\.io/[a-z0-9-]+"
    r"|[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com|[a-z0-9]+\.azurecr\.io"
)
"""A registry of one account at Google, Amazon or Microsoft, as an image's name begins with it."""


def carried_values(source: HubSource) -> dict[str, Any]:
    """The source's values as far as they are carried over, un-nested.

    z2jh's own defaults are left out, so that a null still deletes the default it is meant for.
    """
    inner: dict[str, Any] = {}
    for layer in source.layers:
        if layer.name != "z2jh":
            inner = _laid_over(inner, layer.values.get(CHART) or {})
    carried: dict[str, Any] = {CHART: inner}
    for name, section in source.values.items():
        if name != CHART and isinstance(section, Mapping) and section.get("enabled"):
            carried[name] = dict(section)
    return deepcopy(carried)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's rule between files: maps merge, everything else replaces, null included."""
    merged = dict(below)
    for key, value in above.items():
        there = merged.get(key)
        both = isinstance(there, Mapping) and isinstance(value, Mapping)
        merged[key] = _laid_over(there, value) if both else value  # type: ignore[arg-type]
    return merged


def put(values: Any, path: Path, value: Any) -> None:
    """Put a value where another one stands."""
    for each in path[:-1]:
        values = values[each]
    values[path[-1]] = value


def objects_around(source: HubSource, values: Mapping[str, Any]) -> list[Object]:
    """The objects beside the values, in the order in which they are applied.

    Arguments:
        source: the hub.
        values: its values; what is put into objects is taken from them.
    """
    if source.seen == "c":
        return objects_seen(source)
    distribution = str(source.umbrella.get("k8s_distribution") or "aks")
    return objects_of(values, source.name, distribution) if source.umbrella else []


def _un_nest(source: HubSource) -> Iterator[Step]:
    if source.seen == "c":
        return  # the chart tells its hub its own values
    yield Step(
        "un-nest",
        "un-nest",
        f"what stands below `{CHART}:` becomes the values of the chart {CHART} itself",
        "the umbrella chart is its operator's own; z2jh's chart takes its values at the top",
    )
    if source.hub.helm_chart and source.hub.helm_chart != source.umbrella.get("inner", "basehub"):
        yield Step(
            "un-nest:basehub",
            "un-nest",
            f"what stands below `basehub:` moves up, out of {source.hub.helm_chart}",
            f"{source.hub.helm_chart} is a chart around the umbrella chart",
        )


def _placed(placeholders: tuple[Placeholder, ...]) -> Iterator[Step]:
    for each in placeholders:
        yield Step(
            f"placeholder:{each.name}",
            "placeholder",
            f"{each.what}: {each.was} becomes {each.name}",
            "it belongs to the cloud, cluster or address that the hub runs at now",
            each.how,
            tuple(Change(path, was, now) for path, was, now in each.places),
        )


def _rewrites(values: dict[str, Any]) -> Iterator[Step]:
    """Names that a template of z2jh's stood for; beside z2jh's chart nothing evaluates them."""
    changes = []
    for path, value in list(leaves(values)):
        if isinstance(value, str) and NAME_TEMPLATE.search(value) and path[0] != CHART:
            put(values, path, resolved(value))
            changes.append(Change(path, value, resolved(value)))
    if changes:
        yield Step(
            "rewrite:names",
            "rewrite",
            "names that Helm computed from z2jh's templates are written out",
            "a chart that is installed on its own does not know z2jh's templates",
            changes=tuple(changes),
        )


def _secrets_in_code(source: HubSource, values: dict[str, Any]) -> tuple[list[Step], list[str]]:
    """Let code find its secrets in the environment, where a capture made it look for them.

    Returns:
        The steps, and the names of the variables.
    """
    steps, names = [], []
    for slot in source.secrets:
        text = at(values, slot.path)
        if not (isinstance(text, str) and f"environ['{slot.name}']" in text):
            continue
        place = next((to for top, to in ENVIRONMENTS.items() if slot.path[: len(top)] == top), None)
        where = pointer(slot.path)
        change = None
        if place is not None:
            change = _add_variable(values, place, slot.name)
            names.append(slot.name)
        steps.append(
            Step(
                f"secret:code:{slot.name}",
                "secret",
                f"{slot.what} in the code at {where} becomes the variable {slot.name}",
                "a secret is in no bundle, and code that names none can be shown",
                slot.how if place else f"set {slot.name} where that code runs; {slot.how}",
                (change,) if change else (),
            )
        )
    return steps, names


def _add_variable(values: dict[str, Any], place: Path, name: str) -> Change:
    reference = {"secretKeyRef": {"name": CODE_SECRETS, "key": name}}
    around = values
    for each in place[:-1]:
        around = around.setdefault(str(each), {})
    present = around.get(str(place[-1]))
    if isinstance(present, list) or (present is None and place[0] != CHART):
        now = [*(present or []), {"name": name, "valueFrom": reference}]
        around[str(place[-1])] = now
        return Change(place, present, now)
    if present is None:
        present = around[str(place[-1])] = {}
    present[name] = {"valueFrom": reference}
    return Change((*place, name), None, {"valueFrom": reference})


def _objects(objects: list[Object], source: HubSource) -> Iterator[Step]:
    why = "the umbrella chart made it, and z2jh's chart does not"
    if source.seen == "c":
        why = "the hub refers to it, and z2jh's chart does not make it"
    for each in objects:
        name = f"{each['kind']}/{each['metadata']['name']}"
        yield Step(f"object:{name}", "object", f"{name} becomes an object beside the values", why)


def _templates(secrets: list[Object]) -> Iterator[Step]:
    for each in secrets:
        name = each["metadata"]["name"]
        keys = ", ".join(each["stringData"]) or "nothing yet"
        yield Step(
            f"secret:{name}",
            "secret",
            f"the Secret {name} becomes a template with {keys}",
            "its operator made it outside of the chart, and what it holds is the operator's",
            f"fill in secrets/{name}.yaml and apply it",
        )


def _left_out(source: HubSource, carried: Mapping[str, Any]) -> Iterator[Step]:
    off = [
        name
        for name, section in source.values.items()
        if name not in carried and isinstance(section, Mapping) and "enabled" in section
    ]
    if off:
        yield Step(
            "left-out:off",
            "left-out",
            f"values of what this hub does not use: {', '.join(off)}",
            "they are switched off",
            changes=tuple(Change((name,), source.values[name], None) for name in off),
        )
    rest = [
        name for name in source.values if name not in carried and name not in off and name != CHART
    ]
    if rest:
        yield Step(
            "left-out:umbrella",
            "left-out",
            f"values that nothing is made from: {', '.join(rest)}",
            "they are shared by charts of the umbrella chart, and none is left that reads them",
            changes=tuple(Change((name,), source.values[name], None) for name in rest),
        )
    if source.umbrella:
        yield Step(
            "left-out:configurator",
            "left-out",
            "the Service configurator",
            "nothing answers at it: the service that it was for is not installed in the hub",
        )


def _of_one_cloud(found: Placeholders) -> Iterator[Step]:
    """What is left out of the values, a step for each name."""
    named: dict[str, list[Change]] = {}
    for path, value in found.left_out.items():
        named.setdefault(str(path[-1]), []).append(Change(path, value, None))
    for name, changes in named.items():
        what = LOAD_BALANCER.get(name, "an annotation that one cloud reads")
        values = ", ".join(dict.fromkeys(str(each.was) for each in changes))
        yield Step(
            f"left-out:{name}",
            "left-out",
            f"{what}, {name}: {values}",
            "elsewhere nothing reads it, or it names what one account has",
            WITHOUT,
            tuple(changes),
        )


def _in_code(found: Placeholders) -> Iterator[str]:
    for path, named in found.in_code.items():
        yield f"a look at the code {pointer(path)}, which is left as it is: it names {named}"


def _registries(values: Mapping[str, Any]) -> Iterator[str]:
    """Registries that belong to one account at a cloud: what is in them may go with the account."""
    registries = set()
    for _, value in leaves(values):
        match = ACCOUNTS_REGISTRY.match(value) if isinstance(value, str) else None
        if match:
            registries.add(match[0])
    for each in sorted(registries):
        yield (
            f"copies of the images at {each}, or a registry of yours where images are put there:"
            " it is of one account"
        )


def _chart(chart: ChartValues) -> Step:
    version = f" {chart.version}" if chart.version else ""
    return Step(
        f"chart:{chart.name}",
        "chart",
        f"the chart {chart.name}{version} is installed on its own",
        "the umbrella chart brought it along",
        OF_CHART.get(chart.name, "helm upgrade --install, as the README beside the values says"),
    )


def _without_secrets(
    values: Mapping[str, Any], top: Path, file: str
) -> tuple[dict[str, Any], dict[str, Any], list[Change]]:
    """Take out what holds a secret; of a list, the whole list, as lists replace each other."""
    plain = deepcopy(dict(values))
    secret: dict[str, Any] = {}
    moved: list[Change] = []
    taken: set[Path] = set()
    for path, value in leaves(values):
        if not (isinstance(value, str) and SLOT in value):
            continue
        number = next((at for at, each in enumerate(path) if isinstance(each, int)), len(path))
        place = path[:number]
        if place in taken:
            continue
        taken.add(place)
        whole = at(values, place)
        _remove(plain, place)
        _put_deep(secret, place, deepcopy(whole))
        moved.append(Change((*top, *place), whole, whole, file))
    return plain, secret, moved


def _remove(values: dict[str, Any], path: Path) -> None:
    """Take a value out, and what holds nothing else."""
    while path:
        around = at(values, path[:-1])
        del around[path[-1]]
        path = path[:-1]
        if around:
            return


def _put_deep(values: dict[str, Any], path: Path, value: Any) -> None:
    for each in path[:-1]:
        values = values.setdefault(str(each), {})
    values[str(path[-1])] = value


def _secrets(source: HubSource, moved: list[Change]) -> Iterator[Step]:
    for change in moved:
        slots = [
            each
            for each in source.secrets
            if each.effective and each.path[: len(change.path)] == change.path
        ]
        what = "; ".join(dict.fromkeys(each.what for each in slots)) or "not known"
        how = "; ".join(dict.fromkeys(each.how for each in slots)) or "ask whoever issued it"
        yield Step(
            f"secret:{pointer(change.path)}",
            "secret",
            f"a secret ({what}) moves to {change.to}",
            "a secret is in no bundle, and the old one would be its operator's",
            how,
            (change,),
        )


def _needs(source: HubSource, values: Mapping[str, Any]) -> Iterator[str]:
    if source.seen == "c" and source.chart.get("known") == "no":
        yield (
            "a look at what defaults of the chart come back that the hub has deleted: the hub was captured"
            " without --chart DIR, and with it `verify` names them in V3"
        )
    hub = values.get(CHART) or {}
    effective = source.values.get(CHART) or {}
    purposes = {
        at(effective, ("scheduling", what, "nodeAffinity", "matchNodePurpose")): what
        for what in ("corePods", "userPods")
    }
    if "require" in purposes:
        yield (
            "nodes labelled hub.jupyter.org/node-purpose=core and =user:"
            " the hub asks for them and waits for ever without"
        )
    name = at(effective, ("ingress", "ingressClassName"))
    if at(effective, ("ingress", "enabled")) and name and not INGRESS_CLASS.fullmatch(str(name)):
        yield f"an ingress controller of the class {name}"
    yield from _nodes(values, {"hub.jupyter.org/node-purpose"} if "require" in purposes else set())
    distribution = str(source.umbrella.get("k8s_distribution") or "")
    if distribution and source.seen != "c":
        yield (
            "a look at code that asks on what kind of Kubernetes it runs: K8S_DIST of the ConfigMap basehub-cluster-info"
            f" tells it {distribution}, as now"
        )
    issuer = at(effective, ("ingress", "annotations"), {}) or {}
    if issuer.get("cert-manager.io/cluster-issuer"):
        yield f"cert-manager with the issuer {issuer['cert-manager.io/cluster-issuer']}"
    prometheus = at(hub, ("hub", "config", "UsageViewer", "prometheus_url"))
    if prometheus:
        yield f"a Prometheus at {prometheus}, for the page of quotas; the hub runs without"
    image = at(effective, ("hub", "image"), {}) or {}
    if image.get("name") and not str(image["name"]).endswith(STOCK_IMAGE):
        yield (
            f"the hub's image {image.get('name')}:{image.get('tag')}: its own code imports"
            " packages that z2jh's image does not have"
        )
    if any(each.kind == "PersistentVolumeClaim" for each in references_of_hub(hub)):
        yield "a file server for the home directories; people's files are copied to it later"


def _nodes(values: Mapping[str, Any], told: set[str]) -> Iterator[str]:
    """Labels without which pods wait for ever, of nodes that are the hub's own choice and no cloud's."""
    wanted: dict[str, set[str]] = {}
    for path, value in leaves(values):
        label = str(path[-1])
        if len(path) > 1 and path[-2] in SELECTORS and isinstance(value, str) and MARK not in value:
            wanted.setdefault(label, set()).add(value)
    for label, said in wanted.items():
        if label not in told and label not in EVERYWHERE:
            each = " and ".join(f"={value}" for value in sorted(said))
            yield f"nodes labelled {label}{each}: pods ask for them and wait for ever without"
