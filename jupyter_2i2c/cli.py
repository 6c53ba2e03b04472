"""The command line, `jupyter 2i2c <verb>`. Called by the console script `jupyter-2i2c`.

Each verb imports its own part when it is used. Exit status 0: it holds; 1: a check failed;
2: the call or the input is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ._version import __version__

WRONG_INPUT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb.

    Returns:
        The exit status.
    """
    parser = _parser()
    if not (sys.argv[1:] if argv is None else argv):
        parser.print_help(sys.stderr)
        return WRONG_INPUT
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except BrokenPipeError:  # somebody piped us into `head`
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter 2i2c", description="See who runs a community hub, and take it with you."
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(metavar="verb", required=True)

    info = verbs.add_parser("info", help="the hub's facts, each with where it comes from")
    info.add_argument(
        "--values",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="read Helm values instead; several merge in the order given",
    )
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(run=_info)

    demo = verbs.add_parser("demo", help="start the example hub on this machine")
    demo.add_argument("--port", type=int, default=8000, help="where it listens (default: 8000)")
    demo.add_argument(
        "--check", action="store_true", help="prove that it works, print what it says, and stop"
    )
    demo.set_defaults(run=_demo)

    from .hub.doctor import command as doctor
    from .hub.news import command as announce
    from .hub.store import command as audit
    from .replicate.cli import add_verbs

    doctor.add_arguments(
        verbs.add_parser("doctor", help="what is set up unsafely or wrongly, and the mend")
    )
    audit.add_arguments(
        verbs.add_parser("audit", help="check, export and shorten the administrators' audit log")
    )
    announce.add_arguments(
        verbs.add_parser(
            "announce", help="publish, list, change, withdraw and restore announcements"
        )
    )
    add_verbs(verbs)
    return parser


def _info(arguments: argparse.Namespace) -> int:
    from .sources import resolve, sheet_to_json

    if arguments.values:
        from .values import UnreadableValues, from_files

        try:
            sheet = resolve(from_files(arguments.values))
        except UnreadableValues as error:
            print(f"jupyter 2i2c info: {error}", file=sys.stderr)
            return WRONG_INPUT
    else:
        from .local import this_machine

        sheet = resolve(*this_machine())
    for problem in sheet.problems:
        print(f"jupyter 2i2c info: {problem}", file=sys.stderr)
    if arguments.json:
        json.dump(sheet_to_json(sheet), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        from .describe import describe

        print(describe(sheet))
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    try:
        from .demo import run
    except ModuleNotFoundError as error:
        print(
            f"jupyter 2i2c demo: it needs {error.name}: pip install 'jupyter_2i2c[demo]'",
            file=sys.stderr,
        )
        return WRONG_INPUT

    return run(port=arguments.port, check=arguments.check)
