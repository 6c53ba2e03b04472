"""What makes an unpacked home a BagIt bag that ``sha256sum -c`` verifies. Called by command.py.

``manifest-sha256.txt`` names every file whose name both BagIt and ``sha256sum`` understand.
Names with a line break, or that are no UTF-8, are in ``names-sha256.txt``, as ``sha256sum`` itself
writes them. A symbolic link to a file that was taken has the file's line; one that leads elsewhere
has none, for there is nothing to verify.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from .plan import MOST_TOLD, Entry, Plan, entries
from .reading import CHUNK, Unreadable, open_file
from .volume import Archive, Record, read_records

REPORT = "home.json"

MANIFEST = "manifest-sha256.txt"
ODD_NAMES = "names-sha256.txt"
JOINED = "joined-sha256.txt"

IN_MEMORY = 8 << 20
"""Bytes of a manifest that stay in memory; the rest goes where temporary files go."""

SPECIAL = frozenset("\r\n\\")


class Tags:
    """The files beside ``data/``, each a name, its size and its content.

    Args:
        directory: where the plan and the records of all volumes are.
        plan: its head.
    """

    def __init__(self, directory: Path, plan: Plan) -> None:
        self._directory = directory
        self._plan = plan
        self._files: list[tuple[str, IO[bytes]]] = []
        self.report: dict[str, Any] = {}
        self._make()

    def write(self, out: Archive) -> None:
        """Put them into an archive."""
        mtime = _seconds(self._plan.created)
        for name, file in self._files:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            out.stream(name, 0o644, mtime, size, iter(lambda file=file: file.read(CHUNK), b""))  # type: ignore[misc]

    def close(self) -> None:
        """Let go of them."""
        for _, file in self._files:
            file.close()

    def _make(self) -> None:
        plan = self._plan
        manifest, odd = self._new(MANIFEST), self._new(ODD_NAMES)
        counts = {"files": 0, "directories": 0, "links": 0, "other_names": 0, "parts": 0}
        kinds = {"f": "files", "d": "directories", "l": "links", "h": "other_names", "p": "parts"}
        problems = list(plan.problems)
        problem_counts = dict(plan.problem_counts)
        secrets = list(plan.secrets)
        renamed: list[dict[str, str]] = []
        others = {each.path: each.target for each in self._records() if each.kind == "h"}
        wanted = {_target(each, others) for each in self._records()} - {""}
        digests: dict[str, str] = {}
        lines = 0
        for record in self._records():
            if record.problem:
                problem_counts[record.problem] = problem_counts.get(record.problem, 0) + 1
                if len(problems) < MOST_TOLD:
                    problems.append(
                        {"path": record.path, "what": record.problem, "more": record.more}
                    )
            if not record.stored:
                continue
            counts[kinds[record.kind]] += 1
            if record.named and len(renamed) < MOST_TOLD:
                renamed.append({"path": record.path, "was": ascii(record.named)[1:-1]})
            if record.secret and record.path not in secrets and len(secrets) < MOST_TOLD:
                secrets.append(record.path)
            if record.sha256:
                lines += 1
                _line(manifest, odd, record.sha256, f"data/{record.path}")
                if record.path in wanted:
                    digests[record.path] = record.sha256
        for record in self._records():
            path = _target(record, others)
            if path in digests:
                lines += 1
                _line(manifest, odd, digests[path], f"data/{record.path}")
        if plan.split:
            self._join(problems)
        self.report = {
            "schema": 1,
            "name": plan.name,
            "created": plan.created,
            "format": plan.format,
            "volumes": plan.volumes,
            "bytes": plan.size,
            "bytes_stored": plan.stored,
            "counts": counts,
            "checksums": lines,
            "left_out": plan.left_out,
            "left_out_counts": plan.left_out_counts,
            "problems": problems,
            "problem_counts": problem_counts,
            "renamed": renamed,
            "split": plan.split,
            "may_hold_secrets": secrets,
            "links_that_lead_out": plan.leaving,
            "not_captured": ["owners", "extended attributes", "access control lists"]
            + (["holes in files", "other names of one file"] if plan.format == "zip" else []),
        }
        self._text(REPORT, json.dumps(self.report, indent=1, sort_keys=True) + "\n")
        self._text("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
        self._text("bag-info.txt", self._info())
        self._text("README.txt", self._readme())
        if not odd.tell():
            self._files.remove((ODD_NAMES, odd))
            odd.close()
        self._tag_manifest()

    def _records(self) -> Iterator[Record]:
        return read_records(self._directory, self._plan.volumes)

    def _join(self, problems: list[dict[str, str]]) -> None:
        """The digests of files in parts, for who has joined them."""
        joined = self._new(JOINED)
        seen: set[str] = set()
        for entry in entries(self._directory):
            if entry.kind != "p" or entry.path in seen:
                continue
            seen.add(entry.path)
            digest = _whole_digest(self._plan, entry)
            if digest:
                joined.write(gnu_line(digest, f"data/{entry.path}"))
            else:
                problems.append(
                    {
                        "path": entry.path,
                        "what": "changed",
                        "more": "its parts are not from one moment",
                    }
                )

    def _info(self) -> str:
        plan = self._plan
        about = {
            "Bagging-Date": plan.created[:10],
            "Bag-Software-Agent": "jupyter_2i2c",
            "External-Description": "The files of one person's home on a JupyterHub",
            "External-Identifier": plan.name,
        }
        return "".join(f"{name}: {value}\n" for name, value in sorted(about.items()))

    def _readme(self) -> str:
        plan = self._plan
        text = [
            f"This is {plan.name}: files taken from a JupyterHub on {plan.created[:10]}.",
            "",
            "Your files are in data/. To see that none of them was harmed on the way, open a",
            "terminal in this directory and run:",
            "",
            f"    sha256sum --quiet -c {MANIFEST}",
        ]
        if dict(self._files)[ODD_NAMES].tell():
            text.append(f"    sha256sum --quiet -c {ODD_NAMES}")
        text += [
            "",
            "(on a Mac: shasum -a 256 -c). No word is a good word: all is well then.",
            f"What was left out, and why, is in {REPORT}.",
        ]
        if plan.split:
            text += ["", "These files are in parts, because they are large. Join them with:", ""]
            for path in plan.split[:MOST_TOLD]:
                whole = shlex.quote(f"data/{path}".encode("utf-8", "replace").decode())
                text.append(f"    cat {whole}.part* > {whole} && rm {whole}.part*")
            text += ["", "and verify them with:", "", f"    sha256sum -c {JOINED}"]
        return "\n".join(text) + "\n"

    def _tag_manifest(self) -> None:
        tags = []
        for name, file in self._files:
            file.seek(0)
            digest = hashlib.sha256()
            for chunk in iter(lambda file=file: file.read(CHUNK), b""):  # type: ignore[misc]
                digest.update(chunk)
            tags.append(f"{digest.hexdigest()}  {name}\n")
        self._text("tagmanifest-sha256.txt", "".join(sorted(tags)))

    def _new(self, name: str) -> IO[bytes]:
        # kept open until close()
        file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._files.append((name, file))
        return file

    def _text(self, name: str, text: str) -> None:
        self._new(name).write(text.encode("utf-8", "replace"))


def gnu_line(digest: str, path: str) -> bytes:
    """A line as ``sha256sum`` writes and reads it."""
    if SPECIAL.isdisjoint(path):
        return f"{digest}  {path}\n".encode("utf-8", "surrogateescape")
    path = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"\\{digest}  {path}\n".encode("utf-8", "surrogateescape")


def _line(manifest: IO[bytes], odd: IO[bytes], digest: str, path: str) -> None:
    try:
        path.encode("utf-8")
        plain = SPECIAL.isdisjoint(path) and "%0" not in path
    except UnicodeEncodeError:
        plain = False
    (manifest if plain else odd).write(gnu_line(digest, path))


def _target(record: Record, others: Mapping[str, str]) -> str:
    """The file that a name or a link stands for; empty if none is known.

    Args:
        record: of the name or link.
        others: the first name of each file that has several.
    """
    if record.kind == "h":
        return record.target
    if record.kind == "l" and not record.target.startswith("/"):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(record.path), record.target))
        return "" if path.startswith("..") else others.get(path, path)
    return ""


def _whole_digest(plan: Plan, entry: Entry) -> str:
    """The digest of a file as it was when it was planned; empty if it has changed since."""
    try:
        opened = open_file(f"{plan.home}/{entry.path}")
    except Unreadable:
        return ""
    try:
        digest = hashlib.sha256()
        while chunk := os.read(opened.descriptor, CHUNK):
            digest.update(chunk)
        now = os.fstat(opened.descriptor)
        same = (now.st_size, now.st_mtime_ns) == (entry.size, entry.mtime_ns)
        return digest.hexdigest() if same else ""
    except OSError:
        return ""
    finally:
        opened.close()


def _seconds(created: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp())
