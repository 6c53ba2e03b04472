"""People and groups of a bundle, into a hub that runs: what is listed first, what is done, what is left alone."""

import copy
import json
import signal

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.guide import guide
from jupyter_2i2c.replicate.targets import people
from jupyter_2i2c.replicate.targets.people import Step, decided

from .conftest import rebag
from .scripted import paged, scripted, serve
from .test_elsewhere import API, bundle_of

ALL = ("list:users", "list:groups", "read:groups", "groups", "admin:users", "admin:groups")
NOBODY = {"users": [], "groups": []}


def user(name, admin=False):
    return {"name": name, "admin": admin}


def group(name, *users, **properties):
    return {"name": name, "users": list(users), "properties": properties}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return bundle_of(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub(monkeypatch):
    """An empty hub that takes whatever it is told."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "a-token")
    with scripted() as server:
        serve(
            server, {**copy.deepcopy(API), "users": [user("boss", True)], "groups": []}, scopes=ALL
        )
        server.answers["POST", "/hub/api/users"] = lambda _, body: (
            201,
            [user(each) for each in body["usernames"]],
        )
        server.answers["POST", "/hub/api/groups/class"] = (201, {})
        server.answers["PUT", "/hub/api/groups/class/properties"] = (200, {})
        server.answers["POST", "/hub/api/groups/class/users"] = (200, {})
        yield server


def restore(place, hub, *options):
    return main(["people", "restore", str(place), "--live", hub.url, *options])


def changes(hub):
    return [each[:3] for each in hub.asked if each[0] != "GET"]


def test_what_is_missing_is_decided_and_what_is_there_stays():
    captured = [user("ada"), user("boss", True), user("grace", True)], [
        group("class", "ada", "grace", "gone", room=7), group("staff", "boss"),
    ]  # fmt: skip
    present = {
        "users": [user("boss"), user("new", True)],
        "groups": [group("staff", "new", room=1)],
    }
    plan = decided(*captured, present)
    assert [each.what for each in plan.steps] == [
        "user ada", "user grace", "group class", "properties of the group class", "ada into the group class",
        "grace into the group class", "boss into the group staff",
    ]  # fmt: skip
    assert plan.there == {"users": 1, "groups": 1, "memberships": 0}
    assert plan.without_rights == ["boss", "grace"]
    assert set(plan.left) == {"gone", "properties of the group staff"}
    assert not any(each.administers for each in plan.steps)
    # nobody loses anything, whatever else is there
    assert {each.kind for each in plan.steps} <= set(people.WRITING)


def test_only_an_option_makes_administrators():
    plan = decided([user("boss", True), user("grace", True), user("ada")], [],
                   {"users": [user("boss")], "groups": []}, administrators=True)  # fmt: skip
    assert plan.steps == [
        Step("rights", "boss"), Step("user", "grace", administers=True), Step("user", "ada"),
    ]  # fmt: skip
    assert plan.without_rights == []


def test_who_is_left_out_enters_no_group_either():
    everybody = [user("ada"), user("old"), user("deployment-service-check")]
    plan = decided(everybody, [group("g", "ada", "old")], NOBODY, leave_out={"old"})
    assert [each.what for each in plan.steps] == ["user ada", "group g", "ada into the group g"]
    assert plan.left == {"old": "you said so", "deployment-service-check": people.OPERATORS}
    with pytest.raises(ReplicateError, match="oold is nobody in the bundle; nothing was done"):
        decided(everybody, [], NOBODY, leave_out={"oold"})


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "ada/tokens", "a\\b", "a\nb", " ada", "ada\u202e", "\x1b[31m", "x" * 256],
)
def test_names_that_mean_something_else_in_an_address_are_left_out(name):
    plan = decided([user(name)], [group(name, "boss")], {"users": [user("boss")], "groups": []})
    assert plan.steps == []
    assert set(plan.left.values()) == {people.NO_NAME}


def test_it_is_listed_first_and_a_dry_run_writes_nothing(place, hub, capsys):
    assert restore(place, hub, "--dry-run") == 0
    said = capsys.readouterr().out
    assert f"On {hub.url}, as boss:" in said
    assert (
        "  user ada\n  group class\n  properties of the group class\n  ada into the group class\n"
        in said
    )
    assert changes(hub) == []


def test_nobody_to_ask_means_nothing_is_written(place, hub, capsys, monkeypatch):
    assert restore(place, hub) == 2
    assert "give --yes to do it, or --dry-run" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert restore(place, hub) == 0
    assert "Nothing was done." in capsys.readouterr().out
    assert changes(hub) == []
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert restore(place, hub) == 0
    assert len(changes(hub)) == 4


def test_it_is_done_in_order_and_nobody_gets_rights(place, hub, capsys):
    assert restore(place, hub, "--yes") == 0
    assert changes(hub) == [
        ("POST", "/hub/api/users", {"usernames": ["ada"], "admin": False}),
        ("POST", "/hub/api/groups/class", {}),
        ("PUT", "/hub/api/groups/class/properties", {"room": 7}),
        ("POST", "/hub/api/groups/class/users", {"users": ["ada"]}),
    ]
    said = capsys.readouterr().out
    assert "4 done\n" in said
    assert "allow_existing_users" in said
    assert "a-token" not in said


def test_what_is_there_by_then_is_as_good_as_done(place, hub):
    hub.answers["POST", "/hub/api/users"] = (409, {"message": "exists"})
    hub.answers["POST", "/hub/api/groups/class"] = (409, {"message": "exists"})
    assert restore(place, hub, "--yes") == 0


def test_all_there_means_nothing_to_do(place, hub, capsys):
    serve(hub, API, scopes=("list:users", "list:groups", "read:groups"))
    assert restore(place, hub, "--yes") == 0
    assert changes(hub) == []
    assert "0 to do; there already: 2 users, 1 group, 1 membership" in capsys.readouterr().out


def test_a_step_that_fails_keeps_only_what_needs_it_from_being_done(place, hub, capsys):
    hub.answers["POST", "/hub/api/users"] = (400, {"message": "Invalid username: ada\x1b[31m"})
    assert restore(place, hub, "--yes", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["done"] == ["group class", "properties of the group class"]
    assert told["failed"] == {
        "user ada": "the hub answers 400 Invalid username: ada[31m",
        "ada into the group class": "what it is about is not there",
    }
    assert told["ended"] == ""


def test_a_user_who_is_made_under_another_name_is_said(place, hub, capsys):
    hub.answers["POST", "/hub/api/users"] = (201, [user("root", True)])
    assert restore(place, hub, "--yes") == 1
    assert "names somebody else: ['root']" in capsys.readouterr().out


def test_a_hub_that_refuses_one_thing_after_the_other_is_left_alone(tmp_path, hub, capsys):
    capsys.readouterr()
    many = {**copy.deepcopy(API), "users": [user(f"u{each}") for each in range(9)], "groups": []}
    hub.answers["POST", "/hub/api/users"] = (403, {"message": "revoked"})
    assert restore(bundle_of(tmp_path, api=many), hub, "--yes") == 1
    said = capsys.readouterr().out
    assert "3 failed one after the other; 6 more were not tried" in said
    assert len(changes(hub)) == 3


def test_a_hub_that_is_away_by_then_is_not_asked_for_ever(place, hub, capsys):
    for path in ("users", "groups/class", "groups/class/properties", "groups/class/users"):
        for method in ("POST", "PUT"):
            hub.answers[method, f"/hub/api/{path}"] = (503, {"message": "away"})
    assert restore(place, hub, "--yes", "--json") == 1
    assert "away" in json.loads(capsys.readouterr().out)["failed"]["user ada"]
    assert len(changes(hub)) == 2  # nothing is put into a group that is not there


def test_whoever_stops_it_is_told_what_was_done(place, hub, capsys):
    def stop(*_):
        signal.raise_signal(signal.SIGINT)
        return 201, {}

    hub.answers["POST", "/hub/api/groups/class"] = stop
    assert restore(place, hub, "--yes") == 2
    told = capsys.readouterr()
    assert "1 done, 3 not tried; do it again to go on" in told.out
    assert "stopped; what was done stays" in told.err


@pytest.mark.parametrize(
    ("scopes", "why"),
    [
        (("admin:users", "list:users"), "may not see who is there; it lacks list:groups, read:groups"),
        (("list:users", "list:groups", "read:groups"), "lacks admin:groups, admin:users, groups, for:"),
        (("list:users", "list:groups", "read:groups", "admin:users!user=ada"), "lacks admin:groups, admin:users"),
    ],
)  # fmt: skip
def test_a_scope_that_is_missing_is_named_before_anything_is_written(
    place, hub, capsys, scopes, why
):
    hub.answers["/hub/api/user"] = (
        200,
        {"name": "boss", "admin": True, "groups": [], "scopes": scopes},
    )
    assert restore(place, hub, "--yes") == 2
    assert why in capsys.readouterr().err
    assert changes(hub) == []


def test_who_is_no_administrator_makes_none(tmp_path, hub, capsys):
    place = bundle_of(tmp_path, api={**copy.deepcopy(API), "users": [user("grace", True)]})
    serve(hub, {**API, "users": [user("boss")], "groups": API["groups"]}, admin=False, scopes=ALL)
    assert restore(place, hub, "--yes", "--with-administrators") == 2
    assert "only an administrator can make administrators" in capsys.readouterr().err
    assert changes(hub) == []


def test_a_bundle_without_names_says_how_to_get_them(tmp_path, hub, capsys):
    assert restore(bundle_of(tmp_path, people=False), hub, "--yes") == 2
    said = capsys.readouterr().err
    assert "2 users: names of people need --with-people" in said
    assert hub.asked == []


@pytest.mark.parametrize(
    "text", ["{", "[1]", '[{"name": 1}]', '[{"name": "a", "users": "b"}]', "[" * 9999]
)
def test_a_bundle_of_somebodys_is_believed_nothing(tmp_path, hub, capsys, text):
    place = bundle_of(tmp_path)
    (place / "data" / "hub" / "groups.json").write_text(text)
    assert restore(place, hub, "--yes") == 2
    assert "is not whole" in capsys.readouterr().err
    rebag(place)
    assert restore(place, hub, "--yes") == 2
    assert "is not as it was written" in capsys.readouterr().err
    assert changes(hub) == []


def test_an_address_that_is_not_encrypted_gets_no_token(place, hub, capsys):
    assert main(["people", "restore", str(place), "--live", "http://hub.example", "--yes"]) == 2
    assert "is not encrypted" in capsys.readouterr().err


def test_a_hub_that_leads_elsewhere_gets_nobody(place, hub, capsys):
    with scripted() as other:
        hub.answers["/hub/api/users"] = (307, b"", ("Location", f"{other.url}hub/api/users"))
        assert restore(place, hub, "--yes") == 2
        assert "the token is not sent there" in capsys.readouterr().err
        hub.answers["/hub/api/users"] = paged([])
        hub.answers["POST", "/hub/api/users"] = (
            307,
            b"",
            ("Location", f"{other.url}hub/api/users"),
        )
        assert restore(place, hub, "--yes") == 1
        assert other.asked == []


def test_the_guide_has_it_as_a_step_where_the_bundle_names_people(place, tmp_path):
    def stages(bundle):
        with opened(bundle) as found:
            return guide(found)

    told = stages(place)
    assert f"\njupyter 2i2c people restore {place.name} --live https://ADDRESS/ --dry-run\n" in told
    assert f"\njupyter 2i2c verify {place.name} --built for-tljh --live https://ADDRESS/\n" in told
    assert (
        told.index(". Enter the people\n")
        < told.index(". Compare what runs\n")
        < told.index(". Try it\n")
    )
    nobody = stages(bundle_of(tmp_path, people=False))
    assert "Enter the people" not in nobody
    assert ". Compare what runs\n" in nobody
