"""V7 of a replica that runs elsewhere: one server of one person is started, code runs in it, and it is stopped. Called by elsewhere.py.

A server runs whatever its user runs, and it sees the token that opens it: so that token may do no more
than this needs. Where the person has a server already, nothing is started and nothing runs in theirs.
No file is written in their home but what a server and a kernel write there themselves.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from ...text import line
from ..bundle import Bundle
from ..capture.distributions import normalised
from ..errors import ReplicateError
from ..live_hub import Answered, LiveHub, Refused, Who
from ..targets import local
from ..work import Work
from .ladder import Result, Rung, judged, not_run
from .server import NotWorking, Server
from .v7_notebook import CELLS, kernels_of, start_kernels

START_LIMIT = 600
"""Seconds for a server to start: an image may have to be fetched."""

STOP_LIMIT = 120
HEARD_LIMIT = 5
"""Seconds in which a start that was asked for is seen, where the answer was not awaited."""

PAUSE = 0.5

FROM_BETWEEN = (502, 503, 504)
"""Answers that may be a proxy's, behind which the hub goes on."""

PORTS = {"http": 80, "https": 443}

SCOPES = ("servers", "access:servers")
"""What the token must be allowed of the user, and what suffices."""

HARMLESS = frozenset(
    {
        "servers", "read:servers", "start:servers", "delete:servers", "access:servers", "users:activity",
        "read:users", "read:users:name", "read:users:groups", "read:users:activity", "list:users",
    }
)  # fmt: skip
"""Scopes that a user's own server may see, where they are for that user alone."""

IDENTITY = frozenset({"read:users:name", "read:users:groups", "read:services:name"})
"""What every token has, of its own owner."""

TOKEN_VARIABLE = "JUPYTER_2I2C_SERVER_TOKEN"  # noqa: S105
"""Where the token for the server is looked for, if the other one may do more than it should see."""

KERNEL = "python3"
KERNEL_ID = re.compile(r"[0-9a-fA-F-]{8,64}")
MOST_NAMED = 5
LONGEST = 500

PROBE = """\
import importlib.metadata, json, os
print(json.dumps({
    "writable": os.access(".", os.W_OK),
    "packages": [[each.metadata["Name"], each.version] for each in importlib.metadata.distributions()],
}))
"""
"""Tells what the kernel runs on; reads only."""


def scopes_for(user: str) -> str:
    """What a token for the server of a user is to be given, in words."""
    of = f"={user}" if user else ""
    return ", ".join(f"{each}!user{of}" for each in SCOPES)


async def check(bundle: Bundle, hub: LiveHub, token: str, who: Who, user: str, work: Work) -> Rung:
    """Start it, compare what runs in it with the bundle, and stop it.

    Arguments:
        bundle: of a hub.
        hub: the replica, as the token for the server opens it.
        token: that token.
        who: whose it is.
        user: whose server; by default the token's owner's.
        work: asked whether to stop; the server is stopped then, too.
    """
    name = user or (who.name if who.kind == "user" else "")
    if not name:
        return not_run(f"the token is of the service {who.name}; say whose server with --user NAME")
    own = "" if name == who.name else name
    lacking = [
        f"{each}!user{f'={own}' if own else ''}" for each in SCOPES if not who.may(each, name)
    ]
    if lacking:
        return not_run(
            f"the token of {who.name} lacks {', '.join(lacking)}; it needs {scopes_for(own)}"
        )
    if wide := too_much(who, name):
        more = f" and {len(wide) - MOST_NAMED} more" if len(wide) > MOST_NAMED else ""
        return not_run(
            f"the server would see the token, which may also do this: {', '.join(wide[:MOST_NAMED])}{more};"
            f" give another one in ${TOKEN_VARIABLE}, with {scopes_for(own)} alone"
        )
    visit = _Visit(hub, token, name, work)
    try:
        running = await visit.running()
    except (ReplicateError, Refused) as error:
        return judged({"server": Result("fail", str(error))}, "steps")
    if running:
        which = ", ".join(each or "the default one" for each in running)
        return not_run(f"{name} has a server that runs ({which}); nothing was started, and nothing ran in"
                       " it. Let them stop it, or name somebody else with --user")  # fmt: skip
    items: dict[str, Result] = {}
    try:
        busy = await _visited(visit, bundle, items)
    except BaseException:
        # whoever stops this does not want it to go on there
        left = await visit.stop()
        if left and left.status == "fail":
            raise ReplicateError(f"the server of {name}: {left.why}") from None
        raise
    if stopped := await visit.stop():
        items["stop"] = stopped
    if busy:
        return not_run(busy)
    rung = judged(items, "steps")
    return replace(rung, why=f"{rung.why}, as {name}")


async def _visited(visit: _Visit, bundle: Bundle, items: dict[str, Result]) -> str:
    """Start it and look at it; why the hub starts none now, or an empty word."""
    try:
        await visit.start()
        items["server"] = Result("pass", "it starts")
        await _look(visit, bundle, items)
    except Answered as error:
        if error.code == 429 and not visit.asked:
            return f"the hub starts no more servers at the moment: {error.said}"
        items["server"] = Result("fail", str(error))
    except (ReplicateError, Refused, NotWorking) as error:
        step = "kernel" if "server" in items else "server"
        items[step] = Result("fail", line(str(error))[:LONGEST])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        items["kernel"] = Result("fail", f"the server does not answer as one does: {error!r:.200}")
    return ""


def too_much(who: Who, user: str) -> list[str]:
    """What of a token a server must not see, because it reaches further than its own user."""
    wide = []
    for each in sorted(who.scopes):
        scope, _, of = each.partition("!")
        kind, _, value = of.partition("=")
        here = (kind == "user" and value == user) or (
            kind == "server" and value.partition("/")[0] == user
        )
        own = kind == who.kind and value == who.name
        service = scope == "access:services" and who.name == user
        if not service and not (here and scope in HARMLESS) and not (own and scope in IDENTITY):
            wide.append(each)
    return wide


async def _look(visit: _Visit, bundle: Bundle, items: dict[str, Result]) -> None:
    """What the server has, and what runs in it."""
    visit.work.step(0, 0, "running code in it")
    with closing(Server(visit.address, visit.token, None, visit.work)) as server:
        await server.await_start()
        items["server"] = Result("pass", "it starts and answers")
        if await server.has_lab():
            items["lab"] = Result("pass", "JupyterLab's page is there")
        kernels = (await server.ask("GET", "/api/kernelspecs", None))["kernelspecs"]
        if KERNEL in kernels:
            told = await _run(server)
            items["kernel"] = Result("pass", f"{len(CELLS)} cells ran, and nothing was saved")
            items["home"] = (
                Result("pass", "its person may write there")
                if told["writable"] is True
                else Result("fail", "its person may not write where their notebooks are")
            )
            items["environment"] = _environment(bundle, told["packages"])
        else:
            items["kernel"] = Result("not-run", f"the server has no kernel {KERNEL} to run code in")
        if local.has_environment(bundle):
            await start_kernels(
                server, [each for each in kernels_of(bundle.manifest()) if each != KERNEL], items
            )


async def _run(server: Server) -> Any:
    """Run the cells in a kernel of their own, and stop it; what the last one tells."""
    kernel = str((await server.ask("POST", "/api/kernels", {"name": KERNEL}))["id"])
    if not KERNEL_ID.fullmatch(kernel):
        raise ValueError("a kernel without an id")
    for source, wanted in (*CELLS[:2], (PROBE, "")):
        outputs = await server.execute(kernel, source, remembered=False)
        if wanted not in json.dumps(outputs, ensure_ascii=False):
            raise NotWorking(f"a cell gives {outputs!r:.300}, not {wanted!r}")
    await server.ask("DELETE", f"/api/kernels/{kernel}", None)
    return json.loads("".join(each["text"] for each in outputs if each.get("name") == "stdout"))


def _environment(bundle: Bundle, packages: Any) -> Result:
    """Whether the kernel has the distributions of the captured environment."""
    if not local.has_environment(bundle):
        return Result(
            "not-run", "the bundle holds none to compare it with; `capture hub --environment`"
        )
    here: dict[str, str] = {}
    for name, version in packages:
        here.setdefault(normalised(str(name)), str(version))
    captured = {
        normalised(each["name"]): str(each["version"])
        for each in local.observed_of(bundle)["distributions"]
    }
    different = [f"{name} {version} ({f'there {line(here[name])[:40]}' if name in here else 'not there'})"
                 for name, version in sorted(captured.items()) if here.get(name) != version]  # fmt: skip
    if different:
        more = f" and {len(different) - MOST_NAMED} more" if len(different) > MOST_NAMED else ""
        return Result("fail", f"of {len(captured)} distributions, {len(different)} are not as they were captured:"
                      f" {', '.join(different[:MOST_NAMED])}{more}")  # fmt: skip
    return Result("pass", f"all {len(captured)} distributions, in the captured versions")


@dataclass
class _Visit:
    """One start of one server, from the question whether there is one to its end.

    Attributes:
        hub: it is asked as whoever owns the token.
        token: for the server itself.
        name: whose server.
        work: asked whether to stop.
        address: of the server, without a slash at its end; empty until it runs.
        asked: whether its start was asked for, and not refused: only then it is ours to stop.
        answered: whether the hub said so.
        since: when the hub says that it started, by which it is known again.
    """

    hub: LiveHub
    token: str
    name: str
    work: Work
    address: str = ""
    asked: bool = False
    answered: bool = False
    since: str = ""
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = f"users/{quote(self.name, safe='')}"

    async def servers(self) -> Mapping[str, Any]:
        """Those of the person, by their names."""
        try:
            told = await self.hub.ask("GET", self.path)
            servers = told["servers"]
            if not all(isinstance(each, Mapping) for each in servers.values()):
                raise TypeError("a server is none")
        except Answered as error:
            if error.code == 404:
                raise ReplicateError(
                    f"{self.name} is not on the replica, or not for this token"
                ) from None
            raise
        except (KeyError, TypeError, AttributeError) as error:
            raise ReplicateError(
                f"{self.hub.api}/{self.path} does not answer as a hub does: {error!r:.200}"
            ) from None
        return dict(servers)

    async def running(self) -> list[str]:
        """Names of those that run, start or stop."""
        found = await self.servers()
        return sorted(line(str(name)) for name, each in found.items()
                      if each.get("ready") or each.get("pending"))  # fmt: skip

    async def start(self) -> None:
        """Start the default server with its default profile, and wait until it is ready.

        Raises:
            ReplicateError: it does not start.
            Refused: the token may not start it.
        """
        self.work.step(0, 0, f"starting the server of {self.name}")
        version = str((await self.hub.ask("GET", ""))["version"])
        # an empty body means the profile of last time since JupyterHub 6, which knows this one
        body: dict[str, object] = {} if version.startswith("5.") else {"user_options": {}}
        self.asked = True
        try:
            await self.hub.ask("POST", f"{self.path}/server", body=body)
        except Refused:
            self.asked = False
            raise
        except Answered as error:
            # else nothing was started, or somebody was quicker
            self.asked = error.code in FROM_BETWEEN
            raise
        self.answered = True
        deadline = time.monotonic() + START_LIMIT
        while True:
            self.work.check()
            server = (await self.servers()).get("")
            if server is None:
                raise ReplicateError("the hub gave up starting it; its log says why")
            self.since = self.since or str(server.get("started") or "")
            if server.get("ready"):
                self.address = self._place(str(server.get("url", "")))
                return
            if time.monotonic() > deadline:
                raise ReplicateError(f"it does not start within {START_LIMIT // 60} minutes")
            await asyncio.sleep(PAUSE)

    async def _own(self) -> Mapping[str, Any] | None:
        """The default server, if there is one; where its start was asked for and nothing heard, after a while."""
        deadline = time.monotonic() + (0 if self.answered else HEARD_LIMIT)
        while True:
            server: Mapping[str, Any] | None = (await self.servers()).get("")
            if server is not None or time.monotonic() > deadline:
                return server
            await asyncio.sleep(PAUSE)

    def _place(self, told: str) -> str:
        """Where it answers: at the hub's own host, or at the user's below it."""
        own = urlsplit(self.hub.url)
        try:
            there = urlsplit(told)
            there = there if there.netloc else own
            ports = {each.port or PORTS[each.scheme] for each in (own, there)}
        except (ValueError, KeyError):
            there, ports = own, set()
        host = there.hostname or ""
        below = host == own.hostname or host.endswith(f".{own.hostname}")
        if there.scheme != own.scheme or len(ports) != 1 or not below or "@" in there.netloc:
            raise ReplicateError(
                f"its server is at another place than the hub, {line(told)[:200]}; the token is not sent there"
            )
        return f"{there.scheme}://{there.netloc}{own.path}user/{quote(self.name, safe='@~')}"

    async def stop(self) -> Result | None:
        """Stop what was started, and nothing else; None where nothing was.

        Raises:
            ReplicateError: it may still run.
        """
        if not self.asked:
            return None
        try:
            server = await self._own()
            if server is None:
                return Result("pass", "it does not run")
            if self.since and str(server.get("started") or "") != self.since:
                return Result("not-run", "another one runs there by now, which was left alone")
            await self.hub.ask("DELETE", f"{self.path}/server")
            deadline = time.monotonic() + STOP_LIMIT
            while "" in await self.servers():
                if time.monotonic() > deadline:
                    raise ReplicateError(f"it does not stop within {STOP_LIMIT} s")
                await asyncio.sleep(PAUSE)
        except (ReplicateError, Refused) as error:
            return Result("fail", f"it may still run: {error}; stop it at {self.hub.url}hub/admin")
        return Result("pass", "it stops")
