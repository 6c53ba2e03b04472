"""The evidence that a hub's configuration and its own packages give. Called by hub/evidence.py and inspect.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...model import Evidence, LayerEvidence
from ..importers.source import at
from ..lint.images import COMMIT
from .configuration import Configuration, Images, images_of
from .findings import UNPINNED, names, of_images, of_packages
from .layers import IMAGES_CONTENT
from .licences import NOT_KNOWN, UNKNOWN
from .packages import Package
from .ties import of_cloud, of_operator

PACKAGES = "Packages of the hub"
IMAGES = "Images"


def layers_of(
    configuration: Configuration, packages: Sequence[Package] = ()
) -> tuple[LayerEvidence, ...]:
    """What is to be said of a hub's layers.

    Arguments:
        configuration: the hub's.
        packages: installed beside it; nothing is said of them where there are none.
    """
    images = images_of(configuration)
    ties = of_cloud(configuration, images)
    infrastructure = [
        *of_packages("hub", PACKAGES, packages, "what is installed beside the hub"),
        *of_images("hub-images", "Images of the hub", images.hub, configuration.source),
        *of_operator(configuration),
        *ties["infrastructure"],
        *_branches(configuration),
    ]
    return (
        LayerEvidence("data", tuple(ties["data"])),
        LayerEvidence("environment", tuple(_environment(configuration, images))),
        LayerEvidence("infrastructure", tuple(infrastructure)),
        LayerEvidence("cloud", tuple(ties["cloud"])),
    )


def packages_beside(found: Sequence[Package], versions: Mapping[str, str]) -> list[Package]:
    """The packages of the hub's process, with what is known of those that were found here.

    Arguments:
        found: what is installed where this runs.
        versions: of the hub's process, name to version, as its record has them.
    """
    here = {(each.name, each.version): each for each in found}
    return [
        here.get((name, version)) or Package(name, version, UNKNOWN)
        for name, version in versions.items()
    ]


def _environment(configuration: Configuration, images: Images) -> Iterator[Evidence]:
    source = configuration.source
    yield from of_images("images", IMAGES, images.users, source)
    if images.users:
        yield Evidence(
            IMAGES_CONTENT, IMAGES, "what is installed in them: each server tells of its own",
            NOT_KNOWN, len(images.users), (), source, "open the panel in a server of each",
        )  # fmt: skip
    if images.free:
        yield Evidence(
            "images-free", IMAGES, "that people bring themselves", NOT_KNOWN, len(images.free),
            names(images.free), source, "ask those who use them to write their images down",
        )  # fmt: skip
    if images.computed:
        yield Evidence(
            "images-computed", IMAGES, "that a function chooses when somebody logs in", NOT_KNOWN,
            len(images.computed), names(images.computed), source, "read the function",
        )  # fmt: skip


def _branches(configuration: Configuration) -> Iterator[Evidence]:
    branch = at(configuration.chart, ("custom", "homepage", "gitRepoBranch"))
    if isinstance(branch, str) and branch and not COMMIT.fullmatch(branch):
        yield Evidence(
            "home-page-branch", "Home page", "its templates are whatever a branch holds at the moment",
            UNPINNED, 1, ("custom.homepage.gitRepoBranch",), configuration.source,
            "copy the repository, and name a commit or a branch of yours",
        )  # fmt: skip
