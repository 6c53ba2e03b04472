"""`jupyter 2i2c capture home`: a person's files, taken away. Called by the command line, also in the processes of server/replicas.py."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import signal
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import Cancelled, ReplicateError
from ..work import Terminal, Work

FORMATS = ("tar.zst", "tar", "zip")

VOLUME_SIZE = 1 << 30

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

DESCRIPTION = """\
Take your files away, with a SHA-256 of each.

OUT ends in .tar.zst, .tar or .zip: one file. OUT is another name: a directory of volumes, which goes
on where it was when it is called again. OUT is '-': a stream, for `ssh` or what your storage has, which
takes no room here. Caches, trash, snapshots and what is everybody's are left out; the report says so.
More is left out by a file .2i2cignore in your home, written like a .gitignore.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be asked."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", metavar="NAME", nargs="*", help="take only these, below the home")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", metavar="OUT", help="where it goes; see above")
    where.add_argument(
        "--estimate", action="store_true", help="say how much it is and what is left out, and stop"
    )
    where.add_argument(
        "--plan-only",
        metavar="DIR",
        type=Path,
        help="write the plan of the volumes there, and stop",
    )
    parser.add_argument(
        "--or-stream", action="store_true",
        help="if OUT, one file, has too little room: write it to the standard output instead",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, help="default: by OUT's name, else tar.zst")
    parser.add_argument(
        "--volume-size", metavar="SIZE", type=_size,
        help="content of one volume, as 500M or 2G (default: 1G)",
    )  # fmt: skip
    parser.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[],
        help="leave this out, too; written like a line of .gitignore",
    )  # fmt: skip
    parser.add_argument(
        "--include", metavar="PATH", action="append", default=[],
        help="take this although it is a cache, shared or on another file system",
    )  # fmt: skip
    parser.add_argument(
        "--shared", metavar="NAME", action="append",
        help="a directory at the top of the home that is everybody's (default: those of most hubs)",
    )  # fmt: skip
    parser.add_argument(
        "--home", metavar="DIR", type=Path, default=Path.home(), help="default: your home directory"
    )
    parser.add_argument("--created", metavar="TIME", type=_time, help="what to call now, ISO 8601")
    parser.add_argument("--name", type=_name, help="of the archive (default: home-USER-TIME)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--from-plan", metavar="DIR", type=Path,
        help="write a volume of a plan that --plan-only made; with --volume and -o -",
    )  # fmt: skip
    parser.add_argument(
        "--volume",
        metavar="N",
        type=int,
        help="which one; the one after the last has the checksums",
    )


def run_capture_home(arguments: argparse.Namespace) -> int:
    """Take the files.

    Returns:
        0: all of it is there; 1: it is, but for what the report names; 2: nothing was written.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    terminal = Terminal()
    try:
        return _run(arguments, Work(terminal))
    except ReplicateError as error:
        return _wrong(terminal, str(error))
    except (KeyboardInterrupt, Cancelled):
        stays = "; call it again to go on" if _is_directory(arguments) else ""
        return _wrong(terminal, f"it was stopped, and nothing unfinished is left{stays}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that closing it says nothing more
        return _wrong(terminal, "whoever read the stream has gone; what they have is not whole")
    except OSError as error:
        return _wrong(terminal, _explain(error, arguments))
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: argparse.Namespace, work: Work) -> int:
    from .archive import VolumeSet, write_file

    if arguments.or_stream and (_is_directory(arguments) or arguments.output in (None, "-")):
        raise ReplicateError("--or-stream goes with one file: -o NAME.tar.zst, .tar or .zip")
    if arguments.from_plan:
        return _volume(arguments, work)
    if arguments.volume is not None:
        raise ReplicateError("--volume is of a plan; give it with --from-plan DIR")
    _look_at_the_name(arguments)
    arguments.volume_size = arguments.volume_size or VOLUME_SIZE
    home = arguments.home.resolve()
    if not home.is_dir():
        raise ReplicateError(f"{home} is no directory; say where your files are with --home")
    for name in arguments.names:
        if not os.path.lexists(home / name):
            raise ReplicateError(f"there is no {name} in {home}; names are below the home")
    if arguments.estimate:
        with tempfile.TemporaryDirectory(prefix="jupyter-2i2c-") as directory:
            plan = _plan(arguments, home, Path(directory), 0, work)
        print(json.dumps(estimate(plan), indent=1) if arguments.json else _describe(plan))
        return 0
    if arguments.plan_only:
        arguments.plan_only.mkdir(parents=True, exist_ok=True)
        plan = _plan(arguments, home, arguments.plan_only, arguments.volume_size, work)
        print(json.dumps(estimate(plan), indent=1) if arguments.json else _describe(plan))
        return 0
    if _is_directory(arguments):
        volumes = VolumeSet(Path(arguments.output).absolute())
        plan = _continue(arguments, home, volumes, work)
        report = volumes.write(plan, work, _say)
        return _end(arguments, plan, report, str(volumes.directory))
    with tempfile.TemporaryDirectory(prefix="jupyter-2i2c-") as directory:
        state = Path(directory)
        plan = _plan(arguments, home, state, 0, work)
        if arguments.output == "-":
            if sys.stdout.isatty():
                raise ReplicateError("an archive is not for a terminal; pipe it somewhere")
            return _stream(arguments, state, plan, work)
        path = Path(arguments.output).absolute()
        try:
            _make_sure(home, path.parent, plan.stored)
        except ReplicateError:
            if not arguments.or_stream or sys.stdout.isatty():
                raise
            _say(f"there is too little room for {path}; it goes to the standard output")
            return _stream(arguments, state, plan, work)
        report = write_file(path, state, plan, work)
        # whoever reads the standard output expects an archive or nothing
        return _end(arguments, plan, report, str(path), sys.stderr if arguments.or_stream else None)


def _look_at_the_name(arguments: argparse.Namespace) -> None:
    """Refuse an output that would be something else than its name says.

    Raises:
        ReplicateError: it says what to give instead.
    """
    from ..archive import FOREIGN

    if not _is_directory(arguments):
        if arguments.volume_size and arguments.output:
            raise ReplicateError(
                f"{arguments.output} is one file; volumes come into a directory: give a name without"
                " .tar.zst, .tar or .zip, or leave out --volume-size"
            )
        return
    path = Path(arguments.output)
    if path.suffix.lower() in FOREIGN:
        raise ReplicateError(
            f"{path} would be a directory of volumes; for one file end its name in .tar.zst, .tar or .zip"
        )
    if path.exists() and not path.is_dir():
        raise ReplicateError(
            f"{path} is there already and is no directory of volumes; give another name"
        )


def _stream(arguments: argparse.Namespace, state: Path, plan: Any, work: Work) -> int:
    """The whole home to the standard output."""
    from .archive import write_stream

    report = write_stream(sys.stdout.buffer.write, state, plan, work)
    sys.stdout.buffer.flush()
    return _end(arguments, plan, report, "the stream", sys.stderr)


def _volume(arguments: argparse.Namespace, work: Work) -> int:
    """One volume of a plan, to the stream."""
    from .archive import write_stream, write_volume
    from .plan import Plan

    if arguments.output != "-" or arguments.volume is None:
        raise ReplicateError("--from-plan goes with --volume N and -o -")
    try:
        plan = Plan.load(arguments.from_plan)
    except (OSError, ValueError) as error:
        raise ReplicateError(f"{arguments.from_plan} holds no plan: {error}") from None
    out = sys.stdout.buffer
    if plan.volume_size:
        report = write_volume(out.write, arguments.from_plan, plan, arguments.volume, work)
    else:
        report = write_stream(out.write, arguments.from_plan, plan, work)
    out.flush()
    if report is not None:
        from .plan import write_whole

        write_whole(arguments.from_plan / "report.json", json.dumps(report).encode())
    return 0


def _plan(
    arguments: argparse.Namespace, home: Path, state: Path, volume_size: int, work: Work
) -> Any:
    from .plan import Plan, make
    from .rules import SHARED, Rules

    created = arguments.created or _now()
    output = "" if arguments.output in (None, "-") else str(Path(arguments.output).resolve())
    inside = os.path.relpath(output, home) if output.startswith(f"{home}/") else ""
    own = [each for each in (inside, _partial(inside)) if each]
    rules = Rules.of_home(
        home,
        exclude=arguments.exclude,
        include=arguments.include,
        shared=SHARED if arguments.shared is None else arguments.shared,
        own=own,
    )
    plan = Plan(
        name=arguments.name or f"home-{_user()}-{re.sub('[^0-9TZ]', '', created)}",
        home=str(home),
        created=created,
        format=_format(arguments),
        volume_size=volume_size,
    )
    names = [os.path.normpath(name).strip("/") for name in arguments.names]
    if any(name == ".." or name.startswith("../") for name in names):
        raise ReplicateError("names are of what is in the home, not outside of it")
    return make(
        state,
        plan,
        rules,
        [] if "." in names else names,
        lambda files, size: work.step(0, 0, f"looking: {files:,} files, {size_in_words(size)}"),
    )


def _partial(path: str) -> str:
    head, tail = os.path.split(path)
    return f"{head}/.{tail}.partial".lstrip("/") if tail else ""


def _continue(arguments: argparse.Namespace, home: Path, volumes: Any, work: Work) -> Any:
    """The plan of a directory of volumes: the one that it has, or a new one."""
    from .plan import HEAD, LIST, Plan, write_whole

    asked = json.dumps(
        [
            str(home),
            sorted(arguments.names),
            sorted(arguments.exclude),
            sorted(arguments.include),
            _format(arguments),
            arguments.volume_size,
        ]
    )
    options = volumes.state / "options.json"
    if volumes.unfinished:
        if options.read_text("utf-8") != asked:
            raise ReplicateError(
                f"{volumes.directory} was begun with other options; give the same ones to go on, or"
                " another directory"
            )
        return Plan.load(volumes.state)
    if not volumes.empty:
        raise ReplicateError(f"{volumes.directory} is not empty; choose another name")
    volumes.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plan-", dir=volumes.state) as directory:
        state = Path(directory)
        plan = _plan(arguments, home, state, arguments.volume_size, work)
        _make_sure(home, volumes.directory, plan.stored)
        write_whole(options, asked.encode())
        for name in (LIST, HEAD):  # the head last: with it, there is a plan
            (state / name).replace(volumes.state / name)
    return plan


def _make_sure(home: Path, directory: Path, need: int) -> None:
    """Refuse what would fill the home, or the disk.

    Raises:
        ReplicateError: there is too little room; it says what to do instead.
    """
    from ...server.resources import amount
    from .room import room, same_file_system

    inside = same_file_system(home, directory)
    quota = amount(os.environ.get("JUPYTER_2I2C_HOME_QUOTA", "")) if inside else None
    left = room(directory, int(quota) if quota else None, need if quota else None)
    if need > left:
        raise ReplicateError(
            f"it may take {size_in_words(need)}, and {directory} has room for"
            f" {size_in_words(left)}. Stream it elsewhere with -o - (for example `jupyter 2i2c capture"
            " home -o - | ssh HOST 'cat > home.tar.zst'`), download it in Lab, or name what you need"
        )


def _end(
    arguments: argparse.Namespace,
    plan: Any,
    report: dict[str, Any],
    where: str,
    out: Any = None,
) -> int:
    """Say what there is now."""
    out = out or sys.stdout
    Terminal().end()
    if arguments.json:
        print(json.dumps({**report, "where": where}, indent=1, sort_keys=True), file=out)
        return 1 if report["problems"] else 0
    counts = report["counts"]
    print(
        f"{where}: {counts['files'] + counts['parts'] + counts['other_names']:,} files,"
        f" {size_in_words(plan.size)}, each with its SHA-256",
        file=out,
    )
    for line in _left_out(plan):
        print(line, file=out)
    if report["may_hold_secrets"]:
        print(
            "These files may hold passwords or keys of yours. They are in the archive; keep it as"
            " you keep them:",
            file=out,
        )
        _list(report["may_hold_secrets"], out)
    if report["problems"]:
        print("Not as they are in your home:", file=out)
        _list(
            [f"{each['path']}: {each['what']} ({each['more']})" for each in report["problems"]], out
        )
        return 1
    return 0


def _list(lines: list[str], out: Any, most: int = 20) -> None:
    for line in lines[:most]:
        print(f"  {_shown(line)}", file=out)
    if len(lines) > most:
        print(f"  … and {len(lines) - most:,} more; see home.json in the archive", file=out)


def _shown(path: str) -> str:
    """A name as it can be printed, whatever is in it."""
    return path if path.isprintable() else ascii(path)[1:-1]


WHY = {
    "cache": "caches, which programs make again",
    "trash": "trash",
    "snapshot": "snapshots",
    "shared": "shared directories",
    "other-file-system": "directories on other file systems",
    "own-export": "earlier exports",
    "ignored": "by .2i2cignore",
    "excluded": "by --exclude",
    "special": "sockets, pipes and devices",
    "deleted": "files deleted while open (.nfs…)",
}


def _left_out(plan: Any) -> list[str]:
    lines = []
    for why, count in sorted(plan.left_out_counts.items()):
        paths = [_shown(each["path"]) for each in plan.left_out if each["why"] == why]
        shown = ", ".join(paths[:5]) + (", …" if count > min(len(paths), 5) else "")
        lines.append(f"Left out, {WHY.get(why, why)} ({count:,}): {shown}".rstrip(": "))
    return lines


def _describe(plan: Any) -> str:
    lines = [
        f"{plan.files:,} files, {size_in_words(plan.size)} ({size_in_words(plan.stored)} on disk)"
    ]
    lines += [
        f"  {size_in_words(size):>10}  {_shown(name)}"
        for name, size in list(plan.sizes.items())[:20]
    ]
    return "\n".join([*lines, *_left_out(plan)])


def estimate(plan: Any) -> dict[str, Any]:
    """What `--estimate --json` and `--plan-only --json` print."""
    return {
        "name": plan.name,
        "files": plan.files,
        "directories": plan.directories,
        "links": plan.links,
        "bytes": plan.size,
        "bytes_stored": plan.stored,
        "volumes": plan.volumes,
        "sizes": plan.sizes,
        "left_out": plan.left_out[:100],
        "left_out_counts": plan.left_out_counts,
        "may_hold_secrets": plan.secrets[:100],
        "problems": plan.problems[:100],
    }


def size_in_words(size: float) -> str:
    """``1.2 GiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _is_directory(arguments: argparse.Namespace) -> bool:
    output = arguments.output
    return bool(output) and output != "-" and not output.endswith((".tar.zst", ".tar", ".zip"))


def _format(arguments: argparse.Namespace) -> str:
    by_name = next((f for f in FORMATS if (arguments.output or "").endswith(f".{f}")), "")
    if by_name and arguments.format and by_name != arguments.format:
        raise ReplicateError(f"{arguments.output} is named like {by_name}, not {arguments.format}")
    return str(arguments.format or by_name or "tar.zst")


def _explain(error: OSError, arguments: argparse.Namespace) -> str:
    if error.errno in FULL:
        stays = (
            " The volumes that are whole stay: call it again." if _is_directory(arguments) else ""
        )
        return (
            f"there is no room left ({error.strerror}); nothing unfinished is left. Make room, or"
            f" stream it elsewhere with -o -.{stays}"
        )
    return f"{error.filename or 'it'}: {error.strerror or error}"


def _wrong(terminal: Terminal, message: str) -> int:
    terminal.end()
    _say(message)
    return 2


def _say(message: str) -> None:
    print(f"jupyter 2i2c capture home: {message}", file=sys.stderr, flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _now() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = int(epoch) if epoch and epoch.isdigit() else time.time()
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user() -> str:
    user = os.environ.get("JUPYTERHUB_USER") or os.environ.get("USER") or "me"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", user)[:60].strip("-.") or "me"


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    size = float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ") if match else 0
    if size < 1 << 20:
        raise argparse.ArgumentTypeError("a size of 1M or more, as 500M or 2G")
    return int(size)


def _time(text: str) -> str:
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError("a time as 2026-01-31T12:00:00Z") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}", text):
        raise argparse.ArgumentTypeError("letters, digits, '.', '_' and '-'")
    return text
