"""What whoever helps needs to know of this session, gathered when its owner asks for it. Called by support.py.

Nothing is sent from here. The parts go to the browser, where their owner reads them and leaves out
what they like; what they see there is what is sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from ..replicate.capture.variables import ALLOWED
from .log_memory import LogMemory
from .no_secrets import NoSecrets

LOG_FILE = ".jupyter-server-log.txt"
"""The file in a home into which images made by repo2docker write the server's output."""

MOST_TEXT = 40_000
"""Characters of a part; of a log the last ones."""

POD_LOGS = "The log of the pod, and what the hub wrote while this server started, cannot be read from here."


@dataclass(frozen=True)
class Part:
    """One part of the diagnostics, which can be left out.

    Attributes:
        key: by which the panel knows it.
        title: for a person.
        text: what is sent.
        note: what there is to know about it; empty if nothing.
    """

    key: str
    title: str
    text: str
    note: str = ""


class Diagnostics:
    """Gathers the parts.

    Args:
        session: asks what the session runs on; the JSON of `Session`.
        about: the hub's name and where its facts come from.
        log: the last records.
        extensions: the server's extensions, by name, and whether they are on.
        secrets: makes what knows the secrets; it reads files, so it is called in a thread.
        home: the owner's.
    """

    def __init__(
        self,
        session: Callable[[], Any],
        about: Callable[[], Mapping[str, str]],
        log: LogMemory,
        extensions: Callable[[], Mapping[str, bool]],
        secrets: Callable[[], NoSecrets],
        home: Path,
    ) -> None:
        self._session = session
        self._about = about
        self._log = log
        self._extensions = extensions
        self._secrets = secrets
        self._home = home

    async def gather(self) -> tuple[Part, ...]:
        """All parts that there are; secrets are removed from each.

        A part that cannot be gathered says why and stops no other.
        """
        session = json.loads(await self._session())
        return await asyncio.to_thread(self._gather, session)

    def _gather(self, session: Mapping[str, Any]) -> tuple[Part, ...]:
        secrets = self._secrets()
        gathered = (
            ("session", "The session", lambda: _lines(self._of_session(session))),
            ("resources", "Limits and use", lambda: _lines(_resources(session))),
            ("versions", "Versions", lambda: _lines(_versions(session))),
            ("log", "The server's last warnings and errors", self._of_log),
            ("log-file", f"The end of ~/{LOG_FILE}", self._of_log_file),
            ("extensions", "Extensions", self._of_extensions),
            ("environment", "Variables", _environment),
            ("packages", "Installed packages", _packages),
        )
        return tuple(
            part
            for key, title, of in gathered
            if (part := _part(key, title, of, secrets)) is not None
        )

    def _of_session(self, session: Mapping[str, Any]) -> dict[str, Any]:
        server = session.get("server") or {}
        image = session.get("image") or {}
        reference = image.get("name", "")
        if image.get("tag"):
            reference += ("@" if ":" in image["tag"] else ":") + image["tag"]
        return {
            "Time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "Time zone of the server": datetime.now().astimezone().tzname(),
            **self._about(),
            "User": server.get("owner"),
            "Server": server.get("name") or ("(default)" if server.get("owner") else ""),
            "Started": server.get("started"),
            "Profile": server.get("profile"),
            "Image": reference,
            "JupyterHub": session.get("hub_version"),
        }

    def _of_log(self) -> tuple[str, str]:
        records = self._log.records
        if not records:
            return "(none since this server started)", POD_LOGS
        return _end("\n".join(records)), POD_LOGS

    def _of_log_file(self) -> str | None:
        path = self._home / LOG_FILE
        try:
            # a link could lead anywhere, and a pipe would be waited for
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None  # most images have none
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise OSError("it is no plain file")
            file.seek(max(found.st_size - 4 * MOST_TEXT, 0))
            return _end(file.read(4 * MOST_TEXT).decode("utf-8", "replace"))

    def _of_extensions(self) -> str:
        lines = ["Server:"]
        lines += [
            f"  {name} {'on' if on else 'off'}" for name, on in sorted(self._extensions().items())
        ]
        lines.append("JupyterLab:")
        lines += _lab_extensions()
        return "\n".join(lines)


def _part(
    key: str,
    title: str,
    of: Callable[[], str | tuple[str, str] | None],
    secrets: NoSecrets,
) -> Part | None:
    try:
        found = of()
    except Exception as error:  # whatever is broken is why somebody asks for help
        return Part(key, title, "", f"It could not be gathered: {error}")
    if found is None:
        return None
    text, note = found if isinstance(found, tuple) else (found, "")
    cleaned, removed = secrets.removed_from(_printable(text))
    if not secrets.is_clean(cleaned):
        return Part(key, title, "", "It is left out: a secret could not be removed from it.")
    if removed:
        told = "1 secret was removed." if removed == 1 else f"{removed} secrets were removed."
        note = f"{told} {note}".strip()
    return Part(key, title, cleaned, note)


def _lines(facts: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value)


def _resources(session: Mapping[str, Any]) -> dict[str, Any]:
    def use(of: Any, show: Callable[[float], str], unit: str = "") -> str:
        used, limit = (of.get("used"), of.get("limit")) if isinstance(of, Mapping) else (None, None)
        if used is None and not limit:
            return ""  # nothing to tell, and a zero would be wrong
        told = "not known" if used is None else show(used)
        return f"{told} of {show(limit)}{unit}" if limit else f"{told}{unit}, no limit known"

    home = session.get("home") or {}
    measured = f" ({home['age']} s ago)" if home.get("age") is not None else ""
    return {
        "Memory": use(session.get("memory"), _size),
        "CPU": use(session.get("cpu"), _cores, " cores"),
        "Home directory": (told := use(home, _size)) and told + measured,
    }


def _size(count: float) -> str:
    return f"{count / 2**30:.2f} GiB" if count >= 2**29 else f"{count / 2**20:.1f} MiB"


def _cores(count: float) -> str:
    return f"{round(count, 2):g}" if count >= 0.01 else "less than 0.01"


def _versions(session: Mapping[str, Any]) -> dict[str, Any]:
    known = {each["name"]: each["version"] for each in session.get("versions") or ()}
    return {**known, "System": platform.platform(), "Interpreter": sys.executable}


def _environment() -> str:
    shown = [f"{name}={os.environ[name]}" for name in sorted(ALLOWED) if name in os.environ]
    return "\n".join(shown) or "(none of those that may be shown)"


def _packages() -> str:
    found = {
        (each.metadata["Name"] or "?").lower(): each.version for each in metadata.distributions()
    }
    return _end("\n".join(f"{name} {version}" for name, version in sorted(found.items())))


def _lab_extensions() -> list[str]:
    from jupyter_core.paths import jupyter_path

    found: dict[str, str] = {}
    for directory in jupyter_path("labextensions"):
        root = Path(directory)
        for path in sorted([*root.glob("*/package.json"), *root.glob("@*/*/package.json")]):
            try:
                told = json.loads(path.read_text("utf-8"))
                found.setdefault(str(told["name"]), str(told.get("version", "?")))
            except (OSError, ValueError, KeyError, TypeError):
                found.setdefault(path.parent.name, "(its package.json cannot be read)")
    disabled = _disabled()
    return [
        f"  {name} {version}{' disabled' if name in disabled else ''}"
        for name, version in sorted(found.items())
    ]


def _disabled() -> set[str]:
    """The names of Lab's extensions that are turned off."""
    try:
        from jupyterlab_server.config import get_page_config
    except ImportError:  # a server without Lab
        return set()
    from jupyter_core.paths import jupyter_path

    config = get_page_config(jupyter_path("labextensions"))
    return set(config.get("disabledExtensions") or ())


def _end(text: str) -> str:
    if len(text) <= MOST_TEXT:
        return text
    whole_lines = text[-MOST_TEXT:].partition("\n")[2]
    return "[…]\n" + (whole_lines or text[-MOST_TEXT:])


def _printable(text: str) -> str:
    """Without the characters that a terminal or a mail program would act on."""
    return "".join(each for each in text if each in "\n\t" or each.isprintable())
