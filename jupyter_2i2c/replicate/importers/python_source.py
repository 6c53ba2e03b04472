"""Takes the secrets out of a configuration's Python, and leaves the rest as it was written. Called by hub/record.py and config_file.py.

What holds a secret becomes a look-up of an environment variable; line numbers stay. Nothing is
executed: constant expressions are computed here, with the few operations that they are made of.
"""

from __future__ import annotations

import ast
import base64
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from ..redact import Known, Redactor, suspicious
from ..sandbox.recorder import CREDENTIALS, SHORTEST, Rules, slot_of
from .secret_forms import pieces_of, secrets_in

LARGEST = 1 << 20
"""Characters of a computed constant that are looked at."""

NOTHING: Any = object()
"""What is no constant."""

METHODS = {
    "join", "format", "encode", "decode", "strip", "lstrip", "rstrip", "replace", "upper", "lower",
    "removeprefix", "removesuffix", "hex", "title", "swapcase",
}  # fmt: skip
"""Methods of texts that a constant may be computed with."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "bytes": bytes,
    "bytearray": bytes,
    "bytes.fromhex": bytes.fromhex,
    "str": str,
    "chr": chr,
    "base64.b64decode": base64.b64decode,
    "b64decode": base64.b64decode,
    "base64.b64encode": base64.b64encode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "binascii.unhexlify": bytes.fromhex,
    "reversed": lambda sequence: list(reversed(sequence)),
}


@dataclass(frozen=True)
class Slot:
    """A secret that was taken out of code.

    Attributes:
        name: of the variable that is looked up in its place.
        line: from 1.
        binary: whether bytes stood there.
    """

    name: str
    line: int
    binary: bool


@dataclass(frozen=True)
class Redacted:
    """Code without its secrets.

    Attributes:
        text: the code; empty if it is refused.
        slots: what was taken out.
        refused: why it must not be carried, with the line; empty if it may.
    """

    text: str
    slots: tuple[Slot, ...] = ()
    refused: str = ""


def redacted(text: str, name: str, rules: Rules, keep_comments: bool = False) -> Redacted:
    """Take out every secret that is known by its value, its name or its form.

    Arguments:
        text: Python.
        name: of the file, for messages.
        rules: the secrets whose values are known, and the names that mean one.
        keep_comments: whether comments and docstrings stay; a secret may be told in one.
    """
    try:
        return _redacted(text, name, rules, keep_comments)
    except (RecursionError, MemoryError):
        return Redacted("", refused=f"{name} is nested too deep to be looked at; make it flatter")


def _redacted(text: str, name: str, rules: Rules, keep_comments: bool) -> Redacted:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return Redacted("", refused=f"{name} is no Python: {error}")
    finder = _Finder(text, tree, rules)
    refused = finder.look()
    if refused:
        return Redacted("", refused=f"{name}:{refused}")
    result = _spliced(text, finder.replaced)
    try:
        ast.parse(result)
    except SyntaxError as error:
        return Redacted("", refused=f"{name}:{error.lineno} holds a secret where no look-up can stand,"
                        " such as a pattern of `case`; read it from the environment before")  # fmt: skip
    if not keep_comments:
        result = without_comments(result)
    known = Known()
    for value, slot in rules.known.items():
        known.add(value, slot, name)
    for value in finder.values:
        known.add(value, "found", name)
    if left := Redactor(known).slots_in(result.encode()):
        line = _line_of(result, known, left)
        return Redacted("", refused=f"{name}:{line} holds the secret {', '.join(sorted(left))} in a"
                        " way that cannot be taken out; read it from the environment instead")  # fmt: skip
    if suspicious(result.encode()):
        return Redacted("", refused=f"{name} holds what looks like a token or a private key in a way"
                        " that cannot be taken out; read it from the environment instead")  # fmt: skip
    return Redacted(result, tuple(finder.slots))


def without_comments(text: str) -> str:
    """Python without its comments and docstrings, in which people write alike; each line stays where it is.

    Raises:
        SyntaxError, tokenize.TokenError: it cannot be told what is a comment.
    """
    # what readline of a file takes for a line, and no form feed, at which str.splitlines ends one, too
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column].rstrip() + line[column + len(token.string) :]
    text = "\n".join(lines)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text  # of an earlier Python
    said = [each.value for each in ast.walk(tree) if _is_said(each)]
    finder = _Finder(text, tree, Rules("$^", "$^"))
    for node in said:
        finder.replace(node, '""')
    return _spliced(text, finder.replaced)


def _is_said(node: ast.AST) -> TypeGuard[ast.Expr]:
    """Whether a statement is only a text, as a docstring is."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.value.value != ""
    )


def variables_read(text: str) -> list[tuple[str, bool]]:
    """The environment variables that code asks for.

    Returns:
        The name, or the beginning that is known of it, and whether it is the whole name.
    """
    asked: set[tuple[str, bool]] = set()
    for node in ast.walk(ast.parse(text)):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and _dotted(node.value).endswith("environ"):
            key = node.slice
        elif isinstance(node, ast.Call) and node.args:
            called = _dotted(node.func)
            if called.endswith(("environ.get", "getenv", "environ.pop", "environ.setdefault")):
                key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            asked.add((key.value, True))
        elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            asked.add((str(key.values[0].value), False))
    return sorted(asked)


def loaded_files(text: str, file: str) -> Iterator[tuple[int, str]]:
    """The other files that a configuration loads (`load_subconfig`), as far as its text tells.

    Yields:
        The line, and the path as it is written there; empty where that is computed.
    """
    finder = _Finder(text, ast.parse(text), Rules("$^", "$^"), {"__file__": file})
    for node in ast.walk(finder.tree):
        if isinstance(node, ast.Call) and _dotted(node.func) == "load_subconfig" and node.args:
            value = finder.path(node.args[0])
            yield node.lineno, value if isinstance(value, str) else ""


class _Finder:
    """Finds the secrets of one file."""

    def __init__(
        self, text: str, tree: ast.Module, rules: Rules, names: dict[str, Any] | None = None
    ) -> None:
        self.tree = tree
        self.rules = rules
        self.replaced: list[tuple[int, int, str]] = []
        self.slots: list[Slot] = []
        self.values: set[str] = set()
        self._taken: set[str] = set()
        self._names = dict(names or {})
        self._definitions: dict[str, ast.expr] = {}
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._bytes = text.encode()
        counts: dict[str, int] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                counts[node.id] = counts.get(node.id, 0) + 1
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                if isinstance(target, ast.Name) and counts[target.id] == 1:
                    self._definitions[target.id] = statement.value

    def look(self) -> str:
        """Find them all; why the file is refused, with the line, if it is."""
        for path, node in self._named():
            if refused := self._take_named(path, node):
                return refused
        self._learn_forms()
        self._visit(self.tree)
        return ""

    def _learn_forms(self) -> None:
        """Learn what is a secret by its form, in every text that stands in the code or is computed in it."""
        paths = self._paths()
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.expr) or isinstance(node, (ast.Name, ast.Attribute)):
                continue
            value = self.value(node)
            if isinstance(value, list):  # a command, perhaps
                value = " ".join(each for each in value if isinstance(each, str))
            if isinstance(value, (str, bytes)) and SHORTEST <= len(value) <= LARGEST:
                text = value if isinstance(value, str) else value.decode("latin-1")
                for secret in secrets_in(text):
                    for piece in pieces_of(secret):
                        self._learn(piece, paths.get(id(node), "SECRET"))

    def _paths(self) -> dict[int, str]:
        """What the value is called that an expression goes into, by the expression's identity."""
        paths: dict[int, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                for each in ast.walk(node.value):
                    paths[id(each)] = _target(node.targets[0])
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant):
                        path = f"{paths.get(id(node), '')}.{key.value!s}".lstrip(".")
                        paths.update((id(each), path) for each in ast.walk(value))
        return paths

    def _named(self) -> Iterator[tuple[str, ast.expr]]:
        """Each expression that stands where a secret belongs by its name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    for each, value in _pairs(target, node.value):
                        yield from self._if_secret(_target(each), value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign)) and node.value:
                yield from self._if_secret(_target(node.target), node.value)
            elif isinstance(node, ast.Match):
                for case in node.cases:
                    if isinstance(case.pattern, ast.MatchValue):
                        yield from self._if_secret(_target(node.subject), case.pattern.value)
            elif isinstance(node, ast.keyword) and node.arg:
                yield from self._if_secret(node.arg, node.value)
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield from self._if_secret(key.value, value)
                yield from self._variable(node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                if not isinstance(node, ast.Lambda):
                    for inner in ast.walk(node):
                        if (
                            isinstance(inner, ast.Return)
                            and inner.value
                            and not _is_prose(inner.value)
                        ):
                            yield from self._if_secret(node.name, inner.value)
                arguments = [*node.args.posonlyargs, *node.args.args]
                defaults = node.args.defaults
                pairs = zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)
                only = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                for argument, default in [*pairs, *only]:
                    if default is not None:
                        yield from self._if_secret(argument.arg, default)
            elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
                left, right = node.left, node.comparators[0]
                yield from self._if_secret(_target(left), right)
                yield from self._if_secret(_target(right), left)
            elif isinstance(node, ast.Call) and len(node.args) == 2:
                if _dotted(node.func).endswith("compare_digest"):
                    yield from (("SECRET", each) for each in node.args)
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield from self._if_secret(first.value, node.args[1])
            elif isinstance(node, (ast.List, ast.Tuple)):
                for flag, value in zip(node.elts, node.elts[1:], strict=False):
                    if isinstance(flag, ast.Constant) and str(flag.value).startswith("--"):
                        name = str(flag.value).lstrip("-").replace("-", "_")
                        if not _is_flag(value):
                            yield from self._if_secret(name, value)

    def _variable(self, node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
        """A variable as containers have it: ``{"name": …, "value": …}``."""
        told = {key.value: value for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)}  # fmt: skip
        name = told.get("name")
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and "value" in told:
            yield from self._if_secret(name.value, told["value"])

    def _if_secret(self, path: str, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        if path and self.rules.is_secret(path):
            yield path, node

    def _take_named(self, path: str, node: ast.expr) -> str:
        """Take what stands at a secret's place out, if it stands in the file itself."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            for place, each in enumerate(node.elts):
                if refused := self._take_named(f"{path}_{place}", each):
                    return refused
            return ""
        if isinstance(node, ast.BoolOp):
            for each in node.values:
                if refused := self._take_named(path, each):
                    return refused
            return ""
        if isinstance(node, ast.IfExp):
            return self._take_named(path, node.body) or self._take_named(path, node.orelse)
        if isinstance(node, ast.Lambda):
            return self._take_named(path, node.body)
        if isinstance(node, ast.Dict):
            keyed = path.rpartition(".")[2] in ("api_tokens", "service_tokens")
            return next(filter(None, (self._take_named(path, each) for each in
                        (node.keys if keyed else node.values) if each)), "")  # fmt: skip
        value = self.value(node)
        if isinstance(value, int) and len(str(value)) >= SHORTEST:
            self._learn(str(value), path)
            self.replace(node, f"int({_look_up(self._note(node, path, False), False)})")
            return ""
        if value is NOTHING:
            if self._only_constants(node):
                return (f"{node.lineno} computes the secret {path} from constants in a way that is"
                        " not understood; read it from the environment instead")  # fmt: skip
            return ""
        if not isinstance(value, (str, bytes)) or not value:
            return ""
        if self._is_of_names(node):
            self._learn(value, path)
            self._take_parts(path, node)
        else:
            self._take(node, path, value)
        return ""

    def _is_of_names(self, node: ast.expr) -> bool:
        """Whether constants that are defined elsewhere go into an expression."""
        return any(isinstance(each, ast.Name) and each.id in self._definitions
                   for each in ast.walk(node))  # fmt: skip

    def _take_parts(self, path: str, node: ast.expr, depth: int = 0) -> None:
        """Take out the constants that a secret is put together from, wherever they are defined."""
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes)):
                if each.value and not _is_method_argument(each, node):
                    self._take(each, path, each.value)
                    if len(each.value) >= SHORTEST:
                        self._learn(each.value, path)
            elif isinstance(each, ast.Name) and each.id in self._definitions and depth < 8:
                self._take_parts(path, self._definitions[each.id], depth + 1)

    def _learn(self, value: Any, path: str) -> None:
        self.rules.learn(value, path)
        text = value if isinstance(value, str) else value.decode("latin-1")
        if len(text) >= SHORTEST:
            self.values.add(text)

    def _only_constants(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether nothing from outside of the file goes into an expression, which yet is no plain number."""
        inner = list(ast.walk(node))
        if any(isinstance(each, ast.Lambda) for each in inner):
            return False
        if any(isinstance(each, ast.Attribute) and each.attr == "environ" for each in inner):
            return False  # as it is looked up where a secret was taken out before
        if not any(isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes)) and each.value
                   for each in inner):  # fmt: skip
            return False
        functions = {
            id(name) for each in inner if isinstance(each, ast.Call) for name in ast.walk(each.func)
        }
        names = [each for each in inner if isinstance(each, ast.Name) and id(each) not in functions]
        if any(each.id not in self._definitions for each in names):
            return False
        if depth < 8 and any(
            self.value(each) is NOTHING
            and not self._only_constants(self._definitions[each.id], depth + 1)
            for each in names
        ):
            return False
        calls = [_dotted(each.func) for each in inner if isinstance(each, ast.Call)]
        return not any("environ" in each or each.endswith(("getenv", "open", "read_text", "read_bytes",
                       "get_config", "get_secret_value", "token_hex", "urandom", "get")) or not each
                       for each in calls)  # fmt: skip

    def _visit(self, node: ast.AST) -> None:
        """Take out what holds a known value, a password of an address, or a token's form."""
        if isinstance(node, ast.expr) and not isinstance(node, (ast.Name, ast.Attribute)):
            value = self.value(node)
            if isinstance(value, (str, bytes)) and self._holds_secret(value):
                if isinstance(node, ast.JoinedStr) and self._visit_pieces(node):
                    return
                slot = self._slot_for(value)
                if self._is_of_names(node):
                    self._take_parts(slot, node)
                elif not self._is_docstring(node):
                    self._take(node, slot, value)
                return
        if isinstance(node, ast.JoinedStr):
            self._visit_pieces(node)
            return
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _visit_pieces(self, node: ast.JoinedStr) -> bool:
        """A text with values in it: what is secret of its fixed pieces becomes another such value.

        Returns:
            Whether something was.
        """
        values: list[ast.expr] = []
        found = False
        before = ""
        for piece in node.values:
            if isinstance(piece, ast.FormattedValue):
                self._visit(piece.value)
            text = piece.value if isinstance(piece, ast.Constant) else ""
            secret = self._secret_in(text, before) if isinstance(text, str) else ""
            if secret:
                slot = self._slot_for(secret)
                self._learn(secret, slot)
                slot = self._note(piece, slot, False)
                look_up = ast.parse(_look_up(slot, False), mode="eval").body
                first, _, last = str(text).partition(secret)
                values += [ast.Constant(each) if isinstance(each, str) else each
                           for each in (first, ast.FormattedValue(look_up, -1, None), last) if each]  # fmt: skip
                found = True
            else:
                values.append(piece)
            before = text if isinstance(text, str) else ""
        if found:
            self.replace(node, ast.unparse(ast.JoinedStr(values)))
        return found

    def _secret_in(self, text: str, before: str) -> str:
        """The part of a fixed piece that is a secret; empty where none is."""
        known = [each for each in self.rules.known if len(each) >= SHORTEST and each in text]
        if known:
            return max(known, key=len)
        if match := CREDENTIALS.search(text):
            return match[1]
        if before.endswith(("token=", "password=", "secret=", "key=")):
            return text.partition("&")[0].strip("\"' ")
        return text if text and self._holds_secret(text) else ""

    def _holds_secret(self, value: str | bytes) -> bool:
        text = value if isinstance(value, str) else value.decode("latin-1")
        if len(text) > LARGEST:
            return False
        if any(each in text for each in self.rules.known if len(each) >= SHORTEST):
            return True
        if CREDENTIALS.search(text) and "{" not in CREDENTIALS.findall(text)[0]:
            return True
        if text.startswith("--"):
            name, separator, rest = text.partition("=")
            if separator and rest and self.rules.is_secret(name.lstrip("-").replace("-", "_")):
                return True
        return suspicious(text.encode("utf-8", "surrogatepass"))

    def _slot_for(self, value: str | bytes) -> str:
        text = value if isinstance(value, str) else value.decode("latin-1")
        for each, slot in self.rules.known.items():
            if len(each) >= SHORTEST and each in text:
                return slot
        return "SECRET"

    def _is_docstring(self, node: ast.expr) -> bool:
        return any(
            isinstance(each, ast.Expr) and each.value is node for each in ast.walk(self.tree)
        )

    def _take(self, node: ast.expr, path: str, value: str | bytes) -> None:
        text = value if isinstance(value, str) else value.decode("latin-1")
        path = self.rules.known.get(text, path)  # the name that the running hub has for it
        if isinstance(node, ast.Constant) and self._take_inside(node, text):
            return
        if len(value) >= SHORTEST:
            self._learn(value, path)
        slot = self._note(node, path, isinstance(value, bytes))
        self.replace(node, _look_up(slot, isinstance(value, bytes)))

    def _take_inside(self, node: ast.Constant, text: str) -> bool:
        """Take out only the known part of a longer text, such as the password of an address."""
        for match in CREDENTIALS.finditer(text):
            if len(match[1]) >= SHORTEST:
                self._learn(match[1], "password in an address")
        inside = [each for each in self.rules.known
                  if len(each) >= SHORTEST and each in text and each != text]  # fmt: skip
        if not inside or text in self.rules.known:
            return False
        secret = max(inside, key=len)
        before, _, after = text.partition(secret)
        if any(each in before + "\0" + after for each in self.rules.known if len(each) >= SHORTEST):
            return False
        binary = isinstance(node.value, bytes)
        slot = self._note(node, self.rules.known[secret], binary)
        parts = [each.encode("latin-1") if binary else each for each in (before, after)]
        self.replace(node, f"({parts[0]!r} + {_look_up(slot, binary)} + {parts[1]!r})")
        return True

    def _note(self, node: ast.AST, path: str, binary: bool) -> str:
        slot = name = slot_of(path)
        number = 2
        while slot in self._taken:
            slot, number = f"{name}_{number}", number + 1
        self._taken.add(slot)
        self.slots.append(Slot(slot, getattr(node, "lineno", 1), binary))
        return slot

    def replace(self, node: ast.expr, text: str) -> None:
        """Put another expression in the place of one; the lines that follow stay where they are."""
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        if any(start < other_end and other < end for other, other_end, _ in self.replaced):
            self.slots.pop()
            return
        lines = self._bytes[start:end].count(b"\n")
        self.replaced.append((start, end, f"({text}{chr(10) * lines})" if lines else text))

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """What a constant expression computes to; NOTHING where it is none."""
        if depth > 40:
            return NOTHING
        try:
            return self._value(node, depth + 1)
        except Exception:  # whatever a strange constant does, it is none then
            return NOTHING

    def _value(self, node: ast.expr, depth: int) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self._names:
                return self._names[node.id]
            if node.id in self._definitions:
                return self.value(self._definitions[node.id], depth)
            return NOTHING
        if isinstance(node, (ast.List, ast.Tuple)):
            values = [self.value(each, depth) for each in node.elts]
            return NOTHING if NOTHING in values else values
        if isinstance(node, ast.JoinedStr):
            parts = [self.value(each.value if isinstance(each, ast.FormattedValue) else each, depth)
                     for each in node.values]  # fmt: skip
            return NOTHING if NOTHING in parts else "".join(map(str, parts))
        if isinstance(node, ast.BinOp):
            return self._computed(node, depth)
        if isinstance(node, ast.Subscript):
            value = self.value(node.value, depth)
            if value is NOTHING or not isinstance(value, (str, bytes, list)):
                return NOTHING
            if isinstance(node.slice, ast.Slice):
                ends = [self.value(each, depth) if each else None
                        for each in (node.slice.lower, node.slice.upper, node.slice.step)]  # fmt: skip
                return NOTHING if NOTHING in ends else value[slice(*ends)]
            place = self.value(node.slice, depth)
            return value[place] if isinstance(place, int) else NOTHING
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand, depth)
            return -value if isinstance(value, int) else NOTHING
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        return NOTHING

    def _computed(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.value(node.left, depth), self.value(node.right, depth)
        if left is NOTHING or right is NOTHING:
            return NOTHING
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Mult):
            size = max(len(each) if isinstance(each, (str, bytes, list)) else each
                       for each in (left, right))  # fmt: skip
            times = min(each for each in (left, right, LARGEST) if isinstance(each, int))
            return left * right if size * max(times, 1) <= LARGEST else NOTHING
        if isinstance(node.op, ast.Mod) and isinstance(left, (str, bytes)):
            return left % (tuple(right) if isinstance(right, list) else right)
        return NOTHING

    def _called(self, node: ast.Call, depth: int) -> Any:
        arguments = [self.value(each, depth) for each in node.args]
        keywords = {str(each.arg): self.value(each.value, depth) for each in node.keywords}
        if NOTHING in arguments or NOTHING in keywords.values() or "None" in keywords:
            return NOTHING
        named = _dotted(node.func)
        if named in FUNCTIONS:
            if named in ("bytes", "bytearray") and isinstance(arguments[0], int):
                return NOTHING
            return FUNCTIONS[named](*arguments, **keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            value = self.value(node.func.value, depth)
            if isinstance(value, (str, bytes)) and len(value) < LARGEST:
                return getattr(value, node.func.attr)(*arguments, **keywords)
        return NOTHING

    def path(self, node: ast.expr) -> Any:
        """Like `value`, of an expression that makes a file's path with pathlib or os.path."""
        import posixpath

        value = self.value(node)
        if value is not NOTHING:
            return value
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            inner = self.path(node.value)
            return posixpath.dirname(inner) if isinstance(inner, str) else NOTHING
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            left, right = self.path(node.left), self.path(node.right)
            whole = isinstance(left, str) and isinstance(right, str)
            return posixpath.join(left, right) if whole else NOTHING
        if isinstance(node, ast.Name) and node.id in self._definitions:
            return self.path(self._definitions[node.id])
        if isinstance(node, ast.Call):
            named = _dotted(node.func)
            parts = [self.path(each) for each in node.args]
            if not all(isinstance(each, str) for each in parts):
                return NOTHING
            if named in (
                "str",
                "Path",
                "pathlib.Path",
                "os.fspath",
                "os.path.abspath",
                "os.path.realpath",
            ):
                return posixpath.join(*parts)
            if named == "os.path.dirname":
                return posixpath.dirname(parts[0])
            if named == "os.path.join":
                return posixpath.join(*parts)
            if isinstance(node.func, ast.Attribute):
                inner = self.path(node.func.value)
                if isinstance(inner, str):
                    if node.func.attr == "with_name":
                        return posixpath.join(posixpath.dirname(inner), parts[0])
                    if node.func.attr == "joinpath":
                        return posixpath.join(inner, *parts)
                    if node.func.attr in ("resolve", "absolute", "as_posix"):
                        return inner
        return NOTHING


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name with what is assigned to it, of ``a, b = 1, 2`` too."""
    several = (ast.Tuple, ast.List)
    if isinstance(target, several) and isinstance(value, several):
        if len(target.elts) == len(value.elts):
            for inner, one in zip(target.elts, value.elts, strict=True):
                yield from _pairs(inner, one)
    else:
        yield target, value


def _is_prose(node: ast.expr) -> bool:
    """Whether an expression is a text of several words, such as what is said of a token."""
    return isinstance(node, ast.Constant) and " " in str(node.value)


def _is_flag(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).startswith("-")


def _is_method_argument(constant: ast.Constant, node: ast.expr) -> bool:
    """Whether a constant only says how others are put together: an encoding, a separator."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            if each.func.attr in ("encode", "decode") and constant in each.args:
                return True
            if each.func.attr == "join" and each.func.value is constant:
                return len(str(constant.value)) < SHORTEST
    return False


def _target(node: ast.expr) -> str:
    """The name that a value is given, or compared with."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return _dotted(node).partition(".")[2] if _dotted(node) else node.attr
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        return _target(node.value)
    return ""


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def _look_up(slot: str, binary: bool) -> str:
    found = f"__import__('os').environ['{slot}']"
    return f"{found}.encode()" if binary else found


def _spliced(text: str, replaced: list[tuple[int, int, str]]) -> str:
    data = text.encode()
    for start, end, new in sorted(replaced, reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()


def _line_of(text: str, known: Known, slots: set[str]) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if Redactor(known).slots_in(line.encode()) & slots:
            return number
    return 1
