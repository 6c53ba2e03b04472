"""New identifiers of rows. Called by announcements.py, intents.py, jobs.py and requests.py."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """128 random bits in hexadecimal, so that nobody can guess one.

    People paste them behind a command, which takes what begins with a dash for an option: the
    URL-safe alphabet would make one in 64 of them unusable there.
    """
    return secrets.token_hex(16)
