"""The way to the hub and to its service, when all is well and when it is not."""

import asyncio
import socket

import pytest

from jupyter_2i2c.server.hub_client import HubClient, HubError


@pytest.fixture
def client(stand_in):
    return HubClient.from_environment()


async def failure(question):
    with pytest.raises(HubError) as error:
        await question
    return error.value


async def test_it_asks_with_the_servers_token_and_follows_the_given_paths(client, stand_in):
    answer = await client.ask_service("v1/info")
    assert answer.body["facts"]["name"] == "Stand-in hub"
    await client.ask_hub("users/ada")
    assert stand_in.paths == ["/services/2i2c/api/v1/info", "/hub/api/users/ada"]
    assert {r.headers["Authorization"] for r in stand_in.requests} == {"token server-token"}


async def test_what_it_has_already_is_not_sent_again(client, stand_in):
    stand_in.says(status=304, ETag='"a"')
    answer = await client.ask_service("v1/info", '"a"')
    assert answer.body is None
    assert stand_in.requests[0].headers["If-None-Match"] == '"a"'


async def test_on_a_hub_with_subdomains_it_asks_for_the_services_own_host(stand_in, monkeypatch):
    monkeypatch.setenv("JUPYTER_2I2C_SERVICE_HOST", "2i2c--service.hub.example")
    await HubClient.from_environment().ask_service("v1/info")
    assert stand_in.requests[0].headers["Host"] == "2i2c--service.hub.example"


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (500, "oops", "unavailable", "answered 500"),
        (503, "<html>Service Unavailable</html>", "unavailable", "answered 503"),
        (200, "<html>Welcome</html>", "unavailable", "something else than JSON"),
        (200, b"\xff\xfe", "unavailable", "something else than JSON"),
        (200, "[" * 100_000, "unavailable", "something else than JSON"),
        (500, "[" * 100_000, "unavailable", "answered 500"),
        (302, "", "unavailable", "answered 302"),
        (404, "", "no-service", "nothing at that address"),
        (403, '{"message": "no"}', "restart", "started before the service"),
        (401, "", "restart", "started before the service"),
    ],
)
async def test_f2_f3_f4_f11_an_answer_that_is_none(client, stand_in, status, body, state, words):
    stand_in.says(body, status, Location="https://elsewhere.example/")
    error = await failure(client.ask_service("v1/info"))
    assert error.state == state
    assert words in error.message
    assert "<html>" not in error.message
    assert len(stand_in.requests) == 1  # a redirect is not followed


async def test_f26_retry_after_is_honoured_within_reason(client, stand_in):
    waits = {"7": 7.0, "0": 1.0, "999999": 3600.0, "inf": 3600.0, "nan": 30.0, "soon": 30.0}
    for given, used in waits.items():
        stand_in.says(status=503, Retry_After=given)
        assert (await failure(client.ask_service("v1/info"))).retry_after == used


async def test_f1_a_hub_that_is_down(client, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv(
            "JUPYTERHUB_API_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/hub/api"
        )
        error = await failure(HubClient.from_environment().ask_hub("user"))
    assert error.state == "unavailable"
    assert "cannot be reached" in error.message


async def test_f5_a_hub_that_is_slow(client, stand_in, monkeypatch):
    monkeypatch.setattr(HubClient, "TOTAL_TIMEOUT", 0.2)
    never = asyncio.Event()
    stand_in.answer = lambda _: never.wait()
    error = await failure(client.ask_hub("user"))
    assert error.state == "unavailable"
    assert "does not answer" in error.message
    never.set()


async def test_f6_a_connection_that_breaks_off(client, stand_in):
    stand_in.answer = lambda handler: handler.request.connection.stream.close()
    assert (await failure(client.ask_hub("user"))).state == "unavailable"


async def test_an_answer_without_end_is_cut_off(client, stand_in, monkeypatch):
    monkeypatch.setattr("jupyter_2i2c.server.hub_client.MAX_BODY", 1000)
    stand_in.says("x" * 5000)
    assert (await failure(client.ask_hub("user"))).state == "unavailable"


async def test_without_a_hub_it_asks_nobody(no_hub):
    client = HubClient.from_environment()
    assert (await failure(client.ask_hub("user"))).state == "no-hub"
    assert (await failure(client.ask_service("v1/info"))).state == "no-hub"


async def test_without_a_service_it_asks_nobody(stand_in, monkeypatch):
    monkeypatch.delenv("JUPYTER_2I2C_SERVICE_URL")
    error = await failure(HubClient.from_environment().ask_service("v1/info"))
    assert error.state == "no-service"
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("user", "server", "path"),
    [
        ("ada", "", "users/ada/server"),
        ("ada", "two", "users/ada/servers/two"),
        ("a/../b", "x y", "users/a%2F..%2Fb/servers/x%20y"),
        ("ädä@x.example", "", "users/%C3%A4d%C3%A4%40x.example/server"),
    ],
)
def test_a19_f41_names_are_escaped(user, server, path):
    assert HubClient(user=user, server=server).server_path == path
