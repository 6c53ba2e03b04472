"""Which database and key a command on the hub's side works with. Called by auditing.py and news/announcing.py."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .database import DEFAULT_KEY_FILE, DEFAULT_URL


class WrongCall(Exception):
    """The command cannot be done as it was given; the message says why."""


def place(arguments: argparse.Namespace) -> tuple[str, Path]:
    """The database's URL and the key's file: as given, as the hub says, else the defaults.

    Raises:
        WrongCall: what was given does not say.
    """
    directory = arguments.config.parent
    said: dict[str, Any] = {}
    if arguments.database is None or arguments.key_file is None:
        try:
            said = json.loads(arguments.config.read_bytes()).get("service", {})
        except OSError as error:
            raise WrongCall(
                f"{arguments.config}: {error.strerror}. Run it in the hub's directory, or give"
                " --config, or --database and --key-file"
            ) from None
        except (ValueError, AttributeError):
            raise WrongCall(
                f"{arguments.config} is not the file that the hub writes for the service"
            ) from None
    url = arguments.database
    if url is None:
        url = str(said.get("database_url") or DEFAULT_URL)
        kind, relative, file = url.partition("sqlite:///")
        if relative and not kind:
            url = f"sqlite:///{directory.absolute() / file}"
    key_file = arguments.key_file or directory / str(said.get("key_file") or DEFAULT_KEY_FILE)
    return url, key_file
