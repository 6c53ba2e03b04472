"""The record of a hub's configuration: its settings, its code and what they need, without secrets. Called by hub/record.py and config_file.py.

Everything is taken from where the hub runs; what leaves this module is JSON in which no known secret
is left.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import CodeType
from typing import Any

from ..._version import __version__
from ..redact import NO_SECRET_NAME, SECRET_NAME, Known, Redactor
from ..sandbox.recorder import SHORTEST, Rules, bytecode
from .beside import carried, cleaned
from .chart_record import recorded_chart
from .python_source import loaded_files, redacted, variables_read
from .readable_secrets import Names

SCHEMA = 1

CARRIED = {
    ".css", ".html", ".ico", ".jpeg", ".jpg", ".js", ".json", ".md", ".png", ".svg", ".toml", ".txt", ".webp",
    ".yaml", ".yml",
}  # fmt: skip
"""Kinds of files beside the configuration that are carried where a setting names them."""

STATE = re.compile(
    r"\.(drills|exports_directory|key_file|database_url|db_url|cookie_secret_file|pid_file|extra_log_file"
    r"|log_file|home_dir_template|notebook_dir|data_files_path)$"
)
"""Settings that name what the hub keeps, and no part of its configuration: whatever lies there stays."""

LARGEST_FILE = 1 << 20
MOST_FILES = 500


def recorded(
    look: Callable[[Rules], Mapping[str, Any]],
    file: Path | None,
    directory: Path,
    environment: Mapping[str, str] = os.environ,
    ours: Iterable[Path] = (),
) -> dict[str, Any]:
    """All of it as JSON, without secrets.

    Arguments:
        look: gives the settings, as recorder.py writes them, by these rules.
        file: the configuration file; None where there is none.
        directory: the hub runs in.
        environment: the hub's variables.
        ours: files that are written when the hub starts, and are none of its configuration.

    Returns:
        ``config`` (as recorder.py writes it), ``files`` (each with ``name`` in the bundle, ``path``,
        ``text`` or ``base64``, ``slots``), ``refused`` (why code is not there), ``missing``,
        ``environment``, ``slots`` (secrets that must be supplied), ``kubernetes`` (as chart_record.py
        has it, where z2jh's chart runs the hub; else None), ``versions``, ``at``, ``machine``, and
        ``ours`` (what is written when the hub starts).
    """
    top = file.parent if file else directory
    places = {str(directory): "{hub}", str(top): "{config}", sys.prefix: "{prefix}"}
    rules = Rules(SECRET_NAME.pattern, NO_SECRET_NAME.pattern, places=places)
    for name, value in environment.items():
        if rules.is_secret(name) and len(value) >= SHORTEST and not Path(value).exists():
            rules.learn(value, name)
    # values are looked at first, as their places name secrets as those of a checkout do
    chart = recorded_chart(rules, environment)
    told = look(rules)
    sources = _Sources(rules if chart is None else _strict(rules), top, directory)
    if file:
        sources.take(file)
    if chart is None:
        sources.take_named(told, frozenset(ours))
    else:
        # this code is the chart's own, read for the secrets that may stand in it, and not carried;
        # with what it and the settings tell, values and settings are looked at once more
        sources = _Sources(rules, top, directory)
        chart = recorded_chart(rules, environment)
        told = look(rules)
    _as_carried(told, sources.files)
    told = cleaned(told, rules)
    variables, wanted = _environment(environment, sources.variables, rules)
    slots = {**dict.fromkeys(wanted, "read from the environment"), **sources.slots}
    document = {
        "schema": SCHEMA,
        "at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "config": told,
        "main": sources.main,
        "files": sources.files,
        "refused": [*sources.refused, *([chart["refused"]] if chart and chart["refused"] else [])],
        "missing": sources.missing,
        "ours": [rules.text(str(each)) for each in ours],
        "environment": variables,
        "slots": slots,
        "kubernetes": chart,
        "versions": _versions(),
        "machine": {"python": platform.python_version(), "system": platform.system(),
                    "same_place": top == directory},
    }  # fmt: skip
    # the last net: whatever way a known value took, it ends here
    text = json.dumps(document, ensure_ascii=False).encode()
    known = Known()
    for value, slot in rules.known.items():
        known.add(value, slot, "the hub's configuration")
    if left := Redactor(known).slots_in(text):
        text, _ = Redactor(known).remove(text)
        document = json.loads(text)
        document["refused"] += [f"{name} stood where it was not looked for, and was cut out"
                                for name in sorted(left)]  # fmt: skip
    return document


def _strict(rules: Rules) -> Rules:
    """Rules that learn into the same, for code in which ``key`` is a word of Kubernetes."""
    strict = Names()
    strict.known = rules.known
    return strict


class _Sources:
    """The files that the configuration is made of."""

    def __init__(self, rules: Rules, top: Path, directory: Path) -> None:
        self._rules = rules
        self._top = top
        self._directory = directory
        self._seen: set[Path] = set()
        self._elsewhere: list[Path] = []
        self.main = ""
        self.files: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.missing: list[str] = []
        self.slots: dict[str, str] = {}
        self.variables: set[tuple[str, bool]] = set()

    def take(self, file: Path) -> None:
        """A file of Python, and those that it loads."""
        file = Path(os.path.normpath(file))
        if file in self._seen or len(self.files) >= MOST_FILES:
            return
        self._seen.add(file)
        name = self._name(file)
        self.main = self.main or name
        shown = self._rules.text(str(file))
        try:
            if file.stat().st_size > LARGEST_FILE:
                raise OSError(f"it has more than {LARGEST_FILE >> 20} MiB")
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.missing.append(f"{shown}: {self._rules.text(str(error))}")
            return
        clean = redacted(text, shown, self._rules)
        if clean.refused:
            self.refused.append(clean.refused)
            return
        for slot in clean.slots:
            self.slots[slot.name] = f"{shown}:{slot.line}"
        self.files.append({"name": name, "path": shown, "text": clean.text})
        self.variables |= set(variables_read(text))
        for line, loaded in loaded_files(text, str(file)):
            found = next((each for each in (Path(loaded), self._directory / loaded, file.parent / loaded)
                          if loaded and each.is_absolute() and each.is_file()), None)  # fmt: skip
            if found:
                self.take(found)
            else:
                self.missing.append(f"{shown}:{line} loads a file whose name it computes: "
                                    f"{self._rules.text(loaded) or 'not known'}")  # fmt: skip

    def take_named(self, told: Mapping[str, Any], ours: frozenset[Path]) -> None:
        """The files beside the configuration that its settings and its code name, but for `ours`."""
        self._seen |= ours
        for value in sorted(set(named_places(told, code=True))):
            path = self._top / value.removeprefix("{config}/")
            if path.suffix == ".py" and path.is_file():
                self.take(path)
            elif path.is_dir():
                for each in sorted(path.rglob("*"))[:MOST_FILES]:
                    self._take_data(each)
            else:
                self._take_data(path)

    def _take_data(self, path: Path) -> None:
        named = self._rules.is_secret(path.stem)
        if path in self._seen or path.suffix.lower() not in CARRIED or named or not path.is_file():
            return
        self._seen.add(path)
        try:
            data = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
        except OSError:
            data = None
        data = carried(data, path, self._rules) if data is not None else None
        shown = self._rules.text(str(path))
        if data is None:
            self.missing.append(f"{shown} is too large, cannot be read, packed, or holds a secret")
            return
        encoded = base64.b64encode(data).decode()
        self.files.append({"name": self._name(path), "path": shown, "base64": encoded})

    def _name(self, file: Path) -> str:
        if file.is_relative_to(self._top):
            return file.relative_to(self._top).as_posix()
        for number, top in enumerate(self._elsewhere):
            if file.is_relative_to(top):
                return f"elsewhere/{number}/{file.relative_to(top).as_posix()}"
        # side by side with those that it may ask for by its own place
        self._elsewhere.append(file.parent)
        return f"elsewhere/{len(self._elsewhere) - 1}/{file.name}"


def _as_carried(told: Any, files: list[dict[str, Any]]) -> None:
    """Give each function the hash that it has where its secrets are looked up instead.

    A function out of which a secret was taken is other code; so that a replica's can be compared with
    it, what counts is the code that is carried.
    """
    carried: dict[tuple[str, int, str], str] = {}
    for each in files:
        if "text" in each:
            inner: list[Any] = [compile(each["text"], each["name"], "exec", dont_inherit=True)]
            while inner:
                code = inner.pop()
                carried[each["path"], code.co_firstlineno, code.co_name] = bytecode(code)
                inner += [one for one in code.co_consts if isinstance(one, CodeType)]

    def settle(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                settle(each)
        elif isinstance(value, dict):
            for name, each in value.items():
                if name == "$code" and "bytecode" in each:
                    renew(each, each.get("file", ""), each["name"])
                settle(each)

    def renew(of: dict[str, Any], file: str, name: str) -> None:
        new = carried.get((file, of["line"], name.rpartition(".")[2]))
        if new and new != of["bytecode"]:
            of["bytecode"] = new
            of["note"] = "a secret or a docstring was taken out of it"

    settle(told)


def named_places(config: Mapping[str, Any], *, code: bool = False) -> Iterator[str]:
    """The places beside the configuration that its settings name, as a record has them: ``{config}/…``.

    Arguments:
        config: the settings.
        code: whether those count that code was found at.
    """
    for path, value in config.items():
        if not STATE.search(path):
            yield from (each for each in _texts(value, code) if each.startswith("{config}/"))


def _texts(value: Any, code: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if code or name not in ("$code", "$class"):
                yield from _texts(each, code)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, code)


def _environment(
    environment: Mapping[str, str], asked: set[tuple[str, bool]], rules: Rules
) -> tuple[dict[str, str], list[str]]:
    """The variables that the configuration asks for: those that may be told, and the secrets."""
    told: dict[str, str] = {}
    secrets: list[str] = []
    for name, value in sorted(environment.items()):
        if not any(name == each if whole else name.startswith(each) for each, whole in asked):
            continue
        clean = rules.text(value)
        if rules.is_secret(name) or "<secret" in clean:
            secrets.append(name)
        else:
            told[name] = clean
    return told, secrets


def _versions() -> dict[str, str]:
    from ..capture.distributions import listed

    return {"jupyter_2i2c": __version__, **dict(sorted(listed()))}
