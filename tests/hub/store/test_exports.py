"""Exports in the store: one at a time, their end is that of their intent, and all of it stands in the audit log."""

import pytest

from jupyter_2i2c.hub.store import audit, exports, intents
from jupyter_2i2c.hub.store.exports import Busy, NotGoing, Result

RESULT = Result("replica-x.tar.zst", 5_000_000_000, "ab" * 32, "V4", 1, 2)


@pytest.fixture
def begin(store):
    """Begins an export of an intent that was approved."""

    def begin(state="running", **options):
        asked = {"people": True, "announcements": False}
        intent = store.write_now(intents.create, kind="export-hub", actor="ada", target=asked)
        store.write_now(intents.take, intent.id, "ada")
        if state == "running":
            store.write_now(intents.finish, intent.id, "running", {"text": "It goes on."})
        return store.write_now(exports.create, intent.id, "ada", **{**asked, **options})

    return begin


def results(store):
    return [each.result for each in reversed(store.read_now(audit.entries, action="export-hub"))]


def test_from_its_beginning_to_its_end(store, begin):
    export = begin(consent="I may.")
    assert (export.state, export.going, export.kept) == ("waiting", True, False)
    assert store.write_now(exports.step, export.id, "reading users", 3, 5_000_000_000)
    found = store.read_now(exports.get, export.id)
    assert (found.state, found.step, found.done, found.total) == (
        "running", "reading users", 3, 5_000_000_000,
    )  # fmt: skip
    ended = store.write_now(exports.finish, export.id, "done", "The bundle is there.", RESULT)
    assert ended.kept
    assert ended.size == RESULT.size
    assert store.read_now(exports.kept) == [ended]
    intent = store.read_now(intents.get, export.id)
    assert intent.state == "done"
    assert intent.outcome == {"text": "The bundle is there.", "export": export.id}
    assert results(store) == ["asked", "approved", "running", "started", "done", "done"]
    told = {
        each.result: each.detail
        for each in store.read_now(audit.entries)
        if "export" in each.target
    }
    assert told["started"] == {"consent": "I may."}
    assert told["done"]["sha256"] == RESULT.sha256
    assert told["done"]["people"] is True


def test_there_is_never_more_than_one(store, begin):
    first = begin()
    with pytest.raises(Busy):
        begin()
    store.write_now(exports.finish, first.id, "failed", "No room.")
    begin()


def test_an_intent_begins_an_export_once(store, begin):
    export = begin()
    store.write_now(exports.finish, export.id, "failed", "No room.")
    with pytest.raises(Busy):
        store.write_now(exports.create, export.id, "ada", people=False, announcements=False)


def test_what_has_ended_stays_as_it_is(store, begin):
    export = begin()
    store.write_now(exports.finish, export.id, "cancelled", "Cancelled by ada.", actor="ada")
    assert not store.write_now(exports.step, export.id, "too late")
    with pytest.raises(NotGoing):
        store.write_now(exports.finish, export.id, "done", "Done.", RESULT)
    assert store.read_now(exports.get, export.id).message == "Cancelled by ada."
    assert store.read_now(intents.get, export.id).state == "cancelled"


def test_cancelled_before_its_intent_was_seen_to_run(store, begin):
    export = begin(state="executing")
    store.write_now(exports.finish, export.id, "cancelled", "Cancelled by ada.")
    assert store.read_now(intents.get, export.id).state == "failed"


def test_that_its_files_were_removed_is_noted_once(store, begin):
    export = begin()
    store.write_now(exports.note_removed, export.id)
    assert store.read_now(exports.get, export.id).removed is None
    store.write_now(exports.finish, export.id, "done", "Done.", RESULT)
    store.write_now(exports.note_removed, export.id, "ada")
    store.write_now(exports.note_removed, export.id, "grace")
    assert store.read_now(exports.kept) == []
    removed = [each for each in store.read_now(audit.entries) if each.result == "removed"]
    assert [each.actor for each in removed] == ["ada"]
