"""Reading a hub's API: pages, what a token may not see, and answers that are none of a hub's."""

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.importers import live
from jupyter_2i2c.replicate.work import Work

TOKEN = "a token"


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as JupyterHub's API does."""

    def do_GET(self):
        hub = self.server
        parts = urlsplit(self.path)
        what = parts.path.removeprefix("/hub/api/")
        hub.asked.append(self.path)
        if self.headers["Authorization"] != f"token {TOKEN}" or what in hub.refused:
            return self.answer(403, {"message": "Forbidden"})
        if hub.change:
            hub.change(hub)
        if what not in hub.members:
            return self.answer(404, {})
        members = hub.members[what]
        if not isinstance(members, list):
            return self.answer(200, members)
        query = parse_qs(parts.query)
        offset, limit = int(query.get("offset", ["0"])[0]), int(query["limit"][0])
        page = members[offset : offset + min(limit, hub.page)]
        end = offset + len(page)
        following = {"offset": end, "limit": limit} if end < len(members) else None
        paging = {"offset": offset, "limit": limit, "total": len(members), "next": following}
        return self.answer(200, {"items": page, "_pagination": paging})

    def answer(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked, server.refused, server.change, server.page = [], set(), None, 2
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    server.members = {
        "users": [
            {"name": name, "admin": name == "boss", "roles": ["user", "admin"][:1], "kind": "user",
             "last_activity": "2026-01-01T00:00:00Z", "server": f"/user/{name}/"}
            for name in ("mal", "ada", "boss", "eve", "bob")
        ],
        "groups": [{"name": "g", "users": ["mal", "ada"], "properties": {"a": 1}, "roles": []}],
        "services": {"one": {"name": "one", "admin": False, "roles": [], "pid": 7, "command": ["x"]}},
        "info": {"version": "6.1.1", "python": "3.12", "authenticator": {"class": "A", "version": "1"}},
    }  # fmt: skip
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_pages_are_read_and_only_what_describes_the_hub_is_kept(hub):
    told = live.observed(hub.url, TOKEN, Work())
    assert [each["name"] for each in told["users"]] == ["ada", "bob", "boss", "eve", "mal"]
    assert told["users"][2] == {"name": "boss", "admin": True, "roles": ["user"], "kind": "user"}
    assert told["groups"][0]["users"] == ["ada", "mal"]
    assert told["services"] == [{"name": "one", "admin": False, "roles": []}]
    assert told["info"] == {"version": "6.1.1", "authenticator": {"class": "A"}}
    assert told["refused"] == []


def test_what_the_token_may_not_see_is_named(hub):
    hub.refused = {"services"}
    assert live.observed(hub.url, TOKEN, Work())["refused"] == ["services"]
    with pytest.raises(ReplicateError, match=r"refuses the token; give one with list:users"):
        live.observed(hub.url, "another", Work())


def test_a_hub_that_changes_meanwhile_is_read_again(hub):
    def once(server):
        server.members["users"].append({"name": "late"})
        server.change = None

    counted = []

    def when_read(server):
        counted.append(1)
        if len(counted) == 6:  # all is read, and now it is asked whether it stayed
            once(server)

    hub.change = when_read
    told = live.observed(hub.url, TOKEN, Work())
    assert "late" in [each["name"] for each in told["users"]]

    def always(server):
        server.members["groups"].append({"name": str(len(server.asked))})

    hub.change = always
    with pytest.raises(ReplicateError, match="change while they are read"):
        live.observed(hub.url, TOKEN, Work())


@pytest.mark.parametrize(
    ("users", "why"),
    [
        ({"no": "pages"}, "does not answer as a hub does"),
        (b"<html>", "does not answer as a hub does"),
        (b"[]", "does not answer as a hub does"),
    ],
)
def test_answers_of_something_else_are_an_error(hub, users, why):
    hub.members["users"] = users
    with pytest.raises(ReplicateError, match=why):
        live.observed(hub.url, TOKEN, Work())


def test_no_hub_is_an_error(hub):
    del hub.members["users"]
    with pytest.raises(ReplicateError, match="answers 404"):
        live.observed(hub.url, TOKEN, Work())
    with pytest.raises(ReplicateError, match="is no hub's address"):
        live.observed("file:///etc/passwd", TOKEN, Work())
