"""Take it with you

An environment's capture, against `sha256sum` over the very same files; its listing, against what
`importlib.metadata` takes for names and versions (whole processes); its rebuild in a fresh cache, against
`uv pip sync` of the same lock in a fresh cache; its verification (V0, V1 and V5), against its capture. Medians of
shuffled rounds. Capture hashes on all cores, `sha256sum` on one. Then five environments of different kinds are captured, rebuilt and compared: how much of what
the manifest claims is equal, byte for byte, apart from the transforms that it lists.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.capture.environment import Captured, capture_environment
from jupyter_2i2c.replicate.capture.lock import find_uv
from jupyter_2i2c.replicate.targets import local
from jupyter_2i2c.replicate.verify import verify
from jupyter_2i2c.replicate.work import Work

from .environments import ROOT, environment
from .figures import Figure, at_most
from .replicated import KINDS, made

ROUNDS = 3

LISTING = {
    "ours": "from jupyter_2i2c.replicate.capture.distributions import listed; found = listed()",
    "importlib.metadata": (
        "from importlib.metadata import distributions;"
        "found = sorted((each.name, each.version) for each in distributions())"
    ),
}


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".bench") as directory:
        scratch = Path(directory)
        parts = (_listing, _capture, _rebuild, _equal)
        return [figure for part in parts for figure in part(scratch)]


def _median(rounds: int, scratch: Path, **runs: Callable[[], object]) -> dict[str, float]:
    """Seconds of each, as medians of shuffled rounds after one that warms up.

    What they leave in `scratch` is removed, outside of the time that counts.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    order = list(runs)
    for turn in range(rounds + 1):
        random.Random(turn).shuffle(order)
        for name in order:
            begin = time.perf_counter()
            runs[name]()
            took = time.perf_counter() - begin
            if turn:
                seconds[name].append(took)
            shutil.rmtree(scratch, ignore_errors=True)
            subprocess.run(
                ["sync", "--file-system", ROOT], check=True
            )  # nor what is yet to be written
    return {name: statistics.median(each) for name, each in seconds.items()}


def _listing(scratch: Path) -> list[Figure]:
    python = environment("ours") / "bin" / "python"

    def listing(name: str) -> Callable[[], object]:
        code = f"{LISTING[name]}; print(len(found))"
        return lambda: subprocess.run([python, "-c", code], check=True, capture_output=True)

    counts = {
        subprocess.run([python, "-c", f"{code}; print(len(found))"], check=True, capture_output=True).stdout
        for code in LISTING.values()
    }  # fmt: skip
    assert len(counts) == 1, counts
    took = _median(15, scratch, ours=listing("ours"), theirs=listing("importlib.metadata"))
    (count,) = counts
    return [
        at_most(
            f"listing {int(count)} distributions, over importlib.metadata",
            took["ours"] / took["theirs"],
            1.2,
            more=f" ({took['ours'] * 1000:.0f} and {took['theirs'] * 1000:.0f} ms)",
        )
    ]


def _files(bundle: Path) -> list[str]:
    """Every file that the bundle has a checksum of, below the environment."""
    return [
        line.partition("  ")[2]
        for listing in sorted((bundle / "data/env/default/files").iterdir())
        for line in listing.read_text().splitlines()
    ]


def _capture(scratch: Path) -> list[Figure]:
    prefix = made("science")
    python = str(prefix / "bin" / "python")
    first = capture_environment(scratch / "first", python=python)
    names = "\0".join(_files(first.place))
    size = sum((prefix / name).stat().st_size for name in names.split("\0"))
    count = first.manifest.counts()["python"]["captured"]
    locks: list[float] = []

    def ours() -> None:
        capture_environment(scratch / "round" / "ours", python=python, make_lock=False)

    def locked() -> None:
        captured = capture_environment(scratch / "round" / "locked", python=python)
        locks.append(captured.seconds["lock"])

    def theirs() -> None:
        command = ["xargs", "--null", "--max-args=1000000", "sha256sum", "--"]
        subprocess.run(
            command, input=names, text=True, cwd=prefix, check=True, stdout=subprocess.DEVNULL
        )

    def verified() -> None:
        verification = verify(first.place, python=prefix / "bin" / "python", up_to="V5")
        assert verification.rungs["V5"].status == "pass", verification.blockers

    took = _median(
        ROUNDS, scratch / "round", ours=ours, locked=locked, theirs=theirs, verified=verified
    )
    words = f"{count} distributions, {names.count(chr(0)) + 1:,} files, {size / 2**30:.1f} GiB"
    return [
        at_most(
            f"capture of {words}, over sha256sum",
            took["ours"] / took["theirs"],
            1.0,
            more=f" ({took['ours']:.1f} and {took['theirs']:.1f} s)",
        ),
        at_most("its lock, more", statistics.median(locks), 2.0, " s"),
        at_most(
            "its verification (V0, V1, V5), over its capture with the lock",
            took["verified"] / took["locked"],
            1.3,
            more=f" ({took['verified']:.1f} and {took['locked']:.1f} s)",
        ),
    ]


def _rebuild(scratch: Path) -> list[Figure]:
    prefix = made("lab")
    captured = capture_environment(scratch / "lab", python=str(prefix / "bin" / "python"))

    def ours() -> None:
        with opened(captured.place) as bundle:
            local.build(bundle, scratch / "round" / "built", Work())

    def theirs() -> None:
        uv = [find_uv(), "--quiet"]
        plain, cache = scratch / "round" / "plain", scratch / "round" / "cache"
        lock = captured.place / "data/env/default/pylock.toml"
        subprocess.run([*uv, "venv", "--python", sys.executable, plain], check=True)
        subprocess.run(
            [
                *uv, "pip", "sync", "--preview-features", "pylock", "--link-mode", "copy",
                "--cache-dir", cache, "--python", plain, lock,
            ],
            check=True,
        )  # fmt: skip

    took = _median(ROUNDS, scratch / "round", ours=ours, theirs=theirs)
    return [
        at_most(
            "rebuild of a bare Lab in a fresh cache, over uv pip sync",
            took["ours"] / took["theirs"],
            1.2,
            more=f" ({took['ours']:.1f} and {took['theirs']:.1f} s)",
        )
    ]


def _equal(scratch: Path) -> list[Figure]:
    figures = []
    for name, words in KINDS.items():
        python = str(made(name) / "bin" / "python")
        captured = capture_environment(scratch / f"equal-{name}", python=python)
        verification = verify(captured.place, rebuild=True)
        rung, notebook = verification.rungs["V5"], verification.rungs["V7"]
        claimed = len(rung.items) - rung.count("not-run")
        equal = rung.count("pass")
        ran = {"pass": ", a notebook runs", "fail": f", V7: {notebook.why}"}.get(
            notebook.status, ""
        )
        figures.append(
            Figure(
                f"equal after a rebuild: {words}",
                f"{equal} of {claimed}{_more(captured, rung.count('not-run'))}{ran}",
                "all",
                rung.status == "pass" and equal == claimed and notebook.status != "fail",
            )
        )
        for blocker in verification.blockers:
            print(f"  {name}: {blocker}", file=sys.stderr)
        shutil.rmtree(captured.place)
    return figures


def _more(captured: Captured, not_run: int) -> str:
    """What was not compared, and what was not captured, by name."""
    absent = [
        item.id
        for item in captured.manifest.items
        if item.status in ("not-captured", "unknown") and item.layer not in ("image",)
    ]
    words = f"; {not_run} not rebuilt by this target" if not_run else ""
    return words + (f"; not captured: {', '.join(absent)}" if absent else "")
