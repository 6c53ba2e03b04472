"""A service as people write them after JupyterHub's documentation: what an attack does to it shows that the attack works. Started by hubs of scene.py."""

import asyncio
import json
import os
import secrets
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado import web

PREFIX = os.environ["JUPYTERHUB_SERVICE_PREFIX"]

done: list[str] = []
"""Whom this service has done something for."""


class Page(HubOAuthenticated, web.RequestHandler):
    """What an administrator sees, with a form that does something."""

    @web.authenticated
    def get(self):
        user = self.get_current_user()
        note = self.get_query_argument("note", "")
        self.write(
            f"<p>secret of {user['name']}</p><p>{note}</p>"
            f"<form method=post>{self.xsrf_form_html()}<button>Do it</button></form>"
        )

    @web.authenticated
    def post(self):
        done.append(self.get_current_user()["name"])
        self.write("done")


class Careless(Page):
    """The same, by somebody whom the XSRF check annoyed."""

    def check_xsrf_cookie(self):
        pass


class Flag(Page):
    """The same, which takes a token's `admin: true` for a right."""

    @web.authenticated
    def get(self):
        self.write("secret" if self.get_current_user().get("admin") else "no")


class Onwards(HubOAuthenticated, web.RequestHandler):
    """Goes where the address says after a login."""

    @web.authenticated
    def get(self):
        self.redirect(self.get_query_argument("next"))


class Done(web.RequestHandler):
    def get(self):
        self.write(json.dumps(done))


async def main():
    rules = [
        (PREFIX, Page),
        (f"{PREFIX}careless", Careless),
        (f"{PREFIX}flag", Flag),
        (f"{PREFIX}onwards", Onwards),
        (f"{PREFIX}done", Done),
        (f"{PREFIX}oauth_callback", HubOAuthCallbackHandler),
    ]
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    application = web.Application(rules, cookie_secret=secrets.token_bytes(32))
    application.listen(address.port, address.hostname)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
