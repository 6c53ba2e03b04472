"""What ties a hub to one cloud, one operator or one address. Called by hub.py.

The table of what belongs to a cloud is that of targets/k8s/placeholders.py: what a replica must decide anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model import Evidence
from ..importers.people import STAFF_SNIPPET, STAFF_SWITCH
from ..importers.source import CHART, Path, at
from ..targets.k8s.clouds import CLOUD_ANNOTATION
from ..targets.k8s.placeholders import Placeholders
from ..targets.k8s.planning import ACCOUNTS_REGISTRY
from .configuration import Configuration, Images, setting
from .findings import TIED, names
from .licences import OPEN_STATUS

CLOUD, OPERATOR, ADDRESS, BUCKETS = (
    "Settings of one cloud",
    "Settings of one operator",
    "The hub's address",
    "Buckets",
)

HUB_IMAGES = ("quay.io/jupyterhub/k8s-hub", "jupyterhub/k8s-hub")
"""Images of the hub that z2jh's own project publishes."""


def of_cloud(configuration: Configuration, images: Images) -> dict[str, list[Evidence]]:
    """What a replica must decide anew because it belongs to a cloud, a cluster or an address.

    Returns:
        By layer: ``cloud``, ``data`` (buckets) and ``infrastructure`` (the address).
    """
    found = Placeholders(configuration.values, configuration.domain, configuration.namespace)
    grouped: dict[tuple[str, str], list[Path]] = {}
    ways = {}
    for each in found:
        key = (_layer(each.what), each.what)
        grouped.setdefault(key, []).extend(path for path, _, _ in each.places)
        ways[key] = each.how
    layers: dict[str, list[Evidence]] = {"cloud": [], "data": [], "infrastructure": []}
    for (layer, what), paths in grouped.items():
        heading = {"data": BUCKETS, "infrastructure": ADDRESS}.get(layer, CLOUD)
        layers[layer].append(
            Evidence(
                f"tie:{_slug(what)}", heading, what, TIED, len(paths), names(map(setting, paths)),
                configuration.source, ways[layer, what],
            )
        )  # fmt: skip
    if found.in_code:
        layers["cloud"].append(
            Evidence(
                "in-code", CLOUD, "code that names a cloud's resources or the hub's address", TIED,
                len(found.in_code), names(map(setting, found.in_code)), configuration.source,
                "read it, and put your own names in",
            )
        )  # fmt: skip
    annotations = {
        setting(path)
        for path, _ in configuration.settings()
        if CLOUD_ANNOTATION.match(str(path[-1]))
    }
    if annotations:
        layers["cloud"].append(
            Evidence(
                "annotations", CLOUD, "annotations that one cloud's load balancer or network reads", TIED,
                len(annotations), names(annotations), configuration.source,
                "take them out, or put those of your cloud in their place: nothing else reads them",
            )
        )  # fmt: skip
    accounts = [each for each in (*images.users, *images.hub) if ACCOUNTS_REGISTRY.match(each)]
    if accounts:
        layers["cloud"].append(
            Evidence(
                "registries", "Images", "in a registry of one account at a cloud", TIED,
                len(accounts), names(accounts), configuration.source,
                "copy them to a registry of yours while the account is there",
            )
        )  # fmt: skip
    if not layers["cloud"]:
        count = sum(1 for _ in configuration.settings())
        layers["cloud"].append(
            Evidence(
                "none", CLOUD, f"none found among {count} settings", OPEN_STATUS, 0, (),
                configuration.source,
            )
        )  # fmt: skip
    return layers


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _layer(what: str) -> str:
    if what.startswith("a bucket"):
        return "data"
    return "infrastructure" if what.startswith("the address of") else "cloud"


def of_operator(configuration: Configuration) -> Iterator[Evidence]:
    """What a replica must do without, or get anew, because it is its operator's."""
    source = configuration.source
    staff = {setting(path) for path in _staff(configuration)}
    if staff:
        yield Evidence(
            "staff", OPERATOR, "access for the operator's staff", TIED, len(staff), names(staff), source,
            "a replica leaves it out by itself, and says so",
        )  # fmt: skip
    clients = {
        setting(path) for path, value in configuration.settings() if value and _is_client(path)
    }
    if clients:
        yield Evidence(
            "login", OPERATOR, "a client that is registered for logins at this address", TIED,
            len(clients), names(clients), source,
            "register one of your own with whoever issues the logins",
        )  # fmt: skip
    if at(configuration.chart, ("custom", "homepage", "gitRepoUrl")):
        yield Evidence(
            "home-page", OPERATOR, "the home page's templates are in a repository elsewhere", TIED, 1,
            ("custom.homepage.gitRepoUrl",), source, "copy the repository, and name yours",
        )  # fmt: skip
    image = at(configuration.chart, ("hub", "image", "name"))
    if isinstance(image, str) and image and image not in HUB_IMAGES:
        yield Evidence(
            "hub-image", OPERATOR, "the hub runs in an image of its operator's", TIED, 1, (image,), source,
            "copy the image, or build one that has the same packages",
        )  # fmt: skip
    metrics = {
        setting(path)
        for path, value in configuration.settings()
        if value and path[-1] == "prometheus_url"
    }
    if metrics:
        yield Evidence(
            "metrics", OPERATOR, "pages that ask the operator's Prometheus", TIED, len(metrics),
            names(metrics), source, "run a Prometheus of yours, or do without these pages",
        )  # fmt: skip
    if configuration.umbrella:
        yield Evidence(
            "umbrella", OPERATOR, "a chart of the operator's around z2jh's", TIED, 1,
            (configuration.umbrella,), source,
            "`jupyter 2i2c build --target k8s` writes out what it makes",
        )  # fmt: skip
    if configuration.slots:
        yield Evidence(
            "secrets", "Secrets", "that stay with whoever runs the hub", TIED, len(configuration.slots),
            names(configuration.slots), source,
            "get new ones: an export lists each, with whoever issues it",
        )  # fmt: skip


def _staff(configuration: Configuration) -> Iterator[Path]:
    snippets = (CHART, "hub", "extraConfig")
    for path, value in configuration.settings():
        is_snippet = path[:3] == snippets and len(path) > 3 and STAFF_SNIPPET.search(str(path[3]))
        if is_snippet or (STAFF_SWITCH.fullmatch(str(path[-1])) and value is True):
            yield path


def _is_client(path: Path) -> bool:
    """Whether a place holds the id of a client for logins; a record may hold a secret's slot below it."""
    words = [str(each) for each in path if each != "$secret"]
    return words[-1] == "client_id" and any(each.endswith("Authenticator") for each in words)
