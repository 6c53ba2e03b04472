"""Intents: decided once, by who asked, in time."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub.store import audit, intents

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
ASK = {"kind": "stop-server", "actor": "ada", "target": {"user": "grace", "server": ""}}


def minutes(number):
    return timedelta(minutes=number)


@pytest.fixture
def ask(store):
    """Stores one intent of ada's."""

    def ask(time=NOON, source="server:ada/", **values):
        return store.write_now(intents.create, **{**ASK, **values}, source=source, time=time)

    return ask


def results(store):
    return [
        (each.actor, each.result) for each in reversed(store.read_now(audit.entries, limit=500))
    ]


def test_it_is_stored_as_it_was_asked(store, ask):
    note = "because \0 \ud800 é 🚀 ' OR 1=1; --"
    intent = ask(note=note)
    found = store.read_now(intents.get, intent.id)
    assert found.note == "because \ufffd ? é 🚀 ' OR 1=1; --"  # as every database can keep it
    assert found.target == ASK["target"]
    assert found.state == "pending"
    assert found.created == NOON
    assert found.expires == NOON + minutes(5)
    assert store.read_now(intents.by_actor, "ada", 5) == [found]
    assert store.read_now(intents.get, "nothing") is None


def test_its_way_is_in_the_audit_log(store, ask):
    intent = ask(note="please")
    taken = store.write_now(intents.take, intent.id, "ada", NOON, message="for the update")
    assert taken.state == "executing"
    assert store.read_now(intents.executing) == [taken]
    done = store.write_now(intents.finish, intent.id, "done", {"text": "Stopped."})
    assert done.outcome == {"text": "Stopped."}
    assert results(store) == [("ada", "asked"), ("ada", "approved"), ("ada", "done")]
    (shown,) = store.read_now(audit.about, "grace")
    assert (shown.actor, shown.action, shown.reason) == ("ada", "stop-server", "for the update")
    assert not shown.source
    assert not shown.detail
    assert store.read_now(audit.about, "ada") == []


async def test_a6_of_parallel_approvals_one_wins(store, ask):
    intent = ask()
    tries = [store.write(intents.take, intent.id, "ada", NOON) for _ in range(20)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    won = [each for each in answers if isinstance(each, intents.Intent)]
    assert len(won) == 1
    assert {each.state for each in answers if each is not won[0]} == {"executing"}
    assert results(store).count(("ada", "approved")) == 1
    assert results(store).count(("ada", "refused")) == 19


def test_a6_of_parallel_approvals_in_two_processes_one_wins(url, open_store, ask):
    intent = ask()
    stores = [open_store(url), open_store(url)]

    async def race():
        tries = [each.write(intents.take, intent.id, "ada", NOON) for each in stores * 5]
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = asyncio.run(race())
    assert sum(isinstance(each, intents.Intent) for each in answers) == 1


@pytest.mark.parametrize(
    ("actor", "time", "state"),
    [
        ("mal", NOON, "not-yours"),
        ("ada", NOON + minutes(5), "expired"),
        ("ada", NOON - minutes(2), "expired"),  # a clock that was set back makes nothing valid
    ],
)
def test_a5_what_is_not_to_be_approved_is_refused_and_told(store, ask, actor, time, state):
    intent = ask()
    with pytest.raises(intents.NotPending) as refused:
        store.write_now(intents.take, intent.id, actor, time)
    assert refused.value.state == state
    assert results(store)[-1] == (actor, "refused")
    assert store.read_now(intents.executing) == []


def test_a5_a_second_time_and_an_invented_one_are_refused_and_told(store, ask):
    intent = ask()
    store.write_now(intents.take, intent.id, "ada", NOON)
    for id_, state in ((intent.id, "executing"), ("invented", "missing")):
        with pytest.raises(intents.NotPending) as refused:
            store.write_now(intents.take, id_, "ada", NOON)
        assert refused.value.state == state
        assert results(store)[-1] == ("ada", "refused")


def test_it_is_refused_with_a_reason(store, ask):
    intent = ask()
    refused = store.write_now(intents.refuse, intent.id, "not now", actor="ada", time=NOON)
    assert (refused.state, refused.message) == ("refused", "not now")
    with pytest.raises(intents.NotPending):
        store.write_now(intents.take, intent.id, "ada", NOON)


def test_what_nobody_decides_expires(store, ask):
    old, new = ask(), ask(NOON + minutes(4))
    assert store.write_now(intents.expire_old, NOON + minutes(5)) == 1
    assert store.read_now(intents.get, old.id).state == "expired"
    assert store.read_now(intents.get, new.id).state == "pending"
    assert results(store)[-1] == (audit.SERVICE, "expired")


def test_it_is_settled_once(store, ask):
    intent = ask()
    store.write_now(intents.take, intent.id, "ada", NOON)
    store.write_now(intents.finish, intent.id, "unknown", {})
    store.write_now(intents.finish, intent.id, "failed", {"text": "It did not stop."})
    with pytest.raises(intents.WrongState):
        store.write_now(intents.finish, intent.id, "done", {})
    assert store.read_now(intents.get, intent.id).state == "failed"
    assert results(store)[-1] == ("ada", "failed")


def test_a_pending_one_is_not_finished(store, ask):
    intent = ask()
    with pytest.raises(intents.WrongState):
        store.write_now(intents.finish, intent.id, "done", {})


def test_a24_ten_wait_at_a_time(store, ask):
    for each in range(10):
        ask(NOON + timedelta(seconds=each))
    with pytest.raises(intents.TooManyIntents) as refused:
        ask(NOON + minutes(1))
    assert refused.value.retry_after == 240  # when the first expires
    ask(actor="grace")  # others are not kept waiting
    ask(NOON + minutes(1), source="console")  # nor who works on the console
    ask(NOON + minutes(5))


def test_a24_thirty_in_ten_minutes(store, ask):
    for each in range(30):
        intent = ask(NOON + timedelta(seconds=each))
        store.write_now(intents.refuse, intent.id, actor="ada", time=NOON)
    with pytest.raises(intents.TooManyIntents) as refused:
        ask(NOON + minutes(9))
    assert refused.value.retry_after == 60
    ask(NOON + minutes(10))


def test_what_is_too_long_is_not_cut_but_refused(store, ask):
    with pytest.raises(ValueError, match="note"):
        ask(note="x" * 501)
    with pytest.raises(ValueError, match="target"):
        ask(target={"users": ["x" * 300_000]})
    assert results(store) == []


def test_old_ones_are_forgotten_once_they_ended(store, ask):
    ask()
    ended = ask()
    store.write_now(intents.refuse, ended.id, actor="ada", time=NOON)
    assert store.write_now(intents.forget, NOON + minutes(1)) == 1
    assert store.read_now(intents.get, ended.id) is None
