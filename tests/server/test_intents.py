"""`jupyter-2i2c/admin`, `intents` and `done`: asking for an admin action, and being told of those of others."""

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_2i2c.hub.actions import Context, registry
from jupyter_2i2c.hub.actions.export import ExportHub
from jupyter_2i2c.hub.api.intents import export_to_json
from jupyter_2i2c.hub.scopes import ACCESS
from jupyter_2i2c.hub.store.exports import Export
from jupyter_2i2c.server.base import HubPanelHandler
from jupyter_2i2c.server.hub_client import HubClient

INTENT = {"id": "abc", "state": "pending", "expires": "2026-11-21T11:17:00Z", "url": "/x/abc"}

ASKED = {
    "kind": "stop-server",
    "target": {"user": "grace", "server": ""},
    "note": "the node is full",
}

DONE = {
    "time": "2026-11-21T08:40:00Z",
    "actor": "ada",
    "action": "stop-server",
    "text": "Your server was stopped.",
    "reason": "The node is full.",
}

ME = {
    "version": 1,
    "console": "/services/2i2c-console/",
    "administrator": True,
    "actions": ["stop-server", "stop-all"],
    "done": [DONE],
}

SAFE = [ACCESS, "access:servers!server=ada/", "users:activity!user=ada"]


@pytest.fixture
def service(stand_in):
    """Makes the stand-in a hub whose service answers like this; the server's token has these scopes."""

    def make(me=ME, status=200, scopes=SAFE):
        def answer(handler):
            if handler.request.path.startswith("/hub/api/"):
                handler.finish(json.dumps({"name": "ada", "scopes": scopes}))
                return
            handler.set_status(status)
            handler.finish(me if isinstance(me, str) else json.dumps(me))

        stand_in.answer = answer
        return stand_in

    return make


@pytest.fixture
def visited_by(monkeypatch):
    """Says who asks, as the hub would."""

    def visit(name="ada", admin=True):
        monkeypatch.setattr(HubPanelHandler, "visitor", {"name": name, "admin": admin})

    visit()
    return visit


@pytest.fixture
def get(jp_fetch):
    async def get(*path, **params):
        return json.loads((await jp_fetch("jupyter-2i2c", *path, params=params)).body)

    return get


@pytest.fixture
def ask(jp_fetch):
    """Asks for something, as the panel does; a text is sent as it is."""

    async def ask(body=ASKED):
        body = body if isinstance(body, str) else json.dumps(body)
        return await jp_fetch("jupyter-2i2c", "intents", method="POST", body=body)

    return ask


async def refusal(question):
    """Status, message and headers of an answer that says no."""
    with pytest.raises(HTTPClientError) as error:
        await question
    response = error.value.response
    return error.value.code, json.loads(response.body)["message"], response.headers


# --- whether it is offered ------------------------------------------------------------------


async def test_the_owner_is_offered_what_the_service_says(get, service, visited_by):
    service()
    assert await get("admin") == {
        "offered": True,
        "state": "ok",
        "why": "",
        "console": "/services/2i2c-console/",
        "actions": ["stop-server", "stop-all"],
    }


async def test_it_is_offered_by_the_services_hint_and_not_by_the_hubs_flag(
    get, service, visited_by
):
    service({**ME, "administrator": False})
    answer = await get("admin")
    assert (answer["offered"], answer["why"], answer["actions"]) == (False, "", [])
    service()
    visited_by(admin=False)
    assert (await get("admin", refresh="1"))["offered"] is True


async def test_many_looks_ask_the_service_once(get, service, visited_by):
    stand_in = service()
    await asyncio.gather(get("admin"), get("done"), get("admin"))
    await get("done")
    assert stand_in.paths.count("/services/2i2c/api/v1/me") == 1
    await get("admin", refresh="1")
    assert stand_in.paths.count("/services/2i2c/api/v1/me") == 2


@pytest.mark.parametrize(("admin", "told"), [(True, True), (False, False)])
async def test_a_visitor_is_offered_nothing_and_an_administrator_is_told_why(
    get, service, visited_by, admin, told
):
    stand_in = service()
    visited_by("boss", admin)
    answer = await get("admin")
    assert answer["offered"] is False
    assert answer["console"] == ""
    assert ("somebody else's server" in answer["why"]) is told
    assert await get("done") == {"done": []}
    assert stand_in.requests == []


async def test_without_a_hub_or_a_service_nothing_is_said(get, no_hub, visited_by):
    answer = await get("admin")
    assert (answer["offered"], answer["why"]) == (False, "")
    assert await get("done") == {"done": []}


async def test_without_a_service_nothing_is_said(get, stand_in, monkeypatch, visited_by):
    monkeypatch.delenv("JUPYTER_2I2C_SERVICE_URL")
    answer = await get("admin")
    assert (answer["offered"], answer["why"]) == (False, "")
    assert stand_in.requests == []


@pytest.mark.parametrize("scope", ["tokens!user=ada", "self", "inherit", "admin:users", "tokens"])
async def test_a13_a_token_that_can_mint_is_refused_with_the_mend(get, service, visited_by, scope):
    service(scopes=[*SAFE, scope])
    answer = await get("admin")
    assert (answer["offered"], answer["state"], answer["actions"]) == (False, "minting", [])
    assert "narrow_admin_servers=True" in answer["why"]
    assert answer["console"] == "/services/2i2c-console/"


async def test_a13_the_services_own_refusal_is_told(get, service, visited_by):
    service({"message": "your token can mint tokens; do this"}, 403, [*SAFE, "tokens!user=ada"])
    answer = await get("admin")
    assert (answer["state"], answer["why"]) == ("minting", "your token can mint tokens; do this")


async def test_a_server_older_than_the_service_asks_administrators_to_restart_it(
    get, service, visited_by
):
    service({"message": "it lacks the scope"}, 403, ["tokens!user=ada"])
    answer = await get("admin")
    assert (answer["offered"], answer["state"]) == (False, "restart")
    assert "Restart it" in answer["why"]
    visited_by(admin=False)
    assert (await get("admin", refresh="1"))["why"] == ""


@pytest.mark.parametrize(
    ("status", "body"), [(500, "oops"), (503, "<html>"), (200, "<html>Welcome</html>"), (429, "")]
)
async def test_f1_f4_a_service_that_does_not_answer_is_said_to_administrators(
    get, service, visited_by, status, body
):
    service()
    assert len((await get("done"))["done"]) == 1
    service(body, status)
    answer = await get("admin", refresh="1")
    assert (answer["offered"], answer["state"]) == (False, "unavailable")
    assert answer["why"].startswith("The hub's service answered ")
    assert "<html>" not in answer["why"]
    assert len((await get("done"))["done"]) == 1  # what was done stays done
    visited_by(admin=False)
    assert (await get("admin"))["why"] == ""


async def test_f5_a_slow_service_is_given_up(get, ask, service, visited_by, monkeypatch):
    monkeypatch.setattr(HubClient, "TOTAL_TIMEOUT", 0.2)
    never = asyncio.Event()
    service().answer = lambda _: never.wait()
    assert (await get("admin"))["state"] == "unavailable"
    code, message, _ = await refusal(ask())
    assert (code, "does not answer" in message) == (503, True)
    never.set()


@pytest.mark.parametrize(
    "me",
    [
        [],
        None,
        {"administrator": "yes", "actions": 3, "done": {}, "console": 3},
        {"administrator": True, "actions": [3, "../x", "stop-all"], "console": "javascript:1"},
        {
            "administrator": True,
            "console": "//evil.example/",
            "done": [3, {"time": 4, "actor": []}],
        },
        {"administrator": True, "console": "/\\evil.example/", "done": [DONE] * 500},
    ],
)
async def test_nonsense_of_the_service_is_left_out(get, service, visited_by, me):
    service(me)
    answer = await get("admin")
    assert answer["console"] == ""
    assert set(answer["actions"]) <= {"stop-all"}
    for each in (await get("done"))["done"]:
        assert all(isinstance(value, str) for value in each.values())
    assert len((await get("done"))["done"]) <= 20


async def test_the_owner_is_told_what_was_done_to_them(get, service, visited_by):
    service({**ME, "administrator": False, "done": [{**DONE, "more": 1, "reason": "x" * 9999}]})
    visited_by(admin=False)
    (done,) = (await get("done"))["done"]
    assert done == {**DONE, "reason": "x" * 500}


# --- asking ---------------------------------------------------------------------------------


async def test_an_intent_is_handed_on_as_it_was_asked(ask, service, visited_by):
    stand_in = service({**INTENT, "new in a later version": 1}, 201)
    answer = await ask({**ASKED, "actor": "somebody else", "source": "another server"})
    assert answer.code == 201
    assert json.loads(answer.body)["url"] == "/x/abc"
    (request,) = stand_in.requests
    assert (request.method, request.path) == ("POST", "/services/2i2c/api/v1/intents")
    assert request.headers["Authorization"] == "token server-token"
    assert json.loads(request.body) == ASKED  # who asks is not the asker's to say


async def test_an_intent_is_followed(get, service, visited_by, data):
    example = json.loads((data / "intent.json").read_text("utf-8"))
    stand_in = service(example)
    assert await get("intents", example["id"]) == example
    assert stand_in.paths == [f"/services/2i2c/api/v1/intents/{example['id']}"]


@pytest.mark.parametrize("name", ["..", "a%2Fb", "a b", "x" * 65, "ä"])
async def test_a19_only_an_intents_name_is_asked_for(get, service, visited_by, name):
    stand_in = service(INTENT)
    with pytest.raises(HTTPClientError) as error:
        await get("intents", name)
    assert error.value.code == 404
    assert stand_in.requests == []


@pytest.mark.parametrize("admin", [True, False])
async def test_only_the_owner_can_ask_and_follow(get, ask, service, visited_by, admin):
    stand_in = service(INTENT, 201)
    visited_by("boss", admin)
    for question in (ask(), get("intents", "abc")):
        code, message, _ = await refusal(question)
        assert (code, "only the server's owner" in message) == (403, True)
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ({}, 400),
        ({**ASKED, "kind": 3}, 400),
        ({**ASKED, "target": "grace"}, 400),
        ({**ASKED, "note": None}, 400),
        ({**ASKED, "note": "x" * 501}, 400),
        ({**ASKED, "target": {"users": ["x" * 100_000]}}, 413),
    ],
)
async def test_what_cannot_be_asked_is_said_here(ask, service, visited_by, body, code):
    stand_in = service(INTENT, 201)
    given, message, _ = await refusal(ask(body))
    assert given == code
    assert message
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (400, '{"message": "100% of no user"}', 400, "100% of no user"),
        (400, json.dumps({"message": "x" * 9999}), 400, "x" * 500),
        (403, '{"message": "this token can mint"}', 403, "this token can mint"),
        (403, "<html>", 403, "this server started before the service did"),
        (404, '{"message": "no such intent"}', 404, "no such intent"),
        (404, "<html>", 503, "the hub's service has nothing at that address"),
        (429, '{"message": "ten are pending"}', 429, "ten are pending"),
        (429, "", 429, "the hub's service answered 429"),
        (500, "oops", 503, "the hub's service answered 500"),
        (503, '{"message": "the database is locked"}', 503, "the database is locked"),
        (302, "", 503, "the hub's service answered 302"),
        (200, "<html>", 503, "the hub's service answered with something else than JSON"),
        (200, "[]", 503, "the hub's service answered something else"),
        (200, '{"id": 3}', 503, "the hub's service answered something else"),
    ],
)
async def test_each_no_keeps_its_reason(
    get, ask, stand_in, visited_by, status, body, code, message
):
    stand_in.says(body, status, Retry_After="7", Location="https://elsewhere.example/")
    for question in (ask(), get("intents", "abc")):
        given, said, headers = await refusal(question)
        assert (given, said) == (code, message)
        if code == 429 or (code, status) == (503, 503):
            assert headers["Retry-After"] == "7"
    assert len(stand_in.requests) == 2  # nothing is asked twice by itself


async def test_without_a_hub_there_is_nobody_to_ask(ask, no_hub, visited_by):
    code, message, _ = await refusal(ask())
    assert (code, message) == (404, "this server was not started by a hub")


async def test_f6_a_connection_that_breaks_off_is_not_tried_again(ask, stand_in, visited_by):
    stand_in.answer = lambda handler: handler.request.connection.stream.close()
    code, _, _ = await refusal(ask())
    assert code == 503
    assert len(stand_in.requests) == 1


async def test_the_examples_are_what_the_routes_answer(get, service, visited_by, data):
    def example(name):
        return json.loads((data / name).read_text("utf-8"))

    done, admin = example("done.json"), example("admin.json")
    service({**ME, **done, "console": admin["console"], "actions": admin["actions"]})
    assert await get("admin") == admin
    assert await get("done") == done


def test_what_the_panel_asks_for_is_what_the_actions_take(data):
    """`src/__tests__/admin.spec.ts` fills in the forms and reads the same file."""
    export = ExportHub(None, None, frozenset())
    actions = {**registry(Context(admin_users_feature=True)), export.name: export}
    questions = json.loads((data / "questions.json").read_text("utf-8"))
    for each in questions:
        assert actions[each["kind"]].check(each["target"]) == each["target"]


def test_an_export_is_told_as_in_the_panels_example(data):
    """`src/__tests__/contract.spec.ts` reads the same file."""
    example = json.loads((data / "intent-export.json").read_text("utf-8"))
    told = example["export"]
    export = Export(**{name: value for name, value in told.items() if name != "url"})
    assert export_to_json(export, "/services/2i2c-console/") == told
    assert ExportHub(None, None, frozenset()).check(example["target"]) == example["target"]
