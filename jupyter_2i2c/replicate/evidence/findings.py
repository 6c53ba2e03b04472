"""Evidence from packages and images: what is open, has a licence of its own, moves, or is not known. Called by environment.py and hub.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...model import Evidence
from ..lint.images import moves
from .licences import NOT_KNOWN, OPEN_STATUS, OWN
from .packages import Package
from .proprietary import ANACONDA, ANACONDA_CHANNEL, Product, product_of, products_in

MOST_NAMES = 50
MOST_LICENCES = 4

UNPINNED, TIED = "unpinned", "tied"

ASK = "look at the project's page, or ask its makers; until then, treat it as closed"


def names(of: Iterable[object]) -> tuple[str, ...]:
    """The first names in order, each once."""
    return tuple(sorted({str(each) for each in of}, key=str.lower)[:MOST_NAMES])


def of_packages(
    id_: str, what: str, packages: Sequence[Package], source: str
) -> Iterator[Evidence]:
    """What is to be said of packages of one kind.

    Arguments:
        id_: that each id begins with.
        what: the kind, such as ``Python packages``.
        packages: all of the kind.
        source: where they were seen.
    """
    by_status: dict[str, list[Package]] = {OPEN_STATUS: [], OWN: [], NOT_KNOWN: []}
    products: dict[Product, list[Package]] = {}
    for each in packages:
        is_open = each.licence.status == OPEN_STATUS
        product = product_of(each.key, is_open)
        if product:
            products.setdefault(product, []).append(each)
        else:
            by_status[each.licence.status].append(each)
    free, own, unknown = by_status.values()
    if free:
        yield Evidence(f"{id_}:open", what, _licences(free), OPEN_STATUS, len(free), (), source)
    for product, theirs in products.items():
        yield Evidence(
            f"{id_}:{product.id}", what, product.name, OWN, len(theirs), names(theirs), source,
            product.way_out,
        )  # fmt: skip
    if own:
        told = [f"{each} ({each.licence.name})" if each.licence.name else str(each) for each in own]
        yield Evidence(
            f"{id_}:own", what, "with a licence that is not open", OWN, len(own), names(told), source,
            "read it, and ask whose it is for a licence of your own; or do without",
        )  # fmt: skip
    if unknown:
        yield Evidence(
            f"{id_}:not-known", what, "whose metadata does not say for certain", NOT_KNOWN,
            len(unknown), names(unknown), source, ASK,
        )  # fmt: skip
    moving: dict[str, list[Package]] = {}
    for each in packages:
        if each.moves:
            moving.setdefault(each.moves, []).append(each)
    for number, (why, theirs) in enumerate(sorted(moving.items())):
        yield Evidence(
            f"{id_}:moves-{number}", what, f"installed {why}", UNPINNED, len(theirs), names(theirs),
            source, "name a release or a commit in the image's recipe; a bundle carries them as they are",
        )  # fmt: skip


def _licences(free: Sequence[Package]) -> str:
    """Which open licences there are, those of most packages first."""
    counts = Counter(each.licence.name or "one that is approved" for each in free)
    most = counts.most_common(MOST_LICENCES)
    told = [f"{count} {name}" for name, count in most] if len(counts) > 1 else [*counts]
    rest = len(free) - sum(count for _, count in most)
    copyleft = sum(each.licence.copyleft for each in free)
    return (
        f"with an open licence: {', '.join(told)}"
        + (f" and {rest} others" if rest else "")
        + (f"; {copyleft} of them copyleft" if copyleft else "")
    )


def of_channels(by_channel: dict[str, list[str]], source: str) -> Iterator[Evidence]:
    """Packages of conda that come from where terms hold."""
    theirs = [
        each
        for channel, packages in by_channel.items()
        if ANACONDA_CHANNEL.search(channel)
        for each in packages
    ]
    if theirs:
        yield Evidence(
            f"conda:{ANACONDA.id}", "conda packages", ANACONDA.name, OWN, len(theirs), names(theirs),
            source, ANACONDA.way_out,
        )  # fmt: skip


def of_images(id_: str, what: str, images: Iterable[str], source: str) -> Iterator[Evidence]:
    """What the names of images tell.

    Arguments:
        id_: that each id begins with.
        what: the kind, such as ``Images``.
        images: by name, with tag or digest.
        source: where they were seen.
    """
    images = sorted(set(images))
    products: dict[Product, list[str]] = {}
    for each in images:
        for product in products_in(each):
            products.setdefault(product, []).append(each)
    for product, theirs in products.items():
        yield Evidence(
            f"{id_}:{product.id}", what, f"by its name with {product.name}", OWN, len(theirs),
            names(theirs), source, product.way_out,
        )  # fmt: skip
    moving = [each for each in images if moves(each)]
    tagged = [each for each in images if not moves(each) and "@sha256:" not in each]
    if moving:
        yield Evidence(
            f"{id_}:moving", what, "with a tag that means another image tomorrow, or with none",
            UNPINNED, len(moving), names(moving), source,
            "name the digest of the one that runs now, and keep a copy in a registry of yours",
        )  # fmt: skip
    if tagged:
        yield Evidence(
            f"{id_}:tagged", what, "named by a tag and no digest: tags can be moved", UNPINNED,
            len(tagged), names(tagged), source,
            "record the digests before you leave, and keep copies in a registry of yours",
        )  # fmt: skip
