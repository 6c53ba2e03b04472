"""Stands in for modules that a hub's image has and this machine has not. Executed in the sandbox before the hub's configuration; see verify/hub_pod.py.

What is imported of such a module is a recorder: calls are written down with their arguments and return a
recorder, and classes can be derived from. What a recorder says is never taken for what the module would do.
Needs the standard library only.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any

DEEPEST = 8
"""How deep arguments are followed."""


class Module(types.ModuleType):
    """A module that is not there."""

    stand_ins: StandIns

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self.stand_ins.of(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class Recorder:
    """A function, or anything else, of a module that is not there.

    Arguments:
        name: with its module.
        stand_ins: which take down what is called.
    """

    def __init__(self, name: str, stand_ins: StandIns) -> None:
        self.__dict__["_name"] = name
        self.__dict__["_stand_ins"] = stand_ins

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._stand_ins.of(f"{self._name}.{name}")
        self.__dict__[name] = value
        return value

    def __call__(self, *arguments: Any, **named: Any) -> Recorder:
        self._stand_ins.record(self._name, arguments, named)
        return Recorder(f"{self._name}()", self._stand_ins)


class Made(dict[str, Any]):
    """An object of a class that is not there: what it was made of."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        kind = type(self)
        name = f"{kind.__module__}.{kind.__qualname__}"
        super().__init__({"$made": name, "arguments": list(arguments), **named})


class StandIns:
    """Finds the modules that nothing else finds, and keeps what is asked of them.

    Attributes:
        modules: the names of those at the top.
        calls: each with name and arguments, in order.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.calls: list[dict[str, Any]] = []

    def install(self) -> None:
        """Be asked last for every import."""
        sys.meta_path.append(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """What the import system asks."""
        del path, target
        top = name.partition(".")[0]
        if "." in name and not isinstance(sys.modules.get(top), Module):
            return None  # a part that a real module lacks is an error, as it is in the hub
        if top.startswith("_") or top in sys.stdlib_module_names:
            return None
        self.modules.add(top)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Module:
        """What the import system asks next."""
        module = Module(spec.name)
        module.__dict__["stand_ins"] = self
        return module

    def exec_module(self, module: Module) -> None:
        """Nothing is there to execute."""
        module.__path__ = []

    def of(self, name: str) -> Any:
        """What a name stands for: a class, if it is written like one, or else a recorder."""
        module, _, last = name.rpartition(".")
        if last[:1].isupper():
            return type(last, (Made,), {"__module__": module})
        return Recorder(name, self)

    def record(self, name: str, arguments: Sequence[Any], named: dict[str, Any]) -> None:
        """Take down a call."""
        told = {"call": name, "arguments": [plain(each) for each in arguments]}
        self.calls.append({**told, **({"named": plain(named)} if named else {})})


def plain(value: Any, depth: int = 0) -> Any:
    """An argument, as far as it can be written down; functions as they are, for their bytecode."""
    if value is None or isinstance(value, (bool, int, float, str)) or hasattr(value, "__code__"):
        return value
    if depth > DEEPEST:
        return "…"
    if isinstance(value, dict) and type(value).__name__ != "Config":
        return {str(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each, depth + 1) for each in value]
    return f"<{type(value).__module__}.{type(value).__qualname__}>"
