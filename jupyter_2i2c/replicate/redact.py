"""Secrets are found by their known values, in every form that a file may hold them in. Used by capture, before anything is packed.

Patterns are only a second net (`suspicious`): they find tokens of well-known form that nobody named.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

import zstandard

SHORTEST = 8
"""Characters below which a value is not searched for: it would be found everywhere."""

DEEPEST = 4
"""How many packings inside of each other are looked into."""

LARGEST = 1 << 30
"""Bytes of one packed file that are looked at; a larger one counts as not searchable."""

SECRET_NAME = re.compile(
    r"(token|secret|passw(or)?d|passwd|passphrase|credential|cookie|connection_?string|signature"
    r"|(api|access|private|account|encryption|signing|master|storage|hmac|fernet|admin|license)_?key|key[_-]data"
    r"|(^|[_.-])(auth|authorization|bearer|key|pat|pepper|dsn|pw|requirepass)$|[_.-](pwd|pass)$"
    r"|(db|user|root|admin|pg|smtp|mail|ldap|redis)pass$)",
    re.IGNORECASE,
)
NO_SECRET_NAME = re.compile(
    r"_(url|uri|path|file|dir|class|name|scopes?|URL|URI|PATH|FILE|DIR|CLASS|NAME|SCOPES?)$"
    r"|[a-z](Url|Uri|URL|Path|File|Dir|Class|Name|Scopes?)$"
)

WELL_KNOWN = re.compile(
    rb"gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}|glpat-[A-Za-z0-9_-]{20}"
    rb"|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9-]{20,}|hf_[A-Za-z0-9]{34}|pypi-AgE[A-Za-z0-9_-]{50,}"
    rb"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"
)


class NotSearchable(Exception):
    """A packed file that cannot be looked into, so that nobody knows what is in it."""


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name holds a secret, as far as its name tells."""
    return bool(SECRET_NAME.search(name)) and not NO_SECRET_NAME.search(name)


@dataclass
class Known:
    """The secrets whose values are known.

    Attributes:
        values: value to (slot, where it was found).
    """

    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, value: str, slot: str, where: str) -> None:
        """A value to keep out; one that is too short to search for is not taken."""
        value = value.strip()
        if len(value) >= SHORTEST:
            self.values.setdefault(value, (slot, where))


class Redactor:
    """Finds and removes known values.

    Arguments:
        known: them.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        forms: dict[bytes, str] = {}
        for value, (slot, _) in known.values.items():
            for form in _forms(value):
                forms.setdefault(form, slot)
        # longer forms first: a value that contains another one is removed whole
        self._forms = sorted(forms.items(), key=lambda each: -len(each[0]))

    def slots_in(self, data: bytes) -> set[str]:
        """The slots whose values are in `data`, as it is."""
        return {slot for form, slot in self._forms if form in data}

    def slots_within(
        self, data: bytes, name: str, watch: Callable[[], object] = lambda: None
    ) -> set[str]:
        """The slots whose values are in `data` or in what is packed in it.

        Arguments:
            data: a file's bytes.
            name: of the file.
            watch: called for each file that is packed in it; it may raise.

        Raises:
            NotSearchable: it is packed and cannot be looked into.
        """
        found = self.slots_in(name.encode("utf-8", "surrogateescape"))
        for piece in _unpacked(data, name, 0):
            watch()
            found |= self.slots_in(piece)
        return found

    def remove(self, data: bytes) -> tuple[bytes, set[str]]:
        """`data` with ``<secret:SLOT>`` in place of each value, and the slots."""
        slots = set()
        for form, slot in self._forms:
            if form in data:
                data = data.replace(form, f"<secret:{slot}>".encode())
                slots.add(slot)
        return data, slots


def suspicious(data: bytes) -> bool:
    """Whether something in a text has the form of a well-known kind of token or of a private key.

    In what is no text such forms come about by chance.
    """
    return b"\0" not in data and WELL_KNOWN.search(data) is not None


def _forms(value: str) -> Iterable[bytes]:
    raw = value.encode("utf-8", "surrogatepass")
    escaped = json.dumps(value)[1:-1]
    texts = {
        value,
        escaped,
        json.dumps(value, ensure_ascii=False)[1:-1],
        escaped.replace("/", "\\/"),
        json.dumps(escaped)[1:-1],  # a JSON text inside a JSON text, as in a notebook's output
        html.escape(value),
        html.escape(value, quote=False),
        raw.hex(),
        raw.hex().upper(),
        quote(quote(value, safe="", errors="surrogatepass"), safe=""),
    }
    for quoted in (
        quote(value, errors="surrogatepass"),
        quote(value, safe="", errors="surrogatepass"),
        quote_plus(value, errors="surrogatepass"),
    ):
        texts |= {quoted, re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)}
    forms = {text.encode("utf-8", "surrogatepass") for text in texts}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # the characters that depend on nothing before or after the value
        stable = encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        forms |= {stable, stable.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def _unpacked(data: bytes, name: str, depth: int) -> Iterator[bytes]:
    """`data`, and what is packed in it, however deep."""
    yield data
    try:
        members = _members(data)
        if members is None:
            return
        if depth == DEEPEST:
            raise NotSearchable(f"{name} is packed more than {DEEPEST} times")
        for inner, content in members:
            yield inner.encode("utf-8", "surrogateescape")
            yield from _unpacked(content, inner, depth + 1)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        zstandard.ZstdError,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise NotSearchable(f"{name} cannot be unpacked: {error}") from error


def _members(data: bytes) -> Iterator[tuple[str, bytes]] | None:
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        return _of_zip(data)
    if data[257:262] == b"ustar":
        return _of_tar(data)
    kind = data[:2]
    content: bytes | None = None
    stream = io.BytesIO(data)
    if kind == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=stream) as unpacked:
            content = _limited(unpacked)
    elif data[:3] == b"BZh":
        with bz2.BZ2File(stream) as unpacked:
            content = _limited(unpacked)
    elif data[:6] == b"\xfd7zXZ\0":
        with lzma.LZMAFile(stream) as unpacked:
            content = _limited(unpacked)
    elif data[:4] == b"(\xb5/\xfd":
        with zstandard.ZstdDecompressor().stream_reader(
            stream, read_across_frames=True
        ) as unpacked:
            content = _limited(unpacked)
    elif kind in (b"x\x01", b"x\x9c"):
        content = _git_object(data)
    return iter([("", content)]) if content is not None else None


def _of_zip(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for member in packed.infolist():
            with packed.open(member) as content:
                yield member.filename, _limited(content)


def _of_tar(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        for member in packed:
            content = packed.extractfile(member) if member.isreg() else None
            yield member.name + member.linkname, content.read() if content else b""


def _git_object(data: bytes) -> bytes | None:
    """A loose object of git; None for what only begins like one."""
    try:
        content = zlib.decompressobj().decompress(data, LARGEST)
    except zlib.error:
        return None
    return content if content.split(b" ", 1)[0] in (b"blob", b"tree", b"commit", b"tag") else None


def _limited(stream: Any) -> bytes:
    content: bytes = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise NotSearchable(f"it unpacks to more than {LARGEST >> 30} GiB")
    return content
