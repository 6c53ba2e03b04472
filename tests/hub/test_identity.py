"""Whose token is it: many questions at a time, few of them to the hub."""

import asyncio
import json
import time

import pytest
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub import identity
from jupyter_2i2c.hub.identity import HubIdentities, HubUnavailable, Identity


class Hub:
    """Knows the owner of every token that does not begin with "bad"."""

    def __init__(self):
        self.asked = []
        self.arrivals = asyncio.Queue()
        self.at_once = 0
        self.hold = None
        self.body = None
        self.status = 200

    async def answer(self, handler):
        token = handler.request.headers["Authorization"].removeprefix("token ")
        self.asked.append(token)
        self.arrivals.put_nowait(token)
        self.at_once += 1
        try:
            if self.hold:
                await self.hold.wait()
            handler.set_header("X-JupyterHub-Version", "6.1.1")
            handler.set_status(403 if token.startswith("bad") else self.status)
            model = {
                "name": f"owner of {token[:2]}",
                "scopes": ["a"],
                "groups": ["g"],
                "admin": True,
            }
            handler.finish(self.body if self.body is not None else json.dumps(model))
        finally:
            self.at_once -= 1


@pytest.fixture
def clock(monkeypatch):
    """Lets time pass for what is remembered."""

    class Clock:
        ahead = 0.0

        def monotonic(self):
            return time.monotonic() + self.ahead

    clock = Clock()
    monkeypatch.setattr(identity, "time", clock)
    return clock


@pytest.fixture
def hub(jp_asyncio_loop):
    model = Hub()

    class Handler(web.RequestHandler):
        async def get(self):
            await model.answer(self)

    async def start():
        sock, port = bind_unused_port()
        server = HTTPServer(web.Application([("/hub/api/user", Handler)], log_function=id))
        server.add_sockets([sock])
        model.url = f"http://127.0.0.1:{port}/hub/api"
        return server

    async def stop():
        server.stop()
        await server.close_all_connections()

    server = jp_asyncio_loop.run_until_complete(start())
    yield model
    jp_asyncio_loop.run_until_complete(stop())


async def test_the_owner_of_a_token_is_asked_once_and_remembered(hub):
    identities = HubIdentities(hub.url)
    assert identities.remembered("t") is None
    owner = await identities.owner("t")
    assert owner == Identity("owner of t", frozenset("a"), ("g",), True)
    assert await identities.owner("t") == owner
    assert identities.remembered("t") == (owner,)
    assert hub.asked == ["t"]


async def test_what_is_in_use_is_asked_for_again_before_it_is_too_old(hub, clock):
    identities = HubIdentities(hub.url, max_age=600)
    await identities.owner("t")
    clock.ahead = 250
    assert identities.remembered("t")
    clock.ahead = 350
    assert identities.remembered("t")  # without waiting
    await hub.arrivals.get()
    await hub.arrivals.get()
    await identities.owner("t")
    clock.ahead = 800
    assert await identities.owner("t")
    assert hub.asked == ["t", "t"]


async def test_little_is_asked_for_early_while_much_is_asked(hub, clock):
    identities = HubIdentities(hub.url, max_age=600)
    for n in range(50):
        await identities.owner(f"t{n}")
    clock.ahead = 350
    for n in range(50):
        assert identities.remembered(f"t{n}")
    while identities._asking:
        await hub.arrivals.get()
        await asyncio.gather(*identities._asking.values())
    assert len(hub.asked) == 51


async def test_f5_nothing_is_asked_early_of_a_hub_that_is_behind(hub, clock):
    identities = HubIdentities(hub.url, max_age=600, concurrency=1)
    await identities.owner("t")
    await hub.arrivals.get()
    hub.hold = asyncio.Event()
    clock.ahead = 350
    other = asyncio.ensure_future(identities.owner("u"))
    await hub.arrivals.get()
    clock.ahead = 352
    assert identities.remembered("t")
    assert len(identities._asking) == 1
    hub.hold.set()
    await other
    assert hub.asked == ["t", "u"]


async def test_f1_what_is_remembered_stays_while_the_hub_cannot_be_asked_early(hub, clock):
    identities = HubIdentities(hub.url, max_age=600)
    await identities.owner("t")
    clock.ahead = 350
    hub.status = 500
    assert identities.remembered("t")
    (asking,) = identities._asking.values()
    await asyncio.wait({asking})
    assert identities.remembered("t")


async def test_t16_requests_with_one_token_are_one_question(hub):
    identities = HubIdentities(hub.url)
    owners = await asyncio.gather(*(identities.owner("t") for _ in range(20)))
    assert len(set(owners)) == 1
    assert hub.asked == ["t"]


async def test_a_request_that_goes_away_takes_nothing_from_the_others(hub):
    hub.hold = asyncio.Event()
    identities = HubIdentities(hub.url)
    first = asyncio.ensure_future(identities.owner("t"))
    second = asyncio.ensure_future(identities.owner("t"))
    await hub.arrivals.get()
    first.cancel()
    hub.hold.set()
    assert (await second).name == "owner of t"


async def test_only_a_few_questions_are_on_their_way_at_a_time(hub):
    hub.hold = asyncio.Event()
    identities = HubIdentities(hub.url, concurrency=3)
    everybody = asyncio.gather(*(identities.owner(f"t{n}") for n in range(50)))
    for _ in range(3):
        await hub.arrivals.get()
    assert hub.at_once == 3
    assert hub.arrivals.empty()
    hub.hold.set()
    assert len(await everybody) == 50
    assert len(hub.asked) == 50


async def test_a24_who_changes_much_at_once_asks_the_hub_little(hub):
    hub.hold = asyncio.Event()
    identities = HubIdentities(hub.url)
    flood = [asyncio.ensure_future(identities.owner("t", use_cache=False)) for _ in range(100)]
    await hub.arrivals.get()
    late = [asyncio.ensure_future(identities.owner("t", use_cache=False)) for _ in range(100)]
    other = asyncio.ensure_future(identities.owner("u", use_cache=False))
    await hub.arrivals.get()
    await hub.arrivals.get()
    hub.hold.set()
    owners = await asyncio.gather(*flood, *late)
    assert {owner.name for owner in owners} == {"owner of t"}
    assert (await other).name == "owner of u"
    # who came when the first question was on its way did not get its answer
    assert sorted(hub.asked) == ["t", "t", "u"]


async def test_what_changes_something_asks_anew(hub):
    identities = HubIdentities(hub.url)
    await identities.owner("t")
    await identities.owner("t", use_cache=False)
    assert hub.asked == ["t", "t"]


async def test_a_token_that_the_hub_does_not_know_is_not_asked_for_again_and_again(hub):
    identities = HubIdentities(hub.url)
    assert await identities.owner("bad") is None
    assert await identities.owner("bad") is None
    assert identities.remembered("bad") == (None,)
    assert hub.asked == ["bad"]


async def test_what_is_remembered_grows_old(hub):
    identities = HubIdentities(hub.url, max_age=0)
    await identities.owner("t")
    assert identities.remembered("t") is None


async def test_only_so_many_are_remembered(hub):
    identities = HubIdentities(hub.url, capacity=3)
    for n in range(5):
        await identities.owner(f"t{n}")
    assert len(identities) == 3
    assert identities.remembered("t0") is None
    assert identities.remembered("t4")
    for n in range(5):
        await identities.owner(f"bad{n}")
    assert len(identities) == 3
    assert all(identities.remembered(f"t{n}") for n in (2, 3, 4))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (503, "<html>"),
        (302, ""),
        (200, "<html>"),
        (200, "[]"),
        (200, '{"name": "x"}'),
        (200, '{"name": "x", "scopes": 3}'),
    ],
)
async def test_f2_f3_f4_a_hub_that_fails_lets_nobody_in_and_sends_nobody_away(hub, status, body):
    hub.status, hub.body = status, body
    identities = HubIdentities(hub.url)
    with pytest.raises(HubUnavailable):
        await identities.owner("t")
    hub.status, hub.body = 200, None
    assert await identities.owner("t")


async def test_f1_a_hub_that_is_down(hub):
    with pytest.raises(HubUnavailable, match="cannot be reached"):
        await HubIdentities("http://127.0.0.1:9/hub/api").owner("t")


async def test_f5_a_hub_that_is_slow_is_given_up_and_keeps_nobody_waiting(hub, monkeypatch):
    identities = HubIdentities(hub.url)
    await identities.owner("known")
    await hub.arrivals.get()
    monkeypatch.setattr(HubIdentities, "TOTAL_TIMEOUT", 0.2)
    hub.hold = asyncio.Event()
    slow = asyncio.ensure_future(identities.owner("t"))
    await hub.arrivals.get()
    assert await identities.owner("known")
    assert not slow.done()
    with pytest.raises(HubUnavailable, match="takes too long"):
        await slow
    hub.hold.set()


async def test_the_hubs_version_is_told(hub):
    versions = []
    await HubIdentities(hub.url, on_version=versions.append).owner("t")
    assert versions == ["6.1.1"]


async def test_a20_tokens_themselves_are_not_kept(hub):
    identities = HubIdentities(hub.url)
    await identities.owner("a-very-secret-token")
    assert "a-very-secret-token" not in repr(vars(identities))
