"""Writes a planned home: to a stream, to a file, or to a directory of volumes. Called by command.py."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import ReplicateError
from ..work import Work
from .bag import MANIFEST, REPORT, Tags
from .plan import Plan, write_whole
from .tar import Sink
from .volume import Tell, archive, records_path, write_members

SUFFIXES = {"tar.zst": ".tar.zst", "tar": ".tar", "zip": ".zip"}

STATE = ".unfinished"
"""The directory, in a directory of volumes, of what is needed to go on."""

SUMS = "sums.jsonl"


class Progress:
    """Turns files and bytes into what `Work` tells."""

    def __init__(self, work: Work, plan: Plan, done: int = 0) -> None:
        self._work = work
        self._total = plan.stored
        self._of = plan.files
        self._done = done
        self._files = 0

    def tell(self, files: int, size: int) -> None:
        """So much more is done."""
        self._files += files
        self._done += size
        self._work.step(self._done, self._total, "packing")

    @property
    def done(self) -> int:
        """Bytes so far."""
        return self._done


def write_stream(sink: Sink, state: Path, plan: Plan, work: Work) -> dict[str, Any]:
    """The whole home as one archive.

    Returns:
        The report, as in the archive's ``home.json``.
    """
    out = archive(plan.format, sink, plan.name)
    write_members(out, state, plan, 1, Progress(work, plan).tell)
    report = _write_tags(out, state, plan)
    out.close()
    return report


def write_volume(
    sink: Sink, state: Path, plan: Plan, number: int, work: Work
) -> dict[str, Any] | None:
    """One volume of several; the one after the last holds the checksums, and needs all others' records.

    Returns:
        The report, for the volume of the checksums; else None.

    Raises:
        ReplicateError: there is no such volume, or the checksums are asked for too early.
    """
    if not 1 <= number <= plan.volumes + 1:
        raise ReplicateError(f"there is no volume {number}; there are {plan.volumes + 1}")
    out = archive(plan.format, sink, plan.name)
    report = None
    if number <= plan.volumes:
        write_members(out, state, plan, number, Progress(work, plan).tell)
    else:
        missing = [n for n in range(1, plan.volumes + 1) if not records_path(state, n).exists()]
        if missing:
            raise ReplicateError(
                f"volume {missing[0]} was not written yet; the checksums come after all others"
            )
        report = _write_tags(out, state, plan)
    out.close()
    return report


def volume_name(plan: Plan, number: int) -> str:
    """The file name of a volume."""
    if plan.volumes == 1 and not plan.volume_size:
        return plan.name + SUFFIXES[plan.format]
    which = f"{number:04d}" if number <= plan.volumes else "checksums"
    return f"{plan.name}-{which}{SUFFIXES[plan.format]}"


def _write_tags(out: Any, state: Path, plan: Plan) -> dict[str, Any]:
    tags = Tags(state, plan)
    try:
        tags.write(out)
        return tags.report
    finally:
        tags.close()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file, its owner's only, that is at `path` once it is whole, and not before; what is not whole goes."""
    partial = path.with_name(f".{path.name}.partial")
    # what somebody else put there is neither followed nor kept readable
    partial.unlink(missing_ok=True)
    file = os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_file(path: Path, state: Path, plan: Plan, work: Work) -> dict[str, Any]:
    """The whole home as one file, which is there only when it is whole.

    Returns:
        The report.

    Raises:
        OSError: among others that the disk is full; nothing is left then.
    """
    with whole_file(path) as file:
        return write_stream(file.write, state, plan, work)


class VolumeSet:
    """A directory of volumes: a BagIt bag whose payload they are.

    A volume that is whole stays when the rest fails, and is not written again. Until all of them
    are there the directory has no ``bagit.txt``, and a directory ``.unfinished``.

    Args:
        directory: it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / STATE

    @property
    def unfinished(self) -> bool:
        """Whether somebody began it, and it has a plan to go on with."""
        return (self.state / "plan.json").exists()

    @property
    def empty(self) -> bool:
        """Whether nothing of worth is in it."""
        if not self.directory.exists():
            return True
        return all(each.name == STATE for each in self.directory.iterdir())

    def write(self, plan: Plan, work: Work, say: Callable[[str], None]) -> dict[str, Any]:
        """Write what is missing.

        Returns:
            The report.

        Raises:
            OSError: among others that the disk is full; what is whole stays.
        """
        payload = self.directory / "data"
        payload.mkdir(exist_ok=True)
        for stray in payload.glob(".*.partial"):
            stray.unlink()
        done = self._done()
        if done:
            say(f"{len(done)} of {plan.volumes + 1} volumes are there already; going on")
        progress = Progress(work, plan, sum(each["stored"] for each in done.values()))
        report: dict[str, Any] = {}
        for number in range(1, plan.volumes + 2):
            name = volume_name(plan, number)
            if number <= plan.volumes:
                if name in done and records_path(self.state, number).exists():
                    continue
                self._one(name, plan, number, progress.tell, lambda: progress.done)
            else:
                report = self._last(name, plan)
        self._finish(plan, report)
        return report

    def _done(self) -> dict[str, dict[str, Any]]:
        """The volumes that are there, by their names, as large as they were written."""
        try:
            lines = (self.state / SUMS).read_text("utf-8").splitlines()
        except OSError:
            return {}
        found = {}
        for line in lines:
            try:
                each = json.loads(line)
                if (self.directory / "data" / each["name"]).stat().st_size == each["size"]:
                    found[each["name"]] = each
            except (ValueError, KeyError, OSError):
                continue  # a line, or a volume, that was not finished
        return found

    def _one(self, name: str, plan: Plan, number: int, tell: Tell, done: Callable[[], int]) -> None:
        before = done()
        with _hashed(self.directory / "data" / name) as (sink, sum_of):
            out = archive(plan.format, sink, plan.name)
            write_members(out, self.state, plan, number, tell)
            out.close()
        self._note(name, *sum_of(), stored=done() - before)

    def _last(self, name: str, plan: Plan) -> dict[str, Any]:
        with _hashed(self.directory / "data" / name) as (sink, sum_of):
            out = archive(plan.format, sink, plan.name)
            report = _write_tags(out, self.state, plan)
            out.close()
        self._note(name, *sum_of(), stored=0)
        return report

    def _note(self, name: str, digest: str, size: int, stored: int) -> None:
        line = json.dumps({"name": name, "sha256": digest, "size": size, "stored": stored})
        with (self.state / SUMS).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _finish(self, plan: Plan, report: dict[str, Any]) -> None:
        done = self._done()
        files = {
            REPORT: json.dumps(report, indent=1, sort_keys=True) + "\n",
            MANIFEST: "".join(
                f"{each['sha256']}  data/{name}\n" for name, each in sorted(done.items())
            ),
            "README.txt": _readme(plan),
            "bag-info.txt": (
                f"Bag-Software-Agent: jupyter_2i2c\nBagging-Date: {plan.created[:10]}\n"
                f"External-Identifier: {plan.name}\n"
                f"Payload-Oxum: {sum(each['size'] for each in done.values())}.{len(done)}\n"
            ),
        }
        declaration = "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"
        sums = [
            f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
            for name, text in sorted({**files, "bagit.txt": declaration}.items())
        ]
        for name, text in files.items():
            write_whole(self.directory / name, text.encode())
        write_whole(self.directory / "tagmanifest-sha256.txt", "".join(sums).encode())
        write_whole(self.directory / "bagit.txt", declaration.encode())
        shutil.rmtree(self.state)


def _readme(plan: Plan) -> str:
    unpack = {
        "tar.zst": 'for each in data/*.tar.zst; do tar --zstd -xf "$each"; done',
        "tar": 'for each in data/*.tar; do tar -xf "$each"; done',
        "zip": 'for each in data/*.zip; do unzip -q "$each"; done',
    }
    return (
        f"{plan.name}: files taken from a JupyterHub on {plan.created[:10]}.\n\n"
        "To see that nothing was harmed on the way:\n\n"
        f"    sha256sum -c {MANIFEST}\n\n"
        "To unpack all of it here:\n\n"
        f"    {unpack[plan.format]}\n\n"
        f"It becomes the directory {plan.name}, whose README.txt says how to verify each file.\n"
        f"What was left out, and why, is in {REPORT}.\n"
    )


@contextmanager
def _hashed(path: Path) -> Iterator[tuple[Sink, Callable[[], tuple[str, int]]]]:
    """A file that is there only when it is whole, with its digest and size."""
    digest, size = hashlib.sha256(), 0
    with whole_file(path) as file:

        def sink(data: bytes) -> None:
            nonlocal size
            file.write(data)
            digest.update(data)
            size += len(data)

        yield sink, lambda: (digest.hexdigest(), size)
