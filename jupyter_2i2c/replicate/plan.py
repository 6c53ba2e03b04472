"""What building a bundle for a target would change, before anything is written. Made by targets/, printed by `jupyter 2i2c plan`, checked by V3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .importers.source import Path, pointer

KINDS = {
    "un-nest": "values that move up, out of the umbrella chart",
    "object": "objects that z2jh's chart does not make",
    "chart": "charts that are installed on their own",
    "placeholder": "what belongs to the old cloud or cluster: decide anew",
    "secret": "secrets to supply",
    "rewrite": "values that mean the same in other words",
    "left-out": "what is not carried over",
}
"""Every kind of step, in the order in which they are shown."""


@dataclass(frozen=True)
class Change:
    """A place whose value differs from the source, or stands elsewhere.

    Attributes:
        path: in the source's values.
        was: there; for a secret, what stands for it.
        now: in what is built; None where it is nowhere.
        to: the file that it moved to; empty where it stayed with its neighbours.
    """

    path: Path
    was: Any
    now: Any
    to: str = ""

    def to_json(self) -> dict[str, Any]:
        """With the place as a JSON pointer."""
        told = {"pointer": pointer(self.path), "was": self.was, "now": self.now}
        return {**told, "to": self.to} if self.to else told


@dataclass(frozen=True)
class Step:
    """One transform.

    Attributes:
        id: short, unique in the plan, such as ``placeholder:replace-me-nfs-server``.
        kind: one of `KINDS`.
        what: is done, in words.
        why: it cannot stay as it was.
        action: what a person must do for it; may be empty.
        changes: to values; empty where none differs.
    """

    id: str
    kind: str
    what: str
    why: str
    action: str = ""
    changes: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        told: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "what": self.what,
            "why": self.why,
        }
        if self.action:
            told["action"] = self.action
        return {**told, "changes": [each.to_json() for each in self.changes]}


@dataclass(frozen=True)
class Plan:
    """Every transform of a build.

    Attributes:
        target: ``local``, ``tljh`` or ``k8s``.
        hub: its name.
        steps: in the order in which they are done.
        needs: what must be there already where it is built for, in words.
    """

    target: str
    hub: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> tuple[Step, ...]:
        """The steps of one kind."""
        return tuple(each for each in self.steps if each.kind == kind)

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "target": self.target,
            "hub": self.hub,
            "steps": [each.to_json() for each in self.steps],
            "needs": list(self.needs),
        }


def plan_text(plan: Plan) -> str:
    """For a terminal."""
    lines = [f"To build {plan.hub} for {plan.target}:"]
    for kind, title in KINDS.items():
        steps = plan.of_kind(kind)
        if not steps:
            continue
        lines += ["", f"{title} ({len(steps)})"]
        for step in steps:
            places = len(step.changes)
            where = f" [{places} places]" if places > 1 else ""
            lines.append(f"  {step.what}{where}")
            lines.append(f"      why: {step.why}")
            if step.action:
                lines.append(f"      do:  {step.action}")
            if places == 1:
                lines.append(f"      at:  {pointer(step.changes[0].path)}")
    if plan.needs:
        lines += ["", "what must be there already"]
        lines += [f"  {need}" for need in plan.needs]
    counts = Counter(each.kind for each in plan.steps)
    told = f"{counts['placeholder']} decisions, {counts['secret']} secrets to supply"
    lines += ["", f"{told}; --json lists every place. Nothing was written."]
    return "\n".join(lines)


def local_text(told: Mapping[str, Any]) -> str:
    """A plan of targets/hub_local.py for a terminal.

    Arguments:
        told: its ``to_json()``.
    """
    lines = ["What will differ from the captured hub:"]
    for each in told["changes"]:
        lines += [f"  {each['path']} {each['what']}", f"      why: {each['why']}"]
    if told["secrets"]:
        lines += ["", "secrets to supply", *(f"  {each}" for each in told["secrets"])]
    lines += [f"  {each}" for each in told["notes"]]
    return "\n".join([*lines, "", "Nothing was written."])
