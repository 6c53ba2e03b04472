"""Rules about profiles: what is misplaced, contradicts itself or is left to chance. Called by lint/all_rules.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..importers.source import CHART, Finding, Path
from .subject import Subject, mappings

PROFILES: Path = (CHART, "singleuser", "profileList")
NOT_TRAITS = ("default", "display_name", "slug", "choices", "profile_options", "allowed_groups")
"""Keys of a profile or a choice that mean nothing to the spawner."""

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def _profiles(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, profile in enumerate(subject.get("singleuser", "profileList") or []):
        if isinstance(profile, Mapping):
            yield (*PROFILES, index), profile


def default_inside_override(subject: Subject) -> Iterator[Finding]:
    """What belongs beside `kubespawner_override` and stands in it, where nothing reads it."""
    for path, inside in mappings(subject.get("singleuser", "profileList") or [], PROFILES):
        if path[-1] != "kubespawner_override":
            continue
        for key in NOT_TRAITS:
            if key in inside:
                yield subject.finding(
                    "misplaced-in-override",
                    "warning",
                    (*path, key),
                    f"`{key}` stands inside kubespawner_override, where it does nothing"
                    + (f": the {_what(path)} is not the default" if key == "default" else ""),
                    "move it one level up, beside kubespawner_override",
                )


def _what(path: Path) -> str:
    return "choice" if "choices" in path else "profile"


def several_defaults(subject: Subject) -> Iterator[Finding]:
    """More than one default among profiles, or among the choices of an option."""
    defaults = [path for path, profile in _profiles(subject) if profile.get("default")]
    if len(defaults) > 1:
        yield _several(subject, (*defaults[1], "default"), "profiles", len(defaults))
    for path, profile in _profiles(subject):
        for name, option in (profile.get("profile_options") or {}).items():
            choices = (option or {}).get("choices") or {}
            chosen = [key for key, each in choices.items() if (each or {}).get("default")]
            if len(chosen) > 1:
                where = (*path, "profile_options", name, "choices", chosen[1], "default")
                yield _several(subject, where, f"choices of {name}", len(chosen))


def _several(subject: Subject, path: Path, what: str, number: int) -> Finding:
    message = f"{number} {what} are the default; the first one counts"
    return subject.finding("several-defaults", "warning", path, message, "keep one default")


def guarantee_over_limit(subject: Subject) -> Iterator[Finding]:
    """A guarantee above its limit; Kubernetes refuses such a pod."""
    singleuser = subject.get("singleuser") or {}
    for what in ("memory", "cpu"):
        told = singleuser.get(what) or {}
        if _above(told.get("guarantee"), told.get("limit")):
            path: Path = (CHART, "singleuser", what, "guarantee")
            yield _refused(subject, path, told["guarantee"], told["limit"])
    for path, inside in mappings(singleuser.get("profileList") or [], PROFILES):
        for what in ("mem", "cpu"):
            guarantee, limit = inside.get(f"{what}_guarantee"), inside.get(f"{what}_limit")
            if _above(guarantee, limit):
                yield _refused(subject, (*path, f"{what}_guarantee"), guarantee, limit)


def _refused(subject: Subject, path: Path, guarantee: Any, limit: Any) -> Finding:
    return subject.finding(
        "guarantee-over-limit",
        "error",
        path,
        f"{guarantee} is guaranteed and {limit} is the limit; no server starts with it",
        "raise the limit, or lower the guarantee",
    )


def _above(guarantee: Any, limit: Any) -> bool:
    sizes = _size(guarantee), _size(limit)
    return sizes[0] is not None and sizes[1] is not None and sizes[0] > sizes[1]


def _size(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    match = re.fullmatch(r"([0-9.]+)([KMGT]?)i?", str(value).strip())
    return float(match[1]) * UNITS[match[2]] if match else None


def same_prefix(subject: Subject) -> Iterator[Finding]:
    """Choices with one number before their names: their order is that of the letters after it."""
    for path, profile in _profiles(subject):
        for name, option in (profile.get("profile_options") or {}).items():
            keys = list((option or {}).get("choices") or {})
            prefixes = Counter(match[1] for key in keys if (match := re.match(r"(\d+)-", str(key))))
            for prefix, number in prefixes.items():
                if number > 1:
                    yield subject.finding(
                        "same-prefix",
                        "note",
                        (*path, "profile_options", name, "choices"),
                        f"{number} choices of {name} begin with {prefix}-; charts sort by the name,"
                        " so the letters after it say which comes first",
                        "give each choice a number of its own",
                    )
