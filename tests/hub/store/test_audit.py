"""The audit log: what an attacker with the database, but without the key, cannot do unseen (A25)."""

import io
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub.store import audit
from jupyter_2i2c.hub.store.database import StoreUnusable
from jupyter_2i2c.hub.store.export import write_csv, write_lines

START = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def write(store, number=10, start=START):
    """So many entries, a minute apart."""

    def append(c):
        for each in range(number):
            time = start + timedelta(minutes=each)
            target = {"user": f"user-{each}", "server": ""}
            audit.append(c, "ada", "stop-server", target, "done", "because", "console", time=time)

    store.write_now(append)


@pytest.fixture
def log(store):
    """A store with ten entries."""
    write(store)
    return store


def problems(store, *heads):
    found = store.read_now(audit.verify, heads)
    assert found.ok == (not found.problems)
    return [(each.kind, each.sequence) for each in found.problems]


def test_an_untouched_log_is_whole(log, heads):
    found = log.read_now(audit.verify, heads)
    assert (found.ok, found.checked, found.first, found.heads) == (True, 10, 1, 1)
    assert found.head == heads[-1] == log.read_now(audit.head)
    assert found.head.startswith("10:")


def test_a15_words_that_are_no_text_spoil_neither_the_chain_nor_a_file(store, heads):
    def append(c):
        target = {"user": "half\ud800", "server": "\0", "users": ["\udfff"]}
        audit.append(c, "ada", "ask", target, "asked", detail={"note": "a\ud800", "\ud800": 1})

    store.write_now(append)
    assert problems(store, *heads) == []
    for write_file in (write_lines, write_csv):
        file = io.TextIOWrapper(io.BytesIO(), "utf-8")
        write_file(store.read_now(audit.oldest_first), file)
        file.flush()
        assert b"half?" in file.buffer.getvalue()


def test_an_empty_log_is_whole(store, heads):
    assert problems(store) == []
    assert heads == []  # nothing was done yet


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'mal'",
        "reason = 'none'",
        "action = 'start-server'",
        "result = 'failed'",
        "source = ''",
        "detail = '{\"more\":1}'",
        'target = \'{"server":"","user":"x"}\'',
        "target_user = 'x'",  # which would hide it from whom it was done to
        "time = '2026-11-21 11:00:00.000000'",
        "hash = '" + "0" * 64 + "'",
    ],
)
def test_a25_a_changed_entry_is_found(log, raw, change):
    raw(f"UPDATE audit SET {change} WHERE sequence = 4")
    assert ("changed", 4) in problems(log)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "detail = 'garbage'",
        "target = '[]'",
        "time = 'garbage'",
        "time = 5",
        "reason = x'ff00'",
        "actor = CAST(x'ff' AS TEXT)",
    ],
)
def test_a25_what_sqlite_takes_and_python_does_not_hides_nothing(log, raw, change):
    raw(f"UPDATE audit SET {change} WHERE sequence = 4")
    raw("UPDATE audit SET reason = 'x' WHERE sequence = 7")
    assert problems(log) == [("changed", 4), ("changed", 7)]
    assert len(log.read_now(audit.entries)) == 10


def test_a25_a_changed_link_is_found(log, raw):
    raw("UPDATE audit SET previous = hash WHERE sequence = 4")
    assert problems(log) == [("changed", 4)]


@pytest.mark.parametrize("which", ["= 1", "= 4", "IN (4, 5, 6)", "< 4"])
def test_a25_a_removed_entry_is_found(log, raw, which):
    raw(f"DELETE FROM audit WHERE sequence {which}")
    assert [kind for kind, _ in problems(log)] == ["removed"]


def test_a25_a_removed_entry_is_found_when_the_others_close_up(log, raw):
    raw("DELETE FROM audit WHERE sequence = 4")
    for each in range(5, 11):
        raw(f"UPDATE audit SET sequence = {each - 1} WHERE sequence = {each}")
    assert problems(log)


def test_a25_reordered_entries_are_found(log, raw):
    raw("UPDATE audit SET sequence = 99 WHERE sequence = 4")
    raw("UPDATE audit SET sequence = 4 WHERE sequence = 5")
    raw("UPDATE audit SET sequence = 5 WHERE sequence = 99")
    assert problems(log) == [("reordered", 4), ("reordered", 5)]


def test_a25_a_cut_tail_is_found_against_a_head(log, raw, heads):
    write(log, 3)
    raw("DELETE FROM audit WHERE sequence > 8")
    assert problems(log) == []  # which is why each head goes into the log stream
    assert problems(log, *heads) == [("cut", 10), ("cut", 13)]
    write(log, 5)  # written over by the service, which knows nothing of it
    assert problems(log) == []
    assert problems(log, *heads[:2]) == [("changed", 10), ("changed", 13)]


def test_a25_all_cut_is_found_against_a_head(log, raw, heads):
    raw("DELETE FROM audit")
    assert problems(log, *heads) == [("cut", 10)]


def test_a25_a_copied_entry_is_found(log, raw):
    raw(
        "INSERT INTO audit SELECT 11, time, actor, action, target_user, target, result, reason,"
        " source, detail, previous, hash FROM audit WHERE sequence = 10"
    )
    assert problems(log)


def test_a25_entries_of_another_database_do_not_fit(log, open_store, raw, tmp_path):
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    write(other)
    (theirs,) = other.read_now(audit.entries, before=2)
    raw(f"UPDATE audit SET previous='{theirs.previous}', hash='{theirs.hash}' WHERE sequence = 1")
    assert ("removed", 1) in problems(log)


@pytest.mark.parametrize("head", ["", "10", "10:abc", "x:" + "0" * 64, "10:" + "g" * 64])
def test_what_is_no_head_is_said(log, head):
    with pytest.raises(audit.NoHead, match="looks like"):
        problems(log, head)


def test_many_problems_are_counted_and_not_all_listed(store, raw):
    write(store, 300)
    raw("UPDATE audit SET reason = 'x'")
    assert len(problems(store)) == audit.MAX_PROBLEMS


# --- purge ----------------------------------------------------------------------------------


def test_a_purge_leaves_a_checkpoint_and_tells(log, heads):
    removed = log.write_now(audit.purge, START + timedelta(minutes=4), "ada")
    assert removed == 4
    assert problems(log, *heads) == []
    entries = log.read_now(audit.entries)
    assert [each.sequence for each in entries] == [11, 10, 9, 8, 7, 6, 5]
    assert (entries[0].actor, entries[0].action) == ("ada", "purge-audit")
    assert entries[0].detail["entries"] == 4
    found = log.read_now(audit.verify)
    assert (found.first, found.checked) == (5, 7)


def test_a_purge_of_nothing_changes_nothing(log, heads):
    assert log.write_now(audit.purge, START) == 0
    assert len(heads) == 1


def test_a_purge_of_all_is_followed_by_its_own_entry(log):
    assert log.write_now(audit.purge, START + timedelta(days=1)) == 10
    assert log.write_now(audit.purge, START + timedelta(days=9999)) == 1
    write(log, 2)
    assert problems(log) == []
    assert log.read_now(audit.head).startswith("14:")


def test_a25_a_purge_without_a_checkpoint_is_found(log, raw):
    log.write_now(audit.purge, START + timedelta(minutes=4))
    raw("DELETE FROM audit WHERE sequence = 5")
    assert problems(log) == [("removed", 5)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_checkpoints SET sequence = 5 WHERE sequence = 4",
        "UPDATE audit_checkpoints SET actor = 'mal' WHERE sequence = 4",
        (
            "INSERT INTO audit_checkpoints SELECT 5, (SELECT hash FROM audit WHERE sequence = 5),"
            " time, actor, signature FROM audit_checkpoints WHERE sequence = 4"
        ),
    ],
)
def test_a25_a_forged_checkpoint_is_found(log, raw, change):
    log.write_now(audit.purge, START + timedelta(minutes=4))
    raw(change)
    assert any(kind == "checkpoint" for kind, _ in problems(log))


def test_a25_a_removed_checkpoint_is_found(log, raw):
    log.write_now(audit.purge, START + timedelta(minutes=4))
    raw("DELETE FROM audit_checkpoints WHERE sequence = 4")
    assert problems(log) == [("removed", 1)]
    raw("DELETE FROM audit_checkpoints")
    assert ("checkpoint", 0) in problems(log)


def test_another_key_is_noticed_when_the_store_is_opened(url, log, open_store):
    with pytest.raises(StoreUnusable, match="the key is not the one"):
        open_store(url, key=b"x" * 32)


# --- reading --------------------------------------------------------------------------------


def test_it_is_found_by_who_what_whom_and_when(log):
    log.write_now(audit.append, "grace", "add-users", {"users": ["x"]}, "failed")

    def found(**wanted):
        return [each.sequence for each in log.read_now(audit.entries, **wanted)]

    assert found(actor="grace") == [11]
    assert found(action="stop-server", limit=2) == [10, 9]
    assert found(before=9, limit=2) == [8, 7]
    assert found(target="user-3") == [4]
    assert found(target="user-%") == []
    assert found(result="failed") == [11]
    assert found(since=START + timedelta(minutes=8), until=START + timedelta(minutes=9)) == [9]
    assert [each.sequence for each in log.read_now(audit.oldest_first, 8, 2)] == [9, 10]


def test_what_people_did_to_themselves_is_no_news_to_them(log):
    log.write_now(audit.append, "user-3", "stop-server", {"user": "user-3"}, "done")
    log.write_now(audit.append, "ada", "stop-server", {"user": "user-3"}, "failed")
    assert [each.sequence for each in log.read_now(audit.about, "user-3")] == [4]


def test_heads_are_put_out_after_the_commit_only(store, heads):
    def fail(c):
        audit.append(c, "ada", "stop-server", {}, "done")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write_now(fail)
    assert heads == []
    assert store.read_now(audit.entries) == []


def test_heads_are_found_in_a_log():
    head = "42:" + "ab" * 32
    lines = [
        f"[I 2026-11-21 12:00 HubService] jupyter_2i2c audit head {head}\n",
        "1:" + "cd" * 32,
        f"audit head 4:short {head}",
    ]
    assert list(audit.heads_in(lines)) == [head]


@pytest.mark.parametrize(
    "words", ["\0", "\ud800", "é\u202e🚀", "x" * 100_000, "'; DROP TABLE audit"]
)
def test_any_words_can_be_kept_and_checked(store, words):
    store.write_now(
        audit.append, words, words, {"user": words}, "done", words, words, {words: [words]}
    )
    assert problems(store) == []
    assert len(store.read_now(audit.entries, limit=9)) == 1
