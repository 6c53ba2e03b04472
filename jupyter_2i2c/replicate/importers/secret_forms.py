"""What secrets look like, wherever they stand: in values, in code, in files. Used by readable_secrets.py, python_source.py and recording.py.

Names and forms are only how values become known; what removes them is redact.py, by the value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from ..redact import WELL_KNOWN
from .missing_secrets import is_stub
from .secret_kinds import sounds_secret

SHORTEST = 8
"""Characters below which a value is removed by its place alone."""

REFERENCE = re.compile(
    r"\$\([^()]*\)|\$\{[^{}]*\}|\$[A-Z_][A-Z0-9_]*|\{\{.*\}\}|\{[^{}]*\}|%\(\w+\)s", re.DOTALL
)
"""A value that is looked up when it is used."""

PLACEHOLDER = re.compile(r"<secret:\w+>")
"""What stands for a secret already."""

USERINFO = re.compile(r"[a-z][a-z0-9+.-]{0,30}://([^\s/@:'\"]*):([^\s/@'\"]+)@", re.IGNORECASE)
ASSIGNED = re.compile(
    r"""(?:--(?P<flag>[A-Za-z][\w-]*)(?:=|\s+)|(?<![\w.-])(?P<name>[\w.-]+)\\?["']?\s*[=:]\s*)\\?["']?(?=[^\s"',;#\\])"""
)
VALUE = re.compile(r"""[^\s"',;#\\]+""")
LOGIN_LINE = re.compile(r"\b(?:password|account)\s+(\S{8,})")
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
AUTHORIZATION = re.compile(r"\b(?:Bearer|Basic|token)\s+([A-Za-z0-9_.~+/=-]{16,})")
TOKENS = {
    begin: re.compile(re.escape(begin) + rest)
    for begin, rest in {
        "eyJ": r"[\w-]{10,}\.[\w-]{10,}\.[\w-]*",
        "sk-": r"[\w-]{20,}",
        "AIza": r"[\w-]{35}",
        "GOCSPX-": r"[\w-]{20,}",
        "npm_": r"\w{30,}",
        "dckr_pat_": r"[\w-]{20,}",
        "SG.": r"[\w-]{16,}\.[\w-]{16,}",
        "AGE-SECRET-KEY-1": r"\w{30,}",
        "ASIA": r"[A-Z0-9]{16}",
        "xapp-": r"[\w-]{20,}",
        "ya29.": r"[\w-]{20,}",
        "hvs.": r"[\w-]{20,}",
        "https://hooks.slack.com/services/": r"[\w/]{20,}",
    }.items()
}
"""Forms of tokens that redact.py does not know, by how they begin."""

ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")


def pieces_of(secret: str) -> Iterator[str]:
    """A secret, and the lines of one that has several: files indent them in their own way."""
    yield secret
    if "\n" in secret:
        yield from (each.strip() for each in secret.splitlines() if not each.startswith("-----"))


def tokens_in(text: str) -> Iterator[tuple[str, int]]:
    """Each token of a well-known form in a text, and where it begins."""
    for begin, form in TOKENS.items():
        start = text.find(begin)
        while start >= 0:
            match = form.match(text, start)
            if match and not (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
                yield match[0], start
            start = text.find(begin, start + 1)


def secrets_in(text: str) -> Iterator[str]:
    """The values in a text that are secrets by their form, or by the name before them."""
    text = PLACEHOLDER.sub("", text)
    for match in PRIVATE_KEY.finditer(text):
        yield match[0]
    for _, password in USERINFO.findall(text):
        if not REFERENCE.fullmatch(password) and not is_stub(password):
            yield password
            yield unquote(password)
    for token, _ in tokens_in(text):
        yield token
    for found in WELL_KNOWN.finditer(text.encode("utf-8", "replace")):
        if b"PRIVATE KEY" not in found[0]:
            yield found[0].decode()
    for match in AUTHORIZATION.finditer(text):
        if any(each.isdigit() for each in match[1]):
            yield match[1]
    for match in ENCODED.finditer(text):
        if _decodes_to_secret(match[0]):
            yield match[0]
    if "://" not in text or "\n" in text or " " in text:
        for match in ASSIGNED.finditer(text):
            name = (match["flag"] or match["name"]).strip("-").replace("-", "_")
            # read only where it counts: in a long chain of these, each reaches to the end
            value = VALUE.match(text, match.end()) if sounds_secret(name) else None
            if (
                value
                and len(value[0]) >= SHORTEST
                and not REFERENCE.match(value[0])
                and not is_stub(value[0])
                and any(each.isdigit() or not each.isalpha() for each in value[0])
                and not re.search(r"[(\[]", value[0])
                and not value[0].startswith(("/", "http", "--", "./", "~"))
            ):
                yield value[0]
    if "login" in text or "machine" in text:
        yield from LOGIN_LINE.findall(text)


def _decodes_to_secret(value: str) -> bool:
    try:
        raw = base64.b64decode(
            value.replace("-", "+").replace("_", "/") + "=" * (-len(value.rstrip("=")) % 4)
        )
        inner = raw.decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    return (
        inner.isprintable() and next(iter(secrets_in(inner)), None) is not None
    ) or "PRIVATE KEY-----" in inner
