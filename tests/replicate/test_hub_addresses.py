"""Where a replica listens: never where the captured hub may still do, on the same machine."""

import importlib.util
import json
import shutil

import pytest
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.sandbox.start import Executed
from jupyter_2i2c.replicate.targets import hub_local
from jupyter_2i2c.replicate.verify import v4_configuration, verify

CONFIG = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:8765/hub-of-old/"
c.Spawner.environment = {"BOARD": "http://localhost:10200/board", "MAPS": "http://127.0.0.1:5432"}
c.JupyterHub.services = [
    {"name": "board", "url": "http://127.0.0.1:10200", "environment": {"SECOND": "http://127.0.0.1:10201"},
     "command": ["python3", "-m", "board", "--api=http://127.0.0.1:8081/hub/api"]},
    {"name": "second", "url": "http://127.0.0.1:10201", "api_token": "not-a-secret-that-stays"},
    {"name": "maps", "url": "http://127.0.0.1:10202", "api_token": "another-that-stays-behind"},
    {"name": "culler", "command": ["python3", "-m", "jupyterhub_idle_culler"]},
]
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory, sandbox):
    top = tmp_path_factory.mktemp("srv")
    (top / "jupyterhub_config.py").write_text(CONFIG)
    place = tmp_path_factory.mktemp("bundle") / "bundle"
    assert main(["capture", "hub", "--config", str(top), "-o", str(place)]) == 0
    return place


@pytest.fixture
def made(captured):
    with opened(captured) as bundle:
        return hub_local.plan(bundle, port=9000)


@pytest.fixture
def replica(tmp_path, monkeypatch):
    """What lies beside a replica as ``replica.py``."""
    monkeypatch.delenv("REPLICA_ADDRESSES", raising=False)
    shutil.copy(hub_local.OVERLAY, tmp_path / "replica.py")
    spec = importlib.util.spec_from_file_location("replica_of_a_test", tmp_path / "replica.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_listener_that_the_hub_starts_gets_a_port_after_the_hubs_own(made):
    assert {each.path: each.what for each in made.changes if each.path.endswith("].url")} == {
        "JupyterHub.services[board].url": 'becomes "http://127.0.0.1:9004"',
        "JupyterHub.services[second].url": 'becomes "http://127.0.0.1:9005"',
    }
    assert made.addresses == {
        **dict.fromkeys(("127.0.0.1:8765", "localhost:8765"), "127.0.0.1:9000"),
        **dict.fromkeys(("127.0.0.1:8081", "localhost:8081"), "127.0.0.1:9001"),
        **dict.fromkeys(("127.0.0.1:8001", "localhost:8001"), "127.0.0.1:9002"),
        **dict.fromkeys(("127.0.0.1:10200", "localhost:10200"), "127.0.0.1:9004"),
        **dict.fromkeys(("127.0.0.1:10201", "localhost:10201"), "127.0.0.1:9005"),
    }


def test_what_the_built_hub_says_is_moved_all_through_and_v4_holds(captured, tmp_path, monkeypatch):
    said = {}

    def kept(told, executed: Executed, *rest):
        said.update(executed.config)
        return compared(told, executed, *rest)

    compared = v4_configuration.compared
    monkeypatch.setattr(v4_configuration, "compared", kept)
    built = tmp_path / "built"
    command = ["build", str(captured), "--target", "local", "--port", "9000", "-o", str(built)]
    assert main(command) == 0
    rungs = verify(captured, built=built, up_to="V4").rungs
    assert {name: rungs[name].status for name in ("V3", "V4")} == {"V3": "pass", "V4": "pass"}
    assert said["JupyterHub.bind_url"] == "http://127.0.0.1:9000/hub-of-old/"
    board, second, maps = (
        said[f"JupyterHub.services[{name}]"] for name in ("board", "second", "maps")
    )
    assert board["url"] == "http://127.0.0.1:9004"
    assert board["environment"] == {"SECOND": "http://127.0.0.1:9005"}
    assert board["command"][-1] == "--api=http://127.0.0.1:9001/hub/api"
    assert second["url"] == "http://127.0.0.1:9005"
    # nobody told of it what the replica could start
    assert maps["url"] == "http://127.0.0.1:10202"
    assert said["Spawner.environment"] == {
        "BOARD": "http://127.0.0.1:9004/board", "MAPS": "http://127.0.0.1:5432",
    }  # fmt: skip


def test_another_address_than_the_planned_one_is_caught(made):
    def service(port):
        return {"JupyterHub.services[x]": {"url": f"http://127.0.0.1:{port}"}}

    told = {"config": service(10200), "machine": {"python": "3.11.1"}}
    for port, status in ((9004, "pass"), (9005, "fail"), (90041, "fail")):
        rung = v4_configuration.compared(told, Executed(service(port), "3.11.2"), made)
        assert rung.items["JupyterHub.services[x]"].status == status


def test_ports_that_change_places_are_not_moved_twice(replica):
    c = Config()
    c.JupyterHub.hub_bind_url = "http://127.0.0.1:8001"
    c.Proxy.words = ("http://127.0.0.1:8001/a", {"b": ["127.0.0.1:8081", "10.127.0.0.1:8081", 7]})
    c.Other.args.append("http://localhost:8081")
    decided = {
        "left_out": [], "added": {}, "settings": {"JupyterHub.hub_bind_url": "http://127.0.0.1:8001"},
        "addresses": {"127.0.0.1:8081": "127.0.0.1:8001", "localhost:8081": "127.0.0.1:8001",
                      "127.0.0.1:8001": "127.0.0.1:8002"},
    }  # fmt: skip
    replica.settle(c, decided)
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:8001"
    assert c.Proxy.words == (
        "http://127.0.0.1:8002/a",
        {"b": ["127.0.0.1:8001", "10.127.0.0.1:8081", 7]},
    )
    assert c.Other.args.get_value([]) == ["http://127.0.0.1:8001"]


def test_while_it_is_checked_planned_addresses_are_moved_on_to_free_ones(replica, monkeypatch):
    moves = {"127.0.0.1:9004": "127.0.0.1:40000", "127.0.0.1:5432": "127.0.0.1:40001"}
    monkeypatch.setenv("REPLICA_ADDRESSES", json.dumps(moves))
    found = replica.moves_of({"addresses": {"127.0.0.1:10200": "127.0.0.1:9004"}})
    words = ["127.0.0.1:10200", "127.0.0.1:5432", "127.0.0.1:54321"]
    assert replica.moved(words, found) == ["127.0.0.1:40000", "127.0.0.1:40001", "127.0.0.1:54321"]
