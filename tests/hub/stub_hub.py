"""A hub for tests that must decide what goes wrong: in memory, on the loopback. Used by the tests beside this and by bench/jobs.py."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from tornado import web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

ALL = (
    "admin-ui",
    "list:users",
    "read:users",
    "read:servers",
    "servers",
    "delete:servers",
    "admin:users",
)

PAGED = {"users": "list:users", "groups": "list:groups"}
OTHERS = {"services": "list:services", "info": "read:hub"}


class StubHub:
    """Users, servers and tokens, and a list of what was asked.

    Attributes:
        fault: called with each request's handler before it is answered; True if it was answered.
        asked: (method, path) of each request.
        most_at_once: of requests.
        stopped: how often each server was asked to stop while it ran.
        stopped_again: servers that were asked to stop and did not run.
        groups: name to members.
        services: what is told of each, by name.
        slow_stop: servers whose stop is answered with 202 and ends at `finish_stops`.
    """

    def __init__(self) -> None:
        self.tokens = {"boss-token": ("boss", list(ALL))}
        self.users: dict[str, dict] = {}
        self.groups: dict[str, list[str]] = {}
        self.services: dict[str, dict] = {"2i2c": {"name": "2i2c", "admin": False, "roles": []}}
        self.fault: Callable[[web.RequestHandler], Awaitable[bool]] | None = None
        self.asked: list[tuple[str, str]] = []
        self.arrivals: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.at_once = self.most_at_once = 0
        self.stopped: Counter[tuple[str, str]] = Counter()
        self.stopped_again: list[tuple[str, str]] = []
        self.slow_stop: set[str] = set()
        self.slow_start: set[str] = set()
        self.add("boss", admin=True)

    def add(self, name, admin=False, groups=(), servers=(), roles=("user",)):
        self.users[name] = {
            "kind": "user",
            "name": name,
            "admin": admin,
            "groups": list(groups),
            "roles": [*roles, *(["admin"] if admin else [])],
            "created": "2026-01-01T00:00:00.000000Z",
            "last_activity": "2026-11-20T12:00:00.000000Z",
            "servers": {server: running(server) for server in servers},
        }

    def finish_stops(self):
        """What is being stopped has stopped."""
        for user in self.users.values():
            for name, server in list(user["servers"].items()):
                if server["pending"] == "stop":
                    del user["servers"][name]

    def finish_starts(self):
        """What is being started runs."""
        for user in self.users.values():
            for server in user["servers"].values():
                if server["pending"] == "spawn":
                    server.update(ready=True, pending=None)

    def running(self):
        return {
            (user["name"], name)
            for user in self.users.values()
            for name, server in user["servers"].items()
            if server["ready"]
        }

    async def start(self):
        (sock,) = bind_sockets(0, "127.0.0.1", family=socket.AF_INET, backlog=1024)
        application = web.Application(
            [(r"/hub/api(/.*)", Handler, {"hub": self})], log_function=lambda handler: None
        )
        self.server = HTTPServer(application)
        self.server.add_sockets([sock])
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}/hub/api"
        return self

    async def stop(self):
        self.server.stop()
        await self.server.close_all_connections()


def running(name: str, started="2026-11-21T00:00:00.000000Z", **more):
    return {
        "name": name,
        "display_name": name,
        "started": started,
        "last_activity": "2026-11-21T01:00:00.000000Z",
        "ready": True,
        "pending": None,
        "stopped": False,
        "user_options": {"profile": "small"},
        "url": "/user/x/",
        **more,
    }


class Handler(web.RequestHandler):
    """Answers as JupyterHub does, as far as we ask it."""

    def initialize(self, hub):
        self.hub = hub

    async def prepare(self):
        self.path_asked = self.request.path.removeprefix("/hub/api")
        self.hub.asked.append((self.request.method, self.path_asked))
        self.hub.arrivals.put_nowait((self.request.method, self.path_asked))
        self.hub.at_once += 1
        self.hub.most_at_once = max(self.hub.most_at_once, self.hub.at_once)
        if self.hub.fault and await self.hub.fault(self):
            if not self._finished:
                self.finish()
            return
        token = self.request.headers.get("Authorization", "").removeprefix("token ")
        owner = self.hub.tokens.get(token)
        if owner is None:
            self.refuse(403)
            return
        self.name, self.scopes = owner

    def on_finish(self):
        self.hub.at_once -= 1

    def parts(self):
        """The path's segments, still escaped."""
        return self.path_asked.strip("/").split("/")

    def refuse(self, status, message="<b>no</b>", **headers):
        self.set_status(status)
        for name, value in headers.items():
            self.set_header(name.replace("_", "-"), value)
        self.finish({"status": status, "message": message})

    def allowed(self, *scopes):
        if not set(scopes) & set(self.scopes):
            self.refuse(403)
            return False
        return True

    def user(self, name):
        user = self.hub.users.get(unquote(name))
        if user is None:
            self.refuse(404)
        return user

    def model(self, user):
        stopped = self.get_argument("include_stopped_servers", "0") == "1"
        model = dict(user)
        model["servers"] = {
            name: server
            for name, server in user["servers"].items()
            if stopped or not server["stopped"]
        }
        if "read:servers" not in self.scopes:
            del model["servers"]
        return model

    async def get(self, path):
        parts = self.parts()
        if parts == ["user"]:
            user = self.hub.users.get(self.name, {"name": self.name, "admin": False, "groups": []})
            self.finish(
                {**{k: user[k] for k in ("name", "admin", "groups")}, "scopes": self.scopes}
            )
        elif len(parts) == 1 and parts[0] in PAGED:
            if self.allowed(PAGED[parts[0]]):
                self.finish(self.listed() if parts == ["users"] else self.all_groups())
        elif len(parts) == 1 and parts[0] in OTHERS:
            if self.allowed(OTHERS[parts[0]]):
                self.finish(self.hub.services if parts == ["services"] else {"version": "6.0.0"})
        elif len(parts) == 2 and (user := self.user(parts[1])):
            self.finish(self.model(user))

    def all_groups(self):
        offset, limit = self.part()
        names = sorted(self.hub.groups)
        items = [{"name": name, "users": self.hub.groups[name]} for name in names]
        return paged(items[offset : offset + limit], len(names), offset, limit)

    def part(self):
        return int(self.get_argument("offset", "0")), int(self.get_argument("limit"))

    def listed(self):
        offset, limit = self.part()
        users = list(self.hub.users.values())
        if self.get_argument("state", "") == "active":
            users = [user for user in users if user["servers"]]
        pattern = self.get_argument("name_filter", "").lower()
        if pattern:
            users = [user for user in users if like(pattern, user["name"].lower())]
        if self.get_argument("state", "") == "inactive":
            users = [user for user in users if not user["servers"]]
        sort = self.get_argument("sort", "id")
        if (key := sort.lstrip("-")) in ("name", "last_activity"):
            users.sort(key=lambda user: user[key] or "", reverse=sort.startswith("-"))
        some = [self.model(user) for user in users[offset : offset + limit]]
        return paged(some, len(users), offset, limit)

    async def post(self, path):
        parts = self.parts()
        if parts == ["users"]:
            if self.allowed("admin:users"):
                self.create(json.loads(self.request.body))
            return
        user = self.user(parts[1])
        if user and self.allowed("servers", "start:servers"):
            name = unquote(parts[3]) if len(parts) > 3 else ""
            server = user["servers"].get(name)
            if server and (server["ready"] or server["pending"] == "stop"):
                self.refuse(400)
                return
            slow = user["name"] in self.hub.slow_start
            user["servers"][name] = running(name, ready=not slow, pending="spawn" if slow else None)
            self.set_status(202 if slow else 201)
            self.finish()

    def create(self, body):
        names = [name.lower() for name in body["usernames"]]
        if any(" " in name for name in names):
            self.refuse(400, f"Invalid usernames: {names}")
            return
        new = [name for name in names if name not in self.hub.users]
        if not new:
            self.refuse(409)
            return
        for name in new:
            self.hub.add(name, admin=body["admin"])
        self.set_status(201)
        self.finish(json.dumps([{"name": name} for name in new]))

    async def patch(self, path):
        if (user := self.user(self.parts()[1])) and self.allowed("admin:users"):
            user["admin"] = json.loads(self.request.body)["admin"]
            self.finish(self.model(user))

    async def delete(self, path):
        parts = self.parts()
        user = self.user(parts[1])
        if not user or not self.allowed("servers", "delete:servers"):
            return
        name = unquote(parts[3]) if len(parts) > 3 else ""
        server = user["servers"].get(name)
        if server is None or server["pending"] == "stop":
            self.hub.stopped_again.append((user["name"], name))
            self.set_status(204)
            self.finish()
            return
        self.hub.stopped[user["name"], name] += 1
        if user["name"] in self.hub.slow_stop:
            server.update(ready=False, pending="stop")
            self.set_status(202)
        else:
            del user["servers"][name]
            self.set_status(204)
        self.finish()


def paged(items, total, offset, limit):
    """Some of many, as the hub says it."""
    end = offset + limit
    following = {"offset": end, "limit": limit, "url": "x"} if end < total else None
    about = {"offset": offset, "limit": limit, "total": total, "next": following}
    return {"items": items, "_pagination": about}


def like(pattern, text):
    """ILIKE '%pattern%', as the hub asks its database."""
    import re

    expression = "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in pattern)
    return re.search(expression, text) is not None
