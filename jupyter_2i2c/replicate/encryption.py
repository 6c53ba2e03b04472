"""Encrypted bundles (age). Called by bundle.py and the command line; needs the extra ``encrypt``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import ReplicateError


def encrypt(packed: Path, recipients: Sequence[str]) -> Path:
    """Encrypt a packed bundle and remove the plain one.

    Arguments:
        packed: ``.tar.zst`` or ``.zip``.
        recipients: age's public keys, ``age1…``.

    Returns:
        The file, ``.age`` at its end.

    Raises:
        ReplicateError: a key is none, or the file is there already; the plain one stays then.
    """
    pyrage = _pyrage()
    destination = packed.with_name(f"{packed.name}.age")
    if destination.exists():
        raise ReplicateError(f"{destination} is there already; give another name")
    keys = recipients_of(recipients)
    handle, name = tempfile.mkstemp(prefix=f".{destination.name}.partial-", dir=packed.parent)
    os.close(handle)
    try:
        pyrage.encrypt_file(str(packed), name, keys)
        Path(name).rename(destination)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    packed.unlink()
    return destination


def recipients_of(recipients: Sequence[str]) -> list[Any]:
    """The public keys.

    Raises:
        ReplicateError: one is none.
    """
    pyrage = _pyrage()
    keys = []
    for each in recipients:
        try:
            keys.append(pyrage.x25519.Recipient.from_str(each))
        except pyrage.RecipientError as error:
            raise ReplicateError(
                f"{each!r} is no public key of age: {error}; give what begins with age1, as age-keygen"
                " prints it"
            ) from None
    return keys


def decrypt(encrypted: Path, destination: Path, identity: Path | None) -> Path:
    """Decrypt into a new file.

    Arguments:
        encrypted: ends in ``.age``.
        destination: the file to write.
        identity: a file with the private key, as ``age-keygen`` writes it.

    Raises:
        ReplicateError: there is no key, or it is not the right one.
    """
    pyrage = _pyrage()
    if identity is None:
        raise ReplicateError(f"{encrypted} is encrypted; give its key with --identity FILE")
    try:
        lines = identity.read_text("utf-8").splitlines()
        keys = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.startswith("AGE-SECRET-KEY-")
        ]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise ReplicateError(f"{identity} holds no key of age: {error}") from None
    if not keys:
        raise ReplicateError(f"{identity} holds no key of age; give the file of age-keygen")
    try:
        pyrage.decrypt_file(str(encrypted), str(destination), keys)
    except (OSError, pyrage.DecryptError) as error:
        raise ReplicateError(
            f"{encrypted} cannot be decrypted: {error}; is it the right key?"
        ) from None
    return destination


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError:
        raise ReplicateError(
            "encryption needs the package pyrage; pip install 'jupyter_2i2c[encrypt]' brings it"
        ) from None
    return pyrage
