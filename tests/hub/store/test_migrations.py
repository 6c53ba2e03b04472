"""Databases of every age."""

import shutil
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from jupyter_2i2c.hub.store import audit, intents, migrations
from jupyter_2i2c.hub.store.database import StoreUnusable
from jupyter_2i2c.hub.store.schema import metadata

ASK = {"kind": "stop-server", "actor": "ada", "target": {"user": "grace"}}

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"

def upgrade():
    op.add_column("intents", sa.Column("colour", sa.Text, nullable=False, server_default="blue"))
    op.create_table("colours", sa.Column("id", sa.Integer, primary_key=True))
    {more}
"""


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Makes this version a newer one, with one more step."""

    def newer(more=""):
        scripts = tmp_path / "100% newer"  # a place that alembic could take for a pattern
        shutil.copytree(migrations.SCRIPTS, scripts, dirs_exist_ok=True)
        step = NEXT.format(head=head(), more=more)
        (scripts / "versions" / "next.py").write_text(step)
        monkeypatch.setattr(migrations, "SCRIPTS", scripts)

    return newer


def head():
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(migrations.SCRIPTS)).get_current_head()


def test_from_empty_the_tables_are_those_of_the_schema(store):
    def compare(c):
        context = MigrationContext.configure(
            c, opts={"version_table": migrations.VERSION_TABLE, "compare_type": True}
        )
        return compare_metadata(context, metadata)

    assert store.read_now(compare) == []


def test_an_open_database_stays_as_it_is(url, store, open_store, heads):
    store.write_now(intents.create, **ASK)
    before = store.read_now(audit.head)
    again = open_store(url)
    assert again.read_now(audit.head) == before
    assert again.read_now(audit.verify, heads).ok


def test_f17_an_older_database_is_brought_up_to_date_and_keeps_all(
    url, store, open_store, newer, heads, raw
):
    intent = store.write_now(intents.create, **ASK)
    store.close()
    newer()
    later = open_store(url)
    assert later.read_now(migrations.revision) == "next"
    assert later.read_now(intents.get, intent.id) is not None
    assert later.read_now(audit.verify, heads).ok
    assert raw("SELECT colour FROM intents") == [("blue",)]


def test_f17_a_newer_database_is_refused_and_left_alone(url, store, open_store, raw):
    raw("UPDATE jupyter_2i2c_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreUnusable) as refused:
        open_store(url)
    assert "made by a newer version of jupyter_2i2c" in str(refused.value)
    assert "'9999'" in str(refused.value)
    assert "restore the backup" in str(refused.value)
    assert raw("SELECT version_num FROM jupyter_2i2c_version") == [("9999",)]


def test_f16_a_migration_that_fails_half_way_leaves_the_old_tables(
    url, store, open_store, newer, raw, monkeypatch
):
    intent = store.write_now(intents.create, **ASK)
    store.close()
    newer(more="op.execute('SELECT nonsense FROM nowhere')")
    with pytest.raises(StoreUnusable, match="nowhere"):
        open_store(url)
    monkeypatch.undo()
    # the version before goes on with it
    old = open_store(url)
    assert old.read_now(intents.get, intent.id) is not None
    assert "colour" not in str(raw("SELECT * FROM intents"))
    old.close()
    newer()
    assert open_store(url).read_now(migrations.revision) == "next"


def test_f16_killed_in_a_migration_the_next_start_makes_it_whole(
    url, store, open_store, newer, raw, tmp_path, monkeypatch
):
    store.write_now(intents.create, **ASK)
    store.close()
    newer(more="import os; os.kill(os.getpid(), 9)")
    code = (
        "import sys; from pathlib import Path;"
        "from jupyter_2i2c.hub.store import migrations;"
        "migrations.SCRIPTS = Path(sys.argv[2]);"
        "from jupyter_2i2c.hub.store.database import Store;"
        "Store(sys.argv[1], bytes(range(32))).open()"
    )
    command = [sys.executable, "-c", code, url, str(migrations.SCRIPTS)]
    assert subprocess.run(command, check=False).returncode == -9
    assert "colour" not in str(raw("SELECT * FROM intents"))
    monkeypatch.undo()
    newer()
    assert open_store(url).read_now(migrations.revision) == "next"
    assert raw("SELECT colour FROM intents") == [("blue",)]


def test_f16_tables_that_do_not_say_their_version_are_refused(url, store, open_store, raw):
    raw("DELETE FROM jupyter_2i2c_version")
    store.close()
    with pytest.raises(StoreUnusable, match="does not say of which version"):
        open_store(url)


def test_another_application_s_tables_are_not_touched(url, raw, open_store):
    raw("CREATE TABLE alembic_version (version_num TEXT)")
    raw("INSERT INTO alembic_version VALUES ('of the hub')")
    raw("CREATE TABLE users (name TEXT)")
    open_store(url)
    assert raw("SELECT * FROM alembic_version") == [("of the hub",)]


def test_without_migrating_only_this_version_is_opened(url, open_store, store, newer):
    from jupyter_2i2c.hub.store.database import Store

    from .conftest import KEY

    newer()
    later = Store(url, KEY)
    with pytest.raises(StoreUnusable, match="older than this version"):
        later.open(migrate=False)
    later.close()
