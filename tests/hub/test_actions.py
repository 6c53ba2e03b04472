"""What can be asked for: what is shown before, what is done, what came of it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest

from jupyter_2i2c.hub.actions import Action, BadTarget, Context, registry
from jupyter_2i2c.hub.actions.people import names_in
from jupyter_2i2c.hub.actions.servers import StopServer
from jupyter_2i2c.hub.actions.wording import ago, for_long
from jupyter_2i2c.hub.hub_api import HubApi, HubRefused, HubUnavailable, Uncertain

from .stub_hub import StubHub, running

ADA = {"user": "ada", "server": ""}


@dataclass(frozen=True)
class Approved:
    """As much of an intent as an action sees."""

    id: str = "1"
    actor: str = "boss"
    source: str = "console"
    decided: datetime = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    stub.add("ada", servers=[""])
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def boss(stub, jp_asyncio_loop, monkeypatch):
    async def make():
        return HubApi(stub.url)

    monkeypatch.setattr("jupyter_2i2c.hub.actions.servers._OneServer.POLL", 0.01)
    api = jp_asyncio_loop.run_until_complete(make())
    yield api.as_person("boss-token")
    api.close()


@pytest.fixture
def actions():
    context = Context(
        admin_users=frozenset({"boss", "grace"}),
        admin_groups=frozenset({"chairs"}),
        admin_users_feature=True,
    )
    return registry(context)


async def refuse_everything(handler):
    handler.refuse(403)
    return True


def test_changing_rights_is_offered_only_where_it_is_switched_on(actions):
    assert set(registry(Context())) == {"stop-server", "start-server", "stop-all"}
    assert set(actions) - set(registry(Context())) == {"add-users", "grant-admin", "revoke-admin"}
    assert all(isinstance(action, Action) and action.scopes for action in actions.values())


@pytest.mark.parametrize("name", ["stop-server", "start-server", "grant-admin", "revoke-admin"])
@pytest.mark.parametrize(
    "target",
    [
        {},
        {"user": ""},
        {"user": 3},
        {"user": None},
        {"user": ["ada"]},
        {"user": "x" * 256},
        {"user": "a\0b"},
        {"user": "a\u202eb"},
        {"user": "\ud800"},
        {"user": ".."},
        {"user": " ada"},
        {"user": "ada", "admin": True},
    ],
)
def test_a5_a_target_that_makes_no_sense_is_refused(actions, name, target):
    with pytest.raises(BadTarget) as raised:
        actions[name].check(target)
    assert len(str(raised.value)) < 100


def test_a_target_has_one_form(actions):
    assert actions["stop-server"].check({"user": "ada"}) == ADA
    assert actions["stop-server"].check({"server": "", "user": "ada"}) == ADA
    assert actions["add-users"].check({"users": ["a", "b", "a"]}) == {"users": ["a", "b"]}
    assert actions["stop-all"].check({}) == {}
    for target in (
        {"users": "abc"},
        {"users": []},
        {"users": [""]},
        {"users": [str(n) for n in range(501)]},
    ):
        with pytest.raises(BadTarget):
            actions["add-users"].check(target)
    with pytest.raises(BadTarget):
        actions["stop-all"].check({"user": "ada"})


async def test_stop_one_server(stub, boss, actions):
    stop = actions["stop-server"]
    effect = await stop.describe(boss, ADA, "boss")
    assert effect.title == "Stop the server of “ada”?"
    assert "running for" in effect.detail
    assert "unsaved changes" in effect.detail
    assert (effect.tells, effect.impossible, effect.warnings) == ("ada", "", ())
    outcome = await stop.execute(boss, ADA, Approved())
    assert (outcome.state, outcome.text) == ("done", "Stopped the server of “ada”.")
    assert stub.stopped == {("ada", ""): 1}
    assert "does not run" in (await stop.describe(boss, ADA, "boss")).impossible
    assert (await stop.execute(boss, ADA, Approved())).state == "done"
    assert stub.stopped_again == []


async def test_a_server_that_takes_long_to_stop_is_watched(stub, boss, actions):
    stub.slow_stop.add("ada")
    task = asyncio.ensure_future(actions["stop-server"].execute(boss, ADA, Approved()))
    while ("DELETE", "/users/ada/server") not in stub.asked:
        await stub.arrivals.get()
    await stub.arrivals.get()
    assert not task.done()
    assert "being stopped" in (await actions["stop-server"].describe(boss, ADA, "boss")).impossible
    stub.finish_stops()
    assert (await task).state == "done"
    assert stub.stopped == {("ada", ""): 1}


async def test_a_server_that_never_stops_is_left_unknown(stub, boss, actions, monkeypatch):
    monkeypatch.setattr(StopServer, "PATIENCE", 0.03)
    stub.slow_stop.add("ada")
    assert (await actions["stop-server"].execute(boss, ADA, Approved())).state == "unknown"


async def test_f28_a_login_that_ends_while_a_server_stops_leaves_it_unknown(stub, boss, actions):
    stub.slow_stop.add("ada")
    task = asyncio.ensure_future(actions["stop-server"].execute(boss, ADA, Approved()))
    while ("DELETE", "/users/ada/server") not in stub.asked:
        await stub.arrivals.get()
    stub.tokens.clear()
    assert (await task).state == "unknown"


async def test_a22_stopping_the_own_server_says_so(stub, boss, actions):
    stub.add("boss", admin=True, servers=[""])
    effect = await actions["stop-server"].describe(boss, {"user": "boss", "server": ""}, "boss")
    assert "your own server" in effect.warnings[0]
    assert effect.tells == ""


async def test_start_one_server(stub, boss, actions):
    start = actions["start-server"]
    assert "runs already" in (await start.describe(boss, ADA, "boss")).impossible
    await boss.stop("ada")
    effect = await start.describe(boss, ADA, "boss")
    assert (effect.impossible, effect.dangerous) == ("", False)
    assert (await start.execute(boss, ADA, Approved())).text == "Started the server of “ada”."
    assert stub.running() == {("ada", "")}
    # somebody else was faster
    assert (await start.execute(boss, ADA, Approved())).state == "done"


async def test_a_start_that_takes_long_is_watched_and_its_failure_told(stub, boss, actions):
    await boss.stop("ada")
    stub.slow_start.add("ada")
    for ends, state in (
        (stub.finish_starts, "done"),
        (stub.users["ada"]["servers"].clear, "failed"),
    ):
        task = asyncio.ensure_future(actions["start-server"].execute(boss, ADA, Approved()))
        while stub.users["ada"]["servers"].get("", {}).get("pending") != "spawn":
            await stub.arrivals.get()
        ends()
        assert (await task).state == state
        stub.users["ada"]["servers"].clear()


async def test_a_named_server_that_is_not_there_is_not_made(stub, boss, actions):
    effect = await actions["start-server"].describe(boss, {"user": "ada", "server": "gpu"}, "boss")
    assert "no server of that name" in effect.impossible
    stub.users["ada"]["servers"]["gpu"] = running("gpu", stopped=True, ready=False)
    effect = await actions["start-server"].describe(boss, {"user": "ada", "server": "gpu"}, "boss")
    assert effect.impossible == ""


@pytest.mark.parametrize("name", ["stop-server", "start-server", "grant-admin", "revoke-admin"])
async def test_a_vanished_user_is_said_before(boss, actions, name):
    target = actions[name].check({"user": "nobody"})
    assert "no user “nobody”" in (await actions[name].describe(boss, target, "boss")).impossible


async def test_f7_what_came_of_a_stop_that_nobody_saw_end(stub, boss, actions):
    stop = actions["stop-server"]
    assert (await stop.settle(boss, ADA, Approved())).state == "failed"
    stub.users["ada"]["servers"][""] = running("", pending="stop", ready=False)
    assert await stop.settle(boss, ADA, Approved()) is None
    stub.users["ada"]["servers"][""] = running("", started="2026-11-21T13:00:00Z")
    assert "started again since" in (await stop.settle(boss, ADA, Approved())).text
    stub.users["ada"]["servers"].clear()
    assert (await stop.settle(boss, ADA, Approved())).state == "done"
    del stub.users["ada"]
    assert (await stop.settle(boss, ADA, Approved())).state == "done"
    assert {method for method, _ in stub.asked} == {"GET"}


async def test_f7_what_came_of_a_start_that_nobody_saw_end(stub, boss, actions):
    start = actions["start-server"]
    assert (await start.settle(boss, ADA, Approved())).state == "done"
    stub.users["ada"]["servers"][""] = running("", pending="spawn", ready=False)
    assert await start.settle(boss, ADA, Approved()) is None
    stub.users["ada"]["servers"].clear()
    assert (await start.settle(boss, ADA, Approved())).state == "failed"


async def test_stop_all_says_how_many_and_makes_a_list_with_the_own_server_last(
    stub, boss, actions
):
    stub.users["boss"]["servers"][""] = running("")
    stub.add("grace", servers=["", "gpu"])
    stub.add("idle")
    effect = await actions["stop-all"].describe(boss, {}, "boss")
    assert effect.title == "Stop all 4 servers of 3 people?"
    assert effect.type_to_confirm == "stop all"
    assert effect.rows[1][1] == "small: 4"
    assert any("Your own server" in warning for warning in effect.warnings)
    outcome = await actions["stop-all"].execute(boss, {}, Approved())
    assert outcome.state == "running"
    assert [item[:2] for item in outcome.items] == [
        ("ada", ""),
        ("grace", ""),
        ("grace", "gpu"),
        ("boss", ""),
    ]
    assert outcome.items[0][2] == "2026-11-21T00:00:00+00:00"
    assert stub.stopped == {}
    # interrupted here, no job was stored
    assert (await actions["stop-all"].settle(boss, {}, Approved())).state == "failed"


async def test_stop_all_where_nothing_runs_or_nothing_is_seen(stub, boss, actions):
    await boss.stop("ada")
    assert (await actions["stop-all"].describe(boss, {}, "boss")).impossible == "No server runs."
    assert (await actions["stop-all"].execute(boss, {}, Approved())).state == "done"
    stub.users["ada"]["servers"][""] = running("")
    stub.tokens["boss-token"][1].remove("read:servers")
    assert "may not see" in (await actions["stop-all"].describe(boss, {}, "boss")).impossible


async def test_add_users_with_a_preview(stub, boss, actions):
    add = actions["add-users"]
    target = add.check({"users": ["New", "ADA", "a/b", "other"]})
    effect = await add.describe(boss, target, "boss")
    assert effect.title == "Add 2 users?"
    assert [row[:2] for row in effect.rows] == [
        ("New", "2"),
        ("Already there", "1"),
        ("Not valid", "1"),
    ]
    outcome = await add.execute(boss, target, Approved())
    assert outcome.state == "partly"
    assert outcome.detail == {"created": ["new", "other"], "refused": ["a/b"]}
    assert "1 was there already" in outcome.text
    assert (await add.settle(boss, target, Approved())).state == "done"
    assert "None of the names" in (await add.describe(boss, target, "boss")).impossible


async def test_one_name_that_the_hub_does_not_take_keeps_nobody_else_out(stub, boss, actions):
    target = actions["add-users"].check({"users": ["one", "x y", "two"]})
    outcome = await actions["add-users"].execute(boss, target, Approved())
    assert outcome.state == "partly"
    assert outcome.detail == {"created": ["one", "two"], "refused": ["x y"]}
    assert "x y" in outcome.text


async def test_f2_adding_many_that_breaks_off_says_what_is_done(stub, boss, actions):
    target = actions["add-users"].check({"users": [f"u{n}" for n in range(120)]})

    async def second(handler):
        if handler.request.method == "POST" and "u60" in handler.request.body.decode():
            handler.set_status(500)
            return True
        return False

    stub.fault = second
    outcome = await actions["add-users"].execute(boss, target, Approved())
    assert outcome.state == "partly"
    assert "Added 50 users. Then it ended, because the hub answered 500." in outcome.text
    stub.fault = None
    settled = await actions["add-users"].settle(boss, target, Approved())
    assert settled.state == "partly"
    assert len(settled.detail["missing"]) == 70


async def test_f2_names_that_are_added_one_by_one_until_it_breaks_off_are_told(stub, boss, actions):
    target = actions["add-users"].check({"users": ["one", "x y", "two"]})

    async def third(handler):
        if (
            handler.request.method == "POST"
            and handler.request.body == b'{"usernames": ["two"], "admin": false}'
        ):
            handler.set_status(403)
            return True
        return False

    stub.fault = third
    outcome = await actions["add-users"].execute(boss, target, Approved())
    assert (outcome.state, outcome.detail["created"]) == ("partly", ["one"])


async def test_f24_who_is_there_is_looked_for_a_few_at_a_time(stub, boss, actions):
    target = actions["add-users"].check({"users": [f"u{n}" for n in range(60)]})
    assert "60" in (await actions["add-users"].describe(boss, target, "boss")).title
    assert stub.most_at_once <= 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("\n \n", []),
        ("ada\n grace \nada\n", ["ada", "grace"]),
        ("ada, grace,  mary", ["ada", "grace", "mary"]),
        ("ada\r\ngrace", ["ada", "grace"]),
        ("email,username\na@b.example,ada\nc@d.example,grace\nshort", ["ada", "grace"]),
        ("ada,Ada L.\ngrace,Grace H.", ["ada", "grace"]),
        ("x" * 200_000 + ",ada", ["x" * 200_000 + ",ada"]),
        ('username\n"with, comma"', ["with, comma"]),
        ('"never closed\nada', ["never closed", "ada"]),
    ],
)
def test_names_in_what_is_pasted(text, names):
    assert names_in(text) == names


async def test_grant_the_rights_of_an_administrator(stub, boss, actions):
    target = {"user": "ada"}
    effect = await actions["grant-admin"].describe(boss, target, "boss")
    assert (effect.type_to_confirm, effect.tells, effect.dangerous) == ("ada", "ada", True)
    assert "database only" in effect.warnings[0]
    assert "decides at each login" in effect.warnings[1]
    assert (await actions["grant-admin"].settle(boss, target, Approved())).state == "failed"
    assert (await actions["grant-admin"].execute(boss, target, Approved())).state == "done"
    assert (await actions["grant-admin"].settle(boss, target, Approved())).state == "done"
    assert "already" in (await actions["grant-admin"].describe(boss, target, "boss")).impossible


async def test_a_hub_that_changes_no_rights_is_not_believed(stub, boss, actions):
    async def ignores(handler):
        if handler.request.method != "PATCH":
            return False
        handler.finish({"name": "ada", "admin": False})
        return True

    stub.fault = ignores
    assert (
        await actions["grant-admin"].execute(boss, {"user": "ada"}, Approved())
    ).state == "failed"


async def test_where_rights_come_from_and_that_configuration_puts_them_back(stub, boss, actions):
    stub.add("grace", admin=True, groups=["chairs", "others"], roles=("user", "helper"))
    effect = await actions["revoke-admin"].describe(boss, {"user": "grace"}, "boss")
    assert [row[0] for row in effect.rows] == [
        "The hub's database",
        "Configuration",
        "Group",
        "Role",
    ]
    assert "Authenticator.admin_users names this person" in effect.warnings[0]
    assert "next login puts it back" in effect.warnings[1]
    assert effect.impossible == ""
    assert (
        await actions["revoke-admin"].execute(boss, {"user": "grace"}, Approved())
    ).state == "done"
    assert not stub.users["grace"]["admin"]
    again = await actions["revoke-admin"].describe(boss, {"user": "grace"}, "boss")
    assert "no flag that could be taken" in again.impossible


async def test_a22_nobody_takes_their_own_rights(stub, boss, actions):
    stub.add("grace", admin=True)
    target = {"user": "boss"}
    assert "their own" in (await actions["revoke-admin"].describe(boss, target, "boss")).impossible
    assert (await actions["revoke-admin"].execute(boss, target, Approved())).state == "failed"
    assert stub.users["boss"]["admin"]


async def test_a22_the_last_administrator_stays(stub, boss, actions):
    stub.add("grace", admin=True)
    target = {"user": "grace"}
    assert (await actions["revoke-admin"].describe(boss, target, "boss")).impossible == ""
    # the other one goes between the page and the click
    stub.users["boss"].update(admin=False, roles=["user"])
    outcome = await actions["revoke-admin"].execute(boss, target, Approved())
    assert outcome.state == "failed"
    assert "last administrator" in outcome.text
    assert stub.users["grace"]["admin"]
    # nor does one count whom only a group could make one, at a login that may never come
    stub.add("ada", groups=["chairs"])
    assert "last" in (await actions["revoke-admin"].describe(boss, target, "boss")).impossible
    # who is one by a role in the configuration, without the flag, is one
    stub.add("ada", roles=("user", "admin"))
    assert (await actions["revoke-admin"].describe(boss, target, "boss")).impossible == ""
    assert (await actions["revoke-admin"].execute(boss, target, Approved())).state == "done"


@pytest.mark.parametrize(
    "name", ["stop-server", "start-server", "stop-all", "grant-admin", "add-users"]
)
async def test_f27_f28_a_refusal_of_the_hub_is_not_hidden(stub, boss, actions, name):
    target = {"stop-all": {}, "grant-admin": {"user": "ada"}, "add-users": {"users": ["x"]}}.get(
        name, ADA
    )
    stub.fault = refuse_everything
    with pytest.raises(HubRefused):
        await actions[name].execute(boss, target, Approved())


@pytest.mark.parametrize("name", ["stop-server", "start-server", "grant-admin", "add-users"])
async def test_f2_a_change_whose_answer_is_an_error_is_uncertain(stub, boss, actions, name):
    target = {"grant-admin": {"user": "ada"}, "add-users": {"users": ["x"]}}.get(name, ADA)

    async def fails(handler):
        if handler.request.method == "GET":
            return False
        handler.set_status(500)
        return True

    stub.fault = fails
    with pytest.raises(Uncertain):
        await actions[name].execute(boss, target, Approved())


async def test_f5_a_hub_that_hangs_while_a_server_is_watched_is_asked_again(stub, boss, actions):
    stub.slow_stop.add("ada")
    answers = 0

    async def shaky(handler):
        nonlocal answers
        answers += 1
        if handler.request.method == "GET" and answers in (3, 4):
            handler.set_status(503)
            return True
        if answers == 5:
            stub.finish_stops()
        return False

    stub.fault = shaky
    assert (await actions["stop-server"].execute(boss, ADA, Approved())).state == "done"


async def test_f1_a_hub_that_is_gone_is_said(stub, actions):
    api = HubApi("http://127.0.0.1:9/hub/api")
    with pytest.raises(HubUnavailable):
        await actions["stop-server"].describe(api.as_person("t"), ADA, "boss")
    api.close()


def test_times_as_people_read_them():
    at = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
    for earlier, words in {
        "2026-11-21T08:48:00+00:00": "3 h 12 min",
        "2026-11-21T11:59:30+00:00": "less than a minute",
        "2026-11-19T11:30:00+00:00": "2 days",
        "2026-11-20T11:00:00+00:00": "1 day 1 h",
        "2026-11-21T14:00:00+00:00": "less than a minute",
        "2026-11-21T09:00:30+00:00": "2 h 59 min",
    }.items():
        assert for_long(at, datetime.fromisoformat(earlier)) == words
    assert ago(at, None) == "not known"
