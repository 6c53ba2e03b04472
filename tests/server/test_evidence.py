"""What is open here, as a user's server tells it: of its own environment, and of its hub where that tells it."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_2i2c.model import EvidenceSheet, from_json
from jupyter_2i2c.replicate.evidence import environment
from jupyter_2i2c.server.layers_here import LayersHere, python_of_kernel

OF_HUB = {
    "version": 9,
    "at": "2026-03-01T12:00:00Z",
    "layers": [
        {
            "key": "cloud",
            "items": [
                {
                    "id": "tie:disk",
                    "what": "Settings of one cloud",
                    "found": "the disk",
                    "status": "tied",
                    "count": 1,
                    "names": ["a.b"],
                    "new": "field",
                }
            ],
        },
        {
            "key": "environment",
            "items": [{"id": "nothing", "what": "", "found": "", "status": "not-known"}],
        },
        {"key": "of-tomorrow", "items": []},
    ],
}


def items(told):
    return {(layer["key"], each["id"]): each for layer in told["layers"] for each in layer["items"]}


async def ask(jp_fetch):
    return json.loads((await jp_fetch("jupyter-2i2c", "evidence")).body)


async def test_without_a_hub_the_environment_is_told_and_the_rest_is_not_known(jp_fetch, no_hub):
    told = await ask(jp_fetch)
    assert [each["key"] for each in told["layers"]] == [
        "data", "environment", "infrastructure", "cloud",
    ]  # fmt: skip
    found = items(told)
    assert found["environment", "python:open"]["count"] > 20
    for layer in ("infrastructure", "cloud"):
        assert found[layer, "nothing"]["status"] == "not-known"
        assert found[layer, "nothing"]["found"] == "no hub started this server"


async def test_the_hubs_layers_are_put_beside_the_servers_own(jp_fetch, stand_in):
    stand_in.says(OF_HUB, ETag='"one"')
    found = items(await ask(jp_fetch))
    assert found["cloud", "tie:disk"]["names"] == ["a.b"]
    assert found["infrastructure", "nothing"]["status"] == "not-known"
    assert ("environment", "python:open") in found
    assert ("environment", "nothing") not in found
    await ask(jp_fetch)
    assert stand_in.paths == ["/services/2i2c/api/v1/evidence"]


@pytest.mark.parametrize("images", [1, 2])
async def test_what_is_in_the_hubs_one_image_is_what_is_here(jp_fetch, stand_in, images):
    content = {"id": "images-content", "what": "Images", "found": "", "status": "not-known"}
    layer = {"key": "environment", "items": [{**content, "count": images}]}
    stand_in.says({"version": 1, "at": "", "layers": [layer]})
    found = items(await ask(jp_fetch))
    assert (("environment", "images-content") in found) == (images > 1)


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ("{}", 404, "no service that tells it"),
        ("{}", 403, "started before"),
        ("", 500, "does not tell it now"),
        ("[]", 200, "does not tell it now"),
    ],
)
async def test_a_service_that_cannot_tell_takes_nothing_else_away(
    jp_fetch, stand_in, body, status, why
):
    stand_in.says(body, status)
    found = items(await ask(jp_fetch))
    assert why in found["cloud", "nothing"]["found"]
    assert found["environment", "python:open"]["count"] > 20


@pytest.fixture
def looks(monkeypatch):
    """How often the environment was looked at."""
    looks = []
    look = environment.look

    def counted(*args):
        looks.append(1)
        return look(*args)

    monkeypatch.setattr(environment, "look", counted)
    return looks


async def test_it_looks_again_only_where_something_was_installed(
    jp_fetch, no_hub, looks, monkeypatch
):
    await ask(jp_fetch)
    await ask(jp_fetch)
    assert len(looks) == 1
    monkeypatch.setattr(environment, "stamp", lambda *_: "another")
    await ask(jp_fetch)
    assert len(looks) == 2


async def test_an_environment_that_cannot_be_looked_at_says_so(jp_serverapp, no_hub):
    log = SimpleNamespace(warning=lambda *_: None)
    extension = jp_serverapp.web_app.settings["jupyter_2i2c"]
    here = LayersHere(extension.hub, lambda: "/nowhere/python", log)
    found = items(await here.answer())
    assert found["environment", "nothing"]["status"] == "not-known"
    assert ("environment", "python:open") not in found


@pytest.mark.parametrize(
    ("argv", "python"),
    [
        ([sys.executable, "-m", "ipykernel"], sys.executable),
        (["python", "-m", "ipykernel"], None),
        (["/usr/bin/R"], None),
        ([], None),
    ],
)
def test_the_environment_is_the_default_kernels(argv, python):
    spec = SimpleNamespace(argv=argv)
    specs = SimpleNamespace(get_kernel_spec=lambda name: spec)
    manager = SimpleNamespace(kernel_spec_manager=specs, default_kernel_name="python3")
    assert python_of_kernel(manager) == python
    assert python_of_kernel(None) is None


def test_the_example_is_an_answer(data):
    example = json.loads((data / "evidence.json").read_text("utf-8"))
    sheet = from_json(EvidenceSheet, example)
    assert [each.key for each in sheet.layers] == ["data", "environment", "infrastructure", "cloud"]
    statuses = {each.status for layer in sheet.layers for each in layer.items}
    assert statuses == {"open", "own-licence", "tied", "unpinned", "not-known"}


def test_nothing_of_it_is_loaded_when_lab_starts():
    import subprocess

    code = (
        "import sys, jupyter_2i2c.server.app as app; app.Jupyter2i2cApp().initialize_handlers();"
        "print([n for n in sys.modules if 'evidence' in n or 'packaging.licenses' in n])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['jupyter_2i2c.server.evidence']"


def test_the_places_that_are_watched_are_those_that_are_read(tmp_path):
    places = [Path(each) for each, _ in environment.stamp(interpreter_at(tmp_path), {}, tmp_path)]
    assert tmp_path / "conda-meta" in places
    assert tmp_path / "var/lib/dpkg/status" in places


def interpreter_at(prefix):
    return SimpleNamespace(sites=(prefix / "site-packages",), prefix=prefix)
