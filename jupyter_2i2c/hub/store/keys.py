"""The service's secret, kept outside the database, and the keys made from it. Used by the store and by `jupyter 2i2c audit`."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LENGTH = 32
"""Bytes of the secret. In its file it is written as 64 hexadecimal digits."""

NONCE = 12


class UnusableKey(Exception):
    """The secret cannot be used; the message says why and what to do."""


class Keys:
    """What the store does with the secret; neither shows it.

    Args:
        secret: 32 random bytes.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != LENGTH:
            raise UnusableKey(f"the key has {len(secret)} bytes instead of {LENGTH}")
        self._audit = _subkey(secret, b"jupyter_2i2c audit log")
        self._tokens = AESGCM(_subkey(secret, b"jupyter_2i2c tokens"))

    def __repr__(self) -> str:
        return "Keys(…)"

    def sign(self, text: str) -> str:
        """The HMAC of a text, as hexadecimal digits."""
        return hmac.new(self._audit, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, token: str, place: str) -> bytes:
        """Encrypt a token for one place; elsewhere it does not open."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._tokens.encrypt(nonce, token.encode(), place.encode())

    def unseal(self, sealed: bytes, place: str) -> str | None:
        """The token that was sealed for this place; nothing if it is damaged or of another key."""
        try:
            return self._tokens.decrypt(sealed[:NONCE], sealed[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError):
            return None


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=purpose).derive(secret)


def load(path: Path) -> bytes:
    """Read the secret.

    Raises:
        UnusableKey: there is none, or it is no key.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise UnusableKey(
            f"{path}: there is no key. Take it from where the service runs, or from your backup"
        ) from None
    except OSError as error:
        raise UnusableKey(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != LENGTH:
        raise UnusableKey(
            f"{path}: a key is {LENGTH * 2} hexadecimal digits. Take the file from your backup;"
            " the audit log can be checked with no other key"
        )
    return secret


def load_or_create(path: Path) -> bytes:
    """Read the secret; make one, readable by its owner only, where there is none.

    Raises:
        UnusableKey: it can be neither read nor made.
    """
    if path.exists():
        return load(path)
    try:
        _make(path)
    except OSError as error:
        raise UnusableKey(
            f"{path}: {error.strerror}, so no key can be made there; set HubService.key_file to a"
            " place that the service can write, on a file system with hard links"
        ) from None
    return load(path)


def _make(path: Path) -> None:
    # mkstemp makes files that only their owner can read
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(LENGTH) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first
            os.link(name, path)
    finally:
        Path(name).unlink()
