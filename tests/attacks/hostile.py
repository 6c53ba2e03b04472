"""What somebody may put in place of their own server: any page, any header, and a note of all that comes. Started by hubs of scene.py.

Whoever can run a program in a server can stop the server and listen in its place.
"""

import asyncio
import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado import web

PREFIX = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
NOTES = Path(os.environ["HOSTILE_NOTES"])

WORKER = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(clients.claim()));
self.addEventListener("fetch", event => {
  if (event.request.mode === "navigate" && !event.request.url.includes("/user/")) {
    const headers = {"Content-Type": "text/html"};
    event.respondWith(new Response("<h1>taken over</h1>", {headers}));
  }
});
"""


def note(**what):
    with NOTES.open("a") as notes:
        notes.write(json.dumps(what) + "\n")


class Noted(web.RequestHandler):
    """Writes down all that a browser or the hub sends here."""

    def prepare(self):
        request = self.request
        note(
            method=request.method,
            uri=request.uri,
            headers=list(request.headers.get_all()),
            body=request.body.decode("latin-1"),
        )


class Trap(Noted):
    """A page for somebody else's scripts."""

    def get(self, *_):
        self.write("<!doctype html><title>notebook</title><h1>mal's page</h1>")


class Worker(Noted):
    """A service worker that wants the whole host."""

    def initialize(self, allowed):
        self.allowed = allowed

    def get(self):
        self.set_header("Content-Type", "text/javascript")
        if self.allowed:
            self.set_header("Service-Worker-Allowed", self.allowed)
        self.write(WORKER)


class Visited(HubOAuthenticated, web.RequestHandler):
    """Has visitors log in, as a real server does, and keeps the token that it gets for them."""

    @web.authenticated
    def get(self):
        note(visitor=self.get_current_user()["name"], token=self.hub_auth.get_token(self))
        self.write("<h1>mal's notebook</h1>")


async def main():
    rules = [
        (rf"{PREFIX}oauth_callback", HubOAuthCallbackHandler),
        (rf"{PREFIX}visited", Visited),
        (rf"{PREFIX}worker.js", Worker, {"allowed": "/"}),
        # what is left of it where the proxy drops that header
        (rf"{PREFIX}dropped.js", Worker, {"allowed": ""}),
        (rf"{PREFIX}.*", Trap),
    ]
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    application = web.Application(rules, cookie_secret=secrets.token_bytes(32))
    application.listen(address.port, address.hostname)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
