"""Long jobs: all of it is done, nothing twice, and what could not be done is named."""

import asyncio
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub import jobs as runner_module
from jupyter_2i2c.hub.hub_api import HubApi, HubRefused
from jupyter_2i2c.hub.jobs import JobRunner, told
from jupyter_2i2c.hub.store import audit, jobs
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.hub.store.errors import StoreUnavailable

from .stub_hub import StubHub, running

KEY = bytes(range(32))
STARTED = "2026-11-21T00:00:00+00:00"

WORKER = """
import asyncio, sys
from jupyter_2i2c.hub.hub_api import HubApi
from jupyter_2i2c.hub.jobs import JobRunner
from jupyter_2i2c.hub.store.database import Store

async def main():
    store = Store(sys.argv[1], bytes(range(32)), on_head=lambda head: None)
    store.open()
    JobRunner.FIRST_DELAY = float(sys.argv[3])
    await JobRunner(store, HubApi(sys.argv[2])).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""The service, as far as jobs go, in a process that can be killed."""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.sqlite"


@pytest.fixture
def store(url):
    store = Store(url, KEY, on_head=lambda head: None)
    store.open()
    yield store
    store.close()


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def runner(stub, store, jp_asyncio_loop, monkeypatch):
    monkeypatch.setattr(JobRunner, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(JobRunner, "LONGEST_DELAY", 0.02)

    async def make():
        return JobRunner(store, HubApi(stub.url))

    runner = jp_asyncio_loop.run_until_complete(make())
    yield runner
    jp_asyncio_loop.run_until_complete(runner.close())
    runner._api.close()


def stop_all(stub, store, **more):
    """A job that stops all that the stub runs."""
    items = [
        (user["name"], name, STARTED)
        for user in stub.users.values()
        for name, server in user["servers"].items()
        if not server["stopped"]
    ]
    arguments = {
        "kind": "stop-all",
        "actor": "boss",
        "token": "boss-token",
        "reason": "why",
        **more,
    }
    return store.write_now(jobs.create, items=items, **arguments)


def after(store, job):
    return store.read_now(jobs.get, job.id)


def of(store, job, state):
    return {item.user: item for item in store.read_now(jobs.items, job.id, state, limit=10_000)}


async def until(stub, happened):
    """Wait, request by request, until something has happened at the hub."""
    while not happened():
        await stub.arrivals.get()


def deletes(handler):
    return handler.request.method == "DELETE"


def troubled(bad, room, failures):
    """A fault: these users' servers cannot be stopped, and only so many stops fit into a moment."""
    seen = 0

    async def fault(handler):
        nonlocal seen
        if not deletes(handler):
            return False
        seen += 1
        if seen % room == 0:
            handler.set_header("Retry-After", "0")
            handler.set_status(429)
            return True
        user = handler.path_asked.split("/")[2]
        if user in bad:
            failures[user] += 1
            handler.set_status(500)
            handler.finish("<html>secret")
            return True
        return False

    return fault


async def test_f25_f26_stop_all_on_a_hub_that_fails_and_limits(stub, store, runner):
    for n in range(200):
        stub.add(f"u{n}", servers=[""])
    bad = {f"u{n}" for n in range(0, 200, 20)}
    failures = Counter()
    stub.fault = troubled(bad, 7, failures)
    job = stop_all(stub, store)
    await runner.run(job.id)
    end = after(store, job)
    assert (end.state, end.counts) == ("done", {"done": 190, "failed": 10})
    assert (
        end.message
        == "Stopped 190 servers. 10 did not stop; the job says which, and can try again."
    )
    failed = of(store, job, "failed")
    assert set(failed) == bad
    assert {item.error for item in failed.values()} == {"the hub answered 500"}
    assert set(stub.stopped.values()) == {1}
    assert stub.stopped_again == []
    assert stub.most_at_once <= 10
    assert stub.running() == {(name, "") for name in bad}
    assert failures == dict.fromkeys(bad, JobRunner.ATTEMPTS)
    # everybody can see what was done to them, and why
    (told_to,) = store.read_now(audit.about, "u1")
    assert (told_to.actor, told_to.action, told_to.reason) == ("boss", "stop-server", "why")
    assert store.read_now(audit.about, "u0") == []
    assert store.read_now(audit.verify).ok
    # and the rest can be tried again
    stub.fault = None
    await runner.retry_failed(job.id, "boss-token", "boss")
    await runner._tasks[job.id]
    assert after(store, job).counts == {"done": 200}
    assert set(stub.stopped.values()) == {1}


@pytest.mark.parametrize("answer", ["stopped, but says 500", "stopped, but breaks off"])
async def test_f2_f6_a_stop_that_worked_and_seems_to_have_failed_is_not_repeated(
    stub, store, runner, answer
):
    stub.add("ada", servers=[""])

    async def lies(handler):
        if not deletes(handler):
            return False
        stub.stopped["ada", ""] += 1
        del stub.users["ada"]["servers"][""]
        if answer.endswith("500"):
            handler.set_status(500)
            return True
        handler.request.connection.stream.close()
        handler._finished = True
        stub.at_once -= 1
        return True

    stub.fault = lies
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 1}
    assert stub.stopped == {("ada", ""): 1}


async def test_f26_the_hub_is_left_alone_for_as_long_as_it_asks(stub, store, runner, monkeypatch):
    stub.add("ada", servers=[""])
    waits = []
    sleep = asyncio.sleep

    async def record(seconds):
        waits.append(seconds)
        runner._rest = 0.0
        await sleep(0)

    monkeypatch.setattr(runner_module.asyncio, "sleep", record)
    answers = iter([429, 429])

    async def limited(handler):
        status = next(answers, 0) if deletes(handler) else 0
        if status:
            handler.set_header("Retry-After", "70")
            handler.set_status(status)
        return bool(status)

    stub.fault = limited
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 1}
    assert len([each for each in waits if 69 < each <= 70]) == 2


async def test_f7_f10_a_service_that_is_killed_goes_on_where_it_was(stub, store, runner, url):
    for n in range(100):
        stub.add(f"u{n}", servers=[""])
    held, release, killed = [], asyncio.Event(), asyncio.Event()

    async def hold(handler):
        if deletes(handler) and len(stub.stopped) >= 30 and not killed.is_set():
            held.append(handler.path_asked)
            await release.wait()
        return False

    stub.fault = hold
    job = stop_all(stub, store)
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, url, stub.url, "0.01"
    )
    await until(stub, lambda: len(held) >= 5)
    service.kill()
    await service.wait()
    killed.set()
    assert after(store, job).state == "running"
    assert of(store, job, "asked")
    release.set()  # the hub does what the killed service had asked for
    await runner.start()
    await runner._tasks[job.id]
    assert after(store, job).state == "done"
    assert after(store, job).counts == {"done": 100}
    assert set(stub.stopped.values()) == {1}
    assert len(stub.stopped) == 100
    assert stub.stopped_again == []


async def test_f27_f28_f29_a_login_that_ends_pauses_and_another_continues(
    stub, store, runner, tmp_path
):
    for n in range(60):
        stub.add(f"u{n}", servers=[""])

    async def revoke(handler):
        if len(stub.stopped) >= 20:
            stub.tokens.pop("boss-token", None)
        return False

    stub.fault = revoke
    job = stop_all(stub, store)
    await runner.run(job.id)
    paused = after(store, job)
    assert paused.state == "paused"
    assert "fresh" in paused.message
    assert paused.token is None
    assert paused.counts["waiting"] >= 30
    assert "failed" not in paused.counts
    with pytest.raises(HubRefused):
        await runner.resume(job.id, "boss-token", "boss")
    stub.fault = None
    stub.tokens["new-token-of-boss"] = ("boss", ["list:users", "read:servers", "delete:servers"])
    with pytest.raises(HubRefused, match="somebody else"):
        await runner.resume(job.id, "new-token-of-boss", "ada")
    await runner.resume(job.id, "new-token-of-boss", "boss")
    await runner._tasks[job.id]
    assert after(store, job).counts == {"done": 60}
    assert set(stub.stopped.values()) == {1}
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"boss-token" not in kept
    assert b"new-token-of-boss" not in kept


async def test_a23_a_right_that_is_lost_meanwhile_stops_nobody_else(stub, store, runner):
    for n in range(30):
        stub.add(f"u{n}", servers=[""])

    async def demote(handler):
        if len(stub.stopped) == 10:
            stub.tokens["boss-token"] = ("boss", ["list:users", "read:servers"])
        return False

    stub.fault = demote
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 10, "failed": 20}
    assert {item.error for item in of(store, job, "failed").values()} == {
        "the hub does not allow you this (any more)"
    }


async def test_f27_after_its_time_a_login_is_not_used(stub, store, runner):
    stub.add("ada", servers=[""])
    late = datetime.now(timezone.utc) - timedelta(seconds=1)
    job = stop_all(stub, store, token_expires=late)
    await runner.run(job.id)
    assert after(store, job).state == "paused"
    assert stub.stopped == {}


async def test_a_login_of_somebody_else_is_not_used(stub, store, runner):
    stub.add("ada", servers=[""])
    job = stop_all(stub, store, actor="grace")
    await runner.run(job.id)
    assert after(store, job).state == "paused"
    assert stub.stopped == {}


async def test_f1_f3_f7_a_hub_that_restarts_fails_nothing(stub, store, runner):
    for n in range(50):
        stub.add(f"u{n}", servers=[""])
    errors = 0

    async def restart(handler):
        nonlocal errors
        if len(stub.stopped) >= 15 and errors < 40:
            errors += 1
            handler.set_status(503)
            return True
        return False

    stub.fault = restart
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert errors == 40
    assert after(store, job).counts == {"done": 50}
    assert set(stub.stopped.values()) == {1}


async def test_f1_a_hub_that_stays_away_pauses(stub, store, runner, monkeypatch):
    monkeypatch.setattr(JobRunner, "HUB_PATIENCE", 0.05)
    stub.add("ada", servers=[""])

    async def gone(handler):
        handler.set_status(502)
        return True

    stub.fault = gone
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert after(store, job).state == "paused"
    assert "has not answered" in after(store, job).message
    stub.fault = None
    await runner.resume(job.id, "boss-token", "boss")
    await runner._tasks[job.id]
    assert after(store, job).counts == {"done": 1}


async def test_f12_a_database_that_is_locked_for_a_while_loses_nothing(
    stub, store, runner, monkeypatch
):
    for n in range(20):
        stub.add(f"u{n}", servers=[""])
    job = stop_all(stub, store)
    write, calls = store.write, 0

    async def locked(function, *args, **kwargs):
        nonlocal calls
        calls += 1
        if calls % 3:
            raise StoreUnavailable("another process keeps the database locked")
        return await write(function, *args, **kwargs)

    monkeypatch.setattr(store, "write", locked)
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 20}
    assert set(stub.stopped.values()) == {1}


async def test_what_takes_long_to_stop_keeps_no_other_waiting_and_is_looked_up(stub, store, runner):
    for n in range(25):
        stub.add(f"u{n}", servers=[""])
        stub.slow_stop.add(f"u{n}")
    job = stop_all(stub, store)
    task = runner.run(job.id)
    await until(stub, lambda: len(stub.stopped) == 25)
    assert not task.done()
    stub.finish_stops()
    await task
    assert after(store, job).counts == {"done": 25}
    assert set(stub.stopped.values()) == {1}
    assert stub.stopped_again == []


async def test_what_never_stops_is_named(stub, store, runner, monkeypatch):
    monkeypatch.setattr(JobRunner, "STOP_PATIENCE", 0.05)
    stub.add("ada", servers=[""])
    stub.slow_stop.add("ada")
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert of(store, job, "failed")["ada"].error == "it has been stopping for too long"


async def test_what_the_hub_says_it_stopped_and_did_not_is_named(stub, store, runner):
    stub.add("ada", servers=[""])

    async def pretends(handler):
        if deletes(handler):
            handler.set_status(202)
        return deletes(handler)

    stub.fault = pretends
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert of(store, job, "failed")["ada"].error == "the hub took the request, and it still runs"
    assert after(store, job).state == "done"


async def test_a_server_that_was_started_again_or_had_stopped_is_left_alone(stub, store, runner):
    for name in ("again", "gone", "away", "stays"):
        stub.add(name, servers=[""])
    job = stop_all(stub, store)
    stub.users["again"]["servers"][""] = running("", started="2026-11-21T05:00:00.000000Z")
    stub.users["gone"]["servers"].clear()
    del stub.users["away"]
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 1, "skipped": 3}
    assert of(store, job, "skipped")["again"].error == "was started again since"
    assert stub.stopped == {("stays", ""): 1}
    assert store.read_now(audit.about, "again") == []


async def test_a22_the_approvers_own_server_comes_last(stub, store, runner):
    stub.users["boss"]["servers"][""] = running("")
    stub.slow_stop.add("u0")
    for n in range(30):
        stub.add(f"u{n}", servers=["", "b"])
    job = stop_all(stub, store)
    task = runner.run(job.id)
    await until(stub, lambda: len(stub.stopped) == 60)
    assert ("boss", "") not in stub.stopped
    stub.finish_stops()
    await task
    assert list(stub.stopped)[-1] == ("boss", "")
    assert after(store, job).counts == {"done": 61}


async def test_cancelled_nothing_more_is_asked(stub, store, runner):
    for n in range(60):
        stub.add(f"u{n}", servers=[""])
    hold = asyncio.Event()

    async def wait(handler):
        if deletes(handler) and len(stub.stopped) >= 20:
            await hold.wait()
        return False

    stub.fault = wait
    job = stop_all(stub, store)
    task = runner.run(job.id)
    await until(stub, lambda: len(stub.stopped) >= 20)
    await runner.cancel(job.id, "boss")
    hold.set()
    await task
    end = after(store, job)
    assert end.state == "cancelled"
    assert end.token is None
    assert end.counts["skipped"] >= 20
    assert end.counts["done"] == len(stub.stopped)
    assert sum(end.counts.values()) == 60
    assert "asked" not in end.counts


@pytest.mark.parametrize("how", ["it crashed", "it was paused"])
async def test_what_a_cancelled_job_had_asked_for_is_settled(stub, store, runner, how):
    """Nobody is left to look what came of it, so that is what is said; it can be tried again."""
    for name in ("ada", "grace", "mal"):
        stub.add(name, servers=[""])
    job = stop_all(stub, store)
    (asked, *_) = store.read_now(jobs.next_items, job.id, 1)
    store.write_now(jobs.mark_asked, [asked.id])
    if how == "it crashed":
        store.write_now(jobs.cancel, job.id, actor="boss")
        await runner.start()
    else:
        store.write_now(jobs.pause, job.id, "the login has ended")
        assert (await runner.cancel(job.id, "boss")).counts == {"failed": 1, "skipped": 2}
    assert after(store, job).counts == {"failed": 1, "skipped": 2}
    assert "nobody saw" in of(store, job, "failed")[asked.user].error
    (entry,) = store.read_now(audit.entries, action="stop-server")
    assert (entry.target["user"], entry.result) == (asked.user, "failed")
    await runner.start()  # once
    assert len(store.read_now(audit.entries, action="stop-server")) == 1
    await runner.retry_failed(job.id, "boss-token", "boss")
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 1, "skipped": 2}
    assert set(stub.stopped) == {(asked.user, "")}


async def test_a_graceful_stop_leaves_the_rest_for_the_next_start(stub, store, runner):
    for n in range(40):
        stub.add(f"u{n}", servers=[""])
    job = stop_all(stub, store)
    runner.run(job.id)
    await until(stub, lambda: len(stub.stopped) >= 10)
    await runner.close()
    assert after(store, job).state == "running"
    await runner.start()
    await runner.run(job.id)
    assert after(store, job).counts == {"done": 40}
    assert set(stub.stopped.values()) == {1}


async def test_a_job_is_worked_on_once(stub, store, runner):
    stub.add("ada", servers=[""])
    job = stop_all(stub, store)
    assert runner.run(job.id) is runner.run(job.id)
    await runner.run(job.id)
    await runner.run(job.id)  # it has ended: nothing to do
    assert stub.stopped == {("ada", ""): 1}


def test_how_far_it_is_in_words():
    assert told({}) == "Stopped 0 servers."
    counts = {"done": 1200, "asked": 1, "failed": 2, "skipped": 1, "waiting": 3}
    assert told(counts) == (
        "Stopped 1,200 servers. 1 is stopping. 2 did not stop; the job says which, and can try again."
        " 1 was left alone. 3 are still to be asked."
    )


async def test_who_may_not_see_servers_has_none_counted_as_stopped(stub, store, runner):
    stub.add("ada", servers=[""])
    stub.tokens["boss-token"] = ("boss", ["list:users", "read:users", "servers"])
    job = stop_all(stub, store)
    await runner.run(job.id)
    assert of(store, job, "failed")["ada"].error == "you may not see this person's servers"
    assert stub.stopped == {}


async def test_what_was_asked_is_not_taken_for_stopped_when_it_can_no_longer_be_seen(
    stub, store, runner
):
    stub.add("ada", servers=[""])
    job = stop_all(stub, store)
    (item,) = store.read_now(jobs.next_items, job.id, 1)
    store.write_now(jobs.mark_asked, [item.id])  # and the service was killed
    stub.tokens["boss-token"] = ("boss", ["list:users", "read:users", "servers"])
    await runner.run(job.id)
    assert after(store, job).state == "paused"
    assert after(store, job).counts == {"asked": 1}
