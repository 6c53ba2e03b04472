"""Kernels: their directories, with ``{prefix}`` for the environment's. Called by environment.py."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from .collected import Collected, file_name
from .interpreter import Interpreter

MOST_FILE = 8 << 20


def kernels(directories: Sequence[Path]) -> dict[str, Path]:
    """Each kernel's directory by its name; of several with the same name, the one that Jupyter takes."""
    found: dict[str, Path] = {}
    for directory in directories:
        for path in sorted((directory / "kernels").glob("*/kernel.json")):
            found.setdefault(path.parent.name.lower(), path.parent)
    return found


def capture(
    of: Interpreter, directories: Sequence[Path], owned: Collection[str], collected: Collected
) -> None:
    """Carry every kernel, whoever installed it.

    Arguments:
        of: the interpreter.
        directories: where Jupyter looks for its data, in its order.
        owned: real paths of files that belong to distributions.
        collected: takes it.
    """
    for name, directory in sorted(kernels(directories).items()):
        evidence = f"kernel.json of {name}"
        try:
            spec = json.loads((directory / "kernel.json").read_text("utf-8"))
            argv = [str(each) for each in spec["argv"]]
        except (OSError, ValueError, KeyError, TypeError):
            collected.item("kernels", name, "not-captured", evidence, reason="it cannot be read")
            continue
        command = argv[0] if argv else ""
        if elsewhere(command, of):
            collected.item(
                "kernels", name, "not-captured", evidence,
                reason=f"its program, {command}, is not of this environment",
                action=f"capture that environment, too: jupyter 2i2c capture env --python {command}",
            )  # fmt: skip
            continue
        if os.path.realpath(directory / "kernel.json") in owned:
            collected.item("kernels", name, "captured", f"{evidence}, of a distribution")
            continue
        spec, slots = templated(spec, of)
        for slot in slots:
            collected.slot(slot, f"kernel.json of {name}")
        text = json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        path, digest, more = collected.text(f"kernels/{file_name(name)}/kernel.json", text)
        for each in sorted(directory.iterdir()):
            if each.name != "kernel.json" and each.is_file() and each.stat().st_size <= MOST_FILE:
                data = each.read_bytes()
                if not collected.holds_secret(each.name, data):
                    collected.text(f"kernels/{file_name(name)}/{file_name(each.name)}", data)
        left_out = [*slots, *sorted(more)]
        collected.item(
            "kernels",
            name,
            "secret-slot" if left_out else "captured",
            evidence + ", installed by hand",
            path=path,
            sha256=digest,
            reason=f"left out: {', '.join(left_out)}" if left_out else "",
            action="set them in its kernel.json" if left_out else "",
        )


def elsewhere(command: str, of: Interpreter) -> bool:
    """Whether a kernel's program belongs to another environment or to the machine."""
    path = Path(command)
    if not path.is_absolute():
        return False
    return not any(
        path.is_relative_to(each) for each in (of.prefix, of.prefix.resolve(), of.user_base)
    )


def templated(spec: dict[str, Any], of: Interpreter) -> tuple[dict[str, Any], list[str]]:
    """A kernel's specification for any prefix, and the variables whose values were left out."""
    spec = dict(spec)
    slots = []
    if isinstance(spec.get("env"), dict):
        kept = {}
        for name, value in spec["env"].items():
            if str(of.prefix) in str(value):
                kept[name] = str(value)
            else:
                slots.append(str(name))
        spec["env"] = kept
    text = json.dumps(spec, ensure_ascii=False)
    for prefix in sorted({str(of.prefix), str(of.prefix.resolve())}, key=len, reverse=True):
        text = text.replace(json.dumps(prefix, ensure_ascii=False)[1:-1], "{prefix}")
    loaded: dict[str, Any] = json.loads(text)
    return loaded, slots
