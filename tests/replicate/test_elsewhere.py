"""A replica that runs elsewhere, by its address and a token: what V6 and V7 ask, what they catch, and what they leave alone."""

import copy
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate import live_hub
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import Cancelled, ReplicateError
from jupyter_2i2c.replicate.importers import bundled
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.live_hub import safe_address
from jupyter_2i2c.replicate.targets import k8s, tljh
from jupyter_2i2c.replicate.verify import (
    Live,
    elsewhere,
    server,
    v6_declared,
    v6_elsewhere,
    v6_live,
    v7_elsewhere,
)
from jupyter_2i2c.replicate.verify.ladder import RUNGS, Result, Verification, failed, not_run
from jupyter_2i2c.replicate.work import Work

from . import k8s_hub
from .scripted import paged, scripted, serve
from .test_announcements import FOR_CLASS, news

API = {
    "users": [
        {"name": "ada", "admin": False, "roles": ["user"], "kind": "user"},
        {"name": "boss", "admin": True, "roles": ["admin", "user"], "kind": "user"},
    ],
    "groups": [{"name": "class", "users": ["ada"], "properties": {"room": 7}, "roles": []}],
    "services": [{"name": "2i2c", "admin": False, "roles": []}],
    "info": {"version": "6.1.1", "spawner": {"class": "A"}, "authenticator": {"class": "B"}},
    "refused": [],
}
TOKEN, SERVER_TOKEN = "a-token", "another-token"
OWN = ("servers!user=ada", "read:servers!user=ada", "access:servers!user=ada")
ADA = "/hub/api/users/ada"


def bundle_of(directory, config=None, **more):
    """A bundle of a hub with `API`."""
    file = directory / "jupyterhub_config.py"
    file.write_text("c = get_config()\n")
    path = directory / "a.record.json"
    record.write(path, config or Config(), file, directory)
    options = {"api": API, "people": True, **more}
    return write_bundle(read_record(path), directory / "b", **options).place


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return bundle_of(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub():
    with scripted() as server:
        serve(server, copy.deepcopy(API))
        yield server


def climbed(place, hub, up_to="V6", work=None, built=None, **more):
    """The verification of it."""
    verification = Verification("b", {name: not_run("not tried") for name in RUNGS})
    live = Live(hub.url, TOKEN, **more)
    with opened(place) as bundle:
        return elsewhere.added(verification, bundle, live, built, up_to, work or Work())


def failing(rung):
    return {name: each.why for name, each in rung.items.items() if each.status == "fail"}


def waiting(rung):
    return {name: each.why for name, each in rung.items.items() if each.status == "not-run"}


def test_an_equal_hub_passes_and_the_report_says_which_was_asked_when_and_as_whom(place, hub):
    found = climbed(place, hub)
    assert found.rungs["V6"].status == "pass", found.rungs["V6"]
    assert set(waiting(found.rungs["V6"])) == {"announcements", "packages"}
    assert found.live["url"] == hub.url
    assert found.live["as"] == "boss (administrator)"
    assert found.live["at"].endswith("Z")
    assert found.to_json()["live"] == dict(found.live)
    assert (
        found.asked == f"V6 and V7 asked {hub.url} at {found.live['at']} as boss (administrator)."
    )
    # it only reads, and nobody without a login gets the token
    assert {method for method, *_ in hub.asked} == {"GET"}
    assert [token for _, path, _, token in hub.asked if path == "/services/2i2c/"] == [None]


@pytest.mark.parametrize(
    ("change", "named", "why"),
    [
        (lambda api: api["groups"].clear(), "groups/class", "it is not on the replica"),
        (lambda api: api["users"].pop(0), "users/ada", "it is not on the replica"),
        (lambda api: api["users"][0].update(admin=True), "users/ada", "admin was false and is true"),
        (lambda api: api["users"].append({"name": "eve", "admin": True}), "users/eve", "the captured hub has none"),
        (lambda api: api["groups"][0]["users"].append("eve"), "groups/class", 'users was ["ada"]'),
        (lambda api: api["groups"][0].update(properties={}), "groups/class", "properties was"),
        (lambda api: api["info"].update(version="6.0.0"), "info/version", 'it was "6.1.1" and is "6.0.0"'),
        (lambda api: api["info"].update(spawner={"class": "Z"}), "info/spawner", "it was"),
        (lambda api: api["services"].append({"name": "x", "admin": True}), "services/x", "has none"),
    ],
)  # fmt: skip
def test_each_difference_is_named(place, hub, change, named, why):
    told = copy.deepcopy(API)
    change(told)
    serve(hub, told)
    rung = climbed(place, hub).rungs["V6"]
    assert list(failing(rung)) == [named]
    assert why in failing(rung)[named]
    assert rung.status == "fail"


def test_of_a_hub_whose_api_was_not_asked_what_its_values_name_is_looked_for(tmp_path, hub):
    groups = "  hub:\n    loadGroups:\n      class: {users: [ada]}\n      empty: []\n"
    text = k8s_hub.HUB.replace("  hub:\n", groups, 1)
    source = k8s_hub.source(tmp_path / "repository", hub=text)
    place = bundled.bundle_of(source, tmp_path / "field", with_people=True).place
    built = tmp_path / "for-kubernetes"
    with opened(place) as bundle:
        k8s.build(source, built)
        assert v6_declared.declared(bundle, None) == v6_declared.declared(bundle, built)
        named = v6_declared.declared(bundle, built)
    there = {"refused": [], "users": [], "groups": [], "services": []}
    missing = v6_declared.compared(named, there, {})
    assert {each.why for each in missing.values()} == {"it is not on the replica"}
    assert {"configured users/ada", "configured groups/class", "configured groups/empty"} <= set(
        missing
    )
    there["users"] = [{"name": name, "admin": False} for name in named.users]
    there["groups"] = [{"name": "class", "users": []}, {"name": "empty", "users": ["x"]}]
    there["services"] = [{"name": name, "roles": []} for name in named.services]
    found = v6_declared.compared(named, there, {})
    assert found["configured users/ada"].why == "it is no administrator"
    assert found["configured groups/class"].why == "it lacks the member ada"
    assert found["configured groups/empty"].status == "pass"
    # others may be there, and what the captured hub itself said is compared by that
    there["users"] = [{"name": "ada", "admin": True}, {"name": "new", "admin": False}]
    assert v6_declared.compared(named, there, {})["configured users/ada"].status == "pass"
    assert v6_declared.compared(named, there, {"users": [], "groups": [], "services": []}) == {}
    assert v6_declared.compared(named, {"refused": ["users", "groups", "services"]}, {}) == {}
    # somebody filled in another administrator
    values = built / "values.yaml"
    values.write_text(values.read_text().replace("- ada", "- Grace"))
    with opened(place) as bundle:
        assert v6_declared.declared(bundle, built).users["grace"]


def test_of_a_hub_of_files_its_settings_are_looked_for():
    named = v6_declared.of_config({
        "Authenticator.admin_users": {"$set": ["Boss"]}, "Authenticator.allowed_users": {"$set": ["ada", "boss"]},
        "JupyterHub.load_groups": {"class": {"users": ["ada"]}},
        "JupyterHub.services[culler]": {"name": "culler"},
        "JupyterHub.load_roles[cull]": {"name": "cull", "services": ["culler"], "scopes": []},
    })  # fmt: skip
    assert named.users == {"boss": True, "ada": False}
    assert named.groups == {"class": {"ada"}}
    assert named.services == {"culler": {"cull"}}
    told = {"refused": ["users", "groups"], "services": [{"name": "culler", "roles": []}]}
    assert v6_declared.compared(named, told, {})["configured services/culler"].why == (
        "it lacks the role cull"
    )


def test_a_service_that_is_away_is_named(place, hub):
    hub.answers["/services/2i2c/"] = (503, b"")
    rung = climbed(place, hub).rungs["V6"]
    assert failing(rung) == {"services/2i2c/": "it answers 503 to somebody without a login"}


def test_what_a_token_may_not_see_is_not_run_with_the_scope_that_it_lacks(place, hub):
    # list:users!user=ada would give one user and no error
    serve(hub, API, scopes=["list:users!user=ada", "list:services", "read:hub", "list:groups"])
    rung = climbed(place, hub).rungs["V6"]
    assert (
        waiting(rung)["users"] == "the token may not see all of it; it needs the scope list:users"
    )
    assert "list:groups, read:groups" in waiting(rung)["groups"]
    assert rung.items["info/version"].status == "pass"
    assert not failing(rung)
    assert ("GET", "/hub/api/users") not in [each[:2] for each in hub.asked]


def test_what_is_told_of_nobody_is_not_compared_and_no_pass(place, hub):
    told = copy.deepcopy(API)
    for each in told["users"]:
        del each["roles"]
    serve(hub, told)
    rung = climbed(place, hub).rungs["V6"]
    assert (
        waiting(rung)["users: roles"] == "the token may not see it; it needs the scope read:roles"
    )
    assert not failing(rung)


def test_a_token_that_may_see_nothing_leaves_v6_to_the_service(place, hub):
    serve(hub, API, scopes=[])
    assert {"users", "groups", "services", "info"} <= set(waiting(climbed(place, hub).rungs["V6"]))


def test_announcements_are_asked_for_as_whoever_owns_the_token(tmp_path, hub):
    told = [news("all"), news("group", audience=FOR_CLASS), news("gone")]
    place = bundle_of(tmp_path, announcements=told)
    address = "/services/2i2c/api/v1/announcements"
    shown = {**told[0], "starts": told[0]["published"]}
    hub.answers[address] = (200, {"announcements": [shown]})
    rung = climbed(place, hub).rungs["V6"]
    assert failing(rung) == {"announcements/gone": "boss is not told it"}
    assert rung.items["announcements/all"].status == "pass"
    assert waiting(rung)["announcements/group"].startswith("it is not for boss, who is not told it")
    assert hub.asked[-1][3] == f"token {TOKEN}"
    # what is not for them, and what nobody published there
    hub.answers[address] = (200, {"announcements": [
        {**each, "starts": each["published"]} for each in (*told, news("new"))]})  # fmt: skip
    assert set(failing(climbed(place, hub).rungs["V6"])) == {
        "announcements/group", "announcements/new",
    }  # fmt: skip
    hub.answers[address] = (403, {"message": "no"})
    rung = climbed(place, hub).rungs["V6"]
    assert "access:services!service=2i2c" in waiting(rung)["announcements"]
    hub.answers[address] = (200, b"<html>")
    assert "does not tell them" in failing(climbed(place, hub).rungs["V6"])["announcements"]


def test_a_token_goes_to_no_other_origin(place, hub):
    with scripted() as other:
        serve(other, API)
        hub.answers["/hub/api/users"] = (302, b"", ("Location", f"{other.url}hub/api/users"))
        why = failing(climbed(place, hub).rungs["V6"])["api"]
        assert (
            f"leads to another place, {other.url}hub/api/users; the token is not sent there" in why
        )
        hub.answers["/hub/api/user"] = (301, b"", ("Location", f"{other.url}hub/api/user"))
        found = climbed(place, hub, "V7")
        assert found.rungs["V6"].status == "fail"
        assert "the token is not sent there" in found.rungs["V6"].why
        assert found.rungs["V7"].status == "not-run"
        assert other.asked == []


def endless(handler, _):
    """Bytes until nobody reads them."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"[" * 65536
    try:
        while True:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    except OSError:
        handler.close_connection = True


def grows(handler, _):
    """Page after page."""
    offset = int(handler.path.partition("offset=")[2].partition("&")[0] or 0)
    paging = {"offset": offset, "limit": 1, "total": 9, "next": {"offset": offset + 1, "limit": 1}}
    return 200, {"items": [{"name": f"n{offset}"}], "_pagination": paging}


def claims(handler, _):
    """A length that is beyond all measure."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (endless, "sent more than 16 MiB"),
        (claims, "sent more than 16 MiB"),
        (grows, "answers without an end"),
        ((200, b"<html>"), "it is no JSON"),
        ((200, b"[" * 50_000), "it is no JSON"),
        ((200, {"items": {}}), "does not answer as a hub does"),
        (paged([{"name": ["x"]}]), "names that are none"),
        (paged([{"name": "x" * 300}]), "names that are none"),
        (paged([["x"]]), "does not answer as a hub does"),
        ((500, {"message": "over\x1b[31m" + "y" * 1000}), "answers 500 over[31m"),
        ((200, {"_pagination": {"total": "many"}}), "does not answer as a hub does"),
    ],
)
def test_whatever_is_answered_fails_in_words(place, hub, answer, why, monkeypatch):
    monkeypatch.setattr(live_hub, "MOST", 1 << 16)
    hub.answers["/hub/api/users"] = answer
    rung = climbed(place, hub).rungs["V6"]
    assert rung.status == "fail"
    assert why in failing(rung)["api"]
    assert len(failing(rung)["api"]) < 1000
    assert "\x1b" not in failing(rung)["api"]


@pytest.mark.parametrize(
    "whoami",
    [(403, {"message": "Forbidden"}), (200, {"name": "x"}), (200, []), (200, b"{"), (200, {"name": 1, "scopes": 7})],
)  # fmt: skip
def test_who_does_not_say_whose_token_it_is_is_no_hub(place, hub, whoami):
    hub.answers["/hub/api/user"] = whoami
    found = climbed(place, hub, "V7")
    assert found.rungs["V6"].status == "fail"
    assert not found.rungs["V6"].items


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hub.example/", "is not encrypted"),
        ("http://localhost.example/", "is not encrypted"),
        ("ftp://hub.example/", "is no hub's address"),
        ("hub.example", "is no hub's address"),
        ("https://", "is no hub's address"),
        ("https://[::1", "is no hub's address"),
        ("https://hub.example:port/", "is no hub's address"),
        ("https://hub.example/\x1b", "is no hub's address"),
        ("https://boss:secret@hub.example/", "without a name, a password"),
        ("https://hub.example/?next=x", "a question mark"),
    ],
)
def test_a_token_is_sent_to_no_such_address(url, why):
    with pytest.raises(ReplicateError) as error:
        safe_address(url)
    assert why in str(error.value)
    assert "secret" not in str(error.value)


def test_addresses_that_a_token_may_go_to():
    for url in (
        "https://hub.example/base",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://localhost/",
    ):
        assert safe_address(url) == f"{url.rstrip('/')}/"


# what V7 does with a server, asked of a hub that says what each test needs


def with_server(hub, *states):
    """Let ada's servers be these, one after the other; the last one stays."""
    left = list(states)

    def servers(*_):
        return 200, {"name": "ada", "servers": left.pop(0) if len(left) > 1 else left[0]}

    serve(hub, API, name="ada", admin=False, scopes=OWN)
    hub.answers[ADA] = servers
    hub.answers["POST", f"{ADA}/server"] = (201, b"")
    hub.answers["DELETE", f"{ADA}/server"] = (204, b"")


RUNS = {"": {"ready": True, "pending": None, "started": "1", "url": "/user/ada/"}}
STARTS = {"": {"ready": False, "pending": "spawn", "started": "1"}}


def hangs_up(handler, _):
    """Takes the question, and says nothing."""
    handler.close_connection = True


def changes(hub):
    return [each[:3] for each in hub.asked if each[0] != "GET"]


@pytest.mark.parametrize("state", [RUNS, STARTS, {"second": {"ready": True}}])
def test_a_server_that_runs_is_somebodys_and_left_alone(place, hub, state):
    with_server(hub, state)
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert rung.status == "not-run"
    assert "nothing was started, and nothing ran in it" in rung.why
    assert changes(hub) == []


@pytest.mark.parametrize(
    ("scopes", "why"),
    [
        ((), "lacks servers!user, access:servers!user;"),
        (("servers!user=ada",), "lacks access:servers!user;"),
        (("servers!user=mal", "access:servers!user=ada"), "lacks servers!user;"),
        ((*OWN, "tokens!user=ada"), "which may also do this: tokens!user=ada;"),
        ((*OWN, "list:users"), "which may also do this: list:users;"),
        (("servers", "access:servers!user=ada"), "which may also do this: servers;"),
        ((*OWN, "read:users!user=mal"), "which may also do this: read:users!user=mal;"),
    ],
)
def test_a_server_never_sees_a_token_that_may_do_more(place, hub, scopes, why):
    with_server(hub, {})
    serve(hub, API, name="ada", admin=False, scopes=scopes)
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert rung.status == "not-run"
    assert why in rung.why
    assert "servers!user, access:servers!user" in rung.why
    assert changes(hub) == []


def test_a_service_names_the_user_and_the_scopes_say_whose(place, hub):
    with_server(hub, {})
    serve(hub, API, name="checks", kind="service", scopes=[])
    assert "say whose server with --user" in climbed(place, hub, "V7").rungs["V7"].why
    why = climbed(place, hub, "V7", user="ada").rungs["V7"].why
    assert "lacks servers!user=ada, access:servers!user=ada" in why
    assert changes(hub) == []
    # that it may say its own name is no harm
    serve(
        hub, API, name="checks", kind="service", scopes=[*OWN, "read:services:name!service=checks"]
    )
    hub.answers["POST", f"{ADA}/server"] = (500, {"message": "no image"})
    assert "no image" in failing(climbed(place, hub, "V7", user="ada").rungs["V7"])["server"]


def test_only_the_server_that_was_started_is_stopped(place, hub, monkeypatch):
    monkeypatch.setattr(server, "START_TIMEOUT", 0)
    # by the time that it is to be stopped, another one runs
    other = {"": {**RUNS[""], "started": "2"}}
    with_server(hub, {}, RUNS, other)
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert changes(hub) == [("POST", f"{ADA}/server", {"user_options": {}})]
    assert rung.items["stop"].why == "another one runs there by now, which was left alone"
    assert rung.status == "fail"  # what is at its address is no server


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({}, "the hub gave up starting it"),
        ({"": {**RUNS[""], "url": "https://elsewhere.example/user/ada/"}}, "at another place than the hub"),
        ({"": {**RUNS[""], "url": "http://127.0.0.1.evil.example/user/ada/"}}, "at another place than the hub"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_reached_fails_and_is_stopped(place, hub, state, why):
    with_server(hub, {}, state, state, {})
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert why in failing(rung)["server"]
    assert rung.items["stop"].status == "pass"
    assert [path for method, path, *_ in hub.asked if path.startswith("/user/")] == []


def test_a_hub_that_starts_none_now_is_no_failure_of_the_replica(place, hub):
    with_server(hub, {})
    hub.answers["POST", f"{ADA}/server"] = (429, {"message": "too many"})
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert (rung.status, rung.why) == (
        "not-run",
        "the hub starts no more servers at the moment: too many",
    )
    hub.answers["POST", f"{ADA}/server"] = (500, {"message": "no image"})
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert "answers 500 no image" in failing(rung)["server"]
    assert "DELETE" not in [each[0] for each in changes(hub)]


def test_a_server_that_was_started_is_stopped_when_somebody_stops_it_all(place, hub):
    with_server(hub, {}, STARTS, STARTS, {})
    work = Work(cancelled=lambda: ("POST", f"{ADA}/server") in [each[:2] for each in hub.asked])
    with pytest.raises(Cancelled):
        climbed(place, hub, "V7", work)
    assert changes(hub)[-1][:2] == ("DELETE", f"{ADA}/server")


@pytest.mark.parametrize("answer", [(504, b""), hangs_up])
def test_a_start_whose_answer_is_lost_is_stopped_if_it_comes(place, hub, answer):
    with_server(hub, {}, {}, STARTS, STARTS, {})
    hub.answers["POST", f"{ADA}/server"] = answer
    rung = climbed(place, hub, "V7").rungs["V7"]
    assert list(failing(rung)) == ["server"]
    assert changes(hub)[-1][:2] == ("DELETE", f"{ADA}/server")


def test_a_server_that_may_still_run_is_named(place, hub):
    with_server(hub, {}, STARTS)
    hub.answers["DELETE", f"{ADA}/server"] = (403, {"message": "no"})
    work = Work(cancelled=lambda: bool(changes(hub)))
    with pytest.raises(
        ReplicateError, match=r"the server of ada: it may still run: no; stop it at http"
    ):
        climbed(place, hub, "V7", work)


def test_jupyterhub_5_is_asked_for_the_default_profile_in_its_own_words(place, hub):
    with_server(hub, {}, {})
    hub.answers["/hub/api/"] = (200, {"version": "5.5.4"})
    climbed(place, hub, "V7")
    assert changes(hub) == [("POST", f"{ADA}/server", {})]


def test_the_environment_is_compared_by_what_the_kernel_tells(monkeypatch, place):
    captured = {
        "distributions": [{"name": "Some-Thing", "version": "1"}, {"name": "b", "version": "2"}]
    }
    monkeypatch.setattr(v7_elsewhere.local, "has_environment", lambda _: True)
    monkeypatch.setattr(v7_elsewhere.local, "observed_of", lambda _: captured)
    same = v7_elsewhere._environment(None, [["some_thing", "1"], ["b", "2"], ["c", "3"]])
    assert (same.status, same.why) == ("pass", "all 2 distributions, in the captured versions")
    other = v7_elsewhere._environment(None, [["some_thing", "1.1\x1b"]])
    assert other.status == "fail"
    assert other.why.endswith("captured: b 2 (not there), some-thing 1 (there 1.1)")


async def test_a_server_is_at_the_hubs_own_host_or_at_its_users_below(place):
    def at(url, told):
        return v7_elsewhere._Visit(live_hub.LiveHub(url, TOKEN), TOKEN, "ada b", Work())._place(
            told
        )

    assert (
        at("https://hub.example/base/", "/base/user/x/") == "https://hub.example/base/user/ada%20b"
    )
    own = at("https://hub.example/", "https://ada.hub.example:443/user/ada/")
    assert own == "https://ada.hub.example:443/user/ada%20b"
    for told in (
        "https://evil-hub.example/", "https://hub.example.evil/", "http://ada.hub.example/", "https://ada.hub.example:8443/",
        "https://me@ada.hub.example/", "https://[::1/", "//evil.example/", "ftp://hub.example/", "https://hub.example:x/",
    ):  # fmt: skip
        with pytest.raises(ReplicateError, match="the token is not sent there"):
            at("https://hub.example/", told)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"x": 1}]', "7", "[" * 9999])
def test_what_a_bundle_holds_of_the_api_is_believed_no_more_than_the_hub(tmp_path, hub, text):
    place = bundle_of(tmp_path)
    (place / "data" / "hub" / "users.json").write_text(text)
    why = failing(climbed(place, hub).rungs["V6"])["api"]
    assert "what the bundle holds of the API is not as it was written" in why


def test_what_only_the_target_has_is_explained_by_what_was_built(place, hub, tmp_path):
    told = copy.deepcopy(API)
    told["services"].append({"name": "cull-idle", "admin": True, "roles": []})
    told["info"].update(
        spawner={"class": "systemdspawner.SystemdSpawner"}, authenticator={"class": "X"}
    )
    serve(hub, told)
    assert set(failing(climbed(place, hub).rungs["V6"])) == {
        "services/cull-idle", "info/spawner", "info/authenticator",
    }  # fmt: skip
    c = Config()
    c.JupyterHub.spawner_class = "docker"
    c.JupyterHub.authenticator_class = "github"
    dockered = bundle_of(tmp_path, c)
    built = tmp_path / "for-tljh"
    with opened(dockered) as bundle:
        tljh.build(bundle, built, Work())
    rung = climbed(dockered, hub, built=built).rungs["V6"]
    # another login than config.yaml has is what nobody decided
    assert set(failing(rung)) == {"info/authenticator"}
    assert rung.items["services/cull-idle"].why == "it is new: TLJH stops idle servers by it"
    assert "TLJH sets it itself" in rung.items["info/spawner"].why


def test_the_old_operators_tools_are_not_missed_where_staff_was_taken_out():
    missing = Result("fail", v6_live.MISSING)
    captured = {"users": [], "services": []}
    items = {
        "users/deployment-service-check": missing,
        "services/hub-health": missing,
        "users/ada": missing,
    }
    found = v6_elsewhere._without_staff(captured, items)
    assert {name: each.status for name, each in found.items()} == {
        "users/deployment-service-check": "pass", "services/hub-health": "pass",
    }  # fmt: skip
    assert v6_elsewhere._without_staff(captured, {"services/hub-health": Result("fail", "x")}) == {}


# the command line


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_told_to_end_stops_the_server_first(place, hub, how):
    with_server(hub, {}, STARTS, STARTS, STARTS)
    asked = threading.Event()

    def started(*_):
        asked.set()
        return 202, b""

    def stopped(*_):
        hub.answers[ADA] = (200, {"name": "ada", "servers": {}})
        return 204, b""

    hub.answers["POST", f"{ADA}/server"] = started
    hub.answers["DELETE", f"{ADA}/server"] = stopped
    command = [
        sys.executable,
        "-m",
        "jupyter_2i2c",
        "verify",
        str(place),
        "--live",
        hub.url,
        "--no-report",
    ]
    environ = {**os.environ, "JUPYTERHUB_API_TOKEN": TOKEN}
    with subprocess.Popen(
        command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert asked.wait(60)
        process.send_signal(how)
        said, error = process.communicate(timeout=60)
    assert (process.returncode, said) == (2, ""), error
    assert error.strip() == "jupyter 2i2c verify: stopped; nothing was left behind"
    assert changes(hub)[-1][:2] == ("DELETE", f"{ADA}/server")


def test_nothing_is_asked_unless_the_call_says_so(place, hub, monkeypatch, capsys):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    main(["verify", str(place), "--no-report"])
    assert hub.asked == []
    assert main(["verify", str(place), "--user", "ada"]) == 2
    assert "give its address with --live" in capsys.readouterr().err


def test_a_token_comes_by_the_environment_alone(place, monkeypatch, capsys):
    for name in ("JUPYTERHUB_API_TOKEN", "JUPYTER_2I2C_SERVER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert main(["verify", str(place), "--live", "https://hub.example/"]) == 2
    assert "needs a token of that hub in $JUPYTERHUB_API_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "se\ncret")
    assert main(["verify", str(place), "--live", "https://hub.example/"]) == 2
    said = capsys.readouterr().err
    assert "characters that no token has" in said
    assert "cret" not in said


def test_the_reports_say_it_as_text_json_and_page(place, hub, monkeypatch, capsys):
    told = copy.deepcopy(API)
    told["users"].append({"name": "<b>eve</b>\x1b[31m", "admin": True})
    serve(hub, told, scopes=("list:users", "read:hub"))
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    assert main(["verify", str(place), "--live", hub.url]) == 1
    said = capsys.readouterr().out
    assert f"V6 and V7 asked {hub.url} at " in said
    assert "\x1b" not in said
    report = place.with_name("b.report")
    assert json.loads((report / "report.json").read_text())["live"]["as"] == "boss (administrator)"
    page = (report / "report.html").read_text()
    assert f"V6 and V7 asked {hub.url}" in page
    assert "<b>eve" not in page
    assert TOKEN not in said + page + (report / "report.json").read_text()


def test_a_bundle_that_is_not_whole_is_compared_with_nothing(place, hub):
    verification = Verification("b", {name: failed("no") for name in RUNGS})
    with opened(place) as bundle:
        found = elsewhere.added(verification, bundle, Live(hub.url, TOKEN), None, "V7", Work())
    assert found.rungs["V6"].why == found.rungs["V7"].why == "V0 failed"
    assert hub.asked == []
    assert not found.live
