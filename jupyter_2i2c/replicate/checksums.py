"""Lists of SHA-256 as `sha256sum` reads and writes them, and the hashing itself. Used by capture, bundle and verify.

A line that `sha256sum -c` shall not check, because the file differs by an allowed transform, is a
comment to it: ``#shebang HASH  PATH``.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .errors import ReplicateError
from .work import Work

CHUNK = 1 << 20
BATCH = 64
"""Files that one task of a thread hashes."""

T = TypeVar("T")
R = TypeVar("R")


def of_bytes(data: bytes) -> str:
    """The SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: str | os.PathLike[str], work: Work | None = None) -> str:
    """The SHA-256 of a file, in constant memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.read(descriptor, CHUNK)
        digest = hashlib.sha256(data)
        while len(data) == CHUNK:
            if work:
                work.check()
            data = os.read(descriptor, CHUNK)
            digest.update(data)
        return digest.hexdigest()
    finally:
        os.close(descriptor)


def in_threads(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in order, computed by as many threads as there are cores (hashing needs no GIL)."""
    threads = min(os.cpu_count() or 1, 4)
    with ThreadPoolExecutor(threads, thread_name_prefix="2i2c-hash") as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads * 4:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()


def of_files(
    paths: Iterable[str], work: Work, total: int = 0, what: str = "hashing"
) -> dict[str, str | None]:
    """The SHA-256 of each file; None for one that is gone or cannot be read."""

    def hash_batch(batch: list[str]) -> list[tuple[str, str | None]]:
        hashed: list[tuple[str, str | None]] = []
        for path in batch:
            try:
                hashed.append((path, of_file(path, work)))
            except OSError:
                hashed.append((path, None))
        return hashed

    found: dict[str, str | None] = {}
    for hashed in in_threads(hash_batch, _batches(paths)):
        found.update(hashed)
        work.step(len(found), total, what)
    return found


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for path in paths:
        batch.append(path)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def write_list(exact: Mapping[str, str], transformed: Mapping[str, tuple[str, str]]) -> str:
    """The list: `exact` is path to hash, `transformed` is path to (transform, hash)."""
    lines = [(path, _line(digest, path)) for path, digest in exact.items()]
    lines += [
        (path, f"#{transform} {digest}  {path}\n")
        for path, (transform, digest) in transformed.items()
    ]
    return "".join(line for _, line in sorted(lines))


def _line(digest: str, path: str) -> str:
    if "\n" in path or "\\" in path:  # as sha256sum escapes them
        escaped = path.replace("\\", "\\\\").replace("\n", "\\n")
        return f"\\{digest}  {escaped}\n"
    return f"{digest}  {path}\n"


def read_list(text: str, name: str) -> dict[str, tuple[str, str]]:
    """Path to (transform, hash); the transform is empty where the bytes themselves are meant.

    Raises:
        ReplicateError: a line is not of a list's form.
    """
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        transform, rest, escaped = "", line, False
        if line.startswith("#"):
            transform, _, rest = line[1:].partition(" ")
        elif line.startswith("\\"):
            rest, escaped = line[1:], True
        digest, separator, path = rest.partition("  ")
        if not separator or len(digest) != 64 or not path:
            raise ReplicateError(f"{name}, line {number} is no checksum; take the bundle anew")
        if escaped:
            path = path.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
        found[path] = (transform, digest)
    return found


def of_tree(top: Path, work: Work) -> dict[str, str]:
    """The SHA-256 of each file below a directory, by its path in it with ``/``; links are not followed."""
    paths = sorted(str(each) for each in top.rglob("*") if each.is_file() and not each.is_symlink())
    hashes = of_files(paths, work, len(paths))
    return {Path(path).relative_to(top).as_posix(): digest or "" for path, digest in hashes.items()}
