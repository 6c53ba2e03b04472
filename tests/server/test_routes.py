"""What holds for every route of the extension."""

import json
import re
from contextlib import suppress

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_2i2c.server.app import Jupyter2i2cApp
from jupyter_2i2c.server.base import HubPanelHandler

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def routes(jp_serverapp):
    """Path and handler of each route; where a path has a name in it, that is `x`."""
    app = Jupyter2i2cApp()
    app.initialize_handlers()
    assert len(app.handlers) >= 3
    return [(re.sub(r"\(.*\)", "x", route).strip("/"), handler) for route, handler in app.handlers]


@pytest.fixture
def as_owner(monkeypatch):
    """Requests are the server's owner's, as the hub would say."""
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "ada"})


async def test_every_route_refuses_who_may_not(routes, jp_fetch, no_hub):
    for path, _ in routes:
        for method in METHODS:
            with pytest.raises(HTTPClientError) as error:
                await jp_fetch(
                    path,
                    method=method,
                    headers={"Authorization": "token wrong"},
                    allow_nonstandard_methods=True,
                )
            assert error.value.code in (403, 405), (method, path)


async def test_every_route_asks_the_authorizer(routes, jp_fetch, jp_serverapp, no_hub, monkeypatch):
    asked = []

    def refuse(handler, user, action, resource):
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", refuse)
    for path, handler in routes:
        for method in METHODS:
            own = method.lower() in vars(handler)
            with pytest.raises(HTTPClientError) as error:
                await jp_fetch(path, method=method, allow_nonstandard_methods=True)
            assert error.value.code == (403 if own else 405), (method, path)
            if own:
                action = "read" if method in ("GET", "HEAD") else "write"
                assert asked.pop() == (action, "jupyter_2i2c")
    assert asked == []


async def test_no_route_counts_as_activity(routes, jp_fetch, jp_web_app, no_hub):
    for path, handler in routes:
        assert issubclass(handler, HubPanelHandler)
        assert handler._track_activity is False
        before = jp_web_app.settings.get("api_last_activity")
        with suppress(HTTPClientError):  # a route without GET answers 405
            await jp_fetch(path)
        assert jp_web_app.settings.get("api_last_activity") == before


async def test_errors_are_json_for_people(jp_fetch, no_hub):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "server", method="DELETE")
    assert error.value.code == 404
    message = json.loads(error.value.response.body)["message"]
    assert message == (
        "this server was not started by a hub; stop the server on the hub's own page instead"
    )


async def test_a_fault_in_a_route_tells_nothing_of_its_inside(jp_fetch, no_hub, monkeypatch):
    async def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr("jupyter_2i2c.server.information.Information.answer", fail)
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "info")
    assert error.value.code == 500
    assert "secret" not in error.value.response.body.decode()


async def test_a_server_is_stopped_after_the_answer(jp_fetch, stand_in, as_owner):
    stand_in.says({"name": "ada", "scopes": ["delete:servers!server=ada/"]})
    answer = await jp_fetch("jupyter-2i2c", "server", method="DELETE")
    assert answer.code == 202
    await stand_in.until(lambda: len(stand_in.requests) == 2)
    assert (stand_in.requests[1].method, stand_in.paths[1]) == (
        "DELETE",
        "/hub/api/users/ada/server",
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"name": "ada", "scopes": []}, 200, 403), ("[]", 200, 403), ("", 500, 503), ("", 403, 503)],
)
async def test_a_server_that_cannot_be_stopped_says_so(
    jp_fetch, stand_in, as_owner, body, status, code
):
    stand_in.says(body, status)
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "server", method="DELETE")
    assert error.value.code == code
    assert "on the hub's own page instead" in error.value.response.body.decode()
    assert len(stand_in.requests) == 1


async def test_stopping_somebody_elses_server_is_refused(jp_fetch, stand_in):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("jupyter-2i2c", "server", method="DELETE")
    assert error.value.code == 403
    assert "only its owner" in error.value.response.body.decode()
    assert stand_in.requests == []
