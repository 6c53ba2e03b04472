"""What can go wrong with the store, in words for people. Raised by database.py, caught by the service and the command line."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


class StoreUnusable(Exception):
    """The store cannot be opened; the message says why and what to do. The service starts without it."""


class StoreUnavailable(Exception):
    """The database does not take or give this now; nothing of the call is stored. To be tried again."""


class Refusal(Exception):
    """The answer is no, and what the store wrote about that (the audit entry) is kept all the same."""


_SQLITE = {
    "locked": "another process keeps the database locked",
    "busy": "another process keeps the database locked",
    "readonly": "the database is read-only: check who owns the file and its directory, and how"
    " the volume is mounted",
    "read-only": "the database is read-only: check who owns the file and its directory, and how"
    " the volume is mounted",
    "is full": "the disk is full: make room; what could not be stored was not done",
    "disk i/o": "the disk does not take what is written: it may be full or broken",
    "malformed": "the database is damaged: stop the service and restore your backup",
    "not a database": "the file is no SQLite database: stop the service and restore your backup",
    "unable to open": "the file cannot be opened: check that its directory exists and belongs to"
    " the user that the service runs as",
}

_POSTGRESQL = {
    "55P03": "another process keeps the database locked",
    "40P01": "another process keeps the database locked",
    "40001": "another process changed the same",
    "25006": "the database is read-only: is this a standby?",
    "53100": "the database's disk is full: make room; what could not be stored was not done",
    "53300": "PostgreSQL takes no more connections",
    "42501": "the service's role may not do this: it needs to own its database",
}


def explain(error: DBAPIError) -> str | None:
    """Why the database did not do it, for a person.

    Returns:
        Nothing if the fault is the caller's: a wrong statement, a value that breaks a rule. What
        the driver says is not repeated, for it may quote what was to be stored.
    """
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        if state in _POSTGRESQL:
            return _POSTGRESQL[state]
        # classes: connection, resources, intervention, system, damaged data
        if state[:2] in ("08", "53", "57", "58", "XX"):
            return f"PostgreSQL does not answer as it should (its code is {state})"
        return None
    said = str(error.orig).lower()
    for sign, words in _SQLITE.items():
        if sign in said:
            return words
    if error.connection_invalidated or "connection" in said:
        return "PostgreSQL cannot be reached, or does not let the service in"
    return None
