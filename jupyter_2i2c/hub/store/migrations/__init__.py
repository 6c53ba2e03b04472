"""Brings a database to the tables of this version. Called by database.py when the store is opened.

The steps are in `versions/`, each one following the one before it. A part of the project that
stores something of its own adds a step after the last.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, table, update

SCRIPTS = Path(__file__).parent

VERSION_TABLE = "jupyter_2i2c_version"
"""Of our own name, for JupyterHub's database has alembic's usual one."""


class CannotMigrate(Exception):
    """The tables cannot be brought to this version; the message says why and what to do."""


def upgrade(connection: Connection) -> None:
    """Bring the tables to this version, in the connection's transaction: whole or not at all.

    Raises:
        CannotMigrate: a newer version made them, or they are not ours.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    found = revision(connection)
    if found == scripts.get_current_head():
        return
    _refuse_newer(found, scripts)
    if found is None:
        ours = set(inspect(connection).get_table_names()) & {"intents", "jobs", "audit"}
        if ours:
            raise CannotMigrate(
                f"it has tables ({', '.join(sorted(ours))}) but does not say of which version."
                " If it is another application's, give the service a database of its own; else"
                " restore your backup"
            )
    command.upgrade(config, "head")


def prove_writable(connection: Connection) -> None:
    """Write what is there already: better to fail at the start than at the first approval."""
    version = table(VERSION_TABLE, column("version_num"))
    connection.execute(update(version).values(version_num=version.c.version_num))


def check(connection: Connection) -> None:
    """Make sure that the tables are of this version.

    Raises:
        CannotMigrate: they are not.
    """
    scripts = ScriptDirectory(str(SCRIPTS))
    found = revision(connection)
    _refuse_newer(found, scripts)
    if found != scripts.get_current_head():
        raise CannotMigrate(
            "its tables are older than this version of jupyter_2i2c, or there are none; the"
            " service brings them up to date when it starts"
        )


def revision(connection: Connection) -> str | None:
    """The version of the tables; nothing where there are none."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _refuse_newer(found: str | None, scripts: ScriptDirectory) -> None:
    if found is not None and found not in {each.revision for each in scripts.walk_revisions()}:
        raise CannotMigrate(
            f"its tables were made by a newer version of jupyter_2i2c (they are at {found!r}, this"
            f" version knows them up to {scripts.get_current_head()!r}). Install that version"
            " again, or restore the backup from before it"
        )
