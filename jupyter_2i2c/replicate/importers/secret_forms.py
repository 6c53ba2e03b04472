"""What secrets look like, wherever they stand: in values, in code, in files. Used by readable_secrets.py, python_source.py and recording.py.

Names and forms are only how values become known; what removes them is redact.py, by the value.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
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

USERINFO = re.compile(r"//([^\s/@:'\"]*)(?::([^\s/'\"?#]+))?@")
"""Of an address, the name and the password, which may hold an @ itself."""

QUERY = re.compile(r"[?&#;]([\w.-]+)=([^\s&#'\"<>{}$]{16,})")
SIGNED = frozenset({"sig", "sv_sig", "x_amz_signature", "x_goog_signature"})
"""Parameters of an address that lets in whoever has it, beside those that sound like a secret."""

ASSIGNED = re.compile(
    r"""(?:(?<![\w-])--(?P<flag>[A-Za-z][\w-]*)(?:=|\s+)|(?<![\w.-])(?P<name>[\w.-]+)\\?["']?\s*[=:]\s*)\\?["']?(?=[^\s"',;#\\])"""
)
VALUE = re.compile(r"""[^\s"',;#\\]+""")
LONGEST_INNER = 1024
"""Characters of a value that are looked at where it begins within another's."""

LOGIN_LINE = re.compile(r"\b(?:password|account)\s+(\S{8,})")
DIRECTIVE = re.compile(
    r"^[ \t]*(?:set[ \t]+-\w+[ \t]+|setenv[ \t]+)?([\w.-]+)[ \t]+(\S{12,})[ \t]*$", re.MULTILINE
)
"""A line of settings that have no sign between name and value."""

ELEMENT = re.compile(
    r"""<([\w:.-]+)(?:\s[^<>]{0,200})?>([^<>\s]{8,})</|\b(?:name|key)=["']([\w.-]+)["']\s+value=["']([^"'\s]{8,})"""
)
"""What XML says of one name."""

COMMAND = re.compile(
    r"""\b(?:curl|wget)\s(?:[^\n;|&]{0,200}?\s)?(?:-u|--user)[\s=]*["']?[^\s:"']+:([^\s"'$]{6,})"""
    r"""|\b(?:sshpass|mysql|mysqldump|mariadb|login)\s(?:[^\n;|&]{0,200}?\s)?-p[\s=]*["']?([^\s"'$-][^\s"']{7,})"""
)
"""Programs that take a password behind a flag of one letter."""

HASHED = re.compile(
    r"\$(?:2[abxy]|[567y]|gy|apr1|argon2(?:id|i|d)|pbkdf2[\w-]*|scrypt)\$[\w./$=,+-]{20,}"
)
"""A password that was hashed, which can be guessed by who has it."""

KEY_BODY = re.compile(
    r"(?:b3BlbnNzaC1rZXktdjE|MII[A-Za-z0-9+/]{2}[AQgw]IB(?:ADAN|AAKC)|MHcCAQEEI|MIGHAgEAMBMG)[A-Za-z0-9+/=]{20,}"
)
"""A private key without the lines around it, by how its first bytes must be."""
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
AUTHORIZATION = re.compile(
    r"(?:\b(?:Bearer|Basic|token)|(?i:authorization)[\"']?\s*[:=]\s*[\"']?\w+)\s+([A-Za-z0-9_.~+/=-]{16,})"
)
TOKENS = {
    begin: re.compile(re.escape(begin) + rest)
    for begin, rest in {
        "eyJ": r"[\w-]{10,8192}\.[\w-]{10,}\.[\w-]*",
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
        "https://discord.com/api/webhooks/": r"[\w/-]{40,}",
        "sk_live_": r"\w{16,}",
        "rk_live_": r"\w{16,}",
        "dop_v1_": r"\w{40,}",
        "tskey-": r"[\w-]{20,}",
        "glsa_": r"\w{30,}",
        "glrt-": r"[\w-]{20,}",
        "dapi": r"[0-9a-f]{32}",
        "whsec_": r"[\w+/=]{20,}",
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
            inside = start and (text[start - 1].isalnum() or text[start - 1] == "_")
            if not inside and (match := form.match(text, start)):
                yield match[0], start
            start = text.find(begin, start + 1)


def looks_random(text: str) -> bool:
    """Whether a text may be a key: long, of letters and digits, mixed as no word or name is."""
    if not re.fullmatch(r"[A-Za-z0-9_]{16,}", text) or not any(each.isdigit() for each in text):
        return False
    mixed = any(each.islower() for each in text) and any(each.isupper() for each in text)
    return mixed or (len(text) >= 32 and any(each.isalpha() for each in text))


def secrets_in(text: str, unquotings: int = 2) -> Iterator[str]:
    """The values in a text that are secrets by their form, or by the name before them.

    Arguments:
        text: it.
        unquotings: how often what is written as in addresses (``%3D``) is read as what it means.
    """
    text = PLACEHOLDER.sub("", text)
    yield from _by_form(text)
    yield from _in_addresses(text)
    yield from _by_name(text)
    if unquotings and (plain := unquote(text)) != text:
        yield from secrets_in(plain, unquotings - 1)


def _by_form(text: str) -> Iterator[str]:
    for form in (PRIVATE_KEY, KEY_BODY, HASHED):
        for match in form.finditer(text):
            yield match[0]
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
    for match in COMMAND.finditer(text):
        yield match[1] or match[2]


def _in_addresses(text: str) -> Iterator[str]:
    for user, password in USERINFO.findall(text):
        if password and not REFERENCE.fullmatch(password) and not is_stub(password):
            yield password
            yield unquote(password)
        if looks_random(user):
            yield user
    if "://" in text:
        for name, value in QUERY.findall(text):
            named = name.replace("-", "_").lower()
            if (sounds_secret(named) or named in SIGNED) and any(each.isdigit() for each in value):
                yield value
                yield unquote(value)


def _by_name(text: str) -> Iterator[str]:
    if "://" not in text or "\n" in text or " " in text:
        end = 0
        for match in ASSIGNED.finditer(text):
            name = (match["flag"] or match["name"]).strip("-").replace("-", "_")
            if not sounds_secret(name) and name.lower() not in ("pass", "pwd"):
                continue
            start = match.end()
            if start < end:  # in the value of another, as in a query; all of a chain end together
                value = text[start : min(end, start + LONGEST_INNER)]
            elif found := VALUE.match(text, start):
                value, end = found[0], found.end()
            else:
                continue
            if _may_be_secret(value, touching=match[0].rstrip("\"'\\").endswith("=")):
                yield value
    if "login" in text or "machine" in text:
        yield from LOGIN_LINE.findall(text)
    for name, value in DIRECTIVE.findall(text):
        if sounds_secret(name) and any(each.isdigit() for each in value) and _may_be_secret(value):
            yield value
    for element, inside, attribute, given in ELEMENT.findall(text):
        if sounds_secret(element or attribute) and _may_be_secret(inside or given):
            yield inside or given


def _may_be_secret(value: str, *, touching: bool = False) -> bool:
    """Whether what stands behind the name of a secret is one, and no word, look-up, call or place.

    Arguments:
        value: it.
        touching: whether only an equals sign stands between, as in no sentence.
    """
    return (
        len(value) >= SHORTEST
        and not REFERENCE.match(value)
        and not is_stub(value)
        and (not value.isalpha() or (touching and len(value) >= 16))
        and not re.search(r"[(\[]", value)
        and not value.startswith(("/", "http", "--", "./", "~"))
    )


def _decodes_to_secret(value: str) -> bool:
    return any(
        (inner.isprintable() and next(iter(secrets_in(inner)), None) is not None)
        or "PRIVATE KEY-----" in inner
        for inner in _decoded(value)
    )


def _decoded(value: str) -> Iterator[str]:
    """The plain text that stands in base64 or in hexadecimal digits, if any does."""
    with suppress(ValueError):  # among them UnicodeDecodeError
        yield bytes.fromhex(value).decode("ascii")
    with suppress(ValueError):
        padding = "=" * (-len(value.rstrip("=")) % 4)
        yield base64.b64decode(value.replace("-", "+").replace("_", "/") + padding).decode("ascii")
