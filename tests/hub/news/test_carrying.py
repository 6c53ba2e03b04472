"""Announcements that go with a hub: what is taken, and what another hub's store makes of it, whoever wrote it."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub.news.carrying import NAMELESS, carried, restore
from jupyter_2i2c.hub.news.draft import check
from jupyter_2i2c.hub.store import announcements, audit
from jupyter_2i2c.hub.store.database import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


@pytest.fixture
def stores(tmp_path):
    """Makes empty stores, each another hub's."""
    made = []

    def make():
        store = Store(
            f"sqlite:///{tmp_path}/{len(made)}.sqlite", bytes(range(32)), on_head=lambda _: None
        )
        store.open()
        made.append(store)
        return store

    yield make
    for each in made:
        each.close()


@pytest.fixture
def old(stores):
    return stores()


@pytest.fixture
def new(stores):
    return stores()


@pytest.fixture
def publish(old):
    def publish(title, author="boss", time=NOW - HOUR, **fields):
        content = check({"title": title, **fields}, time)
        return old.write_now(announcements.publish, content, author, time=time)

    return publish


def taken(store, time=NOW):
    return json.loads(json.dumps(store.read_now(carried, time)))


def put(store, given, time=NOW):
    return store.write_now(restore, given, "command line", time)


def test_what_is_shown_or_will_be_comes_out_as_it_went_in(publish, old, new):
    first = publish(
        "For all", body="Read **this**.", link="https://lab.example/", time=NOW - 3 * HOUR
    )
    publish(
        "For some",
        audience={"kind": "groups", "groups": ["a", "b"]},
        acknowledge=True,
        time=NOW - 2 * HOUR,
    )
    publish("Later", show_from=NOW + HOUR, show_until=NOW + 2 * HOUR, severity="maintenance")
    gone = publish("Withdrawn")
    old.write_now(announcements.withdraw, gone.id, "boss")
    publish("Over", show_until=NOW - HOUR / 2)
    old.write_now(
        announcements.edit,
        first.id,
        check({"title": "For everybody"}, NOW),
        "boss",
        time=NOW - HOUR / 3,
    )
    told = taken(old)
    assert [each["title"] for each in told] == ["For everybody", "For some", "Later"]
    done = put(new, told)
    assert (len(done.published), done.there, done.left) == (3, [], {})
    assert taken(new) == told
    assert told[0]["published"] == "2026-11-21T09:00:00Z"
    assert told[0]["updated"] == "2026-11-21T11:40:00Z"
    assert {each["author"] for each in told} == {"boss"}
    assert [entry.action for entry in new.read_now(audit.entries)] == ["publish-announcement"] * 3


def test_twice_is_once_and_what_was_withdrawn_stays_so(publish, old, new):
    made = publish("For all")
    told = taken(old)
    put(new, told)
    new.write_now(announcements.withdraw, made.id, "boss")
    done = put(new, told)
    assert (done.published, done.there) == ([], [made.id])
    assert taken(new) == []


def test_what_cannot_be_shown_is_left_out_and_named(publish, old, new):
    until = publish("Until noon", show_until=NOW)
    named = publish("For a group", audience={"kind": "groups", "groups": ["a"]})
    told = taken(old, NOW - HOUR / 2)
    told[[each["id"] for each in told].index(named.id)]["audience"]["groups"] = []
    done = put(new, told)
    assert done.published == []
    assert done.left[named.id] == NAMELESS
    assert "its end has passed" in done.left[until.id]


GOOD = {"id": "abc", "title": "x", "published": "2026-11-01T00:00:00Z"}


@pytest.mark.parametrize(
    "given",
    [
        None, 7, "x", [], {}, {"title": "x"}, {**GOOD, "id": "../../x"}, {**GOOD, "id": "x" * 65}, {**GOOD, "id": None},
        {**GOOD, "title": ""}, {**GOOD, "title": "x" * 200}, {**GOOD, "link": "javascript:alert(1)"},
        {**GOOD, "audience": {"kind": "nobody"}}, {**GOOD, "audience": {"kind": "groups", "groups": [7]}},
        {**GOOD, "body": "x" * 9000}, {**GOOD, "severity": "fatal"}, {**GOOD, "dismissible": "no"},
    ],
)  # fmt: skip
def test_a_bundle_of_anybodys_publishes_nothing_that_nobody_could(new, given):
    done = put(new, [given, GOOD])
    assert done.published == ["abc"]
    assert len(done.left) == 1
    assert all(done.left.values())


@pytest.mark.parametrize(
    "published",
    [
        "yesterday",
        None,
        7,
        "2099-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-11-01T00:00:00",
    ],
)
def test_a_date_that_cannot_be_is_now(new, published):
    put(new, [{**GOOD, "published": published, "updated": published, "author": ["a"]}])
    (told,) = taken(new)
    assert (told["published"], told["updated"], told["author"]) == (
        "2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z", "",
    )  # fmt: skip


def test_who_wrote_it_is_one_line(new):
    put(new, [{**GOOD, "author": "bo\nss\u202e" + "x" * 500}])
    (told,) = taken(new)
    assert told["author"].startswith("bo ssx")
    assert len(told["author"]) == 255
