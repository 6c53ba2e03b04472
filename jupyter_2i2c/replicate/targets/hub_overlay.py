"""What makes a captured hub run on this machine. Copied beside every local replica as ``replica.py``, whose jupyterhub_config.py calls it.

So it needs the standard library and traitlets only, and knows nothing of the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).absolute().parent
STATE = Path.cwd()
ADDRESSES = "REPLICA_ADDRESSES"
"""The variable that moves addresses of this machine to others, as JSON: so that several hubs run at once."""


PASSWORD = "REPLICA_CHECK_PASSWORD"  # noqa: S105
"""The variable with everybody's password while a replica is checked; it counts for the dummy login only."""


def told() -> Any:
    """What `build` decided: replica.json."""
    return json.loads((HERE / "replica.json").read_text("utf-8"))


def prepare() -> Any:
    """Set the variables that the configuration reads, and find the files that it loads.

    Called before the configuration is read. Variables that are set already stay.

    Returns:
        What `build` decided.
    """
    decided = told()
    for name, value in decided["environment"].items():
        os.environ.setdefault(name, placed(value))
    secrets = HERE / "secrets.env"
    for line in secrets.read_text("utf-8").splitlines() if secrets.is_file() else ():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#") and value.strip():
            value = value.strip()
            # in double quotes a value may hold line breaks, as a private key does
            quoted = len(value) > 1 and value[0] == value[-1] == '"'
            os.environ.setdefault(name.strip(), json.loads(value) if quoted else value)
    missing = [name for name in decided["secrets"] if not os.environ.get(name)]
    if missing:
        raise SystemExit(
            f"replica: {secrets} lacks {', '.join(missing)}; what each is stands there"
        )
    _find_elsewhere(decided["elsewhere"])
    _move_when_read(moves_of(decided))
    return decided


def settle(c: Any, decided: Any) -> None:
    """Put this machine's settings over those that were read.

    Args:
        c: the configuration.
        decided: what `prepare` returned.
    """
    for path in decided["left_out"]:
        section, _, trait = path.partition(".")
        if section in c:
            c[section].pop(trait, None)
    for path, value in decided["settings"].items():
        section, _, trait = path.partition(".")
        c[section][trait] = moved(placed(value), asked_moves())
    for path, members in decided["added"].items():
        section, _, trait = path.partition(".")
        before = c[section].get(trait, set())
        if isinstance(members, dict):
            groups = {name: each if isinstance(each, dict) else {"users": list(each)}
                      for name, each in dict(before).items()}  # fmt: skip
            for name, each in members.items():
                ours = dict(groups.get(name, {}))
                users = {*ours.get("users", ()), *each.get("users", ())}
                properties = {**ours.get("properties", {}), **each.get("properties", {})}
                groups[name] = {**ours, "users": sorted(users), "properties": properties}
            c[section][trait] = groups
        else:
            c[section][trait] = {*before, *members}
    if os.environ.get(PASSWORD):
        c.DummyAuthenticator.password = os.environ[PASSWORD]
    moves = moves_of(decided)
    for section in list(c):
        for trait in list(c[section]):
            path = f"{section}.{trait}"
            # what was decided is of this machine already, and services come when all is read
            if path not in decided["settings"] and path != "JupyterHub.services":
                c[section][trait] = moved(c[section][trait], moves)


def placed(value: Any) -> Any:
    """A value with this machine's directories in place of the words for them."""
    if isinstance(value, str):
        words = {"{hub}": str(STATE), "{config}": str(HERE / "source"), "{prefix}": sys.prefix,
                 "{environment}": str(HERE / "user" / "environment"),
                 "{proxy}": shutil.which("configurable-http-proxy") or "configurable-http-proxy"}  # fmt: skip
        for word, place in words.items():
            value = value.replace(word, place)
        slot = re.fullmatch(r"<slot:(\w+)>", value)
        return os.environ[slot[1]] if slot else value
    if isinstance(value, list):
        return [placed(each) for each in value]
    if isinstance(value, dict):
        return {name: placed(each) for name, each in value.items()}
    return value


def asked_moves() -> Any:
    """Addresses of this machine to others, as `ADDRESSES` says."""
    return json.loads(os.environ.get(ADDRESSES, "{}"))


def moves_of(decided: Any) -> Any:
    """Addresses of the captured configuration to those of this replica."""
    asked = asked_moves()
    return {
        **asked,
        **{old: asked.get(new, new) for old, new in decided["addresses"].items()},
    }


def moved(value: Any, moves: Any) -> Any:
    """A value with addresses moved, in what it is made of, too; other values are left as they are."""
    if not moves:
        return value
    if isinstance(value, str):
        pattern = "|".join(re.escape(each) for each in sorted(moves, key=len, reverse=True))
        return re.sub(rf"(?<![\w.-])({pattern})(?!\d)", lambda match: moves[match[1]], value)
    if type(value) in (list, tuple):
        return type(value)(moved(each, moves) for each in value)
    if type(value) is dict:
        return {name: moved(each, moves) for name, each in value.items()}
    if type(value).__name__ == "LazyConfigValue":  # members for a list that nobody has set yet
        for part in ("_extend", "_prepend", "_inserts", "_update"):
            setattr(value, part, moved(getattr(value, part), moves))
    return value


def _find_elsewhere(elsewhere: Any) -> None:
    """Let the configuration load, from here, the files that it names by places of the old machine."""
    from traitlets.config.loader import PyFileConfigLoader

    load = PyFileConfigLoader.load_subconfig
    found = {placed(old): str(HERE / "source" / new) for old, new in elsewhere.items()}

    def load_subconfig(self: Any, fname: str, path: Any = None) -> Any:
        beside = HERE / "source" / fname
        if path is None and not Path(fname).is_absolute() and beside.is_file():
            fname = str(beside)
        wanted = os.path.normpath(fname)
        return load(self, found.get(wanted) or _carried(wanted) or fname, path)

    PyFileConfigLoader.load_subconfig = load_subconfig  # type: ignore[method-assign]


def _carried(fname: str) -> str:
    """The file that was carried, of one that is named by its whole place on the old machine."""
    parts = Path(fname).parts
    for start in range(1, len(parts)) if Path(fname).is_absolute() else ():
        place = (HERE / "source").joinpath(*parts[start:])
        if place.is_file():
            return str(place)
    return ""


def _move_when_read(moves: Any) -> None:
    """Move the addresses of services when the whole configuration has been read: some are added last."""
    from jupyterhub.app import JupyterHub

    if not moves or not JupyterHub.initialized():
        return
    app: Any = JupyterHub.instance()
    update_config = app.update_config

    def move_and_update(config: Any) -> None:
        app.__dict__.pop("update_config", None)
        if "services" in config.JupyterHub:
            config.JupyterHub.services = moved(config.JupyterHub.services, moves)
        update_config(config)

    app.__dict__["update_config"] = move_and_update
