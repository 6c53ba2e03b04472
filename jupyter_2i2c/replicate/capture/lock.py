"""The lock of an environment: ``pylock.toml`` (PEP 751) and requirements with hashes, by uv. Called by environment.py and targets/local.py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import ReplicateError
from ..work import Work

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_ABSENT = 40
"""Packages that an index may lack before the lock is given up."""

ABSENT = re.compile(r"Because (\S+) was not found in the package registry|no version of (\S+?)==")
TIMEOUT = 7200


class NoLock(ReplicateError):
    """The lock cannot be made here; the message says why."""


@dataclass(frozen=True)
class Locked:
    """A distribution in the lock.

    Attributes:
        name: as the index writes it.
        version: the same.
        wheels: file name to SHA-256.
        sdist: SHA-256 of the source distribution; empty if there is none.
        entry: its part of ``pylock.toml``.
    """

    name: str
    version: str
    wheels: Mapping[str, str]
    sdist: str
    entry: str


@dataclass(frozen=True)
class Lock:
    """A lock.

    Attributes:
        head: what ``pylock.toml`` begins with.
        packages: what is locked, by normalised name.
        absent: what no index has, by normalised name.
    """

    head: str
    packages: dict[str, Locked]
    absent: tuple[str, ...] = field(default=())


def find_uv() -> str:
    """The uv of this machine.

    Raises:
        NoLock: there is none.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if not found:
        raise NoLock("uv is not there; pip install 'jupyter_2i2c[replicate]' brings it")
    return found


def run_uv(
    *arguments: str | os.PathLike[str],
    given: str = "",
    work: Work,
    more: Mapping[str, str] | None = None,
) -> None:
    """Run uv; it can be cancelled.

    It trusts whom the machine trusts, as pip does, unless ``UV_SYSTEM_CERTS`` says otherwise: many
    an institution's network has an authority of its own.

    Raises:
        NoLock: it fails; the message is what it says.
    """
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
    }
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [find_uv(), "--quiet", "--no-progress", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={"UV_SYSTEM_CERTS": "1", **environ, **(more or {})},
        )
        try:
            assert process.stdin
            process.stdin.write(given.encode())
            process.stdin.close()
            waited = 0.0
            while process.poll() is None:
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    waited += 0.1
                    work.check()
                    if waited > TIMEOUT:
                        raise NoLock(f"uv took more than {TIMEOUT} s; try again") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            said.seek(0)
            raise NoLock(_short(said.read().decode("utf-8", "replace")))


def _short(text: str) -> str:
    words = " ".join(line.strip() for line in text.splitlines() if line.strip())
    return words.removeprefix("error: ")[:1000] or "uv fails without a word"


def lock(wanted: Sequence[tuple[str, str]], python: str, version: str, work: Work) -> Lock:
    """Lock these names and versions, as they are, for one Python.

    Arguments:
        wanted: name and version.
        python: an interpreter of the platform it is for.
        version: of Python, with all three numbers.
        work: asked whether to stop.

    Raises:
        NoLock: it cannot be made here: no uv, no network, and so on.
    """
    left = {_key(name): (name, number) for name, number in wanted}
    absent: list[str] = []
    with tempfile.TemporaryDirectory(prefix="2i2c-lock-") as directory:
        output = Path(directory) / "pylock.toml"
        while True:
            work.check()
            text = "".join(f"{name}=={number}\n" for name, number in left.values())
            try:
                run_uv(
                    "pip", "compile", "--no-deps", "--generate-hashes", "--format", "pylock.toml",
                    "--no-header", "--no-sources", "--prerelease", "allow", "--python", python,
                    "--python-version", version, "--output-file", output, "-", given=text, work=work,
                )  # fmt: skip
                break
            except NoLock as error:
                found = ABSENT.search(str(error))
                name = _key(found[1] or found[2]) if found else ""
                if name not in left or len(absent) == MOST_ABSENT:
                    raise
                absent.append(name)
                del left[name]
        return read_lock(output.read_text("utf-8"), tuple(sorted(absent)))


def read_lock(text: str, absent: tuple[str, ...] = ()) -> Lock:
    """A lock from the text of its ``pylock.toml``.

    Raises:
        NoLock: it is none.
    """
    try:
        loaded = tomllib.loads(text)
        head, *entries = text.split("[[packages]]\n")
        packages = {}
        for plain, entry in zip(loaded.get("packages", []), entries, strict=True):
            packages[_key(plain["name"])] = Locked(
                name=plain["name"],
                version=str(plain.get("version", "")),
                wheels={
                    _file_name(wheel): wheel["hashes"]["sha256"]
                    for wheel in plain.get("wheels", [])
                    if "path" in wheel or urlsplit(wheel.get("url", "")).scheme in ("http", "https")
                },
                sdist=plain.get("sdist", {}).get("hashes", {}).get("sha256", ""),
                entry=entry.strip() + "\n",
            )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NoLock(f"pylock.toml cannot be read: {error}") from error
    head = head.replace("packages = []\n", "")  # which uv writes where there are none
    return Lock(head.strip() + "\n", packages, absent)


def _file_name(wheel: Mapping[str, Any]) -> str:
    if name := wheel.get("name"):
        return str(name)
    return unquote(urlsplit(str(wheel.get("url") or wheel.get("path"))).path).rpartition("/")[2]


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def with_vendored(made: Lock, vendored: Mapping[str, tuple[str, str, str]]) -> str:
    """``pylock.toml`` of what an index has and of what is carried.

    Arguments:
        made: the lock.
        vendored: name to (version, path relative to the lock, SHA-256) of each wheel.
    """
    entries = {key: each.entry for key, each in made.packages.items() if key not in vendored}
    for key, (version, path, digest) in vendored.items():
        entries[key] = (
            f'name = "{key}"\nversion = "{version}"\n'
            f'wheels = [{{ path = "{path}", hashes = {{ sha256 = "{digest}" }} }}]\n'
        )
    return "\n".join([made.head, *(f"[[packages]]\n{entries[key]}" for key in sorted(entries))])


def as_requirements(made: Lock, vendored: Mapping[str, tuple[str, str, str]]) -> str:
    """The same as requirements with hashes, for `pip install --no-deps -r` in the same directory."""
    lines = []
    for key in sorted({*made.packages, *vendored}):
        if key in vendored:
            _, path, digest = vendored[key]
            what, hashes = f"./{path}", [digest]
        else:
            locked = made.packages[key]
            what = f"{locked.name}=={locked.version}"
            hashes = sorted({*locked.wheels.values(), *filter(None, [locked.sdist])})
        lines.append(" \\\n    ".join([what, *(f"--hash=sha256:{each}" for each in hashes)]) + "\n")
    return "".join(lines)
