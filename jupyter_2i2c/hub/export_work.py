"""Makes an export of the hub, or compares two, in a process of its own. Started by exports.py.

    python -m jupyter_2i2c.hub.export_work < JOB

The job is one line of JSON on standard input, which stays open as long as somebody waits for the end: when
it closes, this ends. Progress and the end are lines of JSON on standard output. No token of the hub and
no password of the database ever comes here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

from ..replicate.bundle import opened
from ..replicate.checksums import of_file
from ..replicate.errors import Cancelled, ReplicateError
from ..replicate.inspect import inspected
from ..replicate.verify.ladder import RUNGS, Verification
from ..replicate.work import Work

PAGE = "page.json"
"""What the console shows of an export."""

REPORT = "report.json"
REPORT_PAGE = "report.html"
GUIDE = "guide.md"
OWN = "own.json"

UP_TO = {"local": "V4", "k8s": "V8"}
"""The last rung to try, by target. Beside a hub that people work on no replica is started: on one
machine the rungs above V4 would, for Kubernetes they only say what they need."""

CHART_TRAIT, OPTION = "c.HubService.exports_chart", "--chart DIR"
"""How an operator names the chart here, and on the command line."""

MOST = 200
"""Items of each kind that the console shows; the report has all."""

LEFT_OUT = ("not-captured", "policy-excluded", "cloud-resource", "unknown")
"""What is not in a bundle, by the status of its item."""


def main() -> int:
    """Do one job; 0 if its end was told."""
    os.umask(0o077)
    os.nice(10)
    signal.signal(signal.SIGTERM, _cancel)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints, tells nothing
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_who_waits, daemon=True).start()
    work = Work(lambda done, total, what: _tell(answers, step=what, done=done, total=total))
    try:
        told: dict[str, Any] = {"result": DO[job["do"]](job, work)}
    except Cancelled:
        return 1
    except ReplicateError as error:
        told = {"failed": str(error)}
    except OSError as error:
        told = {"failed": f"{error.filename or 'a file'}: {error.strerror or error}"}
    _tell(answers, **told)
    return 0


def export(job: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """Write the bundle, build it, climb the ladder as far as `UP_TO`, and write what is said of it beside it.

    Arguments:
        job: ``record``, ``directory``, ``file``, ``name``, ``created``, ``people``, ``api``,
            ``announcements`` and ``unread``, as `write_bundle` takes them; of ``api``, ``users`` and
            ``groups`` may be numbers; ``chart``, empty where the operator named none.
        work: told how far it is.

    Returns:
        The fields of store.exports' `Result`.
    """
    from ..replicate.guide import guide
    from ..replicate.hub_diff import own
    from ..replicate.importers.recorded import read_record, target_of, write_bundle
    from ..replicate.report_html import export_page
    from ..replicate.verify import verify

    directory = Path(job["directory"])
    place = directory / job["file"]
    document = read_record(Path(job["record"]))
    target = target_of(document)
    chart, unusable = _chart(job["chart"], document)
    write_bundle(
        document,
        place,
        api=_counted(job["api"]),
        announcements=job["announcements"],
        unread=job["unread"],
        people=job["people"],
        name=job["name"],
        created=job["created"],
        chart=chart,
        work=work,
    )
    verification = verify(
        place,
        rebuild=True,
        target=target,
        chart=chart,
        up_to=UP_TO[target],
        progress=lambda done, total, what: work.step(done, total, f"checking: {what}"),
    )
    work.step(0, 0, "writing the report")
    verification = _to_operators(verification, unusable)
    # where it lies on this machine is nobody's business
    verification = replace(verification, bundle=place.name)
    with opened(place, work) as bundle:
        contents = {**inspected(bundle), "bundle": place.name}
        texts = {
            GUIDE: guide(bundle),
            OWN: _json(own(bundle).to_json()),
            REPORT: _json({**verification.to_json(), "contents": contents}),
            REPORT_PAGE: export_page(contents, verification),
            PAGE: _json(page_of(contents, verification, target)),
        }
    for name, text in texts.items():
        _put(directory / name, text.replace(str(directory), "…"))
    highest = verification.highest.split(" ", 1)[0]
    up_to = list(RUNGS)[: list(RUNGS).index(highest) + 1] if highest else []
    return {
        "file": place.name,
        "size": place.stat().st_size,
        "sha256": of_file(place),
        "highest": highest,
        "blockers": len(verification.blockers),
        "not_run": sum(verification.rungs[name].count("not-run") for name in up_to),
    }


def _chart(named: str, document: Mapping[str, Any]) -> tuple[Path | None, str]:
    """The chart that the operator named, if it is the one that runs the hub; else why it is not used.

    An export does not fail by it: it only proves less.
    """
    from ..replicate.verify.chart import chart_in, code_of, version_of

    told = document.get("kubernetes")
    if not (named and told):
        return None, ""
    try:
        chart = chart_in(Path(named))
        given, code = version_of(chart), code_of(chart)
    except (ReplicateError, OSError):
        return None, f"{CHART_TRAIT} names {named}, which holds no chart that the service can read"
    wanted = str(told["chart"].get("Version", ""))
    if given and wanted and given != wanted:
        return None, f"{CHART_TRAIT} names version {given} of the chart, and {wanted} runs the hub"
    if code is None:
        return None, f"{CHART_TRAIT} names {named}, where the chart's files/hub are missing"
    return chart, ""


def _to_operators(verification: Verification, unusable: str) -> Verification:
    """What is said of the chart, to whom it concerns here: who reads an export has no command line's option.

    Arguments:
        verification: what `verify` says.
        unusable: why the chart that was named is not used.
    """
    why = unusable or f"{CHART_TRAIT} names no directory with the chart that runs the hub"

    def told(each: Any) -> Any:
        return replace(each, why=why) if each.status == "not-run" and OPTION in each.why else each

    rungs = {
        name: replace(told(rung), items={key: told(each) for key, each in rung.items.items()})
        for name, rung in verification.rungs.items()
    }
    return replace(verification, rungs=rungs)


def compare(job: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """What changed from one bundle to another.

    Arguments:
        job: ``first`` and ``second``.
        work: told how far it is.
    """
    from ..replicate.hub_diff import compare as compared

    with opened(Path(job["first"]), work) as first, opened(Path(job["second"]), work) as second:
        return compared(first, second).to_json()


DO: Mapping[str, Callable[[Mapping[str, Any], Work], dict[str, Any]]] = {
    "export": export,
    "compare": compare,
}


def page_of(contents: Mapping[str, Any], verification: Verification, target: str) -> dict[str, Any]:
    """What the console's page of an export shows: the report without what holds."""
    rungs = []
    for name, proves in RUNGS.items():
        rung = verification.rungs[name]
        open_ = [
            {"item": key, "status": each.status, "why": each.why}
            for key, each in rung.items.items()
            if each.status != "pass"
        ]
        counts = {status: rung.count(status) for status in ("pass", "fail", "not-run")}
        rungs.append(
            {
                "name": name,
                "proves": proves,
                "status": rung.status,
                "why": rung.why,
                "counts": counts,
                "open": sorted(open_, key=lambda each: each["status"])[:MOST],
            }
        )
    layers = {each["id"]: each["title"] for each in contents["layers"]}
    left_out = [
        {
            "layer": layers.get(each["layer"], each["layer"]),
            "what": each["id"].partition(":")[2],
            "status": each["status"],
            "reason": each["reason"],
            "action": each["action_needed"],
        }
        for each in contents["items"]
        if each["status"] in LEFT_OUT
    ]
    left_out += [
        {"layer": "", "what": each["what"], "status": "not-captured", "reason": each["reason"], "action": ""}
        for each in contents["not_captured"]
    ]  # fmt: skip
    return {
        "created": contents["created"],
        "source": contents["source"],
        "layers": contents["layers"],
        "items": len(contents["items"]),
        "files": contents["files"],
        "rungs": rungs,
        "highest": verification.highest,
        "blockers": verification.blockers[:MOST],
        "secrets": list({each["slot"]: each for each in contents["secrets"]}.values())[:MOST],
        "target": target,
        "left_out": left_out[:MOST],
    }


def _counted(api: Mapping[str, Any]) -> dict[str, Any]:
    """What the API says; where only a number came, as many as that."""
    return {what: range(each) if isinstance(each, int) else each for what, each in api.items()}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")


def _tell(stream: TextIO, **told: Any) -> None:
    stream.write(json.dumps(told) + "\n")
    stream.flush()


def _cancel(*_: object) -> NoReturn:
    raise Cancelled


def _end_with_who_waits() -> None:
    """Ask this process to end when nobody waits for it any more."""
    os.read(0, 1)  # past Python's buffer, whose lock would be held at the end
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
