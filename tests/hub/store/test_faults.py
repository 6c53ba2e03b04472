"""What the store does when its database fails. Each test is named after the fault's number."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import StatementError

from jupyter_2i2c.hub.store import audit, intents, keys
from jupyter_2i2c.hub.store.database import StoreUnavailable, StoreUnusable

ASK = {"kind": "stop-server", "actor": "ada", "target": {"user": "grace"}}
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)

CHILD = """
import os, signal, sys
from jupyter_2i2c.hub.store import audit, intents
from jupyter_2i2c.hub.store.database import Store
store = Store(sys.argv[1], bytes(range(32)), on_head=lambda head: None)
store.open()
"""


@pytest.mark.parametrize("broken", ["link", "fsync"])
def test_f13_f14_a_key_that_cannot_be_made_is_said_and_leaves_nothing(
    tmp_path, monkeypatch, broken
):
    """Such as on a file system without hard links, or on a full one."""

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "service.key"
    with monkeypatch.context() as full:
        full.setattr(os, broken, fail)
        with pytest.raises(keys.UnusableKey, match="No space left on device, so no key"):
            keys.load_or_create(path)
    assert list(tmp_path.iterdir()) == []
    assert keys.load_or_create(path) == keys.load(path)


def child(url, code):
    """Another process with the same store; a context manager."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def file_of(url):
    return Path(url.removeprefix("sqlite:///"))


# --- F10: killed in the middle --------------------------------------------------------------

KILLED = """
def take_and_die(c):
    intents.take(c, sys.argv[2], "ada")
    audit.append(c, "ada", "stop-server", {}, "half")
    os.kill(os.getpid(), signal.SIGKILL)
store.write_now(take_and_die)
"""


def test_f10_killed_in_a_transaction_nothing_of_it_is_stored(url, store, heads):
    intent = store.write_now(intents.create, **ASK)
    done = subprocess.run([sys.executable, "-c", CHILD + KILLED, url, intent.id], check=False)
    assert done.returncode == -signal.SIGKILL
    assert store.read_now(intents.get, intent.id).state == "pending"
    assert store.read_now(audit.verify, heads).ok
    assert store.write_now(intents.take, intent.id, "ada").state == "executing"


def test_f10_killed_after_the_commit_it_is_known_what_was_begun(url, store, heads):
    intent = store.write_now(intents.create, **ASK)
    code = 'store.write_now(intents.take, sys.argv[2], "ada"); os.kill(os.getpid(), 9)'
    subprocess.run([sys.executable, "-c", CHILD + code, url, intent.id], check=False)
    (left,) = store.read_now(intents.executing)
    with pytest.raises(intents.NotPending):  # so at most once
        store.write_now(intents.take, intent.id, "ada")
    assert store.write_now(intents.finish, left.id, "unknown", {}).state == "unknown"
    assert store.read_now(audit.verify, heads).ok


# --- F12: locked ----------------------------------------------------------------------------

HOLDS = """
def hold(c):
    audit.append(c, "ada", "hold", {}, "done")
    print("holding", flush=True)
    sys.stdin.readline()
store.write_now(hold)
"""


async def test_f12_locked_nothing_is_stored_and_reading_goes_on(url, store):
    with child(url, HOLDS) as other:
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(StoreUnavailable, match="another process keeps the database locked"):
            await store.write(intents.create, **ASK)
        assert await store.read(intents.by_actor, "ada") == []
        other.communicate("\n")
    assert other.returncode == 0
    intent = await store.write(intents.create, **ASK)
    assert await store.read(intents.by_actor, "ada") == [intent]


def test_f12_who_waits_long_enough_gets_through(url, open_store):
    patient = open_store(url, patience=60)
    with child(url, HOLDS) as other:
        assert other.stdout.readline() == "holding\n"
        other.stdin.write("\n")
        other.stdin.flush()
        patient.write_now(intents.create, **ASK)
    assert [each.result for each in patient.read_now(audit.entries)] == ["asked", "done"]


async def test_f12_who_waits_keeps_nobody_else(url, open_store):
    patient = open_store(url, patience=60)
    with child(url, HOLDS) as other:
        assert other.stdout.readline() == "holding\n"
        waiting = asyncio.create_task(patient.write(intents.create, **ASK))
        for _ in range(10):
            assert await patient.read(intents.by_actor, "ada") == []
        assert not waiting.done()
        other.communicate("\n")
        assert (await waiting).state == "pending"


async def test_a_store_that_is_not_open_is_unavailable(url, open_store):
    store = open_store(url)
    store.close()
    for call in (store.write, store.read):
        with pytest.raises(StoreUnavailable):
            await call(audit.head)
    with pytest.raises(StoreUnavailable):
        store.read_now(audit.head)


def test_two_processes_write_one_chain(url, store):
    code = """
for each in range(100):
    store.write_now(audit.append, sys.argv[2], "test", {}, "done")
"""
    script = [sys.executable, "-c", CHILD.replace("open()", "open()\nstore._patience = 60") + code]
    both = [subprocess.Popen([*script, url, name]) for name in ("ada", "grace")]
    assert [each.wait() for each in both] == [0, 0]
    found = store.read_now(audit.verify)
    assert found.ok
    assert found.checked == 200
    assert len(store.read_now(audit.entries, actor="grace", limit=500)) == 100


# --- F13: read-only -------------------------------------------------------------------------


def test_f13_read_only_nothing_is_stored_and_reading_goes_on(url, store, raw):
    intent = store.write_now(intents.create, **ASK)
    if url.startswith("sqlite"):
        make_read_only(store)
    else:
        (name,) = raw("SELECT current_database()")[0]
        raw(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        disconnect_others(raw)
    with pytest.raises(StoreUnavailable, match="the database is read-only"):
        store.write_now(intents.take, intent.id, "ada")
    assert store.read_now(intents.get, intent.id).state == "pending"


def make_read_only(store):
    """What a file system that was mounted anew, read-only, makes SQLite answer."""

    @event.listens_for(store._engine, "checkout")
    def query_only(connection, *_):
        connection.execute("PRAGMA query_only = ON")


def disconnect_others(raw):
    raw(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()"
    )


def test_f13_a_read_only_database_is_not_opened_to_write(sqlite_url, open_store):
    open_store(sqlite_url).close()
    read_only = f"sqlite:///file:{file_of(sqlite_url)}?mode=ro&uri=true"
    with pytest.raises(StoreUnusable, match="the database is read-only: check who owns"):
        open_store(read_only)


def test_f13_where_no_file_can_be_made_it_is_said(tmp_path, open_store):
    with pytest.raises(StoreUnusable, match=r"no database can be made there; set HubService"):
        open_store(f"sqlite:///{tmp_path / 'missing' / 'store.sqlite'}")


# --- F14: full ------------------------------------------------------------------------------

FILLS = """
import resource
from jupyter_2i2c.hub.store.database import StoreUnavailable
store.write_now(audit.append, "ada", "first", {}, "done")
# what a full disk does to a file: it cannot grow
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
count = 0
try:
    while True:
        store.write_now(audit.append, "ada", "fill", {}, "done", "x" * 5000)
        count += 1
except StoreUnavailable as error:
    print(count)
    print(error)
    print(store.read_now(audit.verify).ok)
"""


def test_f14_full_nothing_half_is_stored_and_reading_goes_on(sqlite_url, open_store):
    done = subprocess.run(
        [sys.executable, "-c", CHILD + FILLS, sqlite_url],
        check=True,
        capture_output=True,
        text=True,
    )
    count, words, whole = done.stdout.splitlines()
    assert "disk" in words
    assert int(count) > 0
    assert whole == "True"
    # there is room again
    store = open_store(sqlite_url)
    store.write_now(intents.create, **ASK)
    found = store.read_now(audit.verify)
    assert (found.ok, found.checked) == (True, int(count) + 2)


def test_f14_full_in_the_words_of_sqlite(sqlite_url, open_store, raw_sqlite):
    store = open_store(sqlite_url)

    @event.listens_for(store._engine, "checkout")
    def no_more_pages(connection, *_):
        connection.execute("PRAGMA max_page_count = 1")

    with pytest.raises(StoreUnavailable, match="the disk is full: make room"):
        store.write_now(audit.append, "ada", "fill", {}, "done", "x" * 100_000)
    assert raw_sqlite("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("53100", "disk is full"),
        ("53300", "no more connections"),
        ("XX001", "does not answer as it should"),
        ("58030", "does not answer as it should"),
    ],
)
def test_f14_f15_postgresql_says_that_it_is_full_or_damaged(
    postgresql_url, open_store, code, words
):
    store = open_store(postgresql_url)

    def fail(c):
        audit.append(c, "ada", "stop-server", {}, "done")
        c.exec_driver_sql(f"DO $$ BEGIN RAISE 'canary' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(StoreUnavailable, match=words) as failure:
        store.write_now(fail)
    assert "canary" not in str(failure.value)
    assert store.read_now(audit.entries) == []


# --- F15: damaged ---------------------------------------------------------------------------


@pytest.fixture
def raw_sqlite(sqlite_url):
    """Asks an SQLite file behind the store's back."""

    def run(statement):
        with contextlib.closing(sqlite3.connect(file_of(sqlite_url))) as connection:
            return connection.execute(statement).fetchall()

    return run


def damage(file):
    """Overwrite all but the first page."""
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (file.stat().st_size - 4096))


def test_f15_a_damaged_database_is_not_opened_and_not_changed(sqlite_url, open_store, raw_sqlite):
    open_store(sqlite_url).close()
    damage(file_of(sqlite_url))
    before = file_of(sqlite_url).read_bytes()
    with pytest.raises(StoreUnusable, match=r"damaged.* restore your backup"):
        open_store(sqlite_url)
    assert file_of(sqlite_url).read_bytes() == before


def test_f15_what_is_no_database_is_not_opened_and_not_changed(sqlite_url, open_store):
    file_of(sqlite_url).write_text("my notes\n" * 100)
    with pytest.raises(StoreUnusable, match="is no SQLite database"):
        open_store(sqlite_url)
    assert file_of(sqlite_url).read_text().startswith("my notes")


def test_f15_damaged_while_it_is_open(sqlite_url, open_store, raw_sqlite):
    store = open_store(sqlite_url)
    for _ in range(40):  # more than SQLite remembers
        store.write_now(audit.append, "ada", "fill", {}, "done", "x" * 100_000)
    raw_sqlite("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(file_of(sqlite_url))
    with pytest.raises(StoreUnavailable, match="the database is damaged: stop the service"):
        store.read_now(audit.verify)


# --- PostgreSQL away ------------------------------------------------------------------------


def test_a_lost_connection_is_made_again(postgresql_url, open_store, postgresql):
    store = open_store(postgresql_url)

    def lose(c):
        audit.append(c, "ada", "stop-server", {}, "done")
        c.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable, match="PostgreSQL"):
        store.write_now(lose)
    assert store.read_now(audit.entries) == []
    store.write_now(intents.create, **ASK)


def test_no_postgresql_is_said_without_the_password(tmp_path, open_store):
    with pytest.raises(StoreUnusable, match="cannot be reached") as failure:
        open_store(f"postgresql://ada:canary@/store?host={tmp_path}")
    assert "canary" not in str(failure.value)
    assert "***" in str(failure.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://x@y/z", "'mysql' is not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_address_that_cannot_be_used_is_said(open_store, url, words):
    with pytest.raises(StoreUnusable, match=words):
        open_store(url)


def test_the_file_is_its_owner_s_alone(sqlite_url, open_store):
    before = os.umask(0)
    try:
        store = open_store(sqlite_url)
        store.write_now(intents.create, **ASK)
    finally:
        os.umask(before)
    files = list(file_of(sqlite_url).parent.glob("store.sqlite*"))
    assert len(files) == 3
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}


# --- F30, F31: clocks -----------------------------------------------------------------------


def test_f30_a_clock_two_hours_off_disorders_nothing(store, heads):
    hours = [0, 2, -2, 0]
    for hour in hours:
        time = NOON + timedelta(hours=hour)
        store.write_now(audit.append, "ada", f"at {hour}", {}, "done", time=time)
    assert [each.sequence for each in store.read_now(audit.entries)] == [4, 3, 2, 1]
    assert store.read_now(audit.verify, heads).ok
    # a purge takes no entry from the middle, and none that is too young
    assert store.write_now(audit.purge, NOON + timedelta(hours=1)) == 1
    assert [each.action for each in store.read_now(audit.oldest_first)][:1] == ["at 2"]


def test_f30_a_clock_that_was_set_forward_and_back_makes_no_intent_last(store):
    intent = store.write_now(intents.create, **ASK, time=NOON + timedelta(hours=2))
    assert store.write_now(intents.expire_old, NOON) == 1
    assert store.read_now(intents.get, intent.id).state == "expired"


def test_f31_times_are_kept_in_utc_whatever_the_zone_they_come_in(store):
    berlin = ZoneInfo("Europe/Berlin")
    # in this night, 2:30 comes twice
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)
    for time in (first, second):
        store.write_now(audit.append, "ada", "test", {}, "done", time=time)
    times = [each.time for each in store.read_now(audit.oldest_first)]
    assert [each.isoformat() for each in times] == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-25T01:30:00+00:00",
    ]
    assert store.read_now(audit.verify).ok
    later = store.read_now(audit.entries, since=second.astimezone(timezone.utc))
    assert [each.sequence for each in later] == [2]


def test_f31_a_time_without_a_zone_is_refused(store):
    with pytest.raises(StatementError, match="aware times only"):
        store.write_now(intents.create, **ASK, time=NOON.replace(tzinfo=None))
