"""Finds the secrets that stand readable in values, and takes them out of all of them. Called by infrastructure.py.

First all layers are looked at, then all are cleaned: what is a secret by its place in one layer is
removed by its value from every other. Names and forms are only how values become known.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ..errors import SecretFound
from ..redact import NO_SECRET_NAME, SECRET_NAME, Known, Redactor
from ..sandbox.recorder import Rules
from . import python_source
from .missing_secrets import is_stub
from .secret_forms import PLACEHOLDER, REFERENCE, SHORTEST, looks_random, pieces_of, secrets_in
from .secret_kinds import free_name, kind_of, name_of, sounds_secret
from .source import Path as Place
from .source import SecretSlot, pointer
from .yaml_reading import Node

REFERENCES = frozenset({"secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef"})
"""Below these stand names of what is elsewhere."""

HOLDERS = frozenset(
    ["CryptKeeper", "passwords", "secrets", "credentials", "tokens", "api_keys", "apiKeys", "api_tokens",
     "apiTokens", "service_tokens", "basic_auth_users", "user_passwords"]
)  # fmt: skip
"""Below these keys stand secrets, whatever they are called there."""

KEYED_BY_TOKEN = frozenset({"api_tokens", "service_tokens"})
"""Of those, where JupyterHub has the tokens as keys, and whose they are as values."""

BESIDE_SECRETS = re.compile(
    r"server|registry|user(name)?|name|e?mail|url|host|port|type|enabled|create|kind|project(_id)?|region|scheme",
    re.IGNORECASE,
)
"""Keys that stand beside a secret and hold none."""

SECRET_FILES = re.compile(
    r"(^|[/_.-])(netrc|pgpass|git-credentials|htpasswd|s3cfg|boto|dockerconfigjson|dockercfg|kaggle\.json"
    r"|credentials(\.json|\.yaml|\.ini)?|id_(rsa|dsa|ecdsa|ed25519))$"
)


class Names(Rules):
    """Which names hold secrets, the same for values and for code."""

    def __init__(self) -> None:
        super().__init__(SECRET_NAME.pattern, NO_SECRET_NAME.pattern)

    def is_secret(self, path: str) -> bool:
        """Whether a setting of this path holds a secret, as far as its name tells."""
        return super().is_secret(path) and sounds_secret(path.rpartition(".")[2])


@dataclass(frozen=True)
class _Found:
    path: Place
    node: Node
    file: str


class ReadableSecrets:
    """The readable secrets of one hub.

    Arguments:
        keep_comments: whether comments stay in its Python.
        client_ids: whether the id of a login's client counts as one: it is registered for the hub's
            address, as the secret that goes with it is. Where files are encrypted they tell that.
    """

    def __init__(self, keep_comments: bool = False, client_ids: bool = False) -> None:
        self.keep_comments = keep_comments
        self.client_ids = client_ids
        self.rules = Names()
        self.known = Known()
        self.slots: list[SecretSlot] = []
        self.not_parsed: list[tuple[Place, Node, str]] = []
        self._at: dict[tuple[int, Place], SecretSlot] = {}
        self.taken: dict[str, object] = {}

    def learn(self, known: Mapping[str, str]) -> None:
        """Take over what others know: value to slot."""
        for value, slot in known.items():
            self.known.add(value, slot, "the hub")
            self.rules.known.setdefault(value, slot)
            self.taken.setdefault(slot, value)

    def learnt(self) -> dict[str, str]:
        """Value to slot, of all that is known."""
        return {value: slot for value, (slot, _) in self.known.values.items()}

    def look(self, top: Node, file: str) -> None:
        """Learn the secrets in one layer."""
        for each in _texts(top, file):
            if not self._is_code(each) and self._by_place(top, each):
                variable = _variable(top, each.path)
                wanted = name_of((variable,) if variable else each.path)
                name = free_name(wanted, str(each.node.value), self.taken)
                slot = self._note(each, name, (variable,) if variable else each.path)
                self._at[each.node.source, each.path] = slot
                self._learn(str(each.node.value), slot.name, each)
            elif isinstance(each.node.value, str) and not self._is_code(each):
                self._by_form(each)
        for path, node in top.places():
            if isinstance(node.value, list):
                words = [each.value for each in node.value if isinstance(each.value, str)]
                self._by_form(_Found(path, Node(" ".join(words), node.line, node.source), file))
            elif isinstance(node.value, dict) and path and path[-1] in HOLDERS:
                for key, each in node.value.items():
                    if path[-1] in KEYED_BY_TOKEN or looks_random(key):
                        self._learn(key, name_of(path), _Found(path, each, file))

    def _by_place(self, top: Node, each: _Found) -> bool:
        """Whether a secret belongs to this place, and something that may be one stands there."""
        value, path = each.node.value, each.path
        keys = [key for key in path if isinstance(key, str)]
        if isinstance(value, str) and (is_stub(value) or not value or REFERENCE.fullmatch(value)):
            return False
        if not keys or REFERENCES & set(keys[-3:]):
            return False
        key = _flag_before(top, path) or keys[-1]
        if self.client_ids and key == "client_id" and "Authenticator" in "".join(keys[-2:-1]):
            return True
        key = _variable(top, path) or key
        if (
            keys[-2:-1] in (["data"], ["stringData"])
            and _sibling(top, path[:-1], "kind") == "Secret"
        ):
            return True
        if key in ("stringData", "data") and isinstance(value, str):
            target = _sibling(top, path, "mountPath") or ""
            return any(
                SECRET_FILES.search(name) for name in (keys[-2] if len(keys) > 1 else "", target)
            )
        held = bool(HOLDERS & set(keys)) and not BESIDE_SECRETS.fullmatch(key)
        if not (sounds_secret(key) or key in ("pass", "pwd") or held):
            return False
        if held and not (isinstance(value, str) and re.fullmatch(r"\S+", value)):
            return False
        # a number of few digits is a setting: how long, how many
        return isinstance(value, str) or len(str(value)) >= 6

    def _by_form(self, each: _Found) -> None:
        """Learn what is a secret in a text by its form."""
        text = each.node.value
        for value in sorted(set(secrets_in(text))):
            if value not in self.known.values:
                name = free_name(name_of(each.path), value, self.taken)
                self._note(each, name, each.path)
                self._learn(value, name, each)

    def _note(self, each: _Found, name: str, told_by: Place) -> SecretSlot:
        """Make a slot; `told_by` is the place, or the name of a variable, that tells what it is."""
        slot = _readable(each, name, told_by, "a secret that stood readable")
        self.slots.append(slot)
        return slot

    def _learn(self, value: str, name: str, each: _Found) -> None:
        where = f"{each.file}:{each.node.line}"
        for piece in pieces_of(value):
            self.known.add(piece, name, where)
            if len(piece.strip()) >= SHORTEST:
                self.rules.known.setdefault(piece.strip(), name)

    def _is_code(self, each: _Found) -> bool:
        return isinstance(each.node.value, str) and is_python(each.path, each.node.value)

    def look_at_code(self, top: Node, file: str) -> None:
        """Learn the secrets in the Python of one layer, so that they are known in all others."""
        for each in _texts(top, file):
            if not self._is_code(each) or _is_plain(each.node.value):
                continue
            before = set(self.rules.known)
            python_source.redacted(each.node.value, pointer(each.path), self.rules)
            for value in self.rules.known.keys() - before:
                wanted = _within(each.path, self.rules.known[value])
                name = free_name(wanted, value, self.taken)
                self.rules.known[value] = name
                self.known.add(value, name, f"{file}:{each.node.line}")

    def cleaned(self, top: Node, file: str) -> Node:
        """One layer without secrets.

        Raises:
            SecretFound: one cannot be taken out for certain.
        """
        redactor = Redactor(self.known)

        def clean(node: Node, path: Place) -> Node:
            if isinstance(node.value, dict):
                content = {key: clean(each, (*path, key)) for key, each in node.value.items()}
                if all(content[key] is node.value[key] for key in content):
                    return node
                return Node(content, node.line, node.source, node.size)
            if isinstance(node.value, list):
                items = [clean(each, (*path, index)) for index, each in enumerate(node.value)]
                if all(new is old for new, old in zip(items, node.value, strict=True)):
                    return node
                return Node(items, node.line, node.source, node.size)
            if (slot := self._at.get((node.source, path))) is not None:
                return Node(slot.placeholder, node.line, node.source)
            if not isinstance(node.value, str):
                return node
            if is_python(path, node.value):
                text = self._clean_code(_Found(path, node, file))
            else:
                text = node.value
            removed, slots = redactor.remove(text.encode("utf-8", "surrogatepass"))
            for name in sorted(slots - {slot.name for slot in self.slots}):
                self._note(_Found(path, node, file), name, path)
            text = removed.decode("utf-8", "surrogatepass")
            return node if text == node.value else Node(text, node.line, node.source)

        return clean(top, ())

    def found_in(self, text: str) -> bool:
        """Whether something in a whole file has the form of a secret; references do not count."""
        return next(iter(secrets_in(text)), None) is not None

    def look_around(self, texts: Iterable[str], where: str) -> None:
        """Learn the secrets in what is told of a hub beside its values."""
        for text in texts:
            for value in secrets_in(text):
                self.known.add(value, "BESIDE_VALUES", where)

    def places(self, names: Collection[str]) -> set[str]:
        """File and line of each place that a slot of one of these names was made for."""
        return {where for name, where in self.known.values.values() if name in names}

    def _clean_code(self, each: _Found) -> str:
        text: str = each.node.value
        if _is_plain(text) and not any(value in text for value in self.rules.known):
            return text if self.keep_comments else _without_comments(text)
        done = python_source.redacted(
            text, f"{each.file}:{each.node.line}", self.rules, self.keep_comments
        )
        if done.refused:
            if " is no Python: " not in done.refused:
                raise SecretFound(f"{done.refused} (in {pointer(each.path)})")
            self.not_parsed.append((each.path, each.node, each.file))
            return self._clean_text(each)
        by_value = set(self.rules.known.values())
        result = done.text
        for slot in done.slots:
            name = slot.name if slot.name in by_value else _within(each.path, slot.name)
            result = result.replace(f"environ['{slot.name}']", f"environ['{name}']")
            if name not in {known.name for known in self.slots}:
                self.slots.append(_of_code(each, slot, name))
        return result

    def _clean_text(self, each: _Found) -> str:
        """Code that this Python cannot read: comments go, whole lines of them at least, and secrets by their form."""
        text: str = each.node.value
        if not self.keep_comments:
            try:
                text = python_source.without_comments(text)
            except (SyntaxError, tokenize.TokenError):
                lines = text.split("\n")
                text = "\n".join("" if line.lstrip().startswith("#") else line for line in lines)
        self._by_form(_Found(each.path, Node(text, each.node.line, each.node.source), each.file))
        removed, _ = Redactor(self.known).remove(text.encode())
        return removed.decode()


def _within(path: Place, name: str) -> str:
    """The name of a slot in a piece of code; two pieces may call different secrets the same."""
    prefix = name_of(path)
    return name if name.startswith(prefix) else f"{prefix}_{name}"


def _of_code(each: _Found, slot: python_source.Slot, name: str) -> SecretSlot:
    what = "a secret that stood in code, which now asks the environment for it"
    made = _readable(each, name, (slot.name.lower(),), what)
    return replace(made, type="bytes" if slot.binary else "str", line=each.node.line + slot.line)


def _readable(each: _Found, name: str, told_by: Place, otherwise: str) -> SecretSlot:
    kind = kind_of(told_by)
    known = kind.kind not in ("unknown", "setting", "code", "configuration")
    how = kind.how if known else "make a new one"
    return SecretSlot(
        name=name,
        path=each.path,
        found="plain",
        type="str",
        kind=kind.kind if known else "password",
        what=kind.what if known else otherwise,
        issued_by=kind.issued_by if known else "you, or the service that it is for",
        how=f"{how}; have the old one withdrawn, as it stood readable",
        file=each.file,
        line=each.node.line,
        pointer=pointer(each.path),
    )


@lru_cache(maxsize=1000)
def _is_plain(text: str) -> bool:
    """Whether a piece of Python holds no secret by its names and forms; most are those of a chart."""
    done = python_source.redacted(text, "", Names())
    return not done.refused and not done.slots


@lru_cache(maxsize=1000)
def _without_comments(text: str) -> str:
    return python_source.without_comments(text)


def _texts(top: Node, file: str) -> Iterator[_Found]:
    """Each scalar with its place."""
    for path, node in top.places():
        value = node.value
        if isinstance(value, str) and PLACEHOLDER.fullmatch(value):
            continue
        if value is not None and not isinstance(value, (dict, list, bool)):
            yield _Found(path, node, file)


def _flag_before(top: Node, path: Place) -> str:
    """Of an argument in a list, the name of the flag before it, such as ``api_token``."""
    last = path[-1]
    if not isinstance(last, int) or not last:
        return ""
    node = top
    for each in path[:-1]:
        node = node.value[each]
    before, own = node.value[last - 1].value, node.value[last].value
    if not isinstance(before, str) or not before.startswith("-") or str(own).startswith("-"):
        return ""
    return before.lstrip("-").replace("-", "_")


def _variable(top: Node, path: Place) -> str:
    """Of the value of a pair such as ``{name: …, value: …}``, the name."""
    if str(path[-1]).lower() != "value":
        return ""
    return next(
        (name for each in ("name", "Name", "key", "Key") if (name := _sibling(top, path, each))), ""
    )


def _sibling(top: Node, path: Place, key: str) -> str:
    node = top
    for each in path[:-1]:
        node = node.value[each]
    found = node.value.get(key) if isinstance(node.value, dict) else None
    return found.value if found is not None and isinstance(found.value, str) else ""


def is_python(path: Place, text: str) -> bool:
    """Whether a text in values is Python: a snippet of configuration, or a file of it."""
    keys = [str(each) for each in path]
    if PLACEHOLDER.fullmatch(text):
        return False
    if "extraConfig" in keys[-2:] and keys[-1] != "stringData":
        return True
    if keys and keys[-1] == "stringData" and len(keys) > 1:
        return keys[-2].endswith((".py", "_py")) or re.match(r"#!.*python", text) is not None
    return False
