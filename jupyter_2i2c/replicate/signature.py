"""Signatures of bundles, in minisign's format, so that `minisign -V` checks them without us. Called by bundle.py and v0_bag.py.

What is signed is ``tagmanifest-sha256.txt``, which holds the checksum of ``manifest-sha256.txt``,
which holds those of everything else. The private key is an ed25519 key in PEM, as
``openssl genpkey -algorithm ed25519 -out KEY`` makes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ReplicateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

SIGNED = "tagmanifest-sha256.txt"
SIGNATURE = f"{SIGNED}.minisig"

HASHED = b"ED"
PUBLIC = b"Ed"


class SignatureFails(Exception):
    """A signature that does not hold, and why."""


def sign(bag: Path, key_file: Path, created: str) -> None:
    """Sign a bag.

    Arguments:
        bag: its top directory.
        key_file: the private key, without a passphrase.
        created: noted in the signature.

    Raises:
        ReplicateError: the key cannot be used.
    """
    key = _private(key_file)
    digest = hashlib.blake2b((bag / SIGNED).read_bytes()).digest()
    signature = key.sign(digest)
    comment = f"replica bundle of {created}"
    both = key.sign(signature + comment.encode())
    (bag / SIGNATURE).write_text(
        "untrusted comment: signature of a replica bundle\n"
        f"{_text(HASHED + _key_id(key.public_key()) + signature)}\n"
        f"trusted comment: {comment}\n"
        f"{_text(both)}\n",
        "ascii",
    )


def _private(key_file: Path) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise _no_cryptography() from None
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ReplicateError(
            f"{key_file} cannot be used to sign: {error}; make a key with"
            " openssl genpkey -algorithm ed25519 -out KEY"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ReplicateError(f"{key_file} is no ed25519 key; make one with openssl genpkey")
    return key


def public_key(key_file: Path) -> str:
    """What others are told to check signatures with: minisign's public key.

    Raises:
        ReplicateError: the private key cannot be read.
    """
    public = _private(key_file).public_key()
    return _text(PUBLIC + _key_id(public) + public.public_bytes_raw())


def verify_signature(bag: Path, trust: str) -> str:
    """Check a bag's signature.

    Arguments:
        bag: its top directory.
        trust: minisign's public key, or a file with it.

    Returns:
        The comment that is signed with it.

    Raises:
        SignatureFails: it does not hold.
        ReplicateError: the public key is none.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise _no_cryptography() from None
    told = _trusted(trust)
    public = Ed25519PublicKey.from_public_bytes(told[10:])
    try:
        _, line, comment, both = (bag / SIGNATURE).read_text("utf-8").splitlines()[:4]
        made = base64.b64decode(line, validate=True)
        comment = comment.removeprefix("trusted comment: ")
        if made[:2] != HASHED or len(made) != 74:
            raise SignatureFails("it is of a kind that is not known here")
        if made[2:10] != told[2:10]:
            raise SignatureFails("it was made with another key than the one that is trusted")
        public.verify(made[10:], hashlib.blake2b((bag / SIGNED).read_bytes()).digest())
        public.verify(base64.b64decode(both, validate=True), made[10:] + comment.encode())
    except InvalidSignature:
        raise SignatureFails("the bundle was changed after it was signed") from None
    except (OSError, ValueError, UnicodeDecodeError, binascii.Error) as error:
        raise SignatureFails(f"the signature cannot be read: {error}") from None
    return comment


def _trusted(trust: str) -> bytes:
    path = Path(trust)
    try:
        text = path.read_text("ascii") if path.is_file() else trust
        told = base64.b64decode(text.strip().splitlines()[-1], validate=True)
    except (OSError, ValueError, IndexError, binascii.Error):
        told = b""
    if len(told) != 42 or told[:2] != PUBLIC:
        raise ReplicateError(f"{trust!r} is no public key of minisign's form; ask for it again")
    return told


def _key_id(public: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(public.public_bytes_raw()).digest()[:8]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _no_cryptography() -> ReplicateError:
    return ReplicateError(
        "signatures need the package cryptography; pip install 'jupyter_2i2c[replicate]' brings it"
    )
