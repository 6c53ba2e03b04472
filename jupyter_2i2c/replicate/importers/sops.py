"""Files that sops encrypted: their places are readable, their values are not. Called by infrastructure.py."""

from __future__ import annotations

import re
from typing import Any

from .secret_kinds import free_name, kind_of
from .source import Path as Place
from .source import SecretSlot, pointer
from .yaml_reading import Document, Node

ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:[^\]]*,type:(?P<type>\w+)\]", re.DOTALL)
OWN_KEY = "sops"
"""The key under which sops notes what it needs."""


def is_encrypted(document: Document) -> bool:
    """Whether sops wrote it."""
    own = document.node.value.get(OWN_KEY)
    return (
        own is not None
        and isinstance(own.value, dict)
        and {"mac", "version"} & own.value.keys() != set()
    )


def opened(
    document: Document, nesting: Place, taken: dict[str, Any]
) -> tuple[Node, list[SecretSlot]]:
    """What is in it with a placeholder for each encrypted value, and the slots.

    Arguments:
        document: the file.
        nesting: the beginning of a place that the file has and the values do not.
        taken: name of a slot to its place, of all files; grows.

    Returns:
        The values without sops' own key, and the slots.
    """
    slots: list[SecretSlot] = []

    def replaced(node: Node, path: Place) -> Node:
        if isinstance(node.value, dict):
            content = {key: replaced(each, (*path, key)) for key, each in node.value.items()}
            return Node(content, node.line, node.source, node.size)
        if isinstance(node.value, list):
            items = [replaced(each, (*path, index)) for index, each in enumerate(node.value)]
            return Node(items, node.line, node.source, node.size)
        match = ENCRYPTED.fullmatch(node.value) if isinstance(node.value, str) else None
        if match is None:
            return node
        inner = path[len(nesting) :] if path[: len(nesting)] == nesting else path
        slot = _slot_of(path, inner, match["type"], document.name, node.line, taken)
        slots.append(slot)
        return Node(slot.placeholder, node.line, node.source)

    content = {
        key: replaced(each, (key,)) for key, each in document.node.value.items() if key != OWN_KEY
    }
    return Node(content, document.node.line, document.node.source), slots


def _slot_of(
    path: Place, inner: Place, type_: str, file: str, line: int, taken: dict[str, Any]
) -> SecretSlot:
    kind = kind_of(path, type_)
    return SecretSlot(
        name=free_name(kind.name, inner, taken),
        path=inner,
        found="encrypted",
        type=type_,
        kind=kind.kind,
        what=kind.what,
        issued_by=kind.issued_by,
        how=kind.how,
        file=file,
        line=line,
        pointer=pointer(path),
    )
