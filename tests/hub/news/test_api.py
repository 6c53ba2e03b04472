"""`api/v1/announcements`: who gets which news, and what they did with it."""

import asyncio
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jupyter_2i2c.hub.news.draft import check
from jupyter_2i2c.hub.news.newsroom import Newsroom
from jupyter_2i2c.hub.store import announcements
from jupyter_2i2c.hub.store.errors import StoreUnavailable

EXAMPLE = Path(__file__).parents[2] / "data" / "announcements.json"
SOON = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()


def asked(stub):
    return stub.asked.count(("GET", "/user"))


async def test_the_answer_has_the_fields_that_users_servers_know(api, publish):
    publish("Slow", body="**very**", severity="incident", starts="2026-11-21T08:40Z", ends=SOON)
    answer = await api.get()
    assert answer.status == 200
    (found,) = answer.json["announcements"]
    (example, *_) = json.loads(EXAMPLE.read_text())["announcements"]
    assert answer.json["version"] == 1
    assert set(found) == set(example)
    assert {name: type(value) for name, value in found.items() if name != "ends"} == {
        name: type(value) for name, value in example.items() if name != "ends"
    }
    assert found["body_html"] == "<p><strong>very</strong></p>\n"
    assert found["starts"] == "2026-11-21T08:40:00Z"
    assert (found["seen"], found["acknowledged"]) == (False, False)


async def test_everybody_gets_what_is_theirs(api, publish):
    publish("all")
    publish("waves", audience={"kind": "groups", "groups": ["waves", "tides"]})
    publish("administrators", audience={"kind": "administrators"})
    assert set((await api.get("ada")).titles) == {"all", "waves"}
    assert (await api.get("mal")).titles == ["all"]
    assert set((await api.get("boss")).titles) == {"all", "administrators"}


async def test_what_is_known_is_answered_304_until_something_changes(api, publish, store):
    first = await api.get()
    assert first.json["announcements"] == []
    assert (await api.get(etag=first.etag)).status == 304
    made = publish()
    second = await api.get(etag=first.etag)
    assert second.status == 200
    again = await api.get(etag=second.etag)
    assert (again.status, again.body) == (304, b"")
    await api.mark(made)
    third = await api.get(etag=second.etag)
    assert third.json["announcements"][0]["seen"]
    store.write_now(announcements.withdraw, made.id, "boss")
    assert third.headers["Cache-Control"] == "private, no-cache"


async def test_the_tag_is_the_persons_own(api, publish):
    made = publish()
    assert (await api.get("ada")).etag == (await api.get("mal")).etag
    await api.mark(made, name="ada")
    assert (await api.get("ada")).etag != (await api.get("mal")).etag


async def test_marks_made_at_once_are_all_remembered(api, publish):
    made = [publish(title) for title in ("one", "two", "three", "four")]
    assert len((await api.get()).titles) == 4
    answers = await asyncio.gather(*(api.mark(each) for each in made))
    assert [answer.status for answer in answers] == [204] * 4
    assert all(each["seen"] for each in (await api.get()).json["announcements"])


async def test_seen_acknowledged_and_dismissed(api, publish, store):
    made = publish("Rules", acknowledge=True)
    other = publish("Hint")
    assert (await api.mark(made)).status == 204
    assert (await api.mark(made, "acknowledged", version=1)).status == 204
    assert (await api.mark(other, "dismissed")).status == 204
    (left,) = (await api.get()).json["announcements"]
    assert (left["title"], left["seen"], left["acknowledged"]) == ("Rules", True, True)
    assert store.read_now(announcements.counts, made) == announcements.Counts(1, 1, 0)
    assert store.read_now(announcements.counts, other) == announcements.Counts(1, 0, 1)
    assert set((await api.get("mal")).titles) == {"Rules", "Hint"}


@pytest.mark.parametrize(
    ("what", "fields", "why"),
    [
        ("dismissed", {"acknowledge": True}, "it goes when it is acknowledged"),
        ("dismissed", {"dismissible": False}, "it stays while it is shown"),
        ("acknowledged", {}, "nobody is asked"),
    ],
)
async def test_what_cannot_be_done_to_it_is_said(api, publish, what, fields, why):
    answer = await api.mark(publish(**fields), what)
    assert answer.status == 409
    assert why in answer.json["message"]


async def test_an_older_version_than_the_present_one_cannot_be_acknowledged(
    api, publish, store, administration
):
    made = publish("Rules", acknowledge=True)
    await api.mark(made, "acknowledged")
    content = check({"title": "Stricter rules", "acknowledge": True})
    store.write_now(announcements.edit, made.id, content, "boss")
    administration.newsroom.changed()
    (told,) = (await api.get()).json["announcements"]
    assert (told["version"], told["seen"], told["acknowledged"]) == (2, False, False)
    late = await api.mark(made, "acknowledged", version=1)
    assert late.status == 409
    assert "changed meanwhile" in late.json["message"]
    assert (await api.mark(made, "acknowledged", version=2)).status == 204


async def test_a_small_correction_is_not_unread(api, publish, store, administration):
    made = publish("Rulse")
    await api.mark(made)
    store.write_now(announcements.edit, made.id, check({"title": "Rules"}), "boss", anew=False)
    administration.newsroom.changed()
    (told,) = (await api.get()).json["announcements"]
    assert (told["title"], told["version"], told["seen"]) == ("Rules", 1, True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '"seen"',
        "{}",
        '{"what": "read"}',
        '{"what": ["seen"]}',
        '{"what": "seen", "version": "1"}',
        '{"what": "seen", "version": true}',
    ],
)
async def test_nonsense_is_told_so(api, publish, body):
    answer = await api.mark(publish(), body=body)
    assert answer.status == 400
    assert "seen" in answer.json["message"]


async def test_a4_what_is_not_theirs_is_not_there(api, publish, store):
    secret = publish("secret", audience={"kind": "administrators"})
    planned = publish("planned", show_from=SOON)
    withdrawn = publish("withdrawn")
    store.write_now(announcements.withdraw, withdrawn.id, "boss")
    answers = [await api.mark(each) for each in (secret, planned, withdrawn, "no-such")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1


async def test_f28_restricted_news_goes_only_to_whom_the_hub_knows_now(api, publish, stub, clock):
    publish("all")
    first = await api.get()
    assert asked(stub) == 1
    clock.passes(31)
    assert (await api.get()).status == 200
    assert asked(stub) == 1  # what is for everybody needs no new word
    publish("waves", audience={"kind": "groups", "groups": ["waves"]})
    second = await api.get(etag=first.etag)
    assert set(second.titles) == {"all", "waves"}
    assert asked(stub) == 2
    clock.passes(31)
    assert (await api.get(etag=second.etag)).status == 304
    assert asked(stub) == 2  # who has it already learns nothing
    stub.users["ada"]["groups"] = []
    assert (await api.get()).titles == ["all"]
    assert asked(stub) == 3


async def test_t4_a_token_without_access_to_the_service_gets_nothing_and_marks_nothing(
    api, publish, stub
):
    made = publish("all")
    stub.tokens["ada-token"] = (
        "ada",
        ["read:users:name!user=ada", "access:services!service=other"],
    )
    for answer in (await api.get(), await api.mark(made)):
        assert answer.status == 403
        assert "access:services!service=2i2c" in answer.json["message"]


async def test_f28_a_token_that_was_revoked_gets_none_of_it(api, publish, stub, clock):
    publish("waves", audience={"kind": "groups", "groups": ["waves"]})
    await api.get()
    del stub.tokens["ada-token"]
    clock.passes(31)
    answer = await api.get()
    assert answer.status == 403
    assert "waves" not in answer.body.decode()


async def test_f1_who_has_it_all_need_not_wait_for_a_hub_that_is_down(api, publish, stub, clock):
    publish()
    first = await api.get()
    clock.passes(1000)
    await stub.stop()
    assert (await api.get(etag=first.etag)).status == 304
    assert (await api.get()).status == 503
    publish("something new")
    answer = await api.get(etag=first.etag)
    assert answer.status == 503
    assert answer.headers["Retry-After"]


async def test_f28_a_revoked_token_learns_at_most_that_nothing_is_new(api, publish, stub, clock):
    publish()
    first = await api.get()
    del stub.tokens["ada-token"]
    clock.passes(1000)
    publish("something new")
    answer = await api.get(etag=first.etag)
    assert answer.status == 403
    assert "something new" not in answer.body.decode()
    clock.passes(1000)
    assert (await api.get(etag=first.etag)).status == 403


async def test_f28_what_changes_something_asks_the_hub_each_time(api, publish, stub):
    made = publish()
    await api.mark(made)
    await api.mark(made)
    assert asked(stub) == 2
    del stub.tokens["ada-token"]
    assert (await api.mark(made)).status == 403


async def test_f31_it_is_shown_from_and_until_when_it_should_be(api, publish, administration, at):
    later = at + timedelta(hours=2)
    publish("planned", show_from=at + timedelta(hours=1), show_until=later)
    publish("maintenance", starts=at + timedelta(hours=1), ends=later)
    newsroom = administration.newsroom
    seen = {}
    for minutes in (0, 59, 61, 119, 120):
        newsroom._clock = lambda minutes=minutes: at + timedelta(minutes=minutes)
        seen[minutes] = set((await api.get()).titles)
    assert seen == {
        0: {"maintenance"},
        59: {"maintenance"},
        61: {"maintenance", "planned"},
        119: {"maintenance", "planned"},
        120: set(),
    }


async def test_what_the_command_line_publishes_is_noticed(api, store, monkeypatch):
    assert (await api.get()).titles == []
    store.write_now(announcements.publish, check({"title": "From elsewhere"}), "")
    assert (await api.get()).titles == []
    monkeypatch.setattr(Newsroom, "FRESH", -1)
    assert (await api.get()).titles == ["From elsewhere"]


async def test_f12_what_was_known_is_told_while_the_store_is_locked(
    api, publish, store, monkeypatch
):
    publish("known")
    await api.get()
    monkeypatch.setattr(Newsroom, "FRESH", -1)

    async def locked(*_):
        raise StoreUnavailable("another process keeps the database locked")

    monkeypatch.setattr(store, "read", locked)
    assert (await api.get()).titles == ["known"]
    answer = await api.get("mal")  # whose marks are not known
    assert answer.status == 503
    assert "locked" in answer.json["message"]
    assert answer.headers["Retry-After"]


async def test_f12_a_mark_that_is_not_stored_is_not_claimed(api, publish, store, monkeypatch):
    made = publish()

    async def locked(*_):
        raise StoreUnavailable("another process keeps the database locked")

    monkeypatch.setattr(store, "write", locked)
    assert (await api.mark(made)).status == 503
    assert not (await api.get()).json["announcements"][0]["seen"]


async def test_a24_asking_again_and_again_writes_nothing(api, publish, store, monkeypatch):
    made = publish()
    await api.mark(made)

    async def forbidden(*_):
        raise AssertionError("written again")

    monkeypatch.setattr(store, "write", forbidden)
    for _ in range(5):
        assert (await api.mark(made)).status == 204


async def test_people_ask_the_hub_once_and_their_marks_are_read_once(
    api, publish, stub, store, monkeypatch
):
    publish()
    read = store.read
    reads = []

    def counted(function, *arguments):
        reads.append(function)
        return read(function, *arguments)

    monkeypatch.setattr(store, "read", counted)
    first = await api.get()
    for _ in range(10):
        assert (await api.get(etag=first.etag)).status == 304
    assert asked(stub) == 1
    assert reads.count(announcements.marks_of) == 1
