"""`jupyter 2i2c drill`: proves that a hub can be taken elsewhere, by doing it. Called by the command line; cron and CI call that.

Captures the hub, builds it on this machine, climbs the ladder with the replica running, and keeps the
dated report. Without a hub to capture it is the example hub, which is started for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .appearing import appearing, remove_left_over
from .errors import ReplicateError
from .work import Work

LATEST = "latest.json"
"""In the drills' directory: what the last one said, for whoever shows it."""

FAILED = 1

NEWS = (
    ("--title", "Maintenance of the file server", "--severity", "maintenance", "--starts", "2099-11-24T06:00Z",
     "--ends", "2099-11-24T08:00Z", "--body", "Servers **stop** at six; save before."),
    ("--title", "The class of 2026 meets in the large hall", "--group", "class-of-2026", "--acknowledge"),
    ("--title", "Two people asked for more memory", "--administrators"),
)  # fmt: skip
"""What the example hub announces: to everybody, to a group, to administrators."""


@dataclass(frozen=True)
class Drill:
    """What a drill said.

    Attributes:
        at: UTC, when it began.
        hub: its name; may be empty.
        holds: whether nothing failed.
        highest: the highest rung.
        blockers: what failed.
        report: the report's directory.
    """

    at: str
    hub: str
    holds: bool
    highest: str
    blockers: tuple[str, ...]
    report: str

    def to_json(self) -> dict[str, Any]:
        """What `LATEST` holds."""
        return {"schema": 1, **vars(self), "blockers": list(self.blockers)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which hub, and where the reports go."""
    from .importers.command import add_source

    parser.description = (
        "Capture a hub, build it, verify it, and keep the dated report. Without --record, --config or"
        " --infrastructure it is the example hub, which is started for it. Exit status 1 if something fails."
    )
    add_source(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path("drills"),
        help="where bundles and reports are kept, by their date (default: drills)",
    )  # fmt: skip
    parser.add_argument(
        "--keep",
        metavar="N",
        type=_number,
        default=10,
        help="of earlier drills, keep so many (default: 10)",
    )
    parser.add_argument(
        "--target", choices=["local", "tljh", "k8s"], default="",
        help="what to build; by default k8s for a hub of a checkout or that a chart runs, else local",
    )  # fmt: skip
    parser.add_argument("--up-to", metavar="Vn", default="V8", help="the last rung to try")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of drills, such as 10")
    return int(text)


def run(arguments: argparse.Namespace, terminal: Any) -> int:
    """Do it, and say what came of it; 1 where something failed."""
    from .bundle import created_now
    from .report_text import left_out_text, verification_text
    from .verify import verify
    from .verify.report import write

    named = bool(arguments.record or arguments.config or arguments.infrastructure)
    of_a_hub = ("cluster", "hub", "rendered", "live", "announcements", "name")
    if not named and (given := next((each for each in of_a_hub if getattr(arguments, each)), "")):
        raise ReplicateError(
            f"--{given} is of a hub, and none is named; give --infrastructure DIR, --record FILE or"
            " --config FILE, or nothing of a hub to drill the example"
        )
    work = Work(terminal)
    at = created_now()
    top: Path = arguments.output
    place = top / at.replace(":", "")
    with appearing(place) as partial:
        bundle = partial / "bundle"
        if named:
            from .importers.command import capture

            captured = capture(arguments, bundle, work, at)
            name = arguments.name or arguments.hub or ""
        else:
            name = "the example hub"
            captured = capture_example(bundle, at, work, arguments.environment)
        verification = verify(
            bundle,
            rebuild=True,
            target=arguments.target,
            chart=arguments.chart,
            python=arguments.python,
            up_to=arguments.up_to,
            progress=terminal,
        )
        verification = replace(verification, bundle=str(place / bundle.name))
        report = place / write(verification, bundle).name
    terminal.end()
    drill = Drill(
        at,
        name,
        verification.holds,
        verification.highest,
        tuple(verification.blockers),
        str(report),
    )
    _keep(top, drill, arguments.keep)
    if arguments.json:
        print(
            json.dumps({**drill.to_json(), **verification.to_json()}, indent=2, ensure_ascii=False)
        )
    else:
        print(
            f"Drill of {name or 'the hub'}, {at}: {len(captured.manifest.items)} items captured\n"
        )
        print(verification_text(verification))
        print(f"\n{left_out_text(captured.manifest)}")
        print(f"\nThe bundle and its report are in {place}")
    return 0 if verification.holds else FAILED


def _keep(top: Path, drill: Drill, number: int) -> None:
    """Note the last drill; remove the oldest."""
    handle, name = tempfile.mkstemp(dir=top, prefix=f".{LATEST}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(drill.to_json(), file, indent=1, ensure_ascii=False)
    Path(name).chmod(0o644)
    Path(name).replace(top / LATEST)
    remove_left_over(top)
    earlier = sorted(each for each in top.iterdir() if each.is_dir() and _is_date(each.name))
    for each in earlier[: max(0, len(earlier) - number - 1)]:
        shutil.rmtree(each, ignore_errors=True)


def _is_date(name: str) -> bool:
    try:
        datetime.strptime(name, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return True


def capture_example(
    destination: Path, created: str, work: Work, environment: Path | None = None
) -> Any:
    """Start the example hub, change it as people do, and capture it.

    Arguments:
        destination: the bundle.
        created: as `created_now` gives it.
        work: told how far it is.
        environment: as write_bundle takes it; a whole JupyterLab takes minutes to rebuild.

    Raises:
        ReplicateError: the example hub does not start.
    """
    from .importers.announced import announcements_of, beside
    from .importers.live import observed
    from .importers.recorded import read_record, write_bundle

    work.step(0, 0, "starting the example hub")
    with _example() as (hub, token):
        api = observed(hub.url, token, work)
        record = hub.state / "jupyter_2i2c.record.json"
        document = read_record(record)
        announcements = announcements_of(beside(record))
    return write_bundle(
        document,
        destination,
        api=api,
        announcements=announcements,
        people=True,
        name="the example hub",
        created=created,
        environment=environment,
        work=work,
    )


def _announce(state: Path, words: tuple[str, ...]) -> None:
    """Publish an announcement as an operator does."""
    command = [sys.executable, "-m", "jupyter_2i2c", "announce", "publish", *words]
    done = subprocess.run(command, cwd=state, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReplicateError(f"the example hub announces nothing: {done.stderr.strip()}")


@contextmanager
def _example() -> Iterator[tuple[Any, str]]:
    """The example hub, running, with what only its database knows; and a token for its API."""
    try:
        from ..demo.local_hub import LocalHub, LocalHubFailed, xsrf
        from ..demo.runner import ADMIN
    except ImportError as error:
        raise ReplicateError(
            f"the example hub needs {error.name}: pip install 'jupyter_2i2c[demo]'; or name your own"
            " hub by --record FILE or --config FILE"
        ) from None
    from .importers.live import SCOPES

    config = Path(__file__).parents[1] / "demo" / "whole_hub.py"
    try:
        with LocalHub(config) as hub, hub.browser() as browser:
            hub.login(browser, ADMIN)
            headers = {"X-XSRFToken": xsrf(browser)}

            def ask(method: str, path: str, **body: Any) -> Any:
                answer = browser.request(method, f"hub/api/{path}", headers=headers, json=body)
                answer.raise_for_status()
                return answer.json() if answer.content else None

            # what administrators do in the hub's own pages is in no file
            ask("POST", "users/marie")
            ask("PATCH", "users/grace", admin=True)
            ask("POST", "groups/field-trip", users=["katherine", "marie"])
            for each in NEWS:
                _announce(hub.state, each)
            token = ask("POST", f"users/{ADMIN}/tokens", expires_in=300, scopes=list(SCOPES))
            yield hub, token["token"]
    except LocalHubFailed as failure:
        raise ReplicateError(f"the example hub does not start: {failure}") from None
