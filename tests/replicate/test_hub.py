"""A hub from its configuration to a replica: what is captured, built and compared; each fault that is seeded is caught by name."""

import base64
import json
import os
import re
import shutil
import signal
import stat
import sys
import types

import pytest
import tornado
import traitlets
import yaml
from traitlets.config import Config

from jupyter_2i2c._version import __version__
from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import SecretFound
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.manifest import Manifest, Secret
from jupyter_2i2c.replicate.redact import NO_SECRET_NAME, SECRET_NAME
from jupyter_2i2c.replicate.report_text import left_out_text
from jupyter_2i2c.replicate.sandbox.recorder import Rules, bytecode
from jupyter_2i2c.replicate.sandbox.recorder import record as recorded
from jupyter_2i2c.replicate.sandbox.start import NotExecuted, execute
from jupyter_2i2c.replicate.targets import hub_local
from jupyter_2i2c.replicate.verify import v2_local, v3_local, v4_configuration, v6_live, verify
from jupyter_2i2c.replicate.work import Work

from .conftest import rebag

CONFIG = """\
import os
c = get_config()
load_subconfig("parts.py")
c.JupyterHub.authenticator_class = "pam"
c.JupyterHub.cookie_secret = b"CANARY" * 8  # CANARY-comment
c.JupyterHub.db_url = "postgresql://hub:CANARY-database@db/hub"
c.Authenticator.admin_users = {"boss"}
c.Authenticator.allowed_users = {"ada"}
c.Spawner.mem_limit = "2G"
c.Spawner.environment = {"API_URL": "https://reader:CANARY-reader@api.example/"}
c.HubInformation.logo = os.path.join(os.path.dirname(__file__), "logo.svg")
"""

HOOKS = """\
from jupyterhub.auth import DummyAuthenticator

class Careful(DummyAuthenticator):
    def check_allowed(self, username, authentication=None):
        return username.islower()
"""

PARTS = """\
import os, sys
c = get_config()
sys.path.insert(0, os.path.dirname(__file__))
from careful import Careful

WELCOME = ["members", "students"]

def is_guest(name):
    return name.startswith("guest")

def allow(authenticator, handler, authentication):
    if is_guest(authentication["name"]) or not WELCOME:
        return None
    return authentication

def asks(limit):
    return lambda spawner: limit

c.MyLogin.authenticator = Careful
c.Spawner.auth_state_hook = asks(3)

c.Authenticator.post_auth_hook = allow
c.Spawner.pre_spawn_hook = lambda spawner: spawner.environment.update(TOKEN="CANARY-lambda")
c.JupyterHub.services = [
    {"name": "culler", "command": ["python3", "-m", "jupyterhub_idle_culler", "--timeout=3600"]},
    {"name": "grader", "api_token": "CANARY-grader-token"},
]
c.JupyterHub.load_roles = [
    {"name": "culler", "services": ["culler"], "scopes": ["list:users", "delete:servers"]},
]
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A hub's configuration of two files and a picture."""
    top = tmp_path_factory.mktemp("srv")
    (top / "jupyterhub_config.py").write_text(CONFIG)
    (top / "parts.py").write_text(PARTS)
    (top / "careful.py").write_text(HOOKS)
    (top / "logo.svg").write_text("<svg/>")
    (top / "jupyterhub_cookie_secret").write_text("CANARY-in-a-file")
    return top


@pytest.fixture(scope="module")
def captured(directory, tmp_path_factory, sandbox):
    """The bundle of it, without anything having run but its configuration."""
    place = tmp_path_factory.mktemp("bundle") / "bundle"
    assert main(["capture", "hub", "--config", str(directory), "-o", str(place)]) == 0
    return place


@pytest.fixture
def built(captured, tmp_path):
    with opened(captured) as bundle:
        yield hub_local.build(bundle, tmp_path / "built", Work())


def compared(bundle_place, built):
    with opened(bundle_place) as bundle:
        return v4_configuration.check(bundle, built, None, Work())


def failing(rung):
    return sorted(name for name, each in rung.items.items() if each.status == "fail")


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.end_to_end
def test_the_example_hub_is_taken_elsewhere_by_one_command(tmp_path, capsys):
    assert main(["drill", "-o", str(tmp_path / "drills"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rungs = {name: each["status"] for name, each in told["rungs"].items()}
    assert told["highest"] == "V7"
    assert {name for name, status in rungs.items() if status == "pass"} == {
        "V0", "V1", "V2", "V3", "V4", "V6", "V7",
    }  # fmt: skip
    settings, answers = told["rungs"]["V4"]["items"], told["rungs"]["V6"]["items"]
    for wanted in (
        "JupyterHub.services[idle-culler]", "JupyterHub.services[2i2c]", "JupyterHub.load_roles[gradebook]",
        "Authenticator.post_auth_hook", "Spawner.pre_spawn_hook", "ProfileSpawner.profile_list",
        "JupyterHub.spawner_class", "HubInformation.name",
    ):  # fmt: skip
        assert settings[wanted] == {"status": "pass"}
    # what only the database knew
    assert "gets grace" in settings["Authenticator.admin_users"]["why"]
    assert {"users/marie", "groups/field-trip", "services/gradebook", "info/spawner"} <= set(
        answers
    )
    # the replica's own service tells each announcement to whom it is for, and to nobody else
    assert answers["services/2i2c/"]["why"] == "it answers"
    assert sorted(
        each["why"] for name, each in answers.items() if name.startswith("announcements/")
    ) == [
        "ada is told it, admin, katherine not",
        "ada, admin, katherine are told it",
        "admin is told it, ada, katherine not",
    ]
    assert answers["packages"]["why"].endswith("in the captured versions")
    latest = json.loads((tmp_path / "drills" / "latest.json").read_text())
    assert (latest["highest"], latest["holds"], latest["blockers"]) == ("V7", True, [])
    kept = [each for each in (tmp_path / "drills").iterdir() if each.is_dir()]
    assert [(each / "bundle.report" / "report.html").is_file() for each in kept] == [True]
    whole = b"".join(each.read_bytes() for each in kept[0].rglob("*") if each.is_file())
    assert b"an-example-token-that-stays-behind" not in whole


def test_a_plain_configuration_is_captured_without_its_secrets(captured):
    whole = b"".join(each.read_bytes() for each in captured.rglob("*") if each.is_file())
    assert b"CANARY" not in whole
    assert b"CANARY" not in b"".join(
        base64.b64decode(each) for each in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", whole)
        if len(each) % 4 == 0
    )  # fmt: skip
    with opened(captured) as bundle:
        slots = {each.slot for each in bundle.manifest().secrets}
        assert "def allow(" in bundle.text("hub/config.source/parts.py")
        assert bundle.text("hub/config.source/logo.svg") == "<svg/>"
        assert "hub/config.source/jupyterhub_cookie_secret" not in bundle.names()
        template = bundle.text("secrets.template.env")
    assert {"JUPYTERHUB_COOKIE_SECRET", "JUPYTERHUB_SERVICES_GRADER_API_TOKEN"} <= slots
    assert all(f"\n{slot}=\n" in template for slot in slots)


def test_what_is_built_says_the_same(captured, built):
    rung = compared(captured, built)
    assert rung.status == "pass", failing(rung)
    assert rung.items["Authenticator.post_auth_hook"].why == ""
    assert "is another one" in rung.items["JupyterHub.db_url"].why
    assert stat.S_IMODE((built.directory / "secrets.env").stat().st_mode) == 0o600
    with opened(captured) as bundle:
        assert v3_local.check(bundle, built, Work()).status == "pass"


def test_one_word_of_a_hook_is_caught_and_only_it(captured, built):
    edit(built.directory / "source" / "parts.py", 'startswith("guest")', 'endswith("guest")')
    assert failing(compared(captured, built)) == ["Authenticator.post_auth_hook"]
    with opened(captured) as bundle:
        assert failing(v3_local.check(bundle, built, Work())) == ["source/parts.py"]


def test_a_word_that_a_hook_uses_is_caught(captured, built):
    edit(built.directory / "source" / "parts.py", '["members", "students"]', '["members"]')
    rung = compared(captured, built)
    assert failing(rung) == ["Authenticator.post_auth_hook"]
    assert "uses/WELCOME" in rung.items["Authenticator.post_auth_hook"].why


def test_each_seeded_fault_is_caught_by_its_name(captured, built):
    source = built.directory / "source"
    edit(source / "jupyterhub_config.py", '{"boss"}', '{"boss", "mal"}')
    edit(source / "jupyterhub_config.py", '"2G"', '"4G"')
    edit(source / "parts.py", "--timeout=3600", "--timeout=36000")
    edit(source / "parts.py", '["list:users", "delete:servers"]', '["list:users"]')
    edit(source / "parts.py", "TOKEN=", "TOKEN_2=")
    edit(source / "parts.py", "asks(3)", "asks(4)")
    edit(source / "careful.py", "islower", "isupper")
    rung = compared(captured, built)
    assert failing(rung) == [
        "Authenticator.admin_users",
        "JupyterHub.load_roles[culler]",
        "JupyterHub.services[culler]",
        "MyLogin.authenticator",
        "Spawner.auth_state_hook",
        "Spawner.mem_limit",
        "Spawner.pre_spawn_hook",
    ]
    assert "36000" in rung.items["JupyterHub.services[culler]"].why
    assert "mal" in rung.items["Authenticator.admin_users"].why


def test_a_decision_that_was_changed_is_caught(captured, built):
    path = built.directory / "replica.json"
    told = json.loads(path.read_text())
    told["settings"]["JupyterHub.db_url"] = "sqlite:////elsewhere"
    path.write_text(json.dumps(told))
    with opened(captured) as bundle:
        rung = v3_local.check(bundle, hub_local.read_built(built.directory), Work())
    assert failing(rung) == ["replica.json: settings"]


def test_a_file_that_was_changed_in_the_bundle_is_caught_before_anything_runs(captured, tmp_path):
    copy = tmp_path / "bundle"
    shutil.copytree(captured, copy)
    edit(copy / "data" / "hub" / "config.source" / "parts.py", "3600", "7200")
    verification = verify(copy, rebuild=True)
    assert verification.rungs["V0"].status == "fail"
    assert verification.rungs["V4"].status == "not-run"


ATTEMPTS = """\
import os, socket, subprocess, sys
c = get_config()
found = {}
def attempt(name, what):
    try:
        found[name] = repr(what())
    except BaseException as error:
        found[name] = type(error).__name__
attempt("network", lambda: socket.create_connection(("127.0.0.1", 1), 1))
attempt("network by a child", lambda: subprocess.run(
    [sys.executable, "-c", "import socket; socket.socket()"], check=True, stderr=subprocess.DEVNULL))
attempt("write", lambda: open(OUTSIDE + "/mine", "w"))
attempt("write by a child", lambda: subprocess.run(["sh", "-c", f"echo x > {OUTSIDE}/mine"], check=True))
attempt("read", lambda: open(OUTSIDE + "/theirs").read())
attempt("delete", lambda: os.remove(OUTSIDE + "/theirs"))
attempt("rename", lambda: os.rename(OUTSIDE + "/theirs", "mine"))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("session", lambda: os.setsid())
attempt("mine", lambda: open("here", "w").write("x"))
attempt("variable", lambda: os.environ["PERSONS_TOKEN"])
c.Spawner.environment = found
"""


def execute_here(code, tmp_path, **options):
    box = tmp_path / "box"
    (box / "hub").mkdir(parents=True, exist_ok=True)
    (box / "a.py").write_text(code)
    return execute(
        box / "a.py", box, hub=box / "hub", environment={"PATH": "/usr/bin:/bin"}, known={},
        places={}, work=Work(), **options,
    )  # fmt: skip


def test_a_configuration_in_the_sandbox_reaches_nothing(tmp_path, monkeypatch, sandbox):
    monkeypatch.setenv("PERSONS_TOKEN", "x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").write_text("x")
    code = f"OUTSIDE = {str(outside)!r}\n{ATTEMPTS}"
    found = execute_here(code, tmp_path).config["Spawner.environment"]
    assert found.pop("mine") == "1"
    assert found.pop("variable") == "KeyError"
    assert set(found.values()) <= {"PermissionError", "CalledProcessError"}, found
    assert [each.name for each in outside.iterdir()] == ["theirs"]


@pytest.mark.parametrize(
    ("code", "why", "seconds"),
    [
        ("while True: pass", "3 s", 3),
        ("import threading; threading.Event().wait()", "within 3 s", 3),
        ("x = bytearray(8 << 30)", "a.py:1: MemoryError", 60),
        ("import os; os._exit(0)", "does not answer", 60),
    ],
)
def test_a_configuration_that_does_not_end_well_is_an_error_that_says_so(
    tmp_path, code, why, seconds, sandbox
):
    with pytest.raises(NotExecuted, match=why):
        execute_here(code, tmp_path, seconds=seconds)


def test_a_configuration_that_fails_names_its_line(tmp_path, capsys, sandbox):
    (tmp_path / "jupyterhub_config.py").write_text("import os\n\nos.environ['NOT_THERE']\n")
    assert main(["capture", "hub", "--config", str(tmp_path), "-o", str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err
    assert "{config}/jupyterhub_config.py:3: KeyError: 'NOT_THERE'" in error
    assert not (tmp_path / "b").exists()


def written_down(directory, code="c = get_config()\n", config=None):
    """The record of a running hub with this configuration."""
    file = directory / "jupyterhub_config.py"
    file.write_text(code)
    path = directory / "a.record.json"
    record.write(path, config or Config(), file, directory)
    return read_record(path)


def test_a_secret_that_cannot_be_taken_out_stops_the_capture(tmp_path):
    document = written_down(tmp_path, "c = get_config()\n\nc.X.password = f('abcdefghijk')\n")
    with pytest.raises(SecretFound, match=r"jupyterhub_config.py:3 "):
        write_bundle(document, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_the_record_of_a_hub_is_its_owners_only_and_has_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "CANARY-variable")
    file = tmp_path / "jupyterhub_config.py"
    file.write_text("c.X.token = 'CANARY-literal'\n")
    c = Config()
    c.X.token = "CANARY-literal"
    c.X.url = "https://me:CANARY-password@host/"
    c.X.note = "it holds CANARY-variable and CANARY-literal"
    c.X.place = str(tmp_path / "a")
    path = record.record_path(tmp_path / "jupyter_2i2c.json")
    record.write(path, c, file, tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "CANARY" not in path.read_text()
    document = read_record(path)
    assert document["config"]["X.place"] == "{config}/a"
    assert document["config"]["X.note"] == "it holds <secret:MY_TOKEN> and <secret:X_TOKEN>"


def rules():
    return Rules(SECRET_NAME.pattern, NO_SECRET_NAME.pattern)


def test_everything_that_a_configuration_may_hold_becomes_json():
    class Odd:
        def __init__(self):
            self.inner = self
            self.limit = 3

    c = Config()
    c.A.many = {"b", "a"}
    c.A.data = b"\x00\x01"
    c.A.hook = lambda x: x
    c.A.kind = Odd
    c.A.odd = Odd()
    c.A.later.append(1)
    c.A.services = [{"name": "one", "url": "u"}, {"name": "two"}]
    told = json.loads(json.dumps(recorded(c, rules())))
    assert told["A.many"] == {"$set": ["a", "b"]}
    assert told["A.data"] == {"$bytes": "AAE="}
    assert told["A.hook"]["$code"]["bytecode"] == bytecode((lambda x: x).__code__)
    assert told["A.odd"]["state"]["limit"] == 3
    assert told["A.later"] == [1]
    assert told["A.services[two]"] == {"name": "two"}


def test_bytecode_is_what_a_function_does_and_not_where_it_stands():
    def compiled(text):
        space = {}
        exec(compile(text, "x.py", "exec"), space)
        return bytecode(space["f"].__code__)

    first = compiled("def f(a):\n    return [x + 1 for x in a]\n")
    assert compiled("\n\n# more\ndef f(a):\n    return [x + 1 for x in a]\n") == first
    assert compiled("def f(a):\n    return [x + 2 for x in a]\n") != first
    assert compiled("def f(a):\n    return [x + True for x in a]\n") != first


def test_people_are_left_out_without_consent(tmp_path):
    document = written_down(tmp_path)
    api = {
        "users": [{"name": "ada"}],
        "groups": [],
        "services": [],
        "info": {},
        "refused": ["info"],
    }
    without = write_bundle(document, tmp_path / "a", api=api)
    assert "hub/users.json" not in {each.path for each in without.manifest.items}
    with_them = write_bundle(document, tmp_path / "b", api=api, people=True)
    assert "hub/users.json" in {each.path for each in with_them.manifest.items}


def test_wrong_calls_are_one_line(tmp_path, capsys):
    (tmp_path / "record.json").write_text("{}")
    (tmp_path / "hub.conf").write_text("c.JupyterHub.port = 9000")
    for call in (
        ["--record", "record.json", "--config", "hub.conf", "-o", str(tmp_path / "b")],
        ["--record", str(tmp_path / "record.json"), "--cluster", "x", "-o", str(tmp_path / "b")],
        ["--infrastructure", str(tmp_path), "--live", "http://x/", "-o", str(tmp_path / "b")],
        ["--config", str(tmp_path / "hub.conf"), "-o", str(tmp_path / "b")],
        ["--record", str(tmp_path / "none"), "-o", str(tmp_path / "b")],
        ["--record", str(tmp_path / "record.json"), "-o", str(tmp_path / "b")],
        ["--config", str(tmp_path), "-o", str(tmp_path / "b")],
        ["-o", str(tmp_path / "b")],
    ):
        assert main(["capture", "hub", *call]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_tljhs_configuration_is_its_own_keys_and_the_captured_code(captured, tmp_path, capsys):
    place = tmp_path / "tljh"
    assert main(["plan", str(captured), "--target", "tljh", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["config.yaml"]
    assert main(["build", str(captured), "--target", "tljh", "-o", str(place)]) == 0
    config = yaml.safe_load((place / "config.yaml").read_text())
    assert config == planned == {
        "auth": {"type": "pam"},
        "limits": {"memory": "2G"},
        "services": {"cull": {"enabled": False}},
        "users": {"admin": ["boss"], "allowed": ["ada"]},
    }  # fmt: skip
    said = (place / "README.md").read_text()
    # the service beside the hub needs what the extra brings
    assert re.search(r"hub/bin/python3 -m pip install .*'jupyter_2i2c\[hub\]==", said)
    assert re.search(r"the captured hub ran jupyterhub \d", said)
    verification = verify(captured, built=place)
    passed = {name for name, rung in verification.rungs.items() if rung.status == "pass"}
    assert passed == {"V0", "V1", "V3", "V4"}, verification.blockers
    assert "root and systemd" in verification.rungs["V7"].why
    edit(place / "config.yaml", "memory: 2G", "memory: 2 gigabytes")
    (place / "config.yaml").write_text((place / "config.yaml").read_text() + "profiles: []\n")
    broken = verify(captured, built=place, up_to="V3")
    assert "config.yaml: limits" in failing(broken.rungs["V3"])
    assert len(failing(broken.rungs["V1"])) == 2


def test_a_drill_keeps_its_dated_report_and_removes_the_oldest(directory, tmp_path, capsys):
    top = tmp_path / "drills"
    for name in ("2020-01-01T000000Z", "2021-01-01T000000Z", "notes"):
        (top / name).mkdir(parents=True)
    call = ["drill", "--config", str(directory), "-o", str(top), "--up-to", "V4", "--keep", "1"]
    assert main([*call, "--name", "a hub"]) == 0
    said = capsys.readouterr().out
    assert "Highest rung: V4" in said
    assert "Differences that are meant" in said
    assert "V4 JupyterHub.db_url: becomes" in said
    latest = json.loads((top / "latest.json").read_text())
    assert (latest["hub"], latest["highest"]) == ("a hub", "V4")
    kept = {each.name for each in top.iterdir()}
    assert {"2021-01-01T000000Z", "notes", "latest.json"} < kept
    assert "2020-01-01T000000Z" not in kept


def test_a_drill_says_when_by_what_and_what_it_says_nothing_about(directory, tmp_path, capsys):
    top = tmp_path / "drills"
    assert main(["drill", "--config", str(directory), "-o", str(top), "--up-to", "V3"]) == 0
    said = capsys.readouterr().out
    assert "Not run at all: V4, V5, V6, V7, V8" in said
    assert "homes:files: the files of users are not the hub's to give; each user takes them" in said
    assert "people:list: the hub's API was not asked" in said
    supply = said.partition("Secrets to supply where it is rebuilt:")[2]
    assert "JUPYTERHUB_COOKIE_SECRET: make it with `openssl rand -hex 32`" in supply
    assert "nothing to do" not in supply
    (place,) = (each for each in top.iterdir() if each.is_dir())
    head = (place / "bundle.report" / "report.txt").read_text().partition("\n")[0]
    assert re.fullmatch(r"Verified 20\S+Z by jupyter_2i2c \S+ on Python \S+, \w+", head)
    made = json.loads((place / "bundle.report" / "report.json").read_text())["made"]
    assert made["by"] == f"jupyter_2i2c {__version__}"


def test_only_secrets_that_somebody_must_get_are_asked_for():
    made = Secret("MADE", "made when the hub starts", "nothing to do where the hub makes it")
    manifest = Manifest(
        "hub", "", {}, {}, {}, secrets=(made, Secret("KEY\x1b", "x.py:1", "choose it"))
    )
    assert (
        left_out_text(manifest) == "Secrets to supply where it is rebuilt:\n  KEY\\x1b: choose it"
    )


def test_a_drill_that_fails_says_so_and_leaves_nothing_that_looks_like_one(tmp_path, capsys):
    (tmp_path / "jupyterhub_config.py").write_text("1 / 0\n")
    top = tmp_path / "drills"
    assert main(["drill", "--config", str(tmp_path), "-o", str(top)]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert list(top.iterdir()) == []


API = {
    "users": [
        {"name": "ada", "admin": False, "roles": ["user"], "kind": "user"},
        {"name": "boss", "admin": True, "roles": ["admin", "user"], "kind": "user"},
    ],
    "groups": [{"name": "class", "users": ["ada"], "properties": {}, "roles": []}],
    "services": [{"name": "culler", "admin": False, "roles": ["culler"]}],
    "info": {"version": "6.1.1", "spawner": {"class": "A"}},
    "refused": [],
}


def bundle_of(tmp_path, config, api=None):
    document = written_down(tmp_path, config=config)
    return write_bundle(document, tmp_path / "b", api=api, people=True).place


def test_a_dangling_reference_is_named(tmp_path):
    c = Config()
    c.HubInformation.logo = str(tmp_path / "not-there.svg")
    c.JupyterHub.services = [{"name": "mine", "command": ["/no/such/program"]}]
    c.JupyterHub.load_roles = [
        {"name": "r", "services": ["mine", "gone"], "scopes": ["list:users"]}
    ]
    with opened(bundle_of(tmp_path, c)) as bundle:
        rung = v2_local.check(bundle, hub_local.build(bundle, tmp_path / "built", Work()), Work())
    assert failing(rung) == [
        "file {config}/not-there.svg",
        "role r: service gone",
        "service mine: /no/such/program",
    ]


def test_a_replica_that_answers_differently_is_named(tmp_path, monkeypatch):
    c = Config()
    c.Authenticator.admin_users = {"boss"}
    told = json.loads(json.dumps(API))
    told["users"][0]["admin"] = True
    told["users"].append({"name": "mal"})
    told["groups"] = []
    told["services"][0]["roles"] = []
    told["info"]["version"] = "6.2.0"
    monkeypatch.setattr(v6_live, "observed", lambda *_: told)

    class Replica:
        url = "http://127.0.0.1:1/"

        def log_in(self, name):
            assert name == "boss"
            return self

        def token(self, *_):
            return ""

    with opened(bundle_of(tmp_path, c, API)) as bundle:
        built = hub_local.build(bundle, tmp_path / "built", Work())
        rung = v6_live.check(bundle, built, Replica(), Work())
    assert failing(rung) == [
        "groups/class", "info/version", "services/culler", "users/ada", "users/mal",
    ]  # fmt: skip
    # another spawner is what the plan says
    assert rung.items["users/boss"].status == rung.items["info/spawner"].status == "pass"
    assert "admin was false and is true" in rung.items["users/ada"].why


def test_what_v6_cannot_compare_is_not_run_and_never_a_pass(tmp_path, monkeypatch):
    c = Config()
    c.Authenticator.admin_users = {"boss"}
    monkeypatch.setattr(v6_live, "observed", lambda *_: API)
    here = {**dict(v6_live.listed()), "tornado": "0.1"}
    del here["traitlets"]
    monkeypatch.setattr(v6_live, "listed", lambda python: list(here.items()))

    class Replica:
        url = "http://127.0.0.1:1/"

        def log_in(self, name):
            return self

        def token(self, *_):
            return ""

    document = written_down(tmp_path, config=c)
    place = write_bundle(document, tmp_path / "nameless", api=API, people=False).place
    with opened(place) as bundle:
        built = hub_local.build(bundle, tmp_path / "built", Work())
        rung = v6_live.check(bundle, built, Replica(), Work())
    waiting = {name: each.why for name, each in rung.items.items() if each.status == "not-run"}
    assert waiting["users"] == "not in the bundle: 2 users: names of people need --with-people"
    assert waiting["groups"].startswith("not in the bundle: 1 groups")
    # equal answers prove nothing about packages that are not here
    assert "2 are not here in the captured versions" in waiting["packages"]
    assert (
        f"tornado {tornado.version} (here 0.1), traitlets {traitlets.__version__} (not here)"
        in waiting["packages"]
    )
    assert set(waiting) == {"users", "groups", "packages"}
    assert rung.status == "pass"
    assert "3 not run (1 services, 2 info)" in rung.why


def test_whom_only_the_database_knew_is_on_the_replica_too(tmp_path):
    c = Config()
    c.Authenticator.admin_users = {"boss"}
    c.JupyterHub.load_groups = {"other": ["boss"]}
    with opened(bundle_of(tmp_path, c, API)) as bundle:
        made = hub_local.plan(bundle)
    assert made.added == {
        "Authenticator.allowed_users": ["ada"],
        "JupyterHub.load_groups": {"class": {"users": ["ada"], "properties": {}}},
    }


def test_a_replicas_secrets_come_from_its_file(tmp_path, monkeypatch):
    import importlib.util

    shutil.copy(hub_local.OVERLAY, tmp_path / "replica.py")
    decided = {
        "environment": {"PLACE": "{config}/x"},
        "secrets": ["KEY", "TOKEN"],
        "elsewhere": {},
        "addresses": {},
    }
    (tmp_path / "replica.json").write_text(json.dumps(decided))
    (tmp_path / "secrets.env").write_text('# a comment\nKEY="first\\nsecond"\nTOKEN=\n')
    spec = importlib.util.spec_from_file_location("replica_of_a_test", tmp_path / "replica.py")
    replica = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(replica)
    for name in ("PLACE", "KEY", "TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr("traitlets.config.loader.PyFileConfigLoader.load_subconfig", None)
    with pytest.raises(SystemExit, match=r"secrets.env lacks TOKEN"):
        replica.prepare()
    monkeypatch.setenv("TOKEN", "given")
    replica.prepare()
    assert os.environ["KEY"] == "first\nsecond"
    assert os.environ["TOKEN"] == "given"
    assert os.environ["PLACE"] == f"{tmp_path}/source/x"


def test_the_charts_values_and_code_are_written_down_without_secrets(tmp_path, monkeypatch):
    values = {
        "hub": {
            "config": {"GitHubOAuthenticator": {"client_secret": "CANARY-client"}},
            "extraConfig": {"01": "c.X.token = 'CANARY-snippet'  # CANARY-comment\n", "02": "1 +"},
        },
        "cull": {"timeout": 3600},
    }
    z2jh = types.ModuleType("z2jh")
    z2jh.get_config = values.get
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    document = written_down(tmp_path)
    assert "CANARY" not in json.dumps(document)
    told = document["kubernetes"]["values"]
    slot = "GITHUBOAUTHENTICATOR_CLIENT_SECRET"
    assert told["hub"]["config"]["GitHubOAuthenticator"]["client_secret"] == f"<secret:{slot}>"
    assert "environ['HUB_EXTRA_CONFIG_01_X_TOKEN']" in told["hub"]["extraConfig"]["01"]
    assert told["hub"]["extraConfig"]["02"] == "1 +"  # no Python, which V2 says
    assert told["cull"] == {"timeout": 3600}


def test_files_are_found_however_they_are_named_and_what_the_hub_keeps_stays(tmp_path, sandbox):
    top, other = tmp_path / "srv", tmp_path / "other"
    for each in (top / "drills", other):
        each.mkdir(parents=True)
    (top / "drills" / "latest.json").write_text('{"people": "CANARY-person"}')
    (top / "jupyter_2i2c.json").write_text('{"people": "CANARY-person"}')
    (top / "beside.py").write_text("c = get_config()\nc.X.beside = 1\n")
    (other / "first.py").write_text(
        "from pathlib import Path\nc = get_config()\nc.X.first = 1\n"
        "load_subconfig(str(Path(__file__).with_name('second.py')))\n"
    )
    (other / "second.py").write_text("c = get_config()\nc.X.second = 1\n")
    code = (
        f"c = get_config()\nload_subconfig({str(top / 'beside.py')!r})\n"
        f"load_subconfig({str(other / 'first.py')!r})\n"
        f"c.HubService.drills = {str(top / 'drills')!r}\n"
        f"c.HubService.note = {str(top / 'jupyter_2i2c.json')!r}\n"
        f"c.HubService.exports_directory = {str(top / 'not-yet')!r}\n"
    )
    c = Config()
    c.X.beside = c.X.first = c.X.second = 1
    c.HubService.drills = str(top / "drills")
    c.HubService.note = str(top / "jupyter_2i2c.json")
    c.HubService.exports_directory = str(top / "not-yet")
    (top / "jupyterhub_config.py").write_text(code)
    path = record.record_path(top / "jupyter_2i2c.json")
    record.write(path, c, top / "jupyterhub_config.py", top)
    write_bundle(read_record(path), tmp_path / "bundle")
    whole = b"".join(
        each.read_bytes() for each in (tmp_path / "bundle").rglob("*") if each.is_file()
    )
    assert b"CANARY" not in whole
    with opened(tmp_path / "bundle") as bundle:
        assert {each for each in bundle.names() if each.startswith("hub/config.source/")} == {
            "hub/config.source/beside.py",
            "hub/config.source/elsewhere/0/first.py",
            "hub/config.source/elsewhere/0/second.py",
        }
        built = hub_local.build(bundle, tmp_path / "built", Work())
        shutil.rmtree(top)
        shutil.rmtree(other)
        assert failing(v2_local.check(bundle, built, Work())) == []
        rung = v4_configuration.check(bundle, built, None, Work())
    differing = {name for name in failing(rung) if name.startswith("X.")}
    assert differing == set(), rung.items
    assert {"X.beside", "X.first", "X.second"} <= set(rung.items)


def test_a_bundle_of_an_earlier_version_is_still_built(captured, tmp_path):
    earlier = shutil.copytree(captured, tmp_path / "earlier")
    hub = earlier / "data" / "hub"
    (hub / "config.source").rename(hub / "source")
    (hub / "jupyterhub_config.redacted.py").rename(hub / "source" / "jupyterhub_config.py")
    path = earlier / "data" / "manifest.json"
    path.write_text(
        path.read_text()
        .replace("hub/config.source/", "hub/source/")
        .replace("hub/jupyterhub_config.redacted.py", "hub/source/jupyterhub_config.py")
    )
    rebag(earlier)
    told = verify(earlier, rebuild=True, up_to="V4")
    assert told.blockers == []
    assert told.highest == "V4"


def test_a_record_that_takes_too_long_does_not_keep_the_hub_from_starting(tmp_path, monkeypatch):
    file = tmp_path / "jupyterhub_config.py"
    file.write_text("c = get_config()\n")
    before = signal.getsignal(signal.SIGALRM)
    timed = bool(signal.getitimer(signal.ITIMER_REAL)[0])  # by pytest itself
    monkeypatch.setattr(record, "SECONDS", 0.01)
    monkeypatch.setattr(record, "recorded", lambda *_, **__: re.match("(x+)+y", "x" * 64))
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        record.write(tmp_path / "a.record.json", Config(), file, tmp_path)
    assert signal.getsignal(signal.SIGALRM) is before
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) is timed
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
