"""Rules about images and what else is fetched by a name that moves. Called by lint/all_rules.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..importers.source import CHART, Finding, Path
from .subject import Subject, mappings

MOVING = re.compile(
    r"(latest|stable|edge|nightly|main|master|head|dev|devel|develop|staging|prod|production|test|testing)"
    r"(-.*)?",
    re.IGNORECASE,
)
"""Tags that mean another image tomorrow."""

COMMIT = re.compile(r"[0-9a-f]{40}")


def images_of(subject: Subject) -> Iterator[tuple[Path, str]]:
    """Every image of users and of the hub, with its place; a free choice is none."""
    return images_in(subject.values)


def images_in(values: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The same, of z2jh's values."""
    for section in ("singleuser", "hub"):
        for path, inside in mappings(values.get(section) or {}, (CHART, section)):
            if "config" in path or "extraConfig" in path:
                continue
            image = inside.get("image")
            if isinstance(image, Mapping) and isinstance(image.get("name"), str):
                yield (*path, "image"), _joined(image)
            elif isinstance(image, str) and image and "{" not in image:
                yield (*path, "image"), image


def _joined(image: Mapping[str, Any]) -> str:
    tag = image.get("tag")
    return f"{image['name']}:{tag}" if tag not in (None, "") else str(image["name"])


def _tag(image: str) -> str:
    name = image.rpartition("/")[2]
    return name.partition(":")[2]


def moves(image: str) -> bool:
    """Whether an image's name means another image tomorrow: no digest, and no tag that stays."""
    tag = _tag(image)
    return "@sha256:" not in image and (not tag or MOVING.fullmatch(tag) is not None)


def unpinned_images(subject: Subject) -> Iterator[Finding]:
    """An image whose tag moves, or that has none."""
    for path, image in images_of(subject):
        if not moves(image):
            continue
        tag = _tag(image)
        what = f"the tag {tag} means another image tomorrow" if tag else "it has no tag"
        yield subject.finding(
            "unpinned-image",
            "note",
            path,
            f"{image}: {what}, so that nobody can build this hub again as it is",
            "name a tag that stays, or the digest",
        )


def no_digest(subject: Subject) -> Iterator[Finding]:
    """One note for a hub of which no image is named by its digest."""
    images = {image: path for path, image in images_of(subject)}
    pinned = [each for each in images if "@sha256:" in each]
    if images and not pinned:
        yield subject.finding(
            "no-digest",
            "note",
            next(iter(images.values())),
            f"none of {len(images)} images is named by its digest: a tag can be moved",
            "record the digests when you take the hub with you",
        )


def template_branch(subject: Subject) -> Iterator[Finding]:
    """Templates of the home page that come from a branch."""
    branch = subject.get("custom", "homepage", "gitRepoBranch")
    if isinstance(branch, str) and branch and not COMMIT.fullmatch(branch):
        yield subject.finding(
            "template-branch",
            "note",
            (CHART, "custom", "homepage", "gitRepoBranch"),
            f"the home page is whatever the branch {branch} holds at the moment",
            "copy the repository, and name a commit or a branch of yours",
        )
