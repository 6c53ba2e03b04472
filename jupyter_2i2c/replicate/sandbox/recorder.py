"""Writes down what a JupyterHub is configured to do, without its secrets. Called by hub/record.py in the hub, and by run.py in the sandbox.

Needs the standard library and traitlets only: in the sandbox it runs on the operator's interpreter.

What a configuration holds becomes JSON. What JSON has no word for is an object with one key:
``$secret`` (its slot), ``$code`` (a function), ``$class``, ``$object``, ``$set``, ``$bytes``, ``$lazy``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DEEPEST = 12
"""How deep values are followed."""

PLAIN = (str, bytes, bool, int, float, list, tuple, dict, set, frozenset)
"""What of a file's values is noted with the functions that use it."""

LARGEST_USED = 10_000
"""Characters of such a value."""

BOOKKEEPING = ("JupyterHub.config_file", "JupyterHub.generate_config", "JupyterHub.answer_yes")
"""How the hub was started, which is not what it does."""

SHORTEST = 8
"""Characters below which a secret is removed by its place alone."""

NO_SECRETS = re.compile(
    r"(^|[._])(auth_state_groups_key|auth_state_hook|image_pull_secrets?|username_key|groups_key"
    r"|claim_groups_key|oauth_token_expires_in|cookie_options|enable_auth_state|public_key)$"
    # of objects of Kubernetes: which entry, label or taint is meant
    r"|(^|\.)(\w*[kK]ey_?[rR]ef|items|\w*[tT]olerations|match_?[eE]xpressions)\.key$"
)
"""Traits whose names only sound like a secret."""

SECRETS = re.compile(r"(^|\.)CryptKeeper\.keys$")
"""Traits whose names do not sound like one."""

CREDENTIALS = re.compile(r"(?<=//)[^/\s:@'\"]*:([^\s/'\"?#]+)(?=@)")
"""The password in an address; it may hold an @ itself."""


class Rules:
    """Which names hold secrets, and which values are known to be some.

    Arguments:
        secret: a regular expression; settings whose name it finds are secrets.
        no_secret: another; they are none all the same.
        known: value to slot.
        places: directory to the word that stands for it, such as ``{hub}``.
    """

    def __init__(
        self,
        secret: str,
        no_secret: str,
        known: Mapping[str, str] | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self._secret = re.compile(secret, re.IGNORECASE)
        self._no_secret = re.compile(no_secret)
        self.known: dict[str, str] = dict(known or {})
        pairs = sorted((places or {}).items(), key=lambda pair: -len(pair[0]))
        self._places = [pair for pair in pairs if len(pair[0]) > 1]

    def is_secret(self, path: str) -> bool:
        """Whether a setting of this path holds a secret, as far as its name tells."""
        if SECRETS.search(path):
            return True
        name = path.rpartition(".")[2]
        if NO_SECRETS.search(path) or self._no_secret.search(name):
            return False
        return bool(self._secret.search(name))

    def learn(self, value: Any, path: str) -> str:
        """Note that a value is a secret; the slot it belongs to."""
        if isinstance(value, (bytes, bytearray)):
            texts = [bytes(value).decode("latin-1"), bytes(value).hex()]
        else:
            texts = [str(value)]
        slot = next((self.known[each] for each in texts if each in self.known), "")
        name = slot = slot or slot_of(path)
        number = 2
        while len(texts[0]) >= SHORTEST and self._is_anothers(slot, texts):
            slot, number = f"{name}_{number}", number + 1
        for text in texts:
            if len(text) >= SHORTEST:
                self.known.setdefault(text, slot)
        return slot

    def _is_anothers(self, slot: str, texts: list[str]) -> bool:
        return slot in self.known.values() and all(self.known.get(each) != slot for each in texts)

    def text(self, value: str) -> str:
        """A text without known secrets, and with words for the places of this machine."""
        for match in CREDENTIALS.finditer(value):
            self.learn(match[1], "password in an address")
        value = CREDENTIALS.sub("<secret>", value)
        for known in sorted(self.known, key=len, reverse=True):
            if known in value:
                value = value.replace(known, f"<secret:{self.known[known]}>")
        for place, word in self._places:
            value = re.sub(re.escape(place) + r"(?=[/:\"' ]|$)", word, value)
        return value


def slot_of(path: str) -> str:
    """The name of a secret's slot: that of an environment variable."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", path).strip("_").upper()
    return f"S_{words}" if words[:1].isdigit() else words or "SECRET"


def record(config: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Every setting of a configuration by its path, such as ``Spawner.mem_limit``.

    Lists whose members have names become an item for each, ``JupyterHub.services[idle-culler]``:
    so a difference says what it is about.
    """
    told: dict[str, Any] = {}
    # twice: a secret that is learned late may stand in a value that was read early
    for _ in range(2):
        told = {}
        for section in sorted(config):
            traits = config[section]
            if not isinstance(traits, Mapping):
                traits = {"": traits}
            for trait in sorted(traits):
                path = f"{section}.{trait}" if trait else section
                if path not in BOOKKEEPING:
                    told.update(_items(path, _plain_lazy(traits[trait]), rules))
    return told


def _items(path: str, value: Any, rules: Rules) -> Iterable[tuple[str, Any]]:
    members = list(value) if isinstance(value, (list, tuple)) else []
    names = [each.get("name") for each in members if isinstance(each, Mapping)]
    if members and len(set(map(str, names))) == len(members) and all(names):
        for name, member in zip(names, members, strict=True):
            yield f"{path}[{name}]", described(member, f"{path}.{name}", rules)
    else:
        yield path, described(value, path, rules)


def _plain_lazy(value: Any) -> Any:
    """What `c.X.y.append(…)` leaves is applied to nothing, where that is a list or the like."""
    if type(value).__name__ != "LazyConfigValue":
        return value
    told = value.to_dict()
    if set(told) <= {"extend", "prepend", "inserts"}:
        return [*told.get("prepend", []), *told.get("extend", [])]
    return told.get("update", told)


def described(
    value: Any, path: str, rules: Rules, depth: int = 0, above: tuple[int, ...] = ()
) -> Any:
    """One value as JSON."""
    if value is None or isinstance(value, (bool, int, float)):
        long = type(value) is int and len(str(value)) >= SHORTEST
        return {"$secret": rules.learn(value, path)} if long and rules.is_secret(path) else value
    if isinstance(value, (str, bytes, bytearray)):
        if len(value) and rules.is_secret(path):
            return {"$secret": rules.learn(value, path)}
        if isinstance(value, str):
            return rules.text(value)
        text = bytes(value).decode("latin-1")
        if rules.text(text) != text:
            return {"$secret": rules.learn(value, path)}
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if depth > DEEPEST or id(value) in above:
        return {"$object": _class_name(type(value)), "state": "not followed any deeper"}
    above = (*above, id(value))

    def inner(each: Any, name: str) -> Any:
        return described(each, name, rules, depth + 1, above)

    if isinstance(value, Mapping):
        return {
            rules.text(str(key)): inner(value[key], f"{path}.{_called(value, key)}")
            for key in sorted(value, key=str)
        }
    if isinstance(value, (list, tuple)):
        return _listed(value, path, rules, inner)
    if isinstance(value, (set, frozenset)):
        return {"$set": sorted((inner(each, path) for each in value), key=_sortable)}
    if isinstance(value, functools.partial):
        parts = {"args": list(value.args), "keywords": value.keywords}
        return {"$code": {**_code(value.func, rules), "partial": inner(parts, path)}}
    if isinstance(value, type):
        return {"$class": _class(value, rules)}
    if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return {"$code": _code(value, rules)}
    state = getattr(value, "__dict__", None)
    told: dict[str, Any] = {"$object": _class_name(type(value))}
    if isinstance(state, dict):
        told["state"] = {
            name: inner(each, f"{path}.{name}")
            for name, each in sorted(state.items())
            if not name.startswith("_")
        }
    else:
        told["state"] = rules.text(re.sub(r" at 0x[0-9a-f]+", "", repr(value))[:500])
    return told


def _called(value: Mapping[Any, Any], key: Any) -> Any:
    """What a member is called: of a container's variable, ``{"name": …, "value": …}``, it is its name."""
    name = value.get("name")
    return name if key == "value" and isinstance(name, str) else key


def _listed(
    value: Iterable[Any], path: str, rules: Rules, inner: Callable[[Any, str], Any]
) -> list[Any]:
    """A list; of a command line, what follows a flag that names a secret is one."""
    told: list[Any] = []
    flag = ""
    for each in value:
        if isinstance(each, str):
            name, separator, rest = each.partition("=")
            if flag and not each.startswith("-"):
                told.append(inner(each, f"{path}.{flag}"))
                flag = ""
                continue
            dashed = name.startswith("--") and rules.is_secret(name.lstrip("-").replace("-", "_"))
            if dashed and separator and rest:
                told.append(f"{name}=<secret:{rules.learn(rest, path + '.' + name)}>")
                continue
            flag = name.lstrip("-").replace("-", "_") if dashed else ""
        told.append(inner(each, path))
    return told


def _sortable(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _class_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _class(kind: type, rules: Rules) -> dict[str, Any]:
    """A class: its name, those it is made of, and the code of one that no package holds."""
    told: dict[str, Any] = {
        "name": _class_name(kind),
        "bases": [_class_name(each) for each in kind.__mro__[1:-1]],
    }
    functions = {}
    for name, each in sorted(vars(kind).items()):
        function = getattr(each, "__func__", each)
        if isinstance(function, types.FunctionType) and _is_theirs(function, rules):
            functions[name] = {"$code": _code(function, rules)}
    if functions:
        told["functions"] = functions
    return told


def _code(value: Any, rules: Rules, above: tuple[int, ...] = ()) -> dict[str, Any]:
    """A function: its name, where it is, the hash of its bytecode, and what it uses of the configuration."""
    function = getattr(value, "__func__", value)
    module = getattr(function, "__module__", "") or ""
    told: dict[str, Any] = {"name": getattr(function, "__qualname__", repr(function))}
    if module not in ("builtins", "__main__", ""):
        told["module"] = module
    code = getattr(function, "__code__", None)
    if code is not None:
        told["bytecode"] = bytecode(code)
        told["file"] = rules.text(code.co_filename)
        told["line"] = code.co_firstlineno
        if _is_theirs(function, rules) and len(above) < DEEPEST:
            told.update(_used(function, rules, (*above, id(function))))
    return told


def _is_theirs(function: types.FunctionType, rules: Rules) -> bool:
    """Whether a function is of the configuration, and of no package."""
    file = function.__code__.co_filename
    return not (
        "site-packages" in file
        or file.startswith((sys.base_prefix, "<frozen"))
        or rules.text(file).startswith("{prefix}")
    )


def _used(function: types.FunctionType, rules: Rules, above: tuple[int, ...]) -> dict[str, Any]:
    """The functions and plain values of its file that a function uses, and those it closes over."""
    used, closed = {}, {}
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            told = _use(function.__globals__[name], name, rules, above)
            if told is not None:
                used[name] = told
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            told = _use(cell.cell_contents, name, rules, above)
        except ValueError:  # it is empty
            continue
        if told is not None:
            closed[name] = told
    return {key: each for key, each in (("uses", used), ("closure", closed)) if each}


def _use(value: Any, name: str, rules: Rules, above: tuple[int, ...]) -> Any:
    if isinstance(value, types.FunctionType):
        if id(value) in above or not _is_theirs(value, rules):
            return None
        return {"$code": _code(value, rules, above)}
    if type(value) in PLAIN and len(repr(value)) <= LARGEST_USED:
        return described(value, name, rules, DEEPEST // 2)
    return None


def _names(code: types.CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def bytecode(code: types.CodeType) -> str:
    """A hash of what a function does, wherever it stands."""
    digest = hashlib.sha256(repr(_parts(code)).encode()).hexdigest()
    return digest


def _parts(code: types.CodeType) -> tuple[Any, ...]:
    constants = tuple(
        _parts(each)
        if isinstance(each, types.CodeType)
        else ("set", *sorted(map(repr, each)))
        if isinstance(each, frozenset)
        else (type(each).__name__, repr(each))
        for each in code.co_consts
    )
    return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants)
