"""A hub that answers what a test says, on loopback: any path, any status, also answers that no hub gives."""

import http.server
import json
import threading
from contextlib import contextmanager

READS = (
    "list:users",
    "list:groups",
    "read:groups",
    "read:roles:users",
    "list:services",
    "read:hub",
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        hub = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path.partition("?")[0]
        hub.asked.append((self.command, path, body, self.headers.get("Authorization")))
        given = hub.answers.get(
            (self.command, path), hub.answers.get(path, (404, {"message": "no"}))
        )
        if callable(given):
            given = given(self, body)
            if given is None:  # it was answered there
                return
        status, content, *headers = given
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


@contextmanager
def scripted():
    """One; its ``answers`` are by path, or by method and path; ``asked`` is what it was asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def paged(members):
    """A list as JupyterHub gives it."""
    paging = {"offset": 0, "limit": 200, "total": len(members), "next": None}
    return 200, {"items": members, "_pagination": paging}


def serve(server, api, *, name="boss", admin=True, scopes=READS, kind="user"):
    """Let it answer as a hub with these people, groups and services does."""
    server.answers.update({
        "/hub/api/": (200, {"version": "6.1.1"}),
        "/hub/api/user": (200, {"name": name, "kind": kind, "admin": admin, "groups": [], "scopes": list(scopes)}),
        "/hub/api/users": paged(api["users"]),
        "/hub/api/groups": paged(api["groups"]),
        "/hub/api/services": (200, {each["name"]: each for each in api["services"]}),
        "/hub/api/info": (200, api["info"]),
        "/services/2i2c/": (200, b"a page"),
    })  # fmt: skip
