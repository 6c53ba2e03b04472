"""`jupyter 2i2c capture hub` from where a hub runs. Called by replicate/cli.py and the drill."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..work import Work

TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"  # noqa: S105


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which hub, and what of it."""
    add_source(parser)
    parser.add_argument(
        "-o", "--output", metavar="BUNDLE", type=Path, required=True,
        help="a directory, or a file .tar.zst or .zip, that is not there yet",
    )  # fmt: skip
    parser.add_argument("--created", metavar="TIME", help="2026-01-31T12:00:00Z; default: now")
    parser.add_argument(
        "--sign", metavar="FILE", type=Path, help="sign it with this ed25519 key (PEM)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_source(parser: argparse.ArgumentParser) -> None:
    """Say which hub."""
    parser.add_argument(
        "--record", metavar="FILE", type=Path,
        help="the record that setup_hub(c) writes beside its file: jupyter_2i2c.record.json",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE", type=Path,
        help="or the hub's jupyterhub_config.py, executed in a sandbox",
    )  # fmt: skip
    parser.add_argument(
        "--live", metavar="URL",
        help=f"ask the hub's API, too; the token is in ${TOKEN_VARIABLE}, and needs the scopes list:users,"
        " list:groups, read:groups, read:roles, list:services, read:hub",
    )  # fmt: skip
    parser.add_argument(
        "--with-people", action="store_true",
        help="take the names of users and who is in which group: personal data, with their consent",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="of the hub, for the reports")
    parser.add_argument(
        "--python",
        metavar="PATH",
        type=Path,
        help="the interpreter that JupyterHub is installed for",
    )


def capture(
    arguments: argparse.Namespace, destination: Path, work: Work, created: str | None = None,
    sign_with: Path | None = None,
) -> Any:  # fmt: skip
    """Capture the hub that the arguments of `add_source` name.

    Raises:
        ReplicateError: they name none, or it cannot be captured.
    """
    from . import config_file
    from .live import observed
    from .recorded import read_record, write_bundle

    if bool(arguments.record) == bool(arguments.config):
        raise ReplicateError(
            "give the hub's --record FILE, or its --config FILE; --live URL adds what its API says"
        )
    if arguments.record:
        document = read_record(arguments.record)
    else:
        document = config_file.read(arguments.config, work, arguments.python)
    api = None
    if arguments.live:
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise ReplicateError(f"--live needs a token of the hub in ${TOKEN_VARIABLE}")
        api = observed(arguments.live, token, work)
    return write_bundle(
        document,
        destination,
        api=api,
        people=arguments.with_people,
        name=arguments.name,
        created=created,
        sign_with=sign_with,
        work=work,
    )


def run(arguments: argparse.Namespace, terminal: Any) -> int:
    """Capture, and say what was."""
    import json

    from ..report_text import captured_text

    captured = capture(
        arguments, arguments.output, Work(terminal), arguments.created, arguments.sign
    )
    terminal.end()
    if arguments.json:
        print(json.dumps(captured.to_json(), indent=2, ensure_ascii=False))
    else:
        print(captured_text(captured, captured.place))
    return 0
