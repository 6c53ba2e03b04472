"""A hub is taken elsewhere, where only its address and tokens are known: its people are entered, and it is proven up to V7."""

import json
import re
import shlex
from pathlib import Path

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.errors import Cancelled
from jupyter_2i2c.replicate.importers.live import SCOPES
from jupyter_2i2c.replicate.verify import Live, verify

from ..hubs import SETUP, Hubs

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "elsewhere.md"
READING = [*SCOPES, "access:services!service=2i2c"]
OWN = ["servers!user", "access:servers!user"]
PEOPLE = ["admin:users", "admin:groups"]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory):
    started = Hubs(tmp_path_factory.mktemp("hubs"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def old(hubs):
    """The hub that is left; only its database knows some of its people."""
    hub = hubs.start(SETUP)
    boss = hubs.log_in(hub, "boss")
    for method, path, body in (
        ("POST", "users/marie", {}),
        ("POST", "users/grace", {"admin": True}),
        ("POST", "groups/field-trip", {"users": ["ada", "marie"]}),
        ("PUT", "groups/field-trip/properties", {"bus": 7}),
    ):
        boss.api(method, path, json=body).raise_for_status()
    at = str(hub.state / "jupyter_2i2c.json")
    publish = ["announce", "publish", "--config", at, "--title", "We move", "--group", "field-trip"]
    with pytest.MonkeyPatch.context() as here:
        here.chdir(hub.state)
        assert main(publish) == 0
    return boss


@pytest.fixture(scope="module")
def new(hubs):
    """The hub elsewhere: the same configuration, another place below its address, and a database of its own."""
    hub = hubs.start(SETUP, base_url="/new/")
    boss, ada = hubs.log_in(hub, "boss"), hubs.log_in(hub, "ada")
    return hub, boss, ada


@pytest.fixture(scope="module")
def bundle(old, tmp_path_factory):
    place = tmp_path_factory.mktemp("bundle") / "bundle"
    record = str(old.hub.state / "jupyter_2i2c.record.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTERHUB_API_TOKEN", old.token(scopes=list(SCOPES), expires_in=600))
        assert main(["capture", "hub", "--record", record, "--live", old.hub.url, "--with-people",
                     "-o", str(place)]) == 0  # fmt: skip
    return place


def commands(hub):
    """Each command of the page as words, in order, for this hub."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            dollar, *words = shlex.split(line.replace("https://new.example/", hub.url))
            assert [dollar, *words[:2]] == ["$", "jupyter", "2i2c"], line
            yield words[2:]


def servers(person):
    return person.api("GET", f"users/{person.name}").json()["servers"]


def test_a_hub_elsewhere_gets_its_people_and_is_proven(bundle, new, monkeypatch, capsys, sandbox):
    hub, boss, ada = new
    monkeypatch.chdir(bundle.parent)
    assert main(["build", bundle.name, "--target", "tljh", "-o", "for-tljh"]) == 0
    lists, enters, proves = commands(hub)

    def typed(words):
        scopes = PEOPLE if words[0] == "people" else READING
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", boss.token(scopes=scopes, expires_in=600))
        monkeypatch.setenv("JUPYTER_2I2C_SERVER_TOKEN", ada.token(scopes=OWN, expires_in=600))
        capsys.readouterr()
        return main(words), capsys.readouterr().out

    def proven(*more):
        status, _ = typed([*proves, *more])
        told = json.loads(Path(f"{bundle.name}.report/report.json").read_text())
        return status, told, [each.partition(": ")[0] for each in told["blockers"]]

    # what the new database lacks is named
    status, _, blockers = proven("--up-to", "V6")
    assert status == 1
    missing = ["V6 groups/field-trip", "V6 users/grace", "V6 users/marie"]
    assert [each for each in sorted(blockers) if "announcements" not in each] == missing

    # it is listed, and nothing happens
    status, said = typed(lists)
    assert status == 0
    assert "user grace\n" in said
    assert "ada into the group field-trip" in said
    assert "without the rights they had on the old hub: grace" in said
    assert boss.api("GET", "groups").json() == []

    # it is done; twice is once; nobody administers who did not
    assert typed(enters)[0] == 0
    assert "0 to do; there already: 5 users, 1 group, 2 memberships" in typed(enters)[1]
    assert boss.api("GET", "users/grace").json()["admin"] is False
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(hub.state)
        assert main(["announce", "restore", str(bundle / "data/hub/announcements.json")]) == 0
    assert typed([*enters, "--with-administrators"])[0] == 0
    status, told, blockers = proven()
    assert (status, blockers) == (0, [])
    assert told["highest"].startswith("V7")
    assert told["live"]["as"] == "boss (administrator), and for the server as ada (user)"
    steps = {name: each["status"] for name, each in told["rungs"]["V7"]["items"].items()}
    assert steps == {
        "server": "pass", "lab": "pass", "kernel": "pass", "home": "pass", "stop": "pass",
        "environment": "not-run",
    }  # fmt: skip
    assert told["rungs"]["V6"]["items"]["services/2i2c/"]["status"] == "pass"
    assert servers(ada) == {}
    # nothing is left in the person's home but what servers write there themselves
    home = hub.state / "home" / "ada"
    assert [each.name for each in home.iterdir() if not each.name.startswith(".")] == []


def test_a_server_that_somebody_has_is_left_to_them(bundle, new):
    hub, _, ada = new
    ada.start_server()
    before = servers(ada)[""]["started"]
    live = Live(hub.url, ada.token(scopes=OWN, expires_in=600))
    found = verify(bundle, live=live)
    assert found.rungs["V7"].status == "not-run"
    assert "ada has a server that runs" in found.rungs["V7"].why
    assert servers(ada)[""]["started"] == before
    ada.api("DELETE", "users/ada/server").raise_for_status()
    hub.until("its end", lambda: servers(ada) == {})


def test_whoever_stops_it_stops_the_server_too(bundle, new):
    hub, boss, _ = new
    seen = []

    def cancelled():
        there = boss.api("GET", "users/ada").json()["servers"]
        seen.append(bool(there))
        return bool(there)

    scopes = [f"{each}=ada" for each in OWN]
    token = boss.token(scopes=scopes, expires_in=600)
    with pytest.raises(Cancelled):
        verify(bundle, live=Live(hub.url, token, user="ada"), cancelled=cancelled)
    assert seen[-1]
    assert boss.api("GET", "users/ada").json()["servers"] == {}


def test_an_administrator_more_is_found(bundle, new):
    hub, boss, _ = new
    boss.api("POST", "users/eve", json={"admin": True}).raise_for_status()
    token = boss.token(scopes=READING, expires_in=600)
    rung = verify(bundle, live=Live(hub.url, token), up_to="V6").rungs["V6"]
    boss.api("DELETE", "users/eve").raise_for_status()
    assert rung.items["users/eve"].status == "fail"
