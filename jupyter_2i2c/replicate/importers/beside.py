"""What is secret by its form alone, in settings and in the files beside a configuration. Called by recording.py.

By then the names have told what they tell. A text like `password=…`, a key or a token is found here;
what is learnt so is taken out by its value wherever it stands.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..redact import Known, NotSearchable, Redactor, suspicious
from ..sandbox.recorder import SHORTEST, Rules
from .secret_forms import pieces_of, secrets_in

PICTURES = {".ico", ".jpeg", ".jpg", ".png", ".webp"}
"""Kinds of files that are no text."""

COMMENTED = {".yaml", ".yml"}
"""Kinds of files whose comments stay behind."""


def cleaned(told: Any, rules: Rules) -> Any:
    """Settings, as recorder.py writes them, without what is known by now to be secret.

    Arguments:
        told: them.
        rules: knows the secrets; learns those that only their form tells.
    """
    for path, text in _texts(told, ""):
        for secret in secrets_in(text):
            for piece in pieces_of(secret):
                if len(piece) >= SHORTEST:
                    rules.learn(piece, path)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return rules.text(value)
        if isinstance(value, list):
            return [clean(each) for each in value]
        if isinstance(value, dict):
            if set(value) == {"$bytes"}:
                text = base64.b64decode(value["$bytes"]).decode("latin-1")
                slot = next((rules.known[each] for each in rules.known if each in text), "")
                return {"$secret": slot} if slot else value
            return {key: clean(each) for key, each in value.items()}
        return value

    return clean(told)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        yield path, " ".join(each for each in value if isinstance(each, str))  # a command, perhaps
        for each in value:
            yield from _texts(each, path)


def carried(data: bytes, path: Path, rules: Rules) -> bytes | None:
    """A file beside the configuration as it may be carried.

    Arguments:
        data: its bytes.
        path: of it; the kind tells what it is.
        rules: the secrets that are known.

    Returns:
        The bytes, without the comments of YAML; None where a secret is in it, or nobody can tell.
    """
    known = Known()
    for value, slot in rules.known.items():
        known.add(value, slot, str(path))
    kind = path.suffix.lower()
    try:
        if Redactor(known).slots_within(data, path.name) or suspicious(data):
            return None
        if kind in PICTURES:
            return data
        text = data.decode("utf-8")
        if kind in COMMENTED:
            from .yaml_reading import without_comments

            text = without_comments(text, path.name)
    except (NotSearchable, UnicodeDecodeError, ImportError, ReplicateError):
        return None
    return None if next(secrets_in(text), None) else text.encode()
