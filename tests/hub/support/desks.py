"""Receivers that a test decides about: of a webhook, and of Freshdesk's tickets as its documentation describes them."""

from __future__ import annotations

import asyncio
import base64
import json

from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port


class Desk:
    """Takes what is posted to it.

    Attributes:
        asked: the requests, as tornado read them.
        answer: what to answer with: a status, a body, headers.
    """

    def __init__(self):
        self.asked = []
        self.answer = (200, {}, {})

    async def start(self):
        sock, port = bind_unused_port()
        self._server = HTTPServer(
            web.Application([(r".*", self.handler(), {"desk": self})], log_function=id)
        )
        self._server.add_socket(sock)
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def stop(self):
        self._server.stop()
        await self._server.close_all_connections()

    def handler(self):
        return Answering


class Answering(web.RequestHandler):
    """Answers as the test says."""

    def initialize(self, desk):
        self.desk = desk

    async def post(self):
        self.desk.asked.append(self.request)
        status, body, headers = self.desk.answer
        if asyncio.iscoroutine(body):
            body = await body
        self.set_status(status)
        for name, value in headers.items():
            self.set_header(name, value)
        self.finish(body if isinstance(body, dict) else str(body))

    def check_xsrf_cookie(self):
        pass


FIELDS = {"subject", "description", "email", "type", "status", "priority", "tags[]"}
TYPES = ("Question", "Feature Request", "Image Change Request")


class FreshdeskStandIn(Desk):
    """Freshdesk's `POST /api/v2/tickets` and its notes: fields, statuses and 429 as documented.

    Attributes:
        tickets: what was opened.
        limited: how many more questions are answered with 429.
    """

    KEY = "canary-freshdesk-key"

    def __init__(self):
        super().__init__()
        self.tickets = []
        self.notes = []
        self.limited = 0

    def handler(self):
        return Tickets


class Tickets(Answering):
    """Checks as Freshdesk does."""

    async def post(self):
        desk = self.desk
        desk.asked.append(self.request)
        login = base64.b64encode(f"{desk.KEY}:X".encode()).decode()
        if self.request.headers.get("Authorization") != f"Basic {login}":
            return self.refuse(401, {"code": "invalid_credentials"})
        if desk.limited:
            desk.limited -= 1
            self.set_header("Retry-After", "37")
            return self.refuse(429, {"message": "too many"})
        path = self.request.path.split("/")
        if path[:4] != ["", "api", "v2", "tickets"]:
            return self.refuse(404, "")
        if path[4:]:
            return self.note(path)
        form = {
            name: [value.decode() for value in values]
            for name, values in self.request.body_arguments.items()
        }
        errors = self.errors(form)
        if errors:
            return self.refuse(400, {"description": "Validation failed", "errors": errors})
        files = self.request.files.get("attachments[]", [])
        desk.tickets.append((form, files))
        self.set_status(201)
        return self.finish({"id": 100 + len(desk.tickets), **{k: v[0] for k, v in form.items()}})

    def errors(self, form):
        wrong = [name for name in form if name not in FIELDS]
        wrong += [name for name in ("subject", "description", "email") if not form.get(name)]
        wrong += [t for t in form.get("type", []) if t not in TYPES]
        wrong += [t for t in form.get("tags[]", []) if len(t) > 32]
        wrong += [s for s in form.get("status", []) if s not in "2345"]
        wrong += [p for p in form.get("priority", []) if p not in "1234"]
        return [{"field": each, "code": "invalid_value"} for each in wrong]

    def note(self, path):
        body = json.loads(self.request.body)
        if path[5:] != ["notes"] or not 100 < int(path[4]) <= 100 + len(self.desk.tickets):
            return self.refuse(404, "")
        self.desk.notes.append((int(path[4]), body))
        self.set_status(201)
        return self.finish({"id": 1})

    def refuse(self, status, body):
        self.set_status(status)
        self.finish(body)
