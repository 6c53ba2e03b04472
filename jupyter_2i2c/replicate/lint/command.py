"""`jupyter 2i2c lint`: its arguments, and what it prints. Called by replicate/cli.py."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..importers.source import SEVERITIES
from ..work import Work

FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument(
        "--infrastructure", metavar="DIR", type=Path, required=True,
        help="a checkout of a deployments repository",
    )  # fmt: skip
    parser.add_argument("--cluster", metavar="NAME", default="", help="only the hubs of this one")
    parser.add_argument("--hub", metavar="NAME", default="", help="only this one, of --cluster")
    parser.add_argument(
        "--rendered", metavar="DIR", type=Path,
        help="the layers that are computed, where there is no jsonnet: DIR/CLUSTER/HUB.values.yaml",
    )  # fmt: skip
    parser.add_argument("--chart", metavar="DIR", type=Path, help="the chart jupyterhub, unpacked")
    parser.add_argument("--all", action="store_true", help="show notes, too")
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, default="error",
        help="exit with 1 if there is one of this severity or a worse one (default: error)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, terminal: Any) -> int:
    """Look, and print what was found.

    Returns:
        The exit status: 1 where something is as bad as ``--fail-on``, else 0.
    """
    from .repository import lint_repository, lint_text

    found = lint_repository(
        arguments.infrastructure,
        cluster=arguments.cluster,
        hub=arguments.hub,
        rendered=arguments.rendered,
        chart=arguments.chart,
        work=Work(terminal),
    )
    terminal.end()
    if arguments.json:
        json.dump(found.to_json(), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print(lint_text(found, SEVERITIES if arguments.all else SEVERITIES[:2]))
    return FAILED if found.reaches(arguments.fail_on) else 0
