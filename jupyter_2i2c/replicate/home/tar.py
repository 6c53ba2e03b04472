"""Writes ``.tar`` and ``.tar.zst`` to a stream, as GNU tar, bsdtar and Python read it. Called by volume.py."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable

import zstandard

from .reading import Content

BLOCK = 512

LEVEL = 3

MOST_THREADS = 2

JOB = 1 << 20
"""Bytes that each compressing thread holds; what bounds the memory."""

GATHER = 1 << 20
"""Bytes of small members that are compressed in one call."""

Sink = Callable[[bytes], object]


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class TarWriter:
    """One archive.

    Owners are left out: the files belong to whoever unpacks them.

    Args:
        sink: told the bytes of the archive, in order.
        root: the directory that everything unpacks to.
        compress: whether with Zstandard.
    """

    def __init__(self, sink: Sink, root: str, compress: bool = True) -> None:
        self._sink = sink
        self._root = root
        self._gathered: list[bytes] = []
        self._size = 0
        self._compressor = None
        if compress:
            parameters = zstandard.ZstdCompressionParameters.from_level(
                LEVEL,
                threads=min(processors(), MOST_THREADS),
                job_size=JOB,
                write_checksum=True,
            )
            self._compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()

    def directory(self, path: str, mode: int, mtime: int) -> None:
        self._add(self._header(path, mode, mtime, tarfile.DIRTYPE))

    def link(self, path: str, target: str, mode: int, mtime: int) -> None:
        self._add(self._header(path, mode, mtime, tarfile.SYMTYPE, link=target))

    def other_name(self, path: str, first: str, mode: int, mtime: int) -> None:
        """Another name of a file that is there already."""
        link = f"{self._root}/{first}"
        self._add(self._header(path, mode, mtime, tarfile.LNKTYPE, link=link))

    def small(self, path: str, mode: int, mtime: int, content: bytes) -> None:
        """A file whose content is at hand."""
        self._add(self._header(path, mode, mtime, size=len(content)))
        self._add(content)
        self._pad(len(content))

    def stream(self, path: str, mode: int, mtime: int, size: int, chunks: Iterable[bytes]) -> None:
        """A file that comes in chunks, of `size` bytes in all."""
        self._add(self._header(path, mode, mtime, size=size))
        for chunk in chunks:
            self._write(chunk)
        self._pad(size)

    def large(self, path: str, mode: int, mtime: int, content: Content) -> None:
        """A file that is read while it is written; its holes stay holes."""
        stored = content.data_length
        if stored == content.length:
            self._add(self._header(path, mode, mtime, size=stored))
        else:
            stored = self._sparse(path, mode, mtime, content)
        for chunk in content.data():
            self._write(chunk)
        self._pad(stored)

    def close(self) -> None:
        """Write the end, without which the archive does not look whole."""
        self._add(bytes(2 * BLOCK))
        self._flush()
        if self._compressor:
            self._sink(self._compressor.flush())

    def _sparse(self, path: str, mode: int, mtime: int, content: Content) -> int:
        """The header and the map of a file with holes; GNU's format 1.0 in PAX headers."""
        extents = [(start - content.offset, length) for start, length in content.extents]
        if not extents or sum(extents[-1]) < content.length:
            extents.append((content.length, 0))
        numbers = [len(extents), *(number for extent in extents for number in extent)]
        table = "".join(f"{number}\n" for number in numbers).encode()
        table += bytes(-len(table) % BLOCK)
        size = len(table) + content.data_length
        directory, _, name = path.rpartition("/")
        more = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": f"{self._root}/{path}",
            "GNU.sparse.realsize": str(content.length),
        }
        stand_in = f"{directory}/GNUSparseFile.0/{name}"
        self._add(self._header(stand_in, mode, mtime, size=size, more=more))
        self._add(table)
        return size

    def _header(
        self,
        path: str,
        mode: int,
        mtime: int,
        kind: bytes = tarfile.REGTYPE,
        size: int = 0,
        link: str = "",
        more: dict[str, str] | None = None,
    ) -> bytes:
        info = tarfile.TarInfo(f"{self._root}/{path}" if path else self._root)
        info.mode, info.mtime, info.type, info.size, info.linkname = mode, mtime, kind, size, link
        if more:
            info.pax_headers = more
        elif not _is_utf8(path + link):
            # PAX would need a header that GNU tar complains of
            return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")

    def _pad(self, size: int) -> None:
        if size % BLOCK:
            self._add(bytes(-size % BLOCK))

    def _add(self, data: bytes) -> None:
        self._gathered.append(data)
        self._size += len(data)
        if self._size >= GATHER:
            self._flush()

    def _write(self, data: bytes | memoryview) -> None:
        self._flush()
        self._out(data)

    def _flush(self) -> None:
        if self._gathered:
            data = b"".join(self._gathered)
            self._gathered.clear()
            self._size = 0
            self._out(data)

    def _out(self, data: bytes | memoryview) -> None:
        if self._compressor:
            packed = self._compressor.compress(data)
            if packed:
                self._sink(packed)
        else:
            self._sink(bytes(data))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
