"""Records and exports that are there, for tests of what is done with them."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import update
from traitlets.config import Config

from jupyter_2i2c.hub import record
from jupyter_2i2c.hub.store import exports, intents
from jupyter_2i2c.hub.store.schema import exports as table

RESULT = exports.Result("replica-x.tar.zst", 5, "ab" * 32, "V4", 0, 0)


def write_record(directory, memory="2G"):
    """The record of a hub with little in it."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "jupyterhub_config.py"
    c = Config()
    c.Spawner.mem_limit = memory
    file.write_text(f"c = get_config()\nc.Spawner.mem_limit = {memory!r}\n")
    path = directory / "jupyter_2i2c.record.json"
    record.write(path, c, file, directory)
    return path


def approved(store, **options):
    """An intent that was approved, as the desk leaves it."""
    target = {"people": False, "announcements": False, **options}
    intent = store.write_now(intents.create, kind="export-hub", actor="boss", target=target)
    store.write_now(intents.take, intent.id, "boss")
    store.write_now(intents.finish, intent.id, "running", {"text": "It goes on."})
    return intent


def done(store, settings, age=timedelta(), page=None, **result):
    """An export that was made so long ago, with a file, and with what the console says of it."""
    export = store.write_now(
        exports.create, approved(store).id, "boss", people=False, announcements=False
    )
    place = Path(settings.directory) / f"export-{export.id}"
    place.mkdir(parents=True)
    (place / "replica-x.tar.zst").write_bytes(b"bytes")
    (place / "page.json").write_text(json.dumps(page or []))
    result = exports.Result(**{**vars(RESULT), **result})
    store.write_now(exports.finish, export.id, "done", "Done.", result)
    created = datetime.now(timezone.utc) - age

    def grow_old(c):
        c.execute(update(table).where(table.c.id == export.id).values(created=created))

    store.write_now(grow_old)
    return store.read_now(exports.get, export.id)
