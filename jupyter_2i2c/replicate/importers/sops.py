"""Files that sops encrypted: their places are readable, their values are not. Called by infrastructure.py."""

from __future__ import annotations

import re

from .secret_kinds import kind_of
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


def opened(document: Document) -> tuple[Node, list[SecretSlot]]:
    """What is in it with a placeholder for each encrypted value, and the slots.

    Returns:
        The values without sops' own key, and the slots; their paths are those in this file.
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
        slot = slot_of(path, "encrypted", match["type"], document.name, node.line)
        slots.append(slot)
        return Node(slot.placeholder, node.line, node.source)

    content = {
        key: replaced(each, (key,)) for key, each in document.node.value.items() if key != OWN_KEY
    }
    return Node(content, document.node.line, document.node.source), slots


def slot_of(path: Place, found: str, type_: str, file: str, line: int) -> SecretSlot:
    """A slot for a place in a file."""
    kind = kind_of(path, type_)
    return SecretSlot(
        name=kind.name,
        path=path,
        found=found,
        type=type_,
        kind=kind.kind,
        what=kind.what,
        issued_by=kind.issued_by,
        how=kind.how,
        file=file,
        line=line,
        pointer=pointer(path),
    )
