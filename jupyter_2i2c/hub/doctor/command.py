"""`jupyter 2i2c doctor`, on both sides. Called by cli.py."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .findings import Finding, to_json, worst

CONFIG_FILE_VARIABLE = "JUPYTER_2I2C_CONFIG_FILE"
DEFAULT_FILE = "jupyter_2i2c.json"

HOLDS, SOMETHING_RED, WRONG_CALL = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own arguments."""
    parser.description = (
        "In a user's server: what is wrong with that server. Beside a hub: what is wrong with the"
        " hub, from the file that setup_hub writes when the hub starts. Exit status 1 if something"
        " is red."
    )
    parser.add_argument(
        "--config-file",
        metavar="FILE",
        type=Path,
        help="the file that setup_hub writes (default: jupyter_2i2c.json in the current directory)",
    )
    parser.add_argument(
        "--offline", action="store_true", help="ask neither the hub nor the service"
    )
    parser.add_argument("--all", action="store_true", help="list what is fine, too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine and print.

    Returns:
        0: nothing is red; 1: something is; 2: there is nothing to examine.
    """
    if arguments.config_file is None and _in_users_server():
        from ...server.doctor import examine as examine_server

        findings = asyncio.run(examine_server(ask=not arguments.offline))
        return _print(arguments, findings, "server", "")
    path = arguments.config_file or Path(os.environ.get(CONFIG_FILE_VARIABLE) or DEFAULT_FILE)
    try:
        from ..handover import UnreadableHandover
        from .examine import examine
    except ImportError as error:
        return _wrong(f"{error.name} is not installed; pip install 'jupyter_2i2c[hub]'")
    try:
        token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
        examination = asyncio.run(examine(path, ask=not arguments.offline, token=token))
    except UnreadableHandover as error:
        if not path.exists():
            return _wrong(
                f"{path}: there is no such file. Run this in a user's server, or in the hub's"
                " directory; or name the file that setup_hub writes with --config-file"
            )
        return _wrong(str(error))
    return _print(arguments, examination.findings, "hub", examination.as_of)


def _in_users_server() -> bool:
    """Whether the token in the environment is a user's server's."""
    return bool(os.environ.get("JUPYTERHUB_API_TOKEN") and os.environ.get("JUPYTERHUB_USER"))


def _wrong(message: str) -> int:
    print(f"jupyter 2i2c doctor: {message}", file=sys.stderr)
    return WRONG_CALL


def _print(
    arguments: argparse.Namespace, findings: Sequence[Finding], side: str, as_of: str
) -> int:
    if arguments.json:
        json.dump(to_json(findings, side, as_of), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        from .report import report

        if as_of:
            print(f"The hub as it was configured at its last start, {as_of}\n")
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(report(findings, everything=arguments.all, colour=colour))
    return SOMETHING_RED if worst(findings) == "red" else HOLDS
