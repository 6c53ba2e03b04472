"""Reads, from our service's store, the announcements that go with a hub; changes nothing there. Called by command.py and the drill."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..errors import ReplicateError

RECORD, HANDOVER = ".record.json", "jupyter_2i2c.json"
"""How a record's name ends; and the name of the file that the hub hands to the service, if nobody chose another."""


def beside(record: Path) -> Path:
    """The file that the hub hands to our service, which lies beside its record."""
    stem, ending, _ = record.name.rpartition(RECORD)
    return record.with_name(f"{stem}.json" if ending else HANDOVER)


def announcements_of(handover: Path) -> list[dict[str, Any]]:
    """What is shown or will be, as hub/news/carrying.py gives it.

    Arguments:
        handover: the file that the hub hands to our service; it names the database and its key.

    Raises:
        ReplicateError: they cannot be read here.
    """
    try:
        from ...hub.news.carrying import carried
        from ...hub.store.database import Store
        from ...hub.store.errors import StoreUnavailable, StoreUnusable
        from ...hub.store.keys import UnusableKey, load
        from ...hub.store.place import WrongCall, place
    except ModuleNotFoundError as error:
        raise ReplicateError(
            f"announcements are read with {error.name}, which is missing; run it where the service"
            " runs, or pip install 'jupyter_2i2c[hub]'"
        ) from None
    if not handover.is_file():
        raise ReplicateError(
            f"{handover} is not there, which names the store of our service where the hub runs"
        )
    try:
        url, key_file = place(Namespace(config=handover, database=None, key_file=None))
        store = Store(url, load(key_file))
        try:
            store.open(migrate=False)
            return store.read_now(carried)
        finally:
            store.close()
    except (StoreUnusable, StoreUnavailable, UnusableKey, WrongCall) as error:
        raise ReplicateError(f"announcements cannot be read: {error}") from None
