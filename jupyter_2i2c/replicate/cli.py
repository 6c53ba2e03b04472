"""The verbs of bundles: capture, inspect, plan, build, verify, guide and the like. Added to the command line by cli.py; each imports its part when it runs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .bundle import Bundle

FAILED = 1
WRONG_INPUT = 2


def add_verbs(verbs: Any) -> None:
    """Add them to the parser's verbs."""
    capture = verbs.add_parser("capture", help="take an environment, files or a whole hub with you")
    what = capture.add_subparsers(metavar="what", required=True)
    _add_capture_env(what)
    home = what.add_parser("home", help="your files")
    from .home.command import add_arguments

    add_arguments(home)
    home.set_defaults(run=_capture_home)

    hub = what.add_parser("hub", help="a whole hub, from where it runs or is deployed from")
    from .importers.command import add_arguments as add_hub_arguments

    add_hub_arguments(hub)
    hub.set_defaults(run=_guarded("capture hub", _capture_hub))

    inspect = verbs.add_parser("inspect", help="what is in a bundle; executes nothing of it")
    _add_bundle(inspect)
    inspect.add_argument("--json", action="store_true", help="print JSON")
    inspect.add_argument("--html", metavar="FILE", type=Path, help="write a page of its own")
    inspect.set_defaults(run=_guarded("inspect", _inspect))

    plan = verbs.add_parser("plan", help="what `build` would change; nothing is written")
    _add_bundle(plan)
    plan.add_argument(
        "--target", choices=["local", "tljh", "k8s"], required=True, help="what to make"
    )
    plan.add_argument("--json", action="store_true", help="print JSON")
    plan.set_defaults(run=_guarded("plan", _plan))

    build = verbs.add_parser("build", help="make of a bundle what it describes")
    _add_bundle(build)
    build.add_argument(
        "--target", choices=["local", "tljh", "k8s"], required=True, help="what to make"
    )
    build.add_argument(
        "-o", "--output", metavar="DIR", type=Path, required=True, help="where; not there yet"
    )
    build.add_argument("--python", metavar="PATH", help="the interpreter to build on")
    build.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="of a hub: where it listens, with its services at the ports after (default: 8000)",
    )
    build.add_argument(
        "--login", choices=["dummy", "native"], default="dummy",
        help="of a hub for --target local: one password for all, to try it out (default), or"
        " each person's own",
    )  # fmt: skip
    build.set_defaults(run=_guarded("build", _build))

    verify = verbs.add_parser(
        "verify",
        help="climb the ladder of a bundle",
        description="Climb from V0 (the bundle is whole) to V8 (people's files are), as far as it goes here. What"
        " was not run is said, with its reason, and never counts as a pass. Exit status 1 if something fails.",
    )
    _add_bundle(verify)
    verify.add_argument(
        "--target", choices=["local", "tljh", "k8s"], help="build it now, if --built is not given"
    )
    verify.add_argument("--built", metavar="DIR", type=Path, help="what `build` made of it")
    verify.add_argument(
        "--python", metavar="PATH", type=Path, help="or the interpreter of another environment"
    )
    verify.add_argument(
        "--chart", metavar="DIR", type=Path,
        help="the chart of zero-to-jupyterhub, unpacked or as a checkout, for a hub on Kubernetes",
    )  # fmt: skip
    verify.add_argument(
        "--live", metavar="URL",
        help="of a hub: the address of its replica that runs, wherever that is. V6 asks its API and its service,"
        " with a token in $JUPYTERHUB_API_TOKEN that has the scopes list:users, list:groups, read:groups,"
        " read:roles, list:services, read:hub, and access:services!service=2i2c for announcements. V7 starts one"
        " server, runs code in it and stops it; the server sees the token, so that one has servers!user and"
        " access:servers!user alone, in $JUPYTER_2I2C_SERVER_TOKEN if it is another. Nothing else is changed",
    )  # fmt: skip
    verify.add_argument(
        "--user", metavar="NAME", default="",
        help="with --live: whose server V7 starts, if the token is not theirs; its scopes are then"
        " servers!user=NAME and access:servers!user=NAME",
    )  # fmt: skip
    verify.add_argument(
        "--up-to", metavar="Vn", default="V8",
        help="the last rung to try; up to V4 nothing of the bundle runs outside of a sandbox",
    )  # fmt: skip
    verify.add_argument(
        "--trust", metavar="KEY", help="minisign's public key that it is signed for"
    )
    verify.add_argument("--json", action="store_true", help="print JSON")
    verify.add_argument(
        "--no-report", action="store_true", help="write no report beside the bundle"
    )
    verify.set_defaults(run=_guarded("verify", _verify))

    people = verbs.add_parser("people", help="enter the people of a bundle into a hub that runs")
    from .targets.people_command import add_arguments as add_people_arguments

    add_people_arguments(people)
    people.set_defaults(run=_guarded("people restore", _people))

    diff = verbs.add_parser("diff", help="compare two bundles, or one with this environment")
    diff.add_argument("a", metavar="A", type=Path, help="a bundle")
    diff.add_argument(
        "b", metavar="B", type=Path, nargs="?",
        help="another; if it is not given, this environment, or with --defaults the defaults",
    )  # fmt: skip
    diff.add_argument(
        "--defaults", action="store_true",
        help="of a hub: what is its own, as against the defaults of its charts and its template, or of"
        " JupyterHub's settings",
    )  # fmt: skip
    diff.add_argument(
        "--chart", metavar="DIR", type=Path,
        help="with --defaults: the chart of zero-to-jupyterhub, where its defaults are not in the bundle",
    )  # fmt: skip
    diff.add_argument("--identity", metavar="FILE", type=Path, help="the key, if one is encrypted")
    diff.add_argument("--python", metavar="PATH", help="this environment's interpreter")
    diff.add_argument("--json", action="store_true", help="print JSON")
    diff.set_defaults(run=_guarded("diff", _diff))

    lint = verbs.add_parser("lint", help="mistakes in the configuration of hubs")
    from .lint.command import add_arguments as add_lint_arguments

    add_lint_arguments(lint)
    lint.set_defaults(run=_guarded("lint", _lint))

    guide = verbs.add_parser("guide", help="for a community that leaves: what to do, in order")
    _add_bundle(guide)
    guide.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write it there, as Markdown"
    )
    guide.set_defaults(run=_guarded("guide", _guide))

    drill = verbs.add_parser(
        "drill", help="prove that a hub can be taken elsewhere: capture, build, verify"
    )
    from .drill import add_arguments as add_drill_arguments

    add_drill_arguments(drill)
    drill.set_defaults(run=_guarded("drill", _drill))


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 65532:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65532")
    return int(text)


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a directory or a file")
    parser.add_argument(
        "--identity", metavar="FILE", type=Path, help="the key of age, if it is encrypted"
    )


def _add_capture_env(what: Any) -> None:
    env = what.add_parser("env", help="the environment that this runs in, or another one")
    env.add_argument(
        "-o", "--output", metavar="BUNDLE", type=Path, required=True,
        help="a directory, or a file .tar.zst or .zip, that is not there yet",
    )  # fmt: skip
    env.add_argument("--python", metavar="PATH", help="the interpreter of another environment")
    env.add_argument("--created", metavar="TIME", help="2026-01-31T12:00:00Z; default: now")
    env.add_argument("--no-lock", action="store_true", help="do not ask an index")
    env.add_argument(
        "--vendor-limit", metavar="MIB", type=int, default=2048,
        help="of packages that no index has, carry at most so much (default: 2048)",
    )  # fmt: skip
    env.add_argument(
        "--sign", metavar="FILE", type=Path, help="sign it with this ed25519 key (PEM)"
    )
    env.add_argument(
        "--encrypt-to", metavar="AGE1…", action="append", default=[],
        help="encrypt it for this public key of age",
    )  # fmt: skip
    env.add_argument("--json", action="store_true", help="print JSON")
    env.set_defaults(run=_guarded("capture env", _capture_env))


def _guarded(
    verb: str, run: Callable[[argparse.Namespace, Any], int]
) -> Callable[[argparse.Namespace], int]:
    """A verb with progress on a terminal, whose errors are one line."""

    def guarded(arguments: argparse.Namespace) -> int:
        from .errors import Cancelled, ReplicateError
        from .work import Terminal

        terminal = Terminal()
        try:
            with _stopped_as_by_hand():
                return run(arguments, terminal)
        except ReplicateError as error:
            from .report_text import plain

            terminal.end()
            print(f"jupyter 2i2c {verb}: {plain(' '.join(str(error).split()))}", file=sys.stderr)
            return WRONG_INPUT
        except RecursionError:
            terminal.end()
            said = "what was given is nested too deep to be read; take it anew, or make it flatter"
            print(f"jupyter 2i2c {verb}: {said}", file=sys.stderr)
            return WRONG_INPUT
        except (KeyboardInterrupt, Cancelled):
            terminal.end()
            print(f"jupyter 2i2c {verb}: stopped; nothing was left behind", file=sys.stderr)
            return WRONG_INPUT

    return guarded


@contextmanager
def _stopped_as_by_hand() -> Iterator[None]:
    """Whoever is told to end (cron, CI and containers do that by SIGTERM) removes what was begun, as after Ctrl-C."""
    import signal
    import threading

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _capture_home(arguments: argparse.Namespace) -> int:
    from .home.command import run_capture_home

    return run_capture_home(arguments)


def _capture_hub(arguments: argparse.Namespace, terminal: Any) -> int:
    from .importers.command import run

    return run(arguments, terminal)


def _drill(arguments: argparse.Namespace, terminal: Any) -> int:
    from .drill import run

    return run(arguments, terminal)


def _capture_env(arguments: argparse.Namespace, terminal: Any) -> int:
    from .archive import kind
    from .capture.environment import capture_environment
    from .errors import ReplicateError
    from .report_text import captured_text

    if arguments.encrypt_to:
        from .encryption import recipients_of

        recipients_of(arguments.encrypt_to)  # before the work, not after it
        if not kind(arguments.output):
            raise ReplicateError("what is encrypted is one file: end its name in .tar.zst or .zip")
    captured = capture_environment(
        arguments.output,
        python=arguments.python,
        created=arguments.created,
        make_lock=not arguments.no_lock,
        vendor_limit=arguments.vendor_limit << 20,
        hub=_hub(),
        sign_with=arguments.sign,
        progress=terminal,
    )
    place = captured.place
    if arguments.encrypt_to:
        from .encryption import encrypt

        place = encrypt(place, arguments.encrypt_to)
    terminal.end()
    if arguments.json:
        _print_json({**captured.to_json(), "bundle": str(place)})
    else:
        print(captured_text(captured, place))
    return 0


def _hub() -> Mapping[str, str]:
    """What is known about the hub that this runs on; nothing elsewhere."""
    import os

    if not os.environ.get("JUPYTERHUB_API_URL"):
        return {}
    from ..local import this_machine
    from ..sources import resolve

    facts = resolve(*this_machine()).facts
    party = facts.operated_by
    return {"hub": facts.name, "operated_by": party.name if party else ""}


def _inspect(arguments: argparse.Namespace, terminal: Any) -> int:
    from .bundle import opened
    from .inspect import inspected
    from .report_html import inspect_page
    from .report_text import inspect_text
    from .work import Work

    with opened(arguments.bundle, Work(terminal), identity=arguments.identity) as bundle:
        found = inspected(bundle)
    terminal.end()
    if arguments.html:
        _write(arguments.html, inspect_page(found))
    if arguments.json:
        _print_json(found)
    elif not arguments.html:
        print(inspect_text(found))
    return 0


def _plan(arguments: argparse.Namespace, terminal: Any) -> int:
    from .bundle import opened
    from .plan import local_text, plan_text
    from .work import Work

    with opened(arguments.bundle, Work(terminal), identity=arguments.identity) as bundle:
        if arguments.target == "k8s":
            from .importers.bundled import source_of
            from .targets.k8s.planning import design

            planned = design(source_of(bundle)).plan
            told, text = planned.to_json(), plan_text(planned)
        else:
            from .targets import hub_local

            if arguments.target == "tljh":
                from .targets import tljh

                made, config = tljh.plan(bundle)
                told = {**made.to_json(), tljh.CONFIG: config}
            else:
                told = hub_local.plan(bundle).to_json()
            text = local_text(told)
    terminal.end()
    if arguments.json:
        _print_json(told)
    else:
        print(text)
    return 0


def _build(arguments: argparse.Namespace, terminal: Any) -> int:
    from .bundle import opened
    from .targets import hub_local
    from .targets.local import build
    from .verify import v0_bag
    from .work import Work

    work = Work(terminal)
    with opened(arguments.bundle, work, identity=arguments.identity) as bundle:
        whole = v0_bag.check(bundle, None, work)
        if whole.status == "fail":
            terminal.end()
            print(f"jupyter 2i2c build: {arguments.bundle} is not whole: {whole.why};"
                  " `jupyter 2i2c verify` says which files", file=sys.stderr)  # fmt: skip
            return FAILED
        if arguments.target == "k8s":
            return _build_k8s(arguments, bundle, terminal)
        if arguments.target == "tljh":
            from .targets import tljh

            tljh.build(bundle, arguments.output, work)
            terminal.end()
            print(f"{arguments.output}: {arguments.output / 'README.md'} says what to do, in order")
            return 0
        if bundle.manifest().kind == "hub":
            hub = hub_local.build(
                bundle, arguments.output, work, arguments.python,
                port=arguments.port, login=arguments.login,
            )  # fmt: skip
            terminal.end()
            print(f"{hub.directory}: start the hub there with {hub.directory / 'start'}")
            for note in hub.notes:
                print(f"  {note}")
            return 0
        built = build(bundle, arguments.output, work, arguments.python)
    terminal.end()
    print(f"{built.directory}: start JupyterLab there with {built.directory / 'start'}")
    for note in built.notes:
        print(f"  {note}")
    return 0


def _build_k8s(arguments: argparse.Namespace, bundle: Any, terminal: Any) -> int:
    from .checksums import of_file
    from .importers.bundled import source_of
    from .targets.k8s import build

    digest = of_file(bundle.top / "manifest-sha256.txt")
    built = build(source_of(bundle), arguments.output, digest)
    terminal.end()
    plan = built.design.plan
    print(f"{built.directory}: {built.directory / 'README.md'} says what to do, in order")
    print(f"  {len(plan.of_kind('placeholder'))} decisions, {len(plan.of_kind('secret'))} secrets"
          " to supply")  # fmt: skip
    return 0


def _verify(arguments: argparse.Namespace, terminal: Any) -> int:
    from .errors import ReplicateError
    from .report_text import verification_text
    from .verify import verify
    from .verify.report import write

    made = ("environment", "replica.json", "build.json", "config.yaml")
    if arguments.built and not any((arguments.built / each).exists() for each in made):
        raise ReplicateError(f"{arguments.built} is not what `build` makes; give its directory")
    live = _live(arguments)
    verification = verify(
        arguments.bundle,
        built=arguments.built,
        python=arguments.python,
        rebuild=arguments.target is not None,
        target=arguments.target or "",
        chart=arguments.chart,
        up_to=arguments.up_to,
        trust=arguments.trust,
        identity=arguments.identity,
        live=live,
        progress=terminal,
    )
    terminal.end()
    where = None if arguments.no_report else write(verification, arguments.bundle)
    if arguments.json:
        _print_json(verification.to_json())
    else:
        print(verification_text(verification))
        if where:
            print(f"\nThe report is in {where}")
    return 0 if verification.holds else FAILED


def _live(arguments: argparse.Namespace) -> Any:
    """The replica that runs elsewhere, if the call names one."""
    from .errors import ReplicateError
    from .live_hub import TOKEN_VARIABLE, safe_address, token_of
    from .verify import Live
    from .verify.v7_elsewhere import TOKEN_VARIABLE as FOR_SERVER

    if not arguments.live:
        if arguments.user:
            raise ReplicateError(
                "--user is for a replica that runs; give its address with --live URL"
            )
        return None
    url, token, for_server = safe_address(arguments.live), token_of(), token_of(FOR_SERVER)
    if not token and not for_server:
        raise ReplicateError(
            f"--live needs a token of that hub in ${TOKEN_VARIABLE}, and for a server in ${FOR_SERVER}"
        )
    return Live(url, token or for_server, for_server, arguments.user)


def _people(arguments: argparse.Namespace, terminal: Any) -> int:
    from .targets.people_command import run

    return run(arguments, terminal)


def _guide(arguments: argparse.Namespace, terminal: Any) -> int:
    from .bundle import opened
    from .guide import guide
    from .work import Work

    with opened(arguments.bundle, Work(terminal), identity=arguments.identity) as bundle:
        text = guide(bundle)
    terminal.end()
    if arguments.output:
        _write(arguments.output, text)
    else:
        print(text, end="")
    return 0


def _lint(arguments: argparse.Namespace, terminal: Any) -> int:
    from .lint.command import run

    return run(arguments, terminal)


def _diff(arguments: argparse.Namespace, terminal: Any) -> int:
    from .bundle import opened
    from .diff import diff_opened, diff_text
    from .work import Work

    with opened(arguments.a, Work(terminal), identity=arguments.identity) as first:
        if arguments.defaults or first.manifest().kind == "hub":
            return _diff_hub(arguments, first, terminal)
        difference = diff_opened(
            first,
            arguments.b,
            python=arguments.python,
            identity=arguments.identity,
            progress=terminal,
        )
    terminal.end()
    if arguments.json:
        _print_json(difference.to_json())
    else:
        print(diff_text(difference))
    return FAILED if difference.differs else 0


def _diff_hub(arguments: argparse.Namespace, first: Bundle, terminal: Any) -> int:
    from .errors import ReplicateError
    from .hub_diff import hub_diff_text, own, with_another
    from .work import Work

    if arguments.defaults and arguments.b:
        raise ReplicateError("--defaults compares one bundle with the defaults; give only one")
    if arguments.defaults:
        difference = own(first, arguments.chart)
    else:
        difference = with_another(first, arguments.b, arguments.identity, Work(terminal))
    terminal.end()
    if arguments.json:
        _print_json(difference.to_json())
    else:
        print(hub_diff_text(difference))
    # that a hub has settings of its own is no failure
    return FAILED if difference.differs and not arguments.defaults else 0


def _write(path: Path, text: str) -> None:
    from .errors import ReplicateError

    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ReplicateError(f"{path} cannot be written: {error.strerror}; give another") from error


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    print()
