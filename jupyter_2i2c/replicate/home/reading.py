"""Reads files that somebody may be writing to. Called by volume.py."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SMALL = 1 << 20
"""Bytes up to which a file is read at once, and again if it changed meanwhile."""

CHUNK = 1 << 20

TRIES = 3


class Unreadable(Exception):
    """A file cannot be read; `what` is ``vanished`` or ``unreadable``, `more` what the system says."""

    def __init__(self, what: str, more: str) -> None:
        super().__init__(f"{what}: {more}")
        self.what = what
        self.more = more


@dataclass
class Opened:
    """A file that is being read.

    Attributes:
        descriptor: of the open file.
        status: when it was opened.
    """

    descriptor: int
    status: os.stat_result

    def changed(self) -> bool:
        """Whether somebody wrote to it since."""
        now = os.fstat(self.descriptor)
        return (now.st_size, now.st_mtime_ns) != (self.status.st_size, self.status.st_mtime_ns)

    def close(self) -> None:
        os.close(self.descriptor)


def open_file(path: str) -> Opened:
    """Open a regular file, and nothing that has taken its place.

    Raises:
        Unreadable: it is not there any more, is something else now, or may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable("vanished", "it is not there any more") from None
    except OSError as error:
        raise Unreadable("unreadable", error.strerror or str(error)) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unreadable("vanished", "it is no file any more")
    return Opened(descriptor, status)


def read_small(opened: Opened) -> tuple[bytes, bool]:
    """A small file's content, and whether it is from one moment.

    A file that changes while it is read is read again, three times in all.

    Raises:
        Unreadable: the file system failed.
    """
    content = b""
    for _ in range(TRIES):
        try:
            content = os.pread(opened.descriptor, SMALL + 1, 0)
        except OSError as error:
            raise Unreadable("unreadable", error.strerror or str(error)) from None
        if not opened.changed() and len(content) == opened.status.st_size:
            return content, True
        opened.status = os.fstat(opened.descriptor)
    return content[:SMALL], False


@dataclass
class Content:
    """A large file, or a part of it, as it is stored: always exactly `length` bytes.

    What is missing at the end because the file became shorter is filled with zeros, and told.

    Attributes:
        opened: the file.
        offset: where it begins.
        length: bytes.
        tell: told how many bytes were read.
        extents: where there is data in it, offset and length each, in order; holes lie between.
        short: whether it was shorter than `length` when its end was read.
        fault: what the system said when it could not be read to its end.
    """

    opened: Opened
    offset: int
    length: int
    tell: Callable[[int], None] = lambda _size: None
    extents: list[tuple[int, int]] = field(default_factory=list)
    short: bool = False
    fault: str = ""

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()
        self.extents = _extents(self.opened, self.offset, self.length)

    @property
    def data_length(self) -> int:
        """Bytes without the holes."""
        return sum(length for _, length in self.extents)

    def data(self) -> Iterator[bytes | memoryview]:
        """The data of the extents; a chunk is good only until the next."""
        position = self.offset
        buffer = memoryview(bytearray(min(CHUNK, max(self.data_length, 1))))
        for start, length in self.extents:
            self._hash_zeros(start - position)
            position = start + length
            yield from self._read(start, length, buffer)
        self._hash_zeros(self.offset + self.length - position)

    def whole(self) -> Iterator[bytes | memoryview]:
        """All bytes, holes as zeros."""
        position = self.offset
        zeros = memoryview(bytes(CHUNK))
        for start, length in [*self.extents, (self.offset + self.length, 0)]:
            left = start - position
            self._hash_zeros(left)
            while left > 0:
                yield zeros[: min(left, CHUNK)]
                left -= CHUNK
            position = start + length
            if length:
                buffer = memoryview(bytearray(min(CHUNK, length)))
                yield from self._read(start, length, buffer)

    def sha256(self) -> str:
        """The digest of all bytes as they are stored, once they have been read."""
        return self._digest.hexdigest()

    def _read(self, start: int, length: int, buffer: memoryview) -> Iterator[memoryview]:
        descriptor, update = self.opened.descriptor, self._digest.update
        end = start + length
        while start < end:
            chunk = buffer[: min(len(buffer), end - start)]
            got = 0
            if not self.short:
                try:
                    got = os.preadv(descriptor, [chunk], start)
                except OSError as error:
                    self.fault = error.strerror or str(error)
            if got < len(chunk):
                if got == 0:
                    self.short = True
                    chunk[:] = bytes(len(chunk))
                else:
                    chunk = chunk[:got]
            update(chunk)
            yield chunk
            self.tell(len(chunk))
            start += len(chunk)

    def _hash_zeros(self, count: int) -> None:
        zeros = bytes(min(count, CHUNK)) if count > 0 else b""
        while count > 0:
            self._digest.update(zeros[:count] if count < len(zeros) else zeros)
            count -= CHUNK


def _extents(opened: Opened, offset: int, length: int) -> list[tuple[int, int]]:
    """Where there is data; all of it where the file has no holes, or none that can be seen."""
    end = offset + length
    if opened.status.st_blocks * 512 >= opened.status.st_size or not hasattr(os, "SEEK_DATA"):
        return [(offset, length)] if length else []
    found: list[tuple[int, int]] = []
    position = offset
    try:
        while position < end:
            try:
                start = os.lseek(opened.descriptor, position, os.SEEK_DATA)
            except OSError:  # ENXIO: nothing but a hole follows
                break
            if start >= end:
                break
            position = min(os.lseek(opened.descriptor, start, os.SEEK_HOLE), end)
            found.append((start, position - start))
    except OSError:
        return [(offset, length)]
    return found
