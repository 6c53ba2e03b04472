"""What can go wrong with a bundle, in words for people. Raised everywhere in replicate."""

from __future__ import annotations


class ReplicateError(Exception):
    """The input or the machine does not allow it; the message is one line: what, why, what to do."""


class UnsafeBundle(ReplicateError):
    """A bundle that must not be opened: its paths or its size would do harm."""


class SecretFound(ReplicateError):
    """A secret would have been in the bundle, and cannot be removed for certain."""


class Cancelled(Exception):
    """Somebody asked to stop; nothing is left behind."""
