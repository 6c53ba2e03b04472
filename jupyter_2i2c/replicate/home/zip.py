"""Writes ``.zip`` to a stream, for those whose system opens nothing else. Called by volume.py."""

from __future__ import annotations

import io
import stat
import time
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, Any, cast

from .reading import Content
from .tar import Sink

LEVEL = 1

PROBE = 64 << 10
"""Bytes of a file by which it is seen whether compressing is worth it."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
LATEST = (2107, 12, 31, 23, 59, 58)


class ZipWriter:
    """One archive; 64 bit where it must be.

    A zip knows neither holes nor several names of one file: both become files of their own. Names
    that are no UTF-8 are written with ``%XX`` for each byte that is none.

    Args:
        sink: told the bytes of the archive, in order.
        root: the directory that everything unpacks to.
    """

    def __init__(self, sink: Sink, root: str) -> None:
        self._root = root
        self._zip = zipfile.ZipFile(cast("IO[bytes]", _Stream(sink)), "w", allowZip64=True)

    def directory(self, path: str, mode: int, mtime: int) -> None:
        info = self._info(f"{path}/" if path else "/", stat.S_IFDIR | mode, mtime)
        info.external_attr |= 0x10
        self._zip.writestr(info, b"", zipfile.ZIP_STORED)

    def link(self, path: str, target: str, mode: int, mtime: int) -> None:  # noqa: ARG002
        info = self._info(path, stat.S_IFLNK | 0o777, mtime)
        self._zip.writestr(info, target.encode("utf-8", "surrogateescape"), zipfile.ZIP_STORED)

    def small(self, path: str, mode: int, mtime: int, content: bytes) -> None:
        """A file whose content is at hand."""
        info = self._info(path, stat.S_IFREG | mode, mtime)
        method = _method(content[:PROBE])
        self._zip.writestr(info, content, method, LEVEL if method else None)

    def stream(self, path: str, mode: int, mtime: int, size: int, chunks: Iterable[bytes]) -> None:
        """A file that comes in chunks, of `size` bytes in all."""
        info = self._info(path, stat.S_IFREG | mode, mtime)
        info.file_size = size
        chunks = iter(chunks)
        first = bytes(next(chunks, b""))
        info.compress_type = _method(first[:PROBE])
        _set_level(info)
        with self._zip.open(info, "w", force_zip64=size >= zipfile.ZIP64_LIMIT // 2) as out:
            out.write(first)
            for chunk in chunks:
                out.write(chunk)

    def large(self, path: str, mode: int, mtime: int, content: Content) -> None:
        """A file that is read while it is written."""
        self.stream(path, mode, mtime, content.length, (bytes(each) for each in content.whole()))

    def close(self) -> None:
        """Write the directory at the end, without which it is no zip."""
        self._zip.close()

    def _info(self, path: str, mode: int, mtime: int) -> zipfile.ZipInfo:
        when = time.gmtime(max(mtime, 0))[:6]
        moment = min(max(when, EARLIEST), LATEST)
        info = zipfile.ZipInfo(portable(f"{self._root}/{path}").replace("//", "/"), moment)
        info.external_attr = (mode & 0xFFFF) << 16
        info.create_system = 3
        return info


def portable(path: str) -> str:
    """A name that is UTF-8: each byte that is not as ``%XX``."""
    try:
        path.encode("utf-8")
        return path
    except UnicodeEncodeError:
        return "".join(
            f"%{ord(each) - 0xDC00:02X}" if 0xDC80 <= ord(each) <= 0xDCFF else each for each in path
        )


def _method(sample: bytes) -> int:
    """Whether to compress what begins like this."""
    if len(zlib.compress(sample, 1)) < 0.95 * len(sample):
        return zipfile.ZIP_DEFLATED
    return zipfile.ZIP_STORED


def _set_level(info: Any) -> None:
    """The level of a member that is written in chunks; its name changed with Python 3.13."""
    setattr(info, "compress_level" if hasattr(info, "compress_level") else "_compresslevel", LEVEL)


class _Stream(io.RawIOBase):
    """What zipfile takes for a file in which it cannot go back."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation("a stream has no place")

    def write(self, data: Any) -> int:
        self._sink(bytes(data))
        return len(data)
