"""Announcements go with a hub: into its bundle, into the replica's own store, and V6 says who is told what there."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.targets import hub_local, service_store, tljh
from jupyter_2i2c.replicate.verify import v3_local, v6_announcements
from jupyter_2i2c.replicate.verify.replica import ReplicaFails
from jupyter_2i2c.replicate.work import Work

SERVICE = {
    "name": "2i2c",
    "command": ["python3", "-m", "jupyter_2i2c.hub"],
    "url": "http://127.0.0.1:10300",
}


def news(id_, **fields):
    return {
        "id": id_, "published": "2026-11-01T08:00:00Z", "updated": "2026-11-01T08:00:00Z", "author": "boss",
        "title": f"News {id_}", "body": "", "severity": "info", "audience": {"kind": "everyone"}, "starts": None,
        "ends": None, "show_from": None, "show_until": None, "dismissible": True, "acknowledge": False,
        "link": "", **fields,
    }  # fmt: skip


FOR_CLASS = {"kind": "groups", "groups": ["class"]}
ALL = (
    news("all"),
    news("group", audience=FOR_CLASS),
    news("admins", audience={"kind": "administrators"}),
)

API = {
    "users": [{"name": name, "admin": name == "boss"} for name in ("ada", "boss", "mal")],
    "groups": [{"name": "class", "users": ["ada"]}],
    "services": [], "info": {}, "refused": [],
}  # fmt: skip


@pytest.fixture
def hub(tmp_path):
    """A hub's directory with its record; and how to make a bundle of it."""

    def make(change=None):
        c = Config()
        c.Authenticator.admin_users = {"boss"}
        c.JupyterHub.services = [SERVICE]
        if change:
            change(c)
        file = tmp_path / "jupyterhub_config.py"
        file.write_text("c = get_config()\n")
        record.write(tmp_path / "jupyter_2i2c.record.json", c, file, tmp_path)
        return read_record(tmp_path / "jupyter_2i2c.record.json")

    return make


@pytest.fixture
def bundle(hub, tmp_path):
    """Makes an open bundle."""
    opens = []

    def make(announcements=ALL, change=None, **options):
        place = tmp_path / f"bundle-{len(opens)}"
        write_bundle(
            hub(change), place, api=API, announcements=announcements, **{"people": True, **options}
        )
        opens.append(opened(place))
        return opens[-1].__enter__()

    yield make
    for each in opens:
        each.__exit__(None, None, None)


def item(of):
    return next(each for each in of.manifest().items if each.id == "announcements:list")


def test_they_are_in_the_bundle(bundle):
    made = bundle()
    assert json.loads(made.text("hub/announcements.json")) == list(ALL)
    assert (item(made).layer, item(made).status, item(made).reason) == (
        "announcements",
        "captured",
        "",
    )
    assert item(bundle(announcements=[])).status == "captured"


def test_without_consent_no_name_of_theirs_is_in_the_bundle(bundle):
    made = bundle(people=False)
    told = json.loads(made.text("hub/announcements.json"))
    assert [each["title"] for each in told] == ["News all", "News group", "News admins"]
    assert "author" not in told[0]
    assert told[1]["audience"] == {"kind": "groups", "groups": []}
    assert "class" not in made.text("hub/announcements.json")
    assert item(made).reason.startswith("1 of 3 are for groups")


def test_that_they_were_not_read_is_said(bundle):
    made = bundle(announcements=None)
    assert not made.path("hub/announcements.json").exists()
    assert item(made).status == "not-captured"
    assert "--announcements" in item(made).action_needed
    assert item(bundle(announcements=None, unread="the disk is full")).reason == "the disk is full"


@pytest.fixture
def announced(tmp_path):
    """A store beside the hub's record, with one announcement."""
    (tmp_path / "jupyter_2i2c.json").write_text(json.dumps({"schema": 1, "service": {}}))
    (tmp_path / "carried.json").write_text(json.dumps(ALL[:1]))
    place = ["--config", str(tmp_path / "jupyter_2i2c.json")]
    assert main(["announce", "restore", str(tmp_path / "carried.json"), "--create", *place]) == 0


def captured(tmp_path, *more):
    status = main(["capture", "hub", "--record", str(tmp_path / "jupyter_2i2c.record.json"), *more,
                   "-o", str(tmp_path / "b")])  # fmt: skip
    if status:
        return status, None
    with opened(tmp_path / "b") as made:
        there = made.path("hub/announcements.json").exists()
        return json.loads(made.text("hub/announcements.json")) if there else None, item(made)


def test_a_capture_reads_the_store_that_the_file_beside_the_record_names(hub, announced, tmp_path):
    hub()
    before = (tmp_path / "jupyter_2i2c.sqlite").read_bytes()
    told, _ = captured(tmp_path)
    assert [each["id"] for each in told] == ["all"]
    assert "author" not in told[0]
    assert (tmp_path / "jupyter_2i2c.sqlite").read_bytes() == before


def test_a_hub_without_a_store_is_captured_without_them(hub, tmp_path, capsys):
    hub()
    told, found = captured(tmp_path)
    assert told is None
    assert "jupyter_2i2c.json is not there" in found.reason
    assert found.reason in capsys.readouterr().out


def test_a_capture_makes_no_store(hub, tmp_path):
    hub()
    (tmp_path / "jupyter_2i2c.json").write_text(json.dumps({"schema": 1, "service": {}}))
    (tmp_path / "jupyter_2i2c.key").write_text(f"{'00' * 32}\n")
    told, found = captured(tmp_path)
    assert told is None
    assert "there is no such database" in found.reason
    assert not (tmp_path / "jupyter_2i2c.sqlite").exists()


def test_a_store_that_was_named_must_be_there(hub, tmp_path, capsys):
    hub()
    assert captured(tmp_path, "--announcements", str(tmp_path / "none.json"))[0] == 2
    assert "none.json" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def moved(**traits):
    return service_store.moved({f"HubService.{name}": value for name, value in traits.items()})


def test_a_replica_never_writes_into_the_old_hubs_store():
    here = "sqlite:///{hub}/jupyter_2i2c.sqlite"
    for url in (
        "postgresql://hub@db/two", "sqlite:////srv/two.sqlite", "sqlite:///{config}/two.sqlite",
        "sqlite:///../two.sqlite", "sqlite:///{hub}/../two.sqlite", {"$secret": "DATABASE"}, None,
    ):  # fmt: skip
        assert moved(database_url=url) == {"HubService.database_url": here}, url
    for url in ("sqlite:///two.sqlite", "sqlite:///{hub}/two.sqlite", "sqlite:///data/two.sqlite"):
        assert moved(database_url=url) == {}, url
    assert moved(key_file="/etc/key") == {"HubService.key_file": "{hub}/jupyter_2i2c.key"}
    assert moved() == moved(key_file="mine.key") == {}


def test_the_local_replica_restores_them_before_it_starts(bundle, tmp_path):
    def change(c):
        c.HubService.database_url = "postgresql://hub@db/two"
        c.HubService.key_file = "my $(touch bad) key"

    made = hub_local.build(bundle(change=change), tmp_path / "built", Work())
    told = hub_local.read_built(made.directory)
    assert told.plan.store == {
        "database": "sqlite:///jupyter_2i2c.sqlite",
        "key_file": "my $(touch bad) key",
    }
    assert told.plan.settings["HubService.database_url"] == "sqlite:///{hub}/jupyter_2i2c.sqlite"
    assert any(each.id == "store" for each in told.plan.changes)
    start = made.directory / "start"
    # all of it but the hub
    start.write_text(start.read_text().replace("-m jupyterhub ", "-m site "))
    done = subprocess.run(["sh", start], capture_output=True, text=True, check=False, timeout=60)
    assert "3 published" in done.stdout, done.stderr
    state = made.directory / "state"
    assert sorted(each.name for each in state.iterdir() if not each.name.endswith(("-wal", "-shm"))) == [
        "jupyter_2i2c.sqlite", "my $(touch bad) key",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["{", "7", '[{"id": 7}]', '[{"id": "x", "audience": []}]', "[" * 100_000]
)
def test_announcements_of_a_damaged_bundle_are_refused(bundle, tmp_path, text):
    of = bundle()
    of.path("hub/announcements.json").write_text(text)
    with pytest.raises(ReplicateError, match="not as it was written"):
        hub_local.build(of, tmp_path / "built", Work())
    assert not (tmp_path / "built").exists()


def test_a_replica_without_announcements_starts_as_ever(bundle, tmp_path):
    for number, announcements in enumerate((None, [])):
        made = hub_local.build(
            bundle(announcements=announcements), tmp_path / f"built-{number}", Work()
        )
        assert made.plan.store == {}
        assert "announce" not in (made.directory / "start").read_text()
        assert not (made.directory / "announcements.json").exists()


def test_for_tljh_the_command_stands_in_the_readme(bundle, tmp_path):
    def change(c):
        c.HubService.database_url = "postgresql://hub@db/two"

    made = tljh.build(bundle(change=change), tmp_path / "built", Work())
    assert json.loads((tmp_path / "built" / "announcements.json").read_text()) == list(ALL)
    readme = (tmp_path / "built" / "README.md").read_text()
    assert (
        "`cd /opt/tljh/state && sudo /opt/tljh/hub/bin/python -m jupyter_2i2c announce restore"
        in readme
    )
    assert made.plan.settings["HubService.database_url"] == "sqlite:///{hub}/jupyter_2i2c.sqlite"
    tljh.build(bundle([]), tmp_path / "none", Work())
    assert "announce" not in (tmp_path / "none" / "README.md").read_text()


def test_an_edited_announcement_is_caught_by_v3(bundle, tmp_path):
    of = bundle()
    made = hub_local.build(of, tmp_path / "built", Work())
    assert v3_local.check(of, made, Work()).status == "pass"
    file = made.directory / "announcements.json"
    file.write_text(file.read_text().replace("News all", "News for all"))
    rung = v3_local.check(of, made, Work())
    assert [name for name, each in rung.items.items() if each.status == "fail"] == [
        "announcements.json"
    ]


# --- V6 -------------------------------------------------------------------------------------


class Replica:
    """Tells each person what it is to tell them."""

    url = "http://127.0.0.1:1/"

    def __init__(self, told, monkeypatch):
        self.told = told
        self.asked = []
        replica = self

        class Browser:
            def __init__(self, url):
                assert url == replica.url

            def ask(self, method, path, token):
                assert (method, path) == ("GET", "services/2i2c/api/v1/announcements")
                replica.asked.append(token)
                if token not in replica.told:
                    raise ReplicaFails("503 not now")
                return {"version": 1, "announcements": replica.told[token]}

        monkeypatch.setattr(v6_announcements, "Browser", Browser)

    def log_in(self, name):
        return self

    def token(self, name):
        return name


def shown(*ids, **changes):
    """What the API tells of these."""
    every = {each["id"]: each for each in ALL}
    return [
        {**every[id_], "starts": every[id_]["published"], "version": 1, **changes} for id_ in ids
    ]


RIGHT = {"ada": shown("all", "group"), "boss": shown("all", "admins"), "mal": shown("all")}


@pytest.fixture
def v6(bundle, monkeypatch):
    """What V6 says of a replica that tells people this."""

    def check(told=RIGHT, announcements=ALL, **options):
        of = bundle(announcements, **options)
        made = hub_local.build(of, of.top.with_name(f"built-{of.top.name}"), Work())
        replica = Replica(told, monkeypatch)
        items = v6_announcements.check(of, made, replica, ["boss"])
        return {name: (each.status, each.why) for name, each in items.items()}

    return check


def test_each_is_told_to_whom_it_is_for_and_to_nobody_else(v6):
    assert v6() == {
        "announcements/all": ("pass", "ada, boss, mal are told it"),
        "announcements/group": ("pass", "ada is told it, boss, mal not"),
        "announcements/admins": ("pass", "boss is told it, ada, mal not"),
    }


@pytest.mark.parametrize(
    ("told", "failing", "said"),
    [
        ({**RIGHT, "ada": shown("all")}, "group", "ada is not told it"),
        ({**RIGHT, "mal": shown("all", "group")}, "group", "mal is told it, and it is not for them"),
        ({**RIGHT, "mal": shown("all", "admins")}, "admins", "not for them"),
        ({**RIGHT, "mal": []}, "all", "mal is not told it"),
        ({**RIGHT, "ada": shown("all", "group", title="Other")}, "all", 'its title was "News all" and is "Other"'),
        ({**RIGHT, "ada": shown("all", "group", body="<b>")}, "group", "its body"),
        ({**RIGHT, "ada": shown("all", "group", acknowledge=True)}, "group", "its acknowledge"),
        ({**RIGHT, "ada": shown("all", "group", starts="2026-11-02T00:00:00Z")}, "group", "its starts"),
        ({**RIGHT, "mal": [*shown("all"), {"id": "new"}]}, "new", "the captured hub has none such"),
    ],
)  # fmt: skip
def test_what_is_told_otherwise_fails(v6, told, failing, said):
    items = v6(told)
    status, why = items[f"announcements/{failing}"]
    assert status == "fail"
    assert said in why


def test_a_service_that_does_not_answer_fails(v6):
    assert v6({"boss": []})["announcements"][0] == "fail"


def test_a_replica_that_was_built_without_them_fails(bundle, tmp_path, monkeypatch):
    made = hub_local.build(bundle([]), tmp_path / "built", Work())
    items = v6_announcements.check(bundle(), made, Replica(RIGHT, monkeypatch), ["boss"])
    assert items["announcements"].status == "fail"


def test_that_there_are_none_is_compared_too(v6):
    nothing = {"boss": [], "ada": [], "mal": []}
    assert v6(nothing, announcements=[])["announcements"][0] == "pass"
    assert v6(RIGHT, announcements=[])["announcements/all"][0] == "fail"


def at(**away):
    return (datetime.now(timezone.utc) + timedelta(**away)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_cannot_be_asked_now_is_explained_or_not_run(v6):
    items = v6(
        {"boss": shown("all"), "ada": shown("all"), "mal": shown("all")},
        announcements=[
            news("all"),
            news("over", ends=at(hours=-1)),
            news("later", show_from=at(hours=1)),
            news("empty", audience={"kind": "groups", "groups": ["nobody-is-in-it"]}),
        ],
    )
    assert items["announcements/all"][0] == "pass"
    assert items["announcements/over"] == ("pass", v6_announcements.PAST)
    assert items["announcements/later"][0] == "not-run"
    assert items["announcements/empty"][0] == "not-run"
    assert "nobody-is-in-it" in items["announcements/empty"][1]


def test_without_names_of_groups_it_is_explained(v6):
    items = v6({"boss": shown("all", "admins")}, people=False)
    assert items["announcements/group"] == ("pass", v6_announcements.UNNAMED)
    assert items["announcements/all"] == ("pass", "boss is told it")
    assert "announcements/admins" in items


def test_not_captured_is_not_compared(v6):
    assert v6(announcements=None) == {}
