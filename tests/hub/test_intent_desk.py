"""The desk: an intent is carried out once, by who asked, with what the hub grants at that moment."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from jupyter_2i2c.hub.actions import BadTarget, Context, registry
from jupyter_2i2c.hub.hub_api import HubApi, HubRefused
from jupyter_2i2c.hub.identity import HubUnavailable, Identity
from jupyter_2i2c.hub.intents import (
    Impossible,
    IntentDesk,
    NoSuchIntent,
    NotAllowed,
    NotConfirmed,
    UnknownKind,
)
from jupyter_2i2c.hub.jobs import JobRunner
from jupyter_2i2c.hub.store import audit, intents, jobs
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.hub.store.errors import StoreUnavailable
from jupyter_2i2c.hub.store.intents import NotPending, TooManyIntents
from jupyter_2i2c.hub.store.schema import intents as table

from .stub_hub import StubHub, running

ADA = {"user": "ada"}
BOSS = Identity("boss", frozenset({"access:services!service=2i2c"}))
SERVER = "server:boss/"


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/store.sqlite", bytes(range(32)), on_head=lambda head: None)
    store.open()
    yield store
    store.close()


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    stub.add("ada", servers=[""])
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def new_desk(stub, store, jp_asyncio_loop, monkeypatch):
    """Makes desks, as a service does that starts."""
    monkeypatch.setattr(JobRunner, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(IntentDesk, "CHECK_AFTER", (0.01,) * 20)
    made = []

    async def make():
        api = HubApi(stub.url)
        runner = JobRunner(store, api)
        desk = IntentDesk(store, api, registry(Context(admin_users_feature=True)), runner)
        made.append((api, runner, desk))
        return desk

    yield make
    for api, runner, desk in made:
        jp_asyncio_loop.run_until_complete(desk.close())
        jp_asyncio_loop.run_until_complete(runner.close())
        api.close()


@pytest.fixture
def desk(new_desk, jp_asyncio_loop):
    return jp_asyncio_loop.run_until_complete(new_desk())


async def asked(desk, kind="stop-server", target=ADA):
    return await desk.ask(BOSS, kind, target, "a note", SERVER)


def results(store):
    """What the audit log tells, the oldest first."""
    return [entry.result for entry in reversed(store.read_now(audit.entries))]


def change(store, **values):
    store.write_now(lambda c: c.execute(update(table).values(**values)))


def deletes(stub):
    return sum(method == "DELETE" for method, _ in stub.asked)


def failing(status, methods=("DELETE", "POST", "PATCH")):
    async def fault(handler):
        if handler.request.method in methods:
            handler.set_status(status)
            return True
        return False

    return fault


async def test_asked_approved_done(stub, store, desk):
    intent = await asked(desk)
    assert (intent.state, intent.actor, intent.source) == ("pending", "boss", SERVER)
    assert intent.target == {"user": "ada", "server": ""}
    assert stub.asked == []
    effect = await desk.describe(intent, "boss-token")
    assert effect.title == "Stop the server of “ada”?"
    assert stub.stopped == {}
    done = await desk.approve(intent.id, "boss-token", "boss", " too\nmuch memory ")
    assert done.state == "done"
    assert done.outcome["text"] == "Stopped the server of “ada”."
    assert stub.stopped == {("ada", ""): 1}
    assert results(store) == ["asked", "approved", "done"]
    (entry,) = store.read_now(audit.about, "ada")
    assert (entry.actor, entry.reason) == ("boss", "too much memory")


async def test_refused_nothing_happens(stub, store, desk):
    intent = await asked(desk)
    assert (await desk.refuse(intent.id, "boss", "not me")).state == "refused"
    with pytest.raises(NotPending) as raised:
        await desk.approve(intent.id, "boss-token", "boss")
    assert raised.value.state == "refused"
    assert deletes(stub) == 0


@pytest.mark.parametrize("kind", ["nothing", None, 3, "__class__", ["stop-server"], {}])
async def test_what_is_not_offered_cannot_be_asked(desk, kind):
    with pytest.raises(UnknownKind):
        await desk.ask(BOSS, kind, ADA)


@pytest.mark.parametrize("target", [None, [], "ada", {"user": 1}, {"user": "ada", "as": "root"}])
async def test_what_makes_no_sense_cannot_be_asked(store, desk, target):
    with pytest.raises(BadTarget):
        await desk.ask(BOSS, "stop-server", target)
    with pytest.raises(BadTarget, match="note"):
        await desk.ask(BOSS, "stop-server", ADA, "x" * 501)
    with pytest.raises(BadTarget, match="target"):
        await desk.ask(BOSS, "add-users", {"users": [f"{n:x>9000}" for n in range(30)]})
    assert results(store) == []


async def test_a24_who_asks_too_much_is_told_to_wait(desk):
    for _ in range(10):
        await asked(desk)
    with pytest.raises(TooManyIntents) as raised:
        await asked(desk)
    assert 0 < raised.value.retry_after <= 300


async def test_a4_a5_another_persons_intent_is_none(stub, store, desk):
    stub.add("mal", admin=True)
    stub.tokens["mal-token"] = ("mal", list(stub.tokens["boss-token"][1]))
    intent = await asked(desk)
    with pytest.raises(NoSuchIntent):
        await desk.get(intent.id, "mal")
    with pytest.raises(NoSuchIntent):
        await desk.approve(intent.id, "mal-token", "mal")
    with pytest.raises(NoSuchIntent):
        await desk.refuse(intent.id, "mal")
    with pytest.raises(HubRefused, match="somebody else"):
        await desk.approve(intent.id, "mal-token", "boss")
    with pytest.raises(NoSuchIntent):
        await desk.approve("no-such-id", "boss-token", "boss")
    await desk.refused_to(intent.id, "mal", "somebody else asked for it")
    assert deletes(stub) == 0
    assert (await desk.get(intent.id, "boss")).state == "pending"
    # each try stands in the log
    tried = [entry.actor for entry in store.read_now(audit.entries) if entry.result != "asked"]
    assert tried.count("mal") == 3


async def test_a5_an_expired_intent_does_nothing(stub, store, desk):
    intent = await asked(desk)
    change(store, expires=datetime.now(timezone.utc) - timedelta(seconds=1))
    assert (await desk.get(intent.id, "boss")).state == "expired"
    with pytest.raises(NotPending) as raised:
        await desk.approve(intent.id, "boss-token", "boss")
    assert raised.value.state == "expired"
    assert deletes(stub) == 0


async def test_a5_a_replayed_approval_does_nothing(stub, desk):
    intent = await asked(desk)
    await desk.approve(intent.id, "boss-token", "boss")
    stub.users["ada"]["servers"][""] = running("")
    with pytest.raises(NotPending):
        await desk.approve(intent.id, "boss-token", "boss")
    assert stub.stopped == {("ada", ""): 1}


async def test_a6_of_many_approvals_at_once_one_is_carried_out(stub, store, new_desk):
    desks = [await new_desk() for _ in range(3)]
    intent = await asked(desks[0])
    hold = asyncio.Event()

    async def wait(handler):
        # all are past the checks before the first one acts
        if handler.request.method == "DELETE":
            await hold.wait()
        return False

    stub.fault = wait
    approvals = [
        asyncio.ensure_future(desk.approve(intent.id, "boss-token", "boss"))
        for desk in desks
        for _ in range(5)
    ]
    ended = 0
    for ended, each in enumerate(asyncio.as_completed(approvals), 1):
        with pytest.raises(NotPending):
            await each
        if ended == 14:
            break
    hold.set()
    (winner,) = [task for task in approvals if not task.done() or not task.exception()]
    assert (await winner).state == "done"
    assert stub.stopped == {("ada", ""): 1}
    assert results(store).count("approved") == 1


async def test_a23_who_was_demoted_is_refused_at_once(stub, store, desk):
    intent = await asked(desk)
    stub.tokens["boss-token"] = ("boss", ["read:users", "list:users", "read:servers"])
    with pytest.raises(NotAllowed):
        await desk.approve(intent.id, "boss-token", "boss")
    assert deletes(stub) == 0
    assert results(store) == ["asked", "denied"]


async def test_f27_f28_a_login_that_has_ended_approves_nothing(stub, store, desk):
    intent = await asked(desk)
    del stub.tokens["boss-token"]
    with pytest.raises(HubRefused):
        await desk.approve(intent.id, "boss-token", "boss")
    assert (await desk.get(intent.id, "boss")).state == "pending"
    entry, *_ = store.read_now(audit.entries)
    assert (entry.actor, entry.action, entry.result) == ("boss", "stop-server", "denied")
    # F29: with a fresh one it goes on
    stub.tokens["fresh"] = (
        "boss",
        ["read:users", "read:servers", "delete:servers!group=x", "servers"],
    )
    assert (await desk.approve(intent.id, "fresh", "boss")).state == "done"


async def test_f28_a_token_that_is_revoked_after_the_approval_ends_in_a_clear_state(
    stub, store, desk
):
    intent = await asked(desk)

    async def revoke(handler):
        if handler.request.method == "DELETE":
            stub.tokens.clear()
        return False

    stub.fault = revoke
    ended = await desk.approve(intent.id, "boss-token", "boss")
    assert ended.state == "failed"
    assert "Nothing was done" in ended.outcome["text"]
    assert results(store) == ["asked", "approved", "failed"]


async def test_what_has_become_impossible_is_not_begun(stub, store, desk):
    intent = await asked(desk)
    stub.users["ada"]["servers"].clear()
    with pytest.raises(Impossible, match="does not run"):
        await desk.approve(intent.id, "boss-token", "boss")
    assert deletes(stub) == 0
    assert (await desk.get(intent.id, "boss")).state == "pending"


async def test_what_must_be_typed_is_compared_here(stub, desk):
    intent = await asked(desk, "grant-admin")
    for typed in ("", "boss", "ADA"):
        with pytest.raises(NotConfirmed, match="“ada”"):
            await desk.approve(intent.id, "boss-token", "boss", typed=typed)
    assert not stub.users["ada"]["admin"]
    assert (await desk.approve(intent.id, "boss-token", "boss", typed=" ada ")).state == "done"
    assert stub.users["ada"]["admin"]


@pytest.mark.parametrize(
    ("status", "words"), [(429, "ask again in"), (409, "so already"), (404, "no such")]
)
async def test_f26_a_hub_that_says_no_is_told(stub, desk, status, words):
    intent = await asked(desk)
    stub.fault = failing(status)
    ended = await desk.approve(intent.id, "boss-token", "boss")
    assert ended.state == "failed"
    assert words in ended.outcome["text"]
    assert deletes(stub) == 1


async def test_f1_a_hub_that_is_down_leaves_it_waiting(stub, desk):
    intent = await asked(desk)
    stub.fault = failing(503, ("GET",))
    with pytest.raises(HubUnavailable):
        await desk.approve(intent.id, "boss-token", "boss")
    assert (await desk.get(intent.id, "boss")).state == "pending"


async def settled(desk, intent, *states):
    """The intent when its checking has come to one of these."""
    while (found := await desk.get(intent.id, "boss")).state not in states:
        if checking := list(desk._checking.values()):
            await asyncio.wait(checking)
    return found


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_f2_f3_f7_a_stop_without_an_answer_is_unknown_then_read_again(
    stub, store, desk, status
):
    intent = await asked(desk)
    hold = asyncio.Event()

    async def lost(handler):
        if handler.request.method == "DELETE":
            del stub.users["ada"]["servers"][""]  # it worked
            handler.set_status(status)
            return True
        if deletes(stub):
            await hold.wait()  # and the hub restarts
        return False

    stub.fault = lost
    unknown = await desk.approve(intent.id, "boss-token", "boss")
    assert unknown.state == "unknown"
    assert "being checked" in unknown.outcome["text"]
    hold.set()
    assert (await settled(desk, intent, "done")).outcome["text"] == "Stopped the server of “ada”."
    assert deletes(stub) == 1
    assert results(store) == ["asked", "approved", "unknown", "done"]


async def test_f7_what_did_not_happen_is_failed_but_not_too_early(stub, desk, monkeypatch):
    intent = await asked(desk)
    stub.fault = failing(500)
    assert (await desk.approve(intent.id, "boss-token", "boss")).state == "unknown"
    await asyncio.wait(desk._checking.values())
    assert (await desk.get(intent.id, "boss")).state == "unknown"
    monkeypatch.setattr(IntentDesk, "FAILED_AFTER", timedelta(0))
    ended = await desk.settle(intent.id, "boss-token", "boss")
    assert ended.state == "failed"
    assert "still runs" in ended.outcome["text"]
    assert deletes(stub) == 1


async def test_f7_f10_a_service_that_was_killed_executes_nothing_twice(stub, store, new_desk):
    first = await new_desk()
    intent = await asked(first)
    store.write_now(intents.take, intent.id, "boss")  # and killed
    second = await new_desk()
    await second.recover()
    found = await second.get(intent.id, "boss")
    assert found.state == "unknown"
    assert "interrupted" in found.outcome["text"]
    assert stub.asked == []
    # the hub had stopped it; the administrator's next visit finds that out
    stub.users["ada"]["servers"].clear()
    await second.visit("boss-token", "boss")
    assert (await settled(second, intent, "done")).state == "done"
    assert deletes(stub) == 0
    with pytest.raises(NotPending):
        await second.approve(intent.id, "boss-token", "boss")


async def test_a_visit_of_somebody_else_checks_nothing(stub, store, desk):
    intent = await asked(desk)
    store.write_now(intents.take, intent.id, "boss")
    await desk.recover()
    await desk.visit("mal-token", "mal")
    assert stub.asked == []
    with pytest.raises(NoSuchIntent):
        await desk.settle(intent.id, "mal-token", "mal")


async def test_who_closes_the_page_stops_nothing(stub, store, desk):
    intent = await asked(desk)
    hold = asyncio.Event()

    async def wait(handler):
        if handler.request.method == "DELETE":
            await hold.wait()
        return False

    stub.fault = wait
    approval = asyncio.ensure_future(desk.approve(intent.id, "boss-token", "boss"))
    while not deletes(stub):
        await stub.arrivals.get()
    approval.cancel()
    hold.set()
    await desk.close()
    assert (await desk.get(intent.id, "boss")).state == "done"


async def test_a_desk_that_closes_leaves_nothing_behind(stub, desk, monkeypatch):
    monkeypatch.setattr(IntentDesk, "PATIENCE", 0.05)
    never = asyncio.Event()

    async def wait(handler):
        if handler.request.method == "DELETE":
            await never.wait()
        return False

    intent = await asked(desk)
    stub.fault = wait
    assert (await desk.approve(intent.id, "boss-token", "boss")).state == "executing"
    (task,) = desk._executing
    await desk.close()
    assert task.done()
    never.set()


async def test_what_takes_long_is_told_while_it_goes_on(stub, desk, monkeypatch):
    monkeypatch.setattr(IntentDesk, "PATIENCE", 0.05)
    intent = await asked(desk)
    hold = asyncio.Event()

    async def wait(handler):
        if handler.request.method == "DELETE":
            await hold.wait()
        return False

    stub.fault = wait
    assert (await desk.approve(intent.id, "boss-token", "boss")).state == "executing"
    hold.set()
    await asyncio.wait(desk._executing)
    assert (await desk.get(intent.id, "boss")).state == "done"


async def test_a_bug_in_an_action_is_unknown_and_no_crash(stub, desk, monkeypatch):
    intent = await asked(desk)

    async def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(desk.actions["stop-server"], "execute", broken)
    assert (await desk.approve(intent.id, "boss-token", "boss")).state == "unknown"


async def test_f12_what_came_of_it_is_stored_when_the_database_is_back(
    stub, store, desk, monkeypatch
):
    intent = await asked(desk)
    write, refused = store.write, []

    async def locked(function, *args, **kwargs):
        if function is intents.finish and not refused:
            refused.append(function)
            raise StoreUnavailable("another process keeps the database locked")
        return await write(function, *args, **kwargs)

    monkeypatch.setattr(store, "write", locked)
    assert (await desk.approve(intent.id, "boss-token", "boss")).state == "done"
    assert refused
    assert stub.stopped == {("ada", ""): 1}


async def test_f12_a_database_that_is_locked_lets_nothing_begin(stub, store, desk, monkeypatch):
    intent = await asked(desk)

    async def locked(function, *args, **kwargs):
        raise StoreUnavailable("another process keeps the database locked")

    monkeypatch.setattr(store, "write", locked)
    with pytest.raises(StoreUnavailable):
        await desk.approve(intent.id, "boss-token", "boss")
    assert deletes(stub) == 0


async def test_stop_all_becomes_a_job_and_the_intent_ends_with_it(stub, store, desk):
    for n in range(30):
        stub.add(f"u{n}", servers=[""])

    async def fails(handler):
        if handler.path_asked == "/users/u7/server":
            handler.set_status(500)
            return True
        return False

    stub.fault = fails
    intent = await asked(desk, "stop-all", {})
    with pytest.raises(NotConfirmed):
        await desk.approve(intent.id, "boss-token", "boss", "maintenance")
    begun = await desk.approve(intent.id, "boss-token", "boss", "maintenance", typed="stop all")
    assert begun.job
    await desk._runner.run(begun.job)
    ended = await desk.get(intent.id, "boss")
    assert ended.state == "partly"
    assert ended.outcome["text"].startswith("Stopped 30 servers. 1 did not stop")
    job = store.read_now(jobs.get, begun.job)
    assert (job.reason, job.token) == ("maintenance", None)
    assert job.counts == {"done": 30, "failed": 1}


async def test_a_cancelled_job_ends_its_intent(stub, store, desk):
    intent = await asked(desk, "stop-all", {})
    hold = asyncio.Event()

    async def wait(handler):
        if handler.request.method == "DELETE":
            await hold.wait()
        return False

    stub.fault = wait
    begun = await desk.approve(intent.id, "boss-token", "boss", typed="stop all")
    await desk._runner.cancel(begun.job, "boss")
    hold.set()
    await desk._runner.run(begun.job)
    assert (await desk.get(intent.id, "boss")).state == "cancelled"


async def test_a20_no_token_is_stored_or_told(stub, store, desk, tmp_path, caplog):
    stub.tokens["a-very-secret-token"] = stub.tokens["boss-token"]
    intent = await asked(desk)
    stub.fault = failing(500)
    await desk.approve(intent.id, "a-very-secret-token", "boss")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"a-very-secret-token" not in kept
    assert "a-very-secret-token" not in caplog.text
    assert "a-very-secret-token" not in repr(store.read_now(audit.entries))


# --- against a real hub -------------------------------------------------------------------------

REAL = """
c.JupyterHub.allow_named_servers = True
# as Zero to JupyterHub sets them: the hub answers before a server is there or gone
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0, "slow_stop_timeout": 0}
"""

CONSOLE = ["list:users", "read:users", "read:servers", "servers", "admin:users"]


@pytest.fixture(scope="module")
def real(hubs):
    return hubs.start(REAL, service=False)


@pytest.fixture
def real_desk(real, store, jp_asyncio_loop, monkeypatch):
    monkeypatch.setattr(IntentDesk, "PATIENCE", 60.0)
    monkeypatch.setattr("jupyter_2i2c.hub.actions.servers._OneServer.POLL", 0.2)

    async def make():
        api = HubApi(f"{real.url}hub/api")
        runner = JobRunner(store, api)
        context = Context(admin_users=frozenset({"boss"}), admin_users_feature=True)
        return api, runner, IntentDesk(store, api, registry(context), runner)

    api, runner, desk = jp_asyncio_loop.run_until_complete(make())
    yield desk
    jp_asyncio_loop.run_until_complete(desk.close())
    jp_asyncio_loop.run_until_complete(runner.close())
    api.close()


async def decided(desk, person, token, kind, target, typed=""):
    intent = await desk.ask(Identity(person, frozenset()), kind, target, "", SERVER)
    return await desk.approve(intent.id, token, person, "because", typed)


@pytest.mark.end_to_end
async def test_f40_on_a_real_hub_servers_are_started_and_stopped(hubs, real, real_desk, store):
    boss, ada = hubs.log_in(real, "boss"), hubs.log_in(real, "ada")
    token = boss.token(scopes=CONSOLE)
    hub = real_desk._api.as_person(token)
    assert {"servers", "delete:servers", "list:users"} <= (await hub.whoami()).scopes
    assert await hub.version() == real.version

    started = await decided(real_desk, "boss", token, "start-server", ADA)
    assert (started.state, started.outcome["text"]) == ("done", "Started the server of “ada”.")
    server = await hub.server("ada")
    assert server.ready
    assert server.started
    with pytest.raises(Impossible, match="runs already"):
        await decided(real_desk, "boss", token, "start-server", ADA)
    intent = await real_desk.ask(BOSS, "stop-server", ADA)
    tries = [real_desk.approve(intent.id, token, "boss") for _ in range(4)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert [each.state for each in ended if not isinstance(each, NotPending)] == ["done"]
    assert await hub.server("ada") is None

    # all of them, a named one and the approver's own among them
    ada.start_server()
    ada.start_server("gpu")
    boss.start_server()
    begun = await decided(real_desk, "boss", token, "stop-all", {}, "stop all")
    await real_desk._runner.run(begun.job)
    assert store.read_now(jobs.get, begun.job).counts == {"done": 3}
    assert (await real_desk.get(begun.id, "boss")).state == "done"
    assert (await hub.users(state="active")).items == ()
    order = [
        entry.target["user"] for entry in store.read_now(audit.entries) if entry.source == "job"
    ]
    assert order[0] == "boss"


@pytest.mark.end_to_end
async def test_a23_f41_on_a_real_hub_people_and_rights(hubs, real, real_desk):
    boss, ada, mal = (hubs.log_in(real, name) for name in ("boss", "ada", "mal"))
    token = boss.token(scopes=CONSOLE)
    hub = real_desk._api.as_person(token)

    names = ["50%_of", "50xxof", "ünï@é", "a b", "ADA", "with/slash"]
    added = await decided(real_desk, "boss", token, "add-users", {"users": names})
    assert added.state == "partly"
    assert added.outcome["refused"] == ["with/slash"]
    assert sorted(added.outcome["created"]) == sorted(["50%_of", "50xxof", "ünï@é", "a b"])
    for name in added.outcome["created"]:
        assert (await hub.user(name)).name == name
        assert await hub.stop(name) == "stopped"
    page = await hub.users(name_filter="%_O")
    assert [person.name for person in page.items] == ["50%_of"]
    assert page.at_most

    # an ordinary user may ask, and the hub grants nothing
    mals = mal.token()
    for kind, target in (("stop-server", ADA), ("grant-admin", {"user": "mal"})):
        with pytest.raises((NotAllowed, Impossible)):
            await decided(real_desk, "mal", mals, kind, target, "mal")
    assert not (await hub.user("mal")).admin

    granted = await decided(real_desk, "boss", token, "grant-admin", ADA, "ada")
    assert granted.state == "done"
    adas = ada.token(scopes=CONSOLE)
    assert "admin:users" in (await real_desk._api.as_person(adas).whoami()).scopes
    for target in ({"user": "boss"}, {"user": "ada"}):
        intent = await real_desk.ask(Identity("ada", frozenset()), "revoke-admin", target)
        effect = await real_desk.describe(intent, adas)
        assert bool(effect.impossible) == (target == ADA)
    revoked = await decided(real_desk, "boss", token, "revoke-admin", ADA, "ada")
    assert revoked.state == "done"
    # at once, with the token that was good a moment ago
    with pytest.raises(NotAllowed):
        await decided(real_desk, "ada", adas, "revoke-admin", {"user": "boss"}, "boss")
    assert (await hub.user("boss")).admin

    boss.api("POST", "groups/chairs", json={"users": ["ada", "50%_of"]}).raise_for_status()
    everything = real_desk._api.as_person(boss.token())
    assert (await everything.group("chairs")).members == ("ada", "50%_of")
    assert (await everything.groups(limit=1)).total == 1
    assert await everything.services() == ()
