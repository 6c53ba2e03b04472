"""`GET jupyter-2i2c/session`: what a session runs on and uses."""

import json

import pytest

from jupyter_2i2c.server.observation import Image, image_of, profile_of

STARTED = "2026-11-21T08:00:00.000000Z"


def hub(scopes=(), servers=None, user_options=None):
    """A hub that answers as JupyterHub does, given these scopes of the server's token."""
    server = {"name": "", "started": STARTED, "user_options": user_options or {}}

    def answer(handler):
        handler.set_header("X-JupyterHub-Version", "6.1.1")
        model = {"name": "ada", "scopes": list(scopes), "admin": True}
        if handler.request.path.endswith("/users/ada"):
            model["servers"] = {"": server} if servers is None else servers
        handler.finish(json.dumps(model))

    return answer


@pytest.fixture
def session(jp_fetch, monkeypatch):
    """Asks the route, as the panel does."""
    for name in ("JUPYTER_IMAGE", "JUPYTER_IMAGE_SPEC", "MEM_LIMIT", "CPU_LIMIT"):
        monkeypatch.delenv(name, raising=False)

    async def ask():
        return json.loads((await jp_fetch("jupyter-2i2c", "session")).body)

    return ask


async def test_without_a_hub_it_is_about_this_computer(session, no_hub):
    answer = await session()
    assert answer["server"] == {
        "owner": "",
        "name": "",
        "started": None,
        "profile": None,
        "can_stop": False,
    }
    assert answer["you"] == {"name": "", "admin": False, "owner": True}
    assert answer["image"] is None
    assert answer["hub_version"] is None
    assert answer["memory"]["used"] > 1_000_000
    versions = {each["name"]: each["version"] for each in answer["versions"]}
    assert {"Python", "Jupyter Server", "JupyterLab"} <= set(versions)


async def test_it_tells_image_and_limits(session, no_hub, monkeypatch):
    monkeypatch.setenv("JUPYTER_IMAGE", "quay.io/pangeo/pangeo-notebook:2026.06.04")
    monkeypatch.setenv("MEM_LIMIT", str(2**31))
    monkeypatch.setenv("CPU_LIMIT", "0.5")
    answer = await session()
    assert answer["image"] == {"name": "quay.io/pangeo/pangeo-notebook", "tag": "2026.06.04"}
    assert answer["memory"]["limit"] <= 2**31
    assert answer["cpu"]["limit"] <= 0.5


async def test_it_tells_what_the_hub_says_of_the_server(session, stand_in):
    stand_in.answer = hub(["delete:servers!server=ada/"], user_options={"profile": "large"})
    answer = await session()
    assert answer["server"] == {
        "owner": "ada",
        "name": "",
        "started": STARTED,
        "profile": "large",
        "can_stop": True,
    }
    assert answer["hub_version"] == "6.1.1"
    # the person who asks is not the server's owner, as far as this server can tell
    assert answer["you"]["owner"] is False
    assert stand_in.paths == ["/hub/api/user", "/hub/api/users/ada"]


async def test_many_looks_ask_the_hub_once(session, stand_in):
    stand_in.answer = hub()
    await session()
    await session()
    assert len(stand_in.requests) == 2


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ([], False),
        (["delete:servers!user=ada"], True),
        (["delete:servers!server=ada/"], True),
        (["delete:servers"], True),
        (["delete:servers!user=bob", "delete:servers!server=ada/other"], False),
        (["servers!user=ada"], False),
        ([3, None], False),
    ],
)
async def test_whether_the_server_can_be_stopped_is_a_matter_of_scopes(
    session, stand_in, scopes, allowed
):
    stand_in.answer = hub(scopes)
    assert (await session())["server"]["can_stop"] is allowed


@pytest.mark.parametrize(
    "body", ["<html>", "[]", "null", '{"servers": 3}', '{"servers": {"": []}}']
)
async def test_f4_a_hub_that_answers_nonsense_leaves_it_not_known(session, stand_in, body):
    stand_in.says(body)
    answer = await session()
    assert answer["server"]["started"] is None
    assert answer["memory"]["used"] > 0


async def test_f1_a_hub_that_is_down_leaves_what_was_known(session, stand_in, monkeypatch):
    monkeypatch.setattr("jupyter_2i2c.server.observation.HUB_AGE", 0.0)
    monkeypatch.setattr("jupyter_2i2c.server.observation.SAMPLE_AGE", 0.0)
    stand_in.answer = hub()
    assert (await session())["server"]["started"] == STARTED
    stand_in.says(status=503)
    assert (await session())["server"]["started"] == STARTED


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("a/b:c", Image("a/b", "c")),
        ("a/b", Image("a/b", "")),
        ("host:5000/a", Image("host:5000/a", "")),
        ("host:5000/a:1", Image("host:5000/a", "1")),
        ("a/b@sha256:abc", Image("a/b", "sha256:abc")),
        ("", None),
    ],
)
def test_an_image_reference_is_taken_apart(reference, image):
    assert image_of({"JUPYTER_IMAGE": reference}) == image


def test_the_specification_goes_over_the_plain_variable():
    both = {"JUPYTER_IMAGE": "a:1", "JUPYTER_IMAGE_SPEC": "b:2"}
    assert image_of(both) == Image("b", "2")


@pytest.mark.parametrize(
    ("options", "profile"),
    [({"profile": "x"}, "x"), ({}, None), (None, None), ({"profile": 3}, None), ([], None)],
)
def test_a_profile_is_told_where_the_options_do(options, profile):
    assert profile_of(options) == profile
