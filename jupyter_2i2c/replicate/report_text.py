"""Bundles and ladders as text for a terminal. Called by replicate/cli.py and verify/report.py.

What a bundle says is other people's text: characters that would steer a terminal are shown, not sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..model import LayerEvidence, from_json
from .capture.environment import Captured
from .evidence.layers import counted
from .manifest import STATUSES, Manifest
from .verify.ladder import RUNGS, Verification

MARKS = {"pass": "pass", "fail": "FAIL", "not-run": "not run"}
MOST_SHOWN = 40


def plain(text: str) -> str:
    """A text of somebody else's, for a terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def captured_text(captured: Captured, place: Path) -> str:
    """What a capture did, in short."""
    manifest = captured.manifest
    lines = [f"{place}: {captured.size / 2**20:.1f} MiB", ""]
    lines += _layers(
        [
            {"title": title, "counts": manifest.counts()[layer]}
            for layer, title in manifest.layers.items()
        ]
    )
    if captured.no_lock:
        lines += [
            "",
            f"The lock is not made: {plain(captured.no_lock)}. `build` makes it elsewhere.",
        ]
    wanting = [item for item in manifest.items if item.status in ("not-captured", "unknown")]
    lines += _section("Not captured", [f"{each.id}: {each.reason}" for each in wanting]
                      + [f"{each.what}: {each.reason}" for each in manifest.not_captured])  # fmt: skip
    lines += _section(
        "Secrets left out", [f"{each.slot}, from {each.where}" for each in manifest.secrets]
    )
    return "\n".join(lines)


def inspect_text(found: Mapping[str, Any]) -> str:
    """What is in a bundle."""
    signed = "signed" if found["signed"] else "not signed"
    lines = [
        f"{plain(found['bundle'])}: {plain(found['kind'])}, {plain(found['created'])}",
        f"{found['files']} files, {found['bytes'] / 2**20:.1f} MiB, {signed}",
        *(f"{plain(name)}: {plain(str(value))}" for name, value in sorted(found["source"].items())),
        "",
        *_layers(found["layers"]),
    ]
    open_items = [each for each in found["items"] if each["reason"] or each["action_needed"]]
    words = [
        (f"{each['id']}: {each['status']}", each["reason"], each["action_needed"])
        for each in open_items
        if each["status"] != "policy-excluded"
    ]
    lines += _section("To know", ["; ".join(filter(None, each)) for each in words])
    lines += _section("What is open", _open(found["evidence"]["layers"]))
    lines += _section(
        "Not in it", [f"{each['what']}: {each['reason']}" for each in found["not_captured"]]
    )
    lines += _section(
        "Secrets to supply", [f"{each['slot']}, from {each['where']}" for each in found["secrets"]]
    )
    lines += _section(
        "Differences that a rebuild may have",
        [f"{each['what']}: {each['why']}" for each in found["transforms"]],
    )
    return "\n".join(lines)


def _open(layers: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        f"{layer['key']}, {what[0].lower()}{what[1:]}: {words}"
        for layer in layers
        for what, words in counted(from_json(LayerEvidence, layer)).items()
    ]


def verification_text(verification: Verification) -> str:
    """The ladder."""
    lines = [f"{plain(verification.bundle)}", ""]
    lines += [plain(verification.asked), ""] if verification.asked else []
    for name, title in RUNGS.items():
        rung = verification.rungs[name]
        lines.append(f"{name}  {MARKS[rung.status]:8}{title}: {plain(rung.why)}")
    skipped = [name for name in RUNGS if verification.rungs[name].status == "not-run"]
    lines += ["", f"Highest rung: {verification.highest or 'none'}"]
    lines += [f"Not run at all: {', '.join(skipped)}"] if skipped else []
    lines += _section("Blockers", verification.blockers)
    lines += _section("Differences that are meant", meant(verification))
    wanting = [
        f"{name} {key}: {each.why}"
        for name, rung in verification.rungs.items()
        for key, each in rung.items.items()
        if each.status == "not-run"
    ]
    lines += _section("Not checked", wanting)
    return "\n".join(lines)


def left_out_text(manifest: Manifest) -> str:
    """What a proof of a hub says nothing about, because its bundle does not have it."""
    items = [each for each in manifest.items if each.status in ("not-captured", "policy-excluded")]
    lines = _section(
        "Not in the bundle",
        [
            f"{each.id}: {'; '.join(filter(None, (each.reason, each.action_needed)))}"
            for each in items
        ],
    )
    lines += _section(
        "Secrets to supply where it is rebuilt",
        [
            f"{each.slot}: {each.how}"
            for each in manifest.secrets
            if not each.how.startswith("nothing")
        ],
    )
    return "\n".join(lines[1:])


def meant(verification: Verification) -> list[str]:
    """What of a hub differs by a listed transform, with the reason."""
    return [
        f"{name} {key}: {each.why}"
        for name in ("V3", "V4", "V6")
        for key, each in verification.rungs[name].items.items()
        if each.status == "pass" and ": " in each.why
    ]


def _layers(layers: list[dict[str, Any]]) -> list[str]:
    width = max((len(each["title"]) for each in layers), default=0)
    lines = []
    for each in layers:
        counts = each["counts"]
        words = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts.get(status))
        lines.append(f"{plain(each['title']):{width}}  {words or 'none'}")
    return lines


def _section(title: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    lines = ["", f"{title}:", *(f"  {plain(each)}" for each in entries[:MOST_SHOWN])]
    if len(entries) > MOST_SHOWN:
        lines.append(f"  and {len(entries) - MOST_SHOWN} more; --json shows all")
    return lines
