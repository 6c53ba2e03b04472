"""Reads YAML that others wrote, as Helm reads it, with the line of everything in it. Called by infrastructure.py and config readers.

Helm's parser is of YAML 1.1 with differences: ``0755`` and ``08`` are numbers, ``1:30`` is a text,
``12e3`` a number, ``y`` and ``on`` are true, a date stays a text, every key becomes a text, of two equal
keys the later one counts and of several documents the first. Whatever would exhaust the machine
(size, depth, aliases of aliases) is refused before it is built, with file and line.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import ReplicateError
from .source import Path as Place

LARGEST = 10_000_000
"""Bytes of a file; no hub's come near."""

DEEPEST = 100
"""Levels of nesting."""

MOST_NODES = 400_000
"""Values of a file, each alias counted as what it stands for."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_NULL = frozenset(["", "~", "null", "Null", "NULL"])
_SPECIAL = {
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0x(?P<hex>[0-9a-fA-F]+)|0b(?P<binary>[01]+)|0o?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_COMMENT = re.compile(r"[ \t]*#[^\n]*")
_PREFIX = "tag:yaml.org,2002:"


class NotReadable(ReplicateError):
    """A file that cannot be read; the message says which, the line, why and what to do."""


class Node:
    """A value with where it stands. Aliases share one, so nobody changes it.

    Attributes:
        value: a scalar, None, a dict of text to Node, or a list of Nodes.
        line: from 1.
        source: the number of the layer it belongs to.
        size: how many values it has, itself included.
        depth: how many levels they are nested.
    """

    __slots__ = ("depth", "line", "size", "source", "value")

    def __init__(self, value: Any, line: int, source: int, size: int = 1, depth: int = 1) -> None:
        self.value = value
        self.line = line
        self.source = source
        self.size = size
        self.depth = depth

    def plain(self) -> Any:
        """The value without lines; containers are new."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        return self.value

    def places(self, path: Place = ()) -> Iterator[tuple[Place, Node]]:
        """Each place in it, itself first."""
        yield path, self
        if isinstance(self.value, dict):
            for key, each in self.value.items():
                yield from each.places((*path, key))
        elif isinstance(self.value, list):
            for index, each in enumerate(self.value):
                yield from each.places((*path, index))


@dataclass(frozen=True)
class Document:
    """A file of YAML.

    Attributes:
        text: the file.
        node: what it says.
        duplicates: place, line of the first and line of the one that counts, for each key that is
            there twice.
        more: the line at which a second document begins, which Helm does not read; or 0.
    """

    text: str
    node: Node
    duplicates: tuple[tuple[Place, int, int], ...] = ()
    more: int = 0
    name: str = field(default="", compare=False)


def read_text(path: Path, top: Path, name: str) -> str:
    """A text file below `top`.

    Arguments:
        path: the file.
        top: a directory that it must not lead out of, through links either.
        name: of the file, for messages.

    Raises:
        NotReadable: it is not there, no plain file, elsewhere, too large, or not UTF-8.
    """
    try:
        resolved = path.resolve(strict=True)
        if not resolved.is_relative_to(top.resolve()):
            raise NotReadable(
                f"{name} leads out of {top} to {resolved}; it is not read. Put the file itself there"
            )
        descriptor = os.open(resolved, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode):
                raise NotReadable(f"{name} is no plain file; put one there")
            data = file.read(LARGEST + 1)
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # RuntimeError: links in a circle, before Python 3.13
        why = getattr(error, "strerror", None) or str(error)
        raise NotReadable(f"{name} cannot be read: {why}; give a whole checkout") from None
    if len(data) > LARGEST:
        raise NotReadable(
            f"{name} is larger than {LARGEST // 10**6} MB, which no configuration is; take it out"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotReadable(f"{name}:{line} is not UTF-8; save it as UTF-8") from None


def parse(text: str, name: str, source: int = 0) -> Document:
    """A file's YAML.

    Arguments:
        text: the file.
        name: of the file, for messages.
        source: what each `Node` shall say of where it is from.

    Raises:
        NotReadable: it is no YAML, no mapping, or too much.
    """
    try:
        return _Building(text, name, source).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise NotReadable(f"{where} is no YAML: {error.problem or error}; mend it") from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", None)
        where = name
        if isinstance(position, int):
            where = f"{name}:{text.count(chr(10), 0, position) + 1}"
        reason = getattr(error, "reason", "") or str(error)
        raise NotReadable(f"{where} is no YAML: {reason}; mend it") from None


def without_comments(text: str, name: str) -> str:
    """YAML without its comments; each line stays where it is.

    Arguments:
        text: it.
        name: of the file, for messages.

    Raises:
        NotReadable: it is no YAML.
    """
    kept: list[str] = []
    end = 0
    try:
        # the tokens of the parser that is written in C have no places in the text
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            start = max(token.start_mark.index, end)
            kept.append(_COMMENT.sub("", text[end:start]))
            end = max(token.end_mark.index, start)
            said = text[start:end]
            if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
                head, line_end, rest = said.partition("\n")
                said = _COMMENT.sub("", head) + line_end + rest
            kept.append(said)
    except yaml.YAMLError as error:
        raise NotReadable(f"{name} is no YAML: {error}; mend it") from None
    return "".join(kept) + _COMMENT.sub("", text[end:])


class _Building:
    """One file while it is read. Events come from the parser; nothing recurses."""

    def __init__(self, text: str, name: str, source: int) -> None:
        self.text = text
        self.name = name
        self.source = source
        self.anchors: dict[str, Node] = {}
        self.duplicates: list[tuple[Place, int, int]] = []
        self.nodes = 0

    def document(self) -> Document:
        more = 0
        node: Node | None = None
        events: Any = yaml.parse(self.text, Loader=_LOADER)
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if node is not None:
                        more = _line(event)
                        break
                    node = self._value(events)
        finally:
            events.close()
        if node is None or node.value is None:
            node = Node({}, 1, self.source)
        if not isinstance(node.value, dict):
            raise NotReadable(
                f"{self.name}:{node.line} holds a {_kind(node.value)} where a mapping is expected;"
                " mend it"
            )
        return Document(self.text, node, tuple(self.duplicates), more, self.name)

    def _value(self, events: Iterator[Any]) -> Node:
        open_ones: list[_Open] = []
        while True:
            event = next(events)
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(open_ones) == DEEPEST:
                    raise self._refused(event, f"it is nested more than {DEEPEST} times")
                open_ones.append(_Open(event, isinstance(event, yaml.MappingStartEvent)))
                continue
            if isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                node = Node(scalar(event), _line(event), self.source)
                self._anchored(event, node)
            else:  # the end of a mapping or of a list
                ended = open_ones.pop()
                size = 1 + sum(each.size for each in ended.children())
                content: Any = ended.content
                if ended.is_mapping and ended.merged:
                    content = {**ended.merged, **ended.content}
                depth = 1 + max((each.depth for each in ended.children()), default=0)
                if depth > DEEPEST:  # by aliases, which hold mappings that hold aliases
                    raise self._refused(event, f"it is nested more than {DEEPEST} times")
                node = Node(content, ended.event.start_mark.line + 1, self.source, size, depth)
                self._anchored(ended.event, node)
            if not open_ones:
                return node
            self._add(open_ones, node, event)

    def _add(self, open_ones: list[_Open], node: Node, event: Any) -> None:
        parent = open_ones[-1]
        parent.size += node.size
        if isinstance(event, (yaml.AliasEvent, yaml.ScalarEvent)):
            self.nodes += node.size
            if self.nodes > MOST_NODES:
                raise self._refused(event, f"with its aliases it has more than {MOST_NODES} values")
        if not parent.is_mapping:
            parent.content.append(node)
            return
        if parent.key is None:
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                parent.key, parent.merging = "<<", True
            else:
                parent.key, parent.merging = self._key(node, event), False
            parent.key_line = event.start_mark.line + 1
            return
        key = parent.key
        parent.key = None
        if parent.merging:
            for each in reversed(node.value) if isinstance(node.value, list) else [node]:
                if not isinstance(each.value, dict):
                    raise self._refused(event, "`<<` takes a mapping")
                parent.merged.update(each.value)
            return
        if node.value is None:
            # an empty value has no line of its own: the parser names the next token's
            node = Node(None, parent.key_line, node.source)
        if key in parent.content:
            path = tuple(
                len(each.content) if not each.is_mapping else str(each.key)
                for each in open_ones[:-1]
            )
            self.duplicates.append(((*path, key), parent.lines[key], parent.key_line))
        parent.lines[key] = parent.key_line
        if isinstance(node.value, (dict, list)) and not isinstance(event, yaml.AliasEvent):
            node.line = parent.key_line
        parent.content[key] = node

    def _key(self, node: Node, event: Any) -> str:
        value = node.value
        if isinstance(value, (dict, list)):
            raise self._refused(event, f"a {_kind(value)} cannot be a key")
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def _alias(self, event: Any) -> Node:
        try:
            return self.anchors[event.anchor]
        except KeyError:
            raise self._refused(event, f"*{event.anchor} stands for nothing that ended before it") from None  # fmt: skip

    def _anchored(self, event: Any, node: Node) -> None:
        if event.anchor:
            self.anchors[event.anchor] = node

    def _refused(self, event: Any, why: str) -> NotReadable:
        return NotReadable(f"{self.name}:{event.start_mark.line + 1} is not read: {why}; mend it")


class _Open:
    """A mapping or list whose end is not there yet."""

    def __init__(self, event: Any, is_mapping: bool) -> None:
        self.event = event
        self.is_mapping = is_mapping
        self.content: Any = {} if is_mapping else []
        self.merged: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self.key: str | None = None
        self.key_line = 0
        self.merging = False
        self.size = 1

    def children(self) -> Iterator[Node]:
        yield from self.content.values() if self.is_mapping else self.content
        yield from self.merged.values()


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def scalar(event: Any) -> Any:
    """What Helm takes a scalar for."""
    text: str = event.value
    tag = event.tag or ""
    if tag == f"{_PREFIX}str" or (not tag and not event.implicit[0]) or tag == "!":
        return text
    if tag and tag not in {f"{_PREFIX}{each}" for each in ("int", "float", "bool", "null")}:
        return text
    return resolved(text)


def resolved(text: str) -> Any:
    """What an unquoted text is: a number, a truth value, nothing, or a text."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text in _SPECIAL:
        return _SPECIAL[text]
    if not (text[0].isdigit() or text[0] in "+-."):
        return text
    if _DATE.match(text):
        return text
    digits = text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        for name, base in (("hex", 16), ("binary", 2), ("octal", 8), ("decimal", 10)):
            if (found := match[name]) is not None and len(found) <= 64:
                number = int(f"{match['sign']}{found}", base)
                if -(1 << 63) <= number < 1 << 64:
                    return number
    if _FLOAT.fullmatch(digits):
        return float(digits) if abs(float(digits)) != float("inf") else text
    return text


def _kind(value: Any) -> str:
    kinds: dict[Any, str] = {dict: "mapping", list: "list", str: "text"}
    return kinds.get(type(value), "number")
