"""`jupyter 2i2c capture hub` from where a hub runs. Called by replicate/cli.py and the drill."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..work import Work

DESCRIPTION = """\
Take a whole hub. From where it runs, if setup_hub(c) is in its configuration:
  jupyter 2i2c capture hub --record jupyter_2i2c.record.json -o bundle
else from its configuration alone:
  jupyter 2i2c capture hub --config jupyterhub_config.py -o bundle
or from the repository that it is deployed from:
  jupyter 2i2c capture hub --infrastructure DIR --cluster north --hub field -o bundle
Secrets are left out, and so are the names of people unless you say --with-people.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which hub, and what of it."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
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
        "--infrastructure", metavar="DIR", type=Path,
        help="a checkout of the repository that the hub is deployed from; with --cluster and --hub",
    )  # fmt: skip
    parser.add_argument("--cluster", metavar="NAME", help="in it: the hub's cluster")
    parser.add_argument("--hub", metavar="NAME", help="in it: the hub")
    parser.add_argument(
        "--rendered", metavar="DIR", type=Path,
        help="in it: what the chart computes, CLUSTER/HUB.values.yaml, where there is no jsonnet",
    )  # fmt: skip
    parser.add_argument(
        "--chart", metavar="DIR", type=Path,
        help="the chart of zero-to-jupyterhub that the hub runs, unpacked or as a checkout, for its defaults",
    )  # fmt: skip
    parser.add_argument(
        "--keep-comments", action="store_true",
        help="leave the comments in the hub's Python, after you have read them; with --with-people and"
        " --keep-staff, take the public value files as they were written, too",
    )  # fmt: skip
    parser.add_argument(
        "--keep-staff", action="store_true", help="leave the old operator's staff its access"
    )
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
        help="ask the hub's API, too; the token is in $JUPYTERHUB_API_TOKEN, and needs the scopes list:users,"
        " list:groups, read:groups, read:roles, list:services, read:hub",
    )  # fmt: skip
    parser.add_argument(
        "--announcements", metavar="FILE", type=Path,
        help="the file that the hub writes for our service, whose store has the announcements (default:"
        " jupyter_2i2c.json beside the record; without one they are left out, and the bundle says so)",
    )  # fmt: skip
    parser.add_argument(
        "--with-people", action="store_true",
        help="take the names of users and who is in which group: personal data, with their consent",
    )  # fmt: skip
    parser.add_argument(
        "--environment", metavar="BUNDLE_OR_PYTHON", type=Path,
        help="take the environment that people work in, too: what `capture env` wrote in a user's server,"
        " or an interpreter of this machine",
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
    _make_sure_of_the_source(arguments)
    if arguments.infrastructure:
        return _from_checkout(arguments, destination, work, created, sign_with)
    from ..live_hub import TOKEN_VARIABLE, token_of
    from . import config_file
    from .live import observed
    from .recorded import read_record, write_bundle

    if arguments.record:
        document = read_record(arguments.record)
    else:
        document = config_file.read(arguments.config, work, arguments.python)
    api = None
    if arguments.live:
        token = token_of()
        if not token:
            raise ReplicateError(f"--live needs a token of the hub in ${TOKEN_VARIABLE}")
        api = observed(arguments.live, token, work)
    announcements, unread = _announcements(arguments)
    return write_bundle(
        document,
        destination,
        api=api,
        announcements=announcements,
        unread=unread,
        people=arguments.with_people,
        name=arguments.name,
        created=created,
        sign_with=sign_with,
        chart=arguments.chart,
        keep_staff=arguments.keep_staff,
        environment=arguments.environment,
        work=work,
    )


def _make_sure_of_the_source(arguments: argparse.Namespace) -> None:
    """Refuse what would be passed over: two sources, and what is not of the one that is given.

    Raises:
        ReplicateError: it says what to give.
    """
    if sum(map(bool, (arguments.infrastructure, arguments.record, arguments.config))) != 1:
        raise ReplicateError(
            "give one of --infrastructure DIR, the hub's --record FILE, or its --config FILE;"
            " --live URL adds what its API says to the last two"
        )
    checkout = ("cluster", "hub", "rendered", "keep_comments")
    running = ("live", "announcements", "environment")
    others = running if arguments.infrastructure else checkout
    if wrong := next((each for each in others if getattr(arguments, each)), ""):
        sources = "--record or --config" if arguments.infrastructure else "--infrastructure"
        raise ReplicateError(f"--{wrong.replace('_', '-')} goes with {sources} only; leave it out")


def _announcements(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]] | None, str]:
    """The announcements, or none and why they are not read; what was named must be readable."""
    from .announced import announcements_of, beside

    if arguments.announcements:
        return announcements_of(arguments.announcements), ""
    if not arguments.record:
        return None, ""
    try:
        return announcements_of(beside(arguments.record)), ""
    except ReplicateError as error:
        return None, str(error)


def _from_checkout(
    arguments: argparse.Namespace, destination: Path, work: Work, created: str | None,
    sign_with: Path | None,
) -> Any:  # fmt: skip
    from .bundled import bundle_of
    from .infrastructure import read

    if not arguments.cluster or not arguments.hub:
        from .checkout import Checkout

        hubs = Checkout(arguments.infrastructure).hubs()
        listed = ", ".join(f"{cluster}/{hub}" for cluster, hub in hubs[:30])
        more = f" and {len(hubs) - 30} more" if len(hubs) > 30 else ""
        raise ReplicateError(f"give --cluster and --hub; there are: {listed}{more}")
    work.step(0, 0, "reading the checkout")
    source = read(
        arguments.infrastructure,
        arguments.cluster,
        arguments.hub,
        rendered=arguments.rendered,
        chart=arguments.chart,
        keep_comments=arguments.keep_comments,
    )
    return bundle_of(
        source,
        destination,
        with_people=arguments.with_people,
        with_staff=arguments.keep_staff,
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
