"""Takes secrets out of what somebody is about to send: by their known values, by their names, and by their form. Called by diagnostics.py and support.py."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_core.paths import jupyter_config_path

from ..replicate.capture.known_secrets import home_of, known_secrets
from ..replicate.capture.variables import ALLOWED
from ..replicate.redact import (
    WELL_KNOWN,
    Known,
    NotSearchable,
    Redactor,
    is_secret_name,
    suspicious,
)

REMOVED = "<secret>"

NAMES = frozenset({"JUPYTERHUB_USER", "JUPYTERHUB_SERVER_NAME", "JUPYTERHUB_BASE_URL", "HOSTNAME"})
"""Variables that say who and where, which whoever helps must know."""

_BY_FORM = (
    re.compile(WELL_KNOWN.pattern.decode()),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # a signed token
    re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}"),
)
_KEY_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.S)
_USERINFO = re.compile(r"(?<=://)[^\s/@'\"]+(?=@)")
_HEADER = re.compile(
    r"(?i)(\b(?:set-cookie|cookie|authorization|x-xsrftoken)\b[\"']?\s*[:=]\s*[\"']?)([^\n\"']+)"
)
_QUERY = re.compile(
    r"(?i)([?&](?:\w*token|_xsrf|code|state|sig|signature|\w*key|passw\w*|secret|credential)=)"
    r"([^&\s\"'#]+)"
)
_ASSIGNED = re.compile(
    # only names that may be a secret's, so that no other name swallows theirs as its value
    r"(?i)(?<![<\w.-])((?=[\w.-]*(?:token|secret|pass|key|cred|cookie|auth|pat|dsn|pwd|sign|conn))"
    r"[\w.-]{2,80})"
    r"([\"']?[ \t]*(?:=(?!=)|:(?!//))[ \t]*[\"']?)([^\s\"',;&]+)"
)


class NoSecrets:
    """Knows the secrets of this server and its owner.

    Args:
        environ: the variables of this process.
        more: values by a name for them, such as the server's own token.
    """

    def __init__(
        self, environ: Mapping[str, str] = os.environ, more: Mapping[str, str] | None = None
    ) -> None:
        files: Iterable[Path] = (
            file for each in jupyter_config_path() for file in Path(each).glob("jupyter*.*")
        )
        known: Known = known_secrets(
            environ, ALLOWED | NAMES, home_of(environ), Path(sys.prefix), files
        )
        for name, value in (more or {}).items():
            known.add(value, name, "this server")
        self._redactor = Redactor(known)

    def removed_from(self, text: str) -> tuple[str, int]:
        """A text without them, and how many were in it. Running it again changes nothing."""
        cleaned, _ = self._redactor.remove(text.encode("utf-8", "replace"))
        again = _KEY_BLOCK.sub(REMOVED, cleaned.decode("utf-8", "replace"))
        for form in _BY_FORM:
            again = form.sub(REMOVED, again)
        again = _USERINFO.sub(lambda match: _unless_removed(match[0]), again)
        for named in (_HEADER, _QUERY):
            again = named.sub(lambda match: match[1] + _unless_removed(match[2]), again)
        again = _ASSIGNED.sub(_by_its_name, again)
        return again, again.count("<secret") - text.count("<secret")

    def is_clean(self, text: str) -> bool:
        """Whether no secret that is known, or has a well-known form, is in a text."""
        data = text.encode("utf-8", "replace")
        return not self._redactor.slots_in(data) and not suspicious(data)

    def named_in(self, data: bytes, name: str) -> set[str]:
        """The names of those whose values are in a file, however it is packed.

        What cannot be unpacked is looked at as it is.
        """
        try:
            return self._redactor.slots_within(data, name)
        except NotSearchable:
            return self._redactor.slots_in(data)


def _by_its_name(match: re.Match[str]) -> str:
    if not is_secret_name(match[1]):
        return match[0]
    return match[1] + match[2] + _unless_removed(match[3])


def _unless_removed(text: str) -> str:
    return text if text.startswith(("<secret>", "<secret:")) else REMOVED
