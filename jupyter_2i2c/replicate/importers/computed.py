"""The layer that a chart computes for each hub with jsonnet. Called by infrastructure.py.

It is evaluated in a subprocess with limits on time and memory and with nothing of this environment,
which reads files from below the checkout only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from .source import Hub
from .yaml_reading import DEEPEST, MOST_NODES, Node, NotReadable

CHILD = Path(__file__).with_name("evaluate_jsonnet.py")

CPU_SECONDS = 20
WALL_SECONDS = 60
MEMORY = 2 << 30
"""Bytes of address space; the evaluator reserves most of it and uses little."""

VARIABLE = "VARS_2I2C_"


class NoJsonnet(ReplicateError):
    """The evaluator is not installed."""


def variables(hub: Hub, cluster_name: str) -> dict[str, str]:
    """The five inputs, as the deployments repository's own tool gives them."""
    return {
        f"{VARIABLE}CLUSTER_NAME": cluster_name,
        f"{VARIABLE}HUB_NAME": hub.name,
        f"{VARIABLE}HUB_DOMAIN": hub.domain,
        f"{VARIABLE}PROVIDER": hub.provider,
        f"{VARIABLE}ACCOUNT_ID": hub.account or "None",
    }


def evaluate(path: Path, top: Path, name: str, given: Mapping[str, str], source: int) -> Node:
    """A file of jsonnet as values.

    Arguments:
        path: the file, not resolved: it may ask for its own name.
        top: the checkout.
        name: of the file, for messages.
        given: external variables.
        source: the number of the layer.

    Raises:
        NoJsonnet: the evaluator is not installed.
        NotReadable: it does not evaluate, to a mapping, within the limits.
    """
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise NotReadable(f"{name} cannot be read: {error}; give a whole checkout") from None
    if not resolved.is_relative_to(top.resolve()):
        raise NotReadable(f"{name} leads out of {top}; it is not read. Put the file itself there")
    asked = {
        "file": str(path.absolute()),
        "top": str(top.absolute()),
        "variables": dict(given),
        "seconds": CPU_SECONDS,
        "memory": MEMORY,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env={"GOMAXPROCS": "1", "GOMEMLIMIT": "300MiB", "PATH": "/usr/bin:/bin"},
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        raise NotReadable(f"{name} was stopped: it takes more than {WALL_SECONDS} s; mend it") from None  # fmt: skip
    try:
        answer = json.loads(done.stdout)
        node = node_of(answer.get("value"), source)
    except RecursionError:
        raise NotReadable(f"{name} evaluates to values that are nested too deep; mend it") from None
    except ValueError:
        raise NotReadable(
            f"{name} was stopped: it needs more than {CPU_SECONDS} s of processor time or"
            f" {MEMORY >> 20} MiB of memory; mend it"
        ) from None
    if answer.get("error") == "missing":
        raise NoJsonnet(
            f"{name} is jsonnet, which gojsonnet evaluates: install jupyter_2i2c[replicate],"
            " or give the result with --rendered"
        )
    if "error" in answer:
        said = " ".join(str(answer["error"]).replace(f"{top.absolute()}/", "").split())
        raise NotReadable(f"{name} does not evaluate: {said[:400]}; mend it")
    if not isinstance(node.value, dict):
        raise NotReadable(f"{name} evaluates to no mapping; mend it")
    if node.depth > DEEPEST:
        raise NotReadable(f"{name} evaluates to values that are nested too deep; mend it")
    if node.size > MOST_NODES:
        raise NotReadable(f"{name} evaluates to more than {MOST_NODES} values; mend it")
    return node


def node_of(value: Any, source: int) -> Node:
    """JSON as a `Node`, computed: without lines."""
    if not isinstance(value, (dict, list)):
        return Node(value, 0, source)
    content: Any
    if isinstance(value, dict):
        content = {key: node_of(each, source) for key, each in value.items()}
        inner = list(content.values())
    else:
        content = inner = [node_of(each, source) for each in value]
    size = 1 + sum(each.size for each in inner)
    return Node(content, 0, source, size, 1 + max((each.depth for each in inner), default=0))
