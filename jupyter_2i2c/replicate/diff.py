"""What differs between two bundles, or a bundle and an environment. Called by `jupyter 2i2c diff` and the panel."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import checksums
from .bundle import Bundle, opened
from .capture.collected import PROFILE
from .capture.environment import capture_environment
from .errors import ReplicateError
from .report_text import plain
from .work import CancelledCheck, Progress, Work

MOST_NAMED = 3

HUB = "hub"
"""The layer of facts about the hub, for which nobody is asked when a bundle is compared with now."""


@dataclass(frozen=True)
class Difference:
    """What differs.

    Attributes:
        added: ids of items only the second has.
        removed: ids of items only the first has.
        changed: id to what changed, in words.
        same: how many items are equal.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: Mapping[str, str] = field(default_factory=dict)
    same: int = 0

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.added or self.removed or self.changed)

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and the panel."""
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": dict(self.changed),
            "same": self.same,
        }


def diff(
    a: Path,
    b: Path | None = None,
    *,
    python: str | None = None,
    identity: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelledCheck | None = None,
) -> Difference:
    """Compare; without `b`, with the environment that this runs in, or that of `python`.

    Raises:
        ReplicateError: one of them cannot be read.
        Cancelled: it was asked to stop.
    """
    with opened(a, Work(progress, cancelled), identity=identity) as first:
        return diff_opened(
            first, b, python=python, identity=identity, progress=progress, cancelled=cancelled
        )


def diff_opened(
    first: Bundle,
    b: Path | None,
    *,
    python: str | None = None,
    identity: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelledCheck | None = None,
) -> Difference:
    """As `diff`, with a bundle that is open already."""
    now = b is None
    with ExitStack() as stack:
        if b is None:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="2i2c-diff-"))
            b = Path(directory) / "now"
            # the lock is of an index; what is installed is compared without it
            capture_environment(
                b, python=python, make_lock=False, vendor_limit=0,
                progress=progress, cancelled=cancelled,
            )  # fmt: skip
        second = stack.enter_context(opened(b, Work(progress, cancelled), identity=identity))
        if second.manifest().kind == "hub":
            raise ReplicateError(
                f"{b} is of a hub, and {first.place} is not; compare it with one of a hub"
            )
        return _between(first, second, {HUB} if now else set())


def _between(first: Bundle, second: Bundle, without: Collection[str]) -> Difference:
    before = {item.id: item for item in first.manifest().items if item.layer not in without}
    after = {item.id: item for item in second.manifest().items if item.layer not in without}
    versions = (versions_of(first), versions_of(second))
    changed = {}
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        words = _words(name, versions)
        if not words and one.sha256 != other.sha256:
            words = _files(first, second, one.path, other.path)
        elif not words and not one.sha256 and one.evidence != other.evidence:
            words = f"{one.evidence}; now {other.evidence}"
        if words:
            changed[name] = words
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=changed,
        same=len(before.keys() & after.keys()) - len(changed),
    )


def _words(name: str, versions: tuple[Mapping[str, str], Mapping[str, str]]) -> str:
    one, other = (each.get(name, "") for each in versions)
    return f"{one}, now {other}" if one != other else ""


def versions_of(bundle: Bundle) -> dict[str, str]:
    """The versions of an environment's distributions, by the ids of their items."""
    try:
        observed = json.loads(bundle.text(f"{PROFILE}/observed.json"))
        return {f"python:{each['name']}": each["version"] for each in observed["distributions"]}
    except (ReplicateError, ValueError, KeyError, TypeError):
        return {}


def _files(first: Bundle, second: Bundle, one: str, other: str) -> str:
    if not one.endswith(".sha256") or not other.endswith(".sha256"):
        return "its content differs"
    before = checksums.read_list(first.text(one), one)
    after = checksums.read_list(second.text(other), other)
    names = sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"differs in {', '.join(names[:MOST_NAMED])}{more}"


def diff_text(difference: Difference) -> str:
    """The differences for a terminal."""
    lines = [f"+ {plain(each)}" for each in difference.added]
    lines += [f"- {plain(each)}" for each in difference.removed]
    lines += [f"~ {plain(name)}: {plain(words)}" for name, words in difference.changed.items()]
    lines.append(f"{difference.same} items are equal")
    return "\n".join(lines)
