"""Announcements in the store: published, changed, withdrawn, marked, forgotten."""

import threading
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub.store import announcements, audit
from jupyter_2i2c.hub.store.announcements import Changed, Content, Counts, Gone, Marks

AT = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def content(title="News", **more):
    return Content(title, "Text.", "info", {"kind": "everyone"}, **more)


@pytest.fixture
def publish(store):
    def publish(*args, time=AT, **more):
        return store.write_now(announcements.publish, content(*args, **more), "ada", time=time)

    return publish


def titles(found):
    return [each.title for each in found]


def test_published_it_is_as_it_was_written(store):
    said = Content(
        "Ünïcode \U0001f30a",
        "Body\n\n**x**",
        "incident",
        {"kind": "groups", "groups": ["a", "b"]},
        AT,
        AT + HOUR,
        AT - HOUR,
        AT + 2 * HOUR,
        False,
        True,
        "https://status.example/",
    )
    made = store.write_now(announcements.publish, said, "ada", time=AT)
    found = store.read_now(announcements.get, made.id)
    assert found == made
    assert (found.author, found.created, found.version, found.edition) == ("ada", AT, 1, 1)
    assert store.read_now(announcements.get, "no-such") is None


def test_what_is_current_and_what_is_past(store, publish):
    publish("forever")
    publish("ended", ends=AT - HOUR, time=AT - 2 * HOUR)
    publish("ended, shown still", ends=AT - HOUR, show_until=AT + HOUR, time=AT + HOUR)
    publish("planned", show_from=AT + HOUR, time=AT - HOUR)
    gone = publish("withdrawn")
    store.write_now(announcements.withdraw, gone.id, "ada", time=AT)
    current = store.read_now(announcements.current, AT)
    assert titles(current) == ["ended, shown still", "forever", "planned"]
    assert [each.shown(AT) for each in current] == [True, True, False]
    past = store.read_now(announcements.past, 0, 50, AT)
    assert titles(past) == ["withdrawn", "ended"]
    assert titles(store.read_now(announcements.past, 1, 1, AT)) == ["ended"]


def test_f30_what_was_published_by_a_clock_that_ran_ahead_is_shown(publish):
    assert publish(time=AT + 2 * HOUR).shown(AT)


def test_each_change_is_kept_with_who_made_it(store, publish):
    made = publish("One", ends=AT + HOUR)
    store.write_now(announcements.edit, made.id, content("Two"), "grace", time=AT + HOUR)
    store.write_now(announcements.edit, made.id, content("2"), "", anew=False, version=2)
    gone = store.write_now(announcements.withdraw, made.id, "ada")
    assert (gone.version, gone.edition, gone.title) == (4, 2, "2")
    history = store.read_now(announcements.history, made.id)
    assert [(each.version, each.what, each.who) for each in history] == [
        (4, "withdrawn", "ada"),
        (3, "edited", ""),
        (2, "edited", "grace"),
        (1, "published", "ada"),
    ]
    assert [each.content["title"] for each in history] == ["2", "2", "Two", "One"]
    assert history[3].content["ends"] == "2026-11-21T13:00:00Z"
    assert history[3].time == AT


def test_what_is_gone_or_was_changed_is_not_changed(store, publish):
    made = publish()
    with pytest.raises(Gone):
        store.write_now(announcements.edit, "no-such", content(), "ada")
    store.write_now(announcements.edit, made.id, content("Two"), "ada")
    with pytest.raises(Changed):
        store.write_now(announcements.edit, made.id, content("Three"), "ada", version=1)
    store.write_now(announcements.withdraw, made.id, "ada")
    for again in (announcements.edit, announcements.withdraw):
        with pytest.raises(Gone):
            store.write_now(
                again, made.id, *([content()] if again is announcements.edit else []), "ada"
            )
    assert store.read_now(announcements.get, made.id).title == "Two"


def test_marks_are_added_up_and_count_for_what_was_seen(store, publish):
    made = publish()
    mark = announcements.mark
    assert store.write_now(mark, made, "ada", "seen") == Marks(1)
    assert store.write_now(mark, made, "ada", "acknowledged") == Marks(1, acknowledged=True)
    assert store.write_now(mark, made, "ada", "seen") == Marks(1, acknowledged=True)
    store.write_now(mark, made, "grace", "dismissed")
    assert store.read_now(announcements.counts, made) == Counts(2, 1, 1)
    later = store.write_now(announcements.edit, made.id, content("Two"), "ada")
    assert store.read_now(announcements.counts, later) == Counts()
    assert store.write_now(mark, later, "ada", "seen") == Marks(2)
    assert store.read_now(announcements.marks_of, "ada") == {made.id: Marks(2)}
    assert store.read_now(announcements.marks_of, "mal") == {}


def test_two_browsers_mark_it_at_once(store, publish):
    made = publish()
    started = threading.Barrier(8)

    def mark(number):
        started.wait()
        what = ("seen", "dismissed")[number % 2]
        store.write_now(announcements.mark, made, "ada", what)

    threads = [threading.Thread(target=mark, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read_now(announcements.counts, made) == Counts(1, 0, 1)


def test_what_is_long_past_is_forgotten_with_who_marked_it(store, publish, raw):
    old = publish("old", ends=AT - 10 * HOUR, time=AT - 20 * HOUR)
    publish("kept", time=AT - 20 * HOUR)
    publish("ended just now", ends=AT - HOUR, time=AT - 20 * HOUR)
    store.write_now(announcements.mark, old, "ada", "seen")
    assert store.write_now(announcements.forget, AT - 5 * HOUR) == 1
    assert store.read_now(announcements.get, old.id) is None
    assert raw("SELECT count(*) FROM announcement_marks")[0][0] == 0
    assert raw("SELECT count(*) FROM announcement_versions")[0][0] == 2


def test_the_audit_log_tells_who_and_not_what_it_said(store, publish):
    made = publish()

    def withdraw(c):
        gone = announcements.withdraw(c, made.id, "grace")
        announcements.tell_audit(c, gone, "withdrawn", "grace", "console")

    store.write_now(withdraw)
    (entry,) = store.read_now(audit.entries)
    assert (entry.actor, entry.action, entry.result, entry.source) == (
        "grace",
        "withdraw-announcement",
        "done",
        "console",
    )
    assert entry.target == {"announcement": made.id, "title": "News"}
    assert entry.detail == {"version": 2}
