"""The rungs, and what is said of them. Used by every rung and by report.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RUNGS = {
    "V0": "the bag is whole, and its signature holds if it has one",
    "V1": "every file meets its schema",
    "V2": "every reference resolves",
    "V3": "the built target equals the source, apart from the listed transforms",
    "V4": "the executed hub configuration is equal",
    "V5": "the environment rebuilt in a clean cache is equal byte for byte",
    "V6": "the live replica answers the REST API equally",
    "V7": "a server starts and a notebook runs",
    "V8": "the data's checksums hold",
}
"""The whole ladder."""

STATUSES = ("pass", "fail", "not-run")


@dataclass(frozen=True)
class Result:
    """What became of one item.

    Attributes:
        status: one of `STATUSES`.
        why: in words; may be empty where it passes.
    """

    status: str
    why: str = ""


@dataclass(frozen=True)
class Rung:
    """What became of a rung.

    Attributes:
        status: one of `STATUSES`.
        why: in words.
        items: each thing that was looked at, or would have been.
    """

    status: str
    why: str
    items: Mapping[str, Result] = field(default_factory=dict)

    def count(self, status: str) -> int:
        """How many items have it."""
        return sum(each.status == status for each in self.items.values())


@dataclass(frozen=True)
class Verification:
    """What became of the ladder.

    Attributes:
        bundle: which, as it was named.
        rungs: all of them, in order.
        live: where a replica that runs elsewhere was asked: its ``url``, ``at`` which time (UTC), and
            ``as`` whom; else empty.
    """

    bundle: str
    rungs: Mapping[str, Rung]
    live: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """Which replica was asked, as a sentence; empty where none was."""
        if not self.live:
            return ""
        whom = f" as {self.live['as']}" if self.live["as"] else ""
        return f"V6 and V7 asked {self.live['url']} at {self.live['at']}{whom}."

    @property
    def holds(self) -> bool:
        """Whether something passed and nothing failed."""
        statuses = {each.status for each in self.rungs.values()}
        return "fail" not in statuses and "pass" in statuses

    @property
    def highest(self) -> str:
        """The highest rung below which nothing failed, and how many items up to it were not run.

        ``V5``, ``V5 with 2 items not run``, or ``V7 with 2 items not run (V5)`` where they are of a
        rung below: a rung that passes does not hide what is under it.
        """
        highest, left, where = "", 0, []
        passed_over: list[str] = []
        for name in RUNGS:
            rung = self.rungs[name]
            if rung.status == "fail":
                break
            if rung.count("not-run"):
                passed_over.append(name)
            if rung.status == "pass":
                highest, where = name, list(passed_over)
                left = sum(self.rungs[each].count("not-run") for each in where)
        if not left:
            return highest
        of = "" if where == [highest] else f" ({', '.join(where)})"
        return f"{highest} with {left} item{'s' if left > 1 else ''} not run{of}"

    @property
    def blockers(self) -> list[str]:
        """What failed, item by item."""
        found = []
        for name in RUNGS:
            rung = self.rungs[name]
            if rung.status == "fail":
                items = {key: each for key, each in rung.items.items() if each.status == "fail"}
                found += [f"{name} {key}: {each.why}" for key, each in items.items()]
                found += [] if items else [f"{name}: {rung.why}"]
        return found

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "bundle": self.bundle,
            "rungs": {
                name: {
                    "status": self.rungs[name].status,
                    "why": self.rungs[name].why,
                    "items": {
                        key: {"status": each.status, **({"why": each.why} if each.why else {})}
                        for key, each in self.rungs[name].items.items()
                    },
                }
                for name in RUNGS
            },
            "highest": self.highest,
            "blockers": self.blockers,
            **({"live": dict(self.live)} if self.live else {}),
        }


def judged(items: Mapping[str, Result], what: str) -> Rung:
    """A rung by its items: it fails with one that fails, and passes if at least one passes.

    Arguments:
        items: by their ids.
        what: they are, in words, such as "distributions".
    """
    counts = {status: sum(each.status == status for each in items.values()) for status in STATUSES}
    said = f"{counts['pass']} of {len(items)} {what} hold"
    if counts["fail"]:
        said += f", {counts['fail']} do not"
    if counts["not-run"]:
        said += f", {counts['not-run']} not run"
    status = "fail" if counts["fail"] else "pass" if counts["pass"] else "not-run"
    return Rung(status, said, dict(items))


def failed(why: str) -> Rung:
    """A rung that fails as a whole."""
    return Rung("fail", why)


def not_run(why: str) -> Rung:
    """A rung that was not tried; it never counts as a pass."""
    return Rung("not-run", why)
