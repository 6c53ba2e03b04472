"""Requests for help and the outbox, on each kind of database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from jupyter_2i2c.hub.store import audit, outbox, requests
from jupyter_2i2c.hub.store.requests import Attachment, Content, Enclosed
from jupyter_2i2c.hub.store.schema import now

FILE = Attachment("a.csv", "text/csv", b"\x00\xff" * 1000)


@pytest.fixture
def ask(store):
    """Stores a request."""

    def ask(key="key-0001", person="ada", time=None, **fields):
        content = Content(**{"category": "incident", "subject": "s", "text": "t", **fields})
        made, _ = store.write_now(
            requests.create, content, key=key, person=person, route="community", time=time
        )
        return made

    return ask


def deliver(store):
    for row in store.write_now(outbox.take, 99):
        store.write_now(outbox.delivered, row.id)


def rows(raw, table):
    return raw(f"SELECT count(*) FROM {table}")[0][0]


def test_a_request_and_what_is_to_be_delivered_are_stored_together(store, ask, raw, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "add", fail)
    with pytest.raises(ZeroDivisionError):
        ask(attachments=(FILE,))
    assert [rows(raw, each) for each in ("requests", "request_attachments", "outbox")] == [0, 0, 0]


def test_all_of_it_comes_back_as_it_was(store, ask):
    fields = {
        "text": "שלום‽ \u0000",
        "diagnostics": {"a": "é"},
        "encrypted": b"age-encryption.org/v1\x00\xff",
        "attachments": (FILE,),
    }
    made = ask(**fields)
    assert made.text == "שלום‽ \ufffd"
    enclosed = store.read_now(requests.enclosed, made.id)
    assert enclosed == Enclosed(fields["diagnostics"], fields["encrypted"])
    assert store.read_now(requests.attachments, made.id) == [FILE]
    (listed,) = store.read_now(requests.listed, made.id)
    assert (listed.name, listed.size) == ("a.csv", 2000)
    assert made.reference[:2] == "R-"


def test_many_at_once_with_one_key_are_one_request(store, ask):
    with ThreadPoolExecutor(8) as threads:
        made = {each.id for each in threads.map(lambda _: ask(), range(16))}
    assert len(made) == 1
    assert store.read_now(outbox.depth).waiting == 1


def test_many_who_take_get_each_row_once(store, ask):
    for number in range(9):
        ask(f"key-{number:04}")
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: store.write_now(outbox.take, 3), range(4)))
    ids = [row.id for each in taken for row in each]
    assert len(ids) == len(set(ids)) == 9


def test_nothing_is_deleted_before_its_time_nor_before_it_is_delivered(store, ask, raw):
    long_ago = now() - timedelta(days=91)
    old = ask("key-0001", time=long_ago, attachments=(FILE,))
    before = now() - timedelta(days=90)
    assert store.write_now(requests.forget, before) == 0  # it waits
    raw("UPDATE outbox SET due = created")
    deliver(store)
    assert store.write_now(requests.forget, before) == 0  # something happened to it just now
    ask("key-0002", person="mal")
    assert store.write_now(requests.forget, now() + timedelta(seconds=1)) == 1
    assert store.read_now(requests.get, old.id) is None
    assert rows(raw, "request_attachments") == 0
    assert rows(raw, "outbox") == 1
    assert [each.person for each in store.read_now(requests.queue)] == ["mal"]


def test_diagnostics_and_files_go_first(store, ask, raw):
    given = {"diagnostics": {"a": "1"}, "encrypted": b"age", "attachments": (FILE,)}
    with_files = ask("key-0001", **given)
    later = now() + timedelta(seconds=1)
    assert store.write_now(requests.forget_diagnostics, later) == 0  # not delivered yet
    deliver(store)
    ask("key-0002", **given)
    assert store.write_now(requests.forget_diagnostics, with_files.created) == 0  # not so old
    assert store.write_now(requests.forget_diagnostics, later) == 1
    left = store.read_now(requests.get, with_files.id)
    assert left.text == "t"
    assert store.read_now(requests.enclosed, left.id) == Enclosed()
    assert store.read_now(requests.attachments, left.id) == []
    assert rows(raw, "request_attachments") == 1
    assert store.write_now(requests.forget_diagnostics, later) == 0


def test_what_those_who_help_do_is_in_the_audit_log_without_anybodys_words(store, ask, heads):
    made = ask()
    deliver(store)
    for change, arguments in (
        (requests.assign, ("boss",)),
        (requests.answer, ("canary",)),
        (requests.close, ()),
        (requests.reopen, ()),
    ):
        store.write_now(change, made.id, *arguments, actor="boss")
    entries = store.read_now(audit.entries, action="handle-request")
    results = [entry.result for entry in reversed(entries)]
    assert results == ["assigned", "answered", "closed", "opened again"]
    assert all(entry.target == {"user": "ada", "request": made.reference} for entry in entries)
    assert "canary" not in str(entries)
    assert store.read_now(audit.verify, heads).ok


@pytest.mark.parametrize(
    ("change", "arguments", "state"),
    [
        (requests.close, (), "queued"),
        (requests.reopen, (), "queued"),
        (requests.retry, (), "nothing of the request was given up"),
    ],
)
def test_what_makes_no_sense_now_is_refused(store, ask, change, arguments, state):
    made = ask()
    with pytest.raises(requests.WrongState, match=state):
        store.write_now(change, made.id, *arguments, actor="boss")
    assert store.read_now(audit.entries, action="handle-request") == []


def test_a_clock_set_back_does_not_lock_anybody_out(store, ask):
    ahead = now() + timedelta(hours=5)
    for number in range(requests.MAX_RECENT):
        ask(f"key-{number:04}", time=ahead)
    with pytest.raises(requests.TooManyRequests):
        ask("key-more", time=ahead)
    assert ask("key-more").state == "queued"
