"""Jupyter's configuration, without secrets; and where Jupyter looks for it. Called by environment.py."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from .collected import Collected
from .interpreter import Interpreter
from .settings import without_secrets

PATTERNS = (
    "jupyter_config.json",
    "jupyter_*_config.json",
    "jupyter_config.d/*.json",
    "jupyter_*_config.d/*.json",
    "labconfig/*.json",
    "nbconfig/*.json",
    "nbconfig/*.d/*.json",
    "serverconfig/*.json",
    "lab/user-settings/**/*.jupyterlab-settings",
)
CODE = ("jupyter_config.py", "jupyter_*_config.py")
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Paths:
    """Where Jupyter looks.

    Attributes:
        data: directories of kernels and extensions, the first counts.
        config: label to directory; labels name them after a rebuild, too.
    """

    data: tuple[Path, ...]
    config: Mapping[str, Path]


def paths(of: Interpreter, environ: Mapping[str, str], home: Path) -> Paths:
    """Where Jupyter would look in this environment: the person's own, the environment's, the machine's."""
    own = Path(environ.get("JUPYTER_CONFIG_DIR") or home / ".jupyter")
    own_data = Path(environ.get("JUPYTER_DATA_DIR") or home / ".local" / "share" / "jupyter")
    told = [Path(each) for each in environ.get("JUPYTER_PATH", "").split(os.pathsep) if each]
    user = of.user_base / "share" / "jupyter"
    data = [*told, own_data, user, of.prefix / "share" / "jupyter"]
    data += [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    return Paths(
        tuple(dict.fromkeys(data)),
        {
            "user": own,
            "env": of.prefix / "etc" / "jupyter",
            "local": Path("/usr/local/etc/jupyter"),
            "system": Path("/etc/jupyter"),
        },
    )


def capture(where: Paths, owned: Collection[str], collected: Collected) -> None:
    """Carry the settings that are data; code is named and left out, as nobody can search it for certain.

    Arguments:
        where: Jupyter looks.
        owned: real paths of files that belong to distributions.
        collected: takes it.
    """
    for label, directory in where.config.items():
        for pattern in PATTERNS:
            for path in sorted(directory.glob(pattern)):
                _settings(label, directory, path, os.path.realpath(path) in owned, collected)
        for pattern in CODE:
            for path in sorted(directory.glob(pattern)):
                collected.item(
                    "jupyter-config", f"{label}/{path.name}", "policy-excluded", f"{label} configuration",
                    reason="it is code, in which a secret can hide from any search",
                    action="read it and copy what is yours to take",
                )  # fmt: skip


def _settings(label: str, directory: Path, path: Path, owned: bool, collected: Collected) -> None:
    name = path.relative_to(directory).as_posix()
    identifier = f"{label}/{name}"
    evidence = f"{label} configuration"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large for settings")
        value = _loaded(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        collected.item("jupyter-config", identifier, "not-captured", evidence,
                       reason=f"it cannot be read: {type(error).__name__}")  # fmt: skip
        return
    _server_extensions(value, evidence, collected)
    if owned:  # it comes back with its distribution
        collected.item("jupyter-config", identifier, "captured", evidence + ", of a distribution")
        return
    value, slots = without_secrets(value)
    for slot in slots:
        collected.slot(slot, f"{evidence}, {name}", "set a new one, or leave it out")
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    file, digest, more = collected.text(f"jupyter-config/{label}/{name}", text)
    left_out = [*slots, *sorted(more)]
    collected.item(
        "jupyter-config",
        identifier,
        "secret-slot" if left_out else "captured",
        evidence,
        path=file,
        sha256=digest,
        reason=f"left out: {', '.join(left_out)}" if left_out else "",
        action="set them anew" if left_out else "",
    )


def _loaded(text: str) -> object:
    """JSON, or the JSON5 of JupyterLab's settings; comments are not carried."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            import json5
        except ImportError:
            raise ValueError("it has comments, and json5 is not there to read it") from None
        return json5.loads(text)


def _server_extensions(value: object, evidence: str, collected: Collected) -> None:
    if not isinstance(value, dict):
        return
    application = value.get("ServerApp")
    found = application.get("jpserver_extensions") if isinstance(application, dict) else None
    known = {item.id for item in collected.items}
    for name, enabled in sorted(found.items() if isinstance(found, dict) else ()):
        if f"server-extensions:{name}" not in known:
            state = "on" if enabled else "off"
            collected.item("server-extensions", str(name), "captured", f"{evidence}: {state}")
