"""Hooks that a hub's code sets by name: whether some code defines them. Called by V2; the code is read, never executed."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from .ladder import Result

GIVEN = frozenset(
    {
        "c", "get_config", "glob", "os", "re", "sys", "client", "url_path_join", "AsyncHTTPClient",
        "camelCaseify", "get_name", "get_name_env", "get_secret_value", "set_config_if_not_none",
    }
)  # fmt: skip
"""Names that the chart's own code has defined before."""


def checked(snippets: Mapping[str, Any]) -> Iterator[tuple[str, Result]]:
    """A result for each setting that is given a bare name.

    Arguments:
        snippets: of ``hub.extraConfig``; they run in the order of their keys and share their names.
    """
    trees = []
    for name, text in sorted(snippets.items()):
        tree = _parsed(text)
        if tree is None:
            yield f"code {name}", Result("fail", "it cannot be read as Python")
        else:
            trees.append((name, tree))
    known = GIVEN.union(dir(builtins), *(_defined(tree) for _, tree in trees))
    if any(_brings_all(tree) for _, tree in trees):
        return  # nobody knows what `import *` defines
    for name, tree in trees:
        for setting, value in _set_by_name(tree):
            item = f"hook {setting} of {name}"
            if value in known:
                yield item, Result("pass", f"{value} is defined")
            else:
                yield item, Result("fail", f"no code defines {value}; the hub does not start")


def _parsed(text: Any) -> ast.Module | None:
    if not isinstance(text, str):
        return ast.parse("")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defined(tree: ast.Module) -> set[str]:
    """Every name that is defined somewhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _brings_all(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names)
        for node in ast.walk(tree)
    )


def _set_by_name(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Settings such as ``c.KubeSpawner.modify_pod_hook`` with the bare name that they are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            for target in node.targets:
                setting = ast.unparse(target)
                if isinstance(target, ast.Attribute) and setting.startswith("c."):
                    yield setting, node.value.id
