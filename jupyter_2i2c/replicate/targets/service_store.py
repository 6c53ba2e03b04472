"""Our service's store in a replica: where it is, and the announcements that go into it. Called by hub_local.py, tljh.py and verify/."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..errors import ReplicateError
from ..importers.recorded import ANNOUNCEMENTS

FILE = "announcements.json"
"""In what was built: those that are to be restored."""

SERVICE = "JupyterHub.services[2i2c]"
DATABASE, KEY = "HubService.database_url", "HubService.key_file"

PLACES = {DATABASE: "sqlite:///jupyter_2i2c.sqlite", KEY: "jupyter_2i2c.key"}
"""Where the service keeps both if nobody says otherwise: in the hub's directory."""


def moved(config: Mapping[str, Any]) -> dict[str, str]:
    """What is set to another place, because the captured one is not the replica's own.

    A replica that wrote into the old hub's database would be worse than none.
    """
    moves = {}
    for path, here in PLACES.items():
        value = config.get(path, here)
        place = value.removeprefix("sqlite:///") if isinstance(value, str) else "/"
        own = place.startswith("{hub}/") or (":" not in place and not place.startswith(("/", "{")))
        if not own or ".." in place.split("/"):
            name = here.removeprefix("sqlite:///")
            moves[path] = here.replace(name, f"{{hub}}/{name}")
    return moves


def places(config: Mapping[str, Any]) -> dict[str, str]:
    """The database and the key's file, from the replica's directory."""
    settings = {**PLACES, **config, **moved(config)}
    return {
        "database": str(settings[DATABASE]).replace("{hub}/", ""),
        "key_file": str(settings[KEY]).replace("{hub}/", ""),
    }


def runs_service(config: Mapping[str, Any]) -> bool:
    """Whether the hub starts our service itself."""
    service = config.get(SERVICE)
    return isinstance(service, dict) and "command" in service


def announcements_of(bundle: Bundle) -> list[dict[str, Any]] | None:
    """Those in the bundle; nothing where they were not captured.

    Raises:
        ReplicateError: they are not as they were written.
    """
    if not bundle.path(ANNOUNCEMENTS).is_file():
        return None
    try:
        found: list[dict[str, Any]] = json.loads(bundle.text(ANNOUNCEMENTS))
        whole = all(isinstance(each["id"], str) and each["audience"]["kind"] for each in found)
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise ReplicateError(
            f"data/{ANNOUNCEMENTS} of {bundle.place} is not as it was written; take the bundle anew"
        )
    return found


def put(bundle: Bundle, directory: Path) -> None:
    """Put the announcements, if there are any, into what is built."""
    if announcements_of(bundle):
        shutil.copyfile(bundle.path(ANNOUNCEMENTS), directory / FILE)


def restoring(store: Mapping[str, str], directory: Path, python: Path | str) -> list[str]:
    """The command that restores them, to be run in the replica's directory before the hub starts.

    Arguments:
        store: what `places` says.
        directory: where `put` put them.
        python: the hub's interpreter.
    """
    return [
        str(python), "-m", "jupyter_2i2c", "announce", "restore", "--create",
        f"--database={store['database']}", f"--key-file={store['key_file']}", str(directory / FILE),
    ]  # fmt: skip
