"""`jupyter-2i2c/admin` and `jupyter-2i2c/intents`: asking for an admin action, which a person approves elsewhere. Called by the panel.

Whatever runs in this server can ask, too. So asking is all that can be done from here: it carries
no right, and the service takes who asks from the server's token, never from what is sent.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import HubPanelHandler

if TYPE_CHECKING:
    from .hub_client import HubError

EVENT = "https://github.com/2i2c-org/jupyter_2i2c/events/intent"
"""The id of the event that says how far something is that was approved."""

EVENT_SCHEMA = {
    "$id": EVENT,
    "version": "1",
    "title": "Something an administrator approved goes on",
    "description": "How far it is. What it is, and what came of it, is not told.",
    "personal-data": True,
    "type": "object",
    "properties": {
        "intent": {"type": "string", "description": "The name of what was asked for."},
        "state": {"type": "string", "description": "running, or how it ended."},
        "step": {"type": "string", "description": "What is being done."},
        "done": {"type": "integer", "description": "How much of the step is done."},
        "total": {"type": "integer", "description": "Of how much; 0 if that is not known."},
    },
    "required": ["intent", "state", "step", "done", "total"],
}

MAX_BODY = 100_000
"""Bytes of a question; some thousand names."""

MAX_NOTE = 500
"""Characters of what the asking person writes."""

VISITOR = (
    "This is somebody else's server, so admin actions are not offered here. Use your own server."
)

PASSED_ON = (400, 403, 404, 409, 413, 429)
"""Statuses by which the service itself says no, with words for a person."""


class OwnersHandler(HubPanelHandler):
    """A route that is good for the server's owner only."""

    @property
    def is_owner(self) -> bool:
        """Whether the person who asks is the server's owner; everybody is without a hub."""
        hub = self.extension.hub
        return not hub.on_hub or self.visitor.get("name") == hub.user

    def owner_only(self) -> None:
        """Refuse everybody else, before anything is asked with the owner's token.

        Raises:
            web.HTTPError: 403.
        """
        if not self.is_owner:
            raise web.HTTPError(403, "only the server's owner can ask for that from here")

    async def ask(self, path: str, method: str = "GET", body: Any = None) -> dict[str, Any]:
        """The service's answer about an intent.

        Raises:
            NotAsked: there is none, or it says no.
        """
        from .hub_client import HubError

        try:
            answer = await self.extension.hub.ask_service(path, method=method, body=body)
        except HubError as error:
            raise NotAsked(error) from None
        intent = answer.body
        if not isinstance(intent, dict) or not isinstance(intent.get("id"), str):
            nonsense = HubError("unavailable", "the hub's service answered something else")
            raise NotAsked(nonsense)
        return intent

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Hand on the service's own words, and when to ask again."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, NotAsked):
            super().write_error(status_code, **kwargs)
            return
        if status_code in (429, 503):
            self.set_header("Retry-After", str(math.ceil(error.retry_after)))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": error.words}))


class NotAsked(web.HTTPError):
    """The service said no, or did not answer; it has changed nothing.

    Args:
        error: what became of the question.
    """

    def __init__(self, error: HubError) -> None:
        status = 503
        if error.status in PASSED_ON and (error.said or error.status != 404):
            status = error.status
        elif error.state in ("no-hub", "no-service") and not error.status:
            status = 404  # there is nobody to ask; a route that is missing may come back
        super().__init__(status)
        self.words = error.said or error.message
        self.retry_after = error.retry_after


class AdminHandler(OwnersHandler):
    """Whether admin actions are offered here, and which."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a hint; what a person may do is decided when they approve it.

        With ``?refresh=1``, the service is asked anew.

        Returns:
            ``{"offered": bool, "state": …, "why": …, "console": …, "actions": [name, …]}``, where
            ``why`` is empty for people whom it does not concern. Example: ``tests/data/admin.json``.
        """
        administrator = self.visitor.get("admin") is True
        if self.is_owner:
            refresh = self.get_query_argument("refresh", "") == "1"
            standing = await self.extension.standing.look(refresh)
            state, why, console = standing.state, standing.why, standing.console
            actions = standing.actions
            # only the service knows of administrators whom the hub does not call so
            concerned = state == "minting" or (administrator and state != "none")
        else:
            state, why, console, actions = "visitor", VISITOR, "", ()
            concerned = administrator
        answer = {
            "offered": state == "ok",
            "state": state,
            "why": why if concerned else "",
            "console": console,
            "actions": actions,
        }
        self.finish(json.dumps(answer))


class IntentsHandler(OwnersHandler):
    """Asking for an admin action."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Have the service keep an intent until its actor decides on the console.

        The body is ``{"kind": …, "target": {…}, "note": …}``.

        Returns:
            201, ``{"id": …, "state": "pending", "expires": …, "url": the page to decide on}``.

        Raises:
            web.HTTPError: 400 for what cannot be asked; 403 for anybody but the owner, or if the
                server's token is too strong; 404 without a service; 429 after too many; 503 if
                the service does not answer.
        """
        self.owner_only()
        if len(self.request.body) > MAX_BODY:
            raise web.HTTPError(413, "that is too long to be asked at once")
        asked = self.get_json_body()
        kind, target, note = (
            (asked.get("kind"), asked.get("target"), asked.get("note", ""))
            if isinstance(asked, dict)
            else (None, None, None)
        )
        if not isinstance(kind, str) or not isinstance(target, dict) or not isinstance(note, str):
            raise web.HTTPError(400, 'send {"kind": name, "target": {…}, "note": text}')
        if len(note) > MAX_NOTE:
            raise web.HTTPError(400, f"a note may have {MAX_NOTE} characters, not {len(note)}")
        intent = await self.ask(
            "v1/intents", "POST", {"kind": kind, "target": target, "note": note}
        )
        self.set_status(201)
        self.finish(json.dumps(intent))


class IntentHandler(OwnersHandler):
    """What became of an intent."""

    @web.authenticated
    @authorized
    async def get(self, intent: str) -> None:
        """Answer with its state. While it runs, events tell how far it is for some time after that.

        Returns:
            ``{"id": …, "kind": …, "target": {…}, "state": …, "message": …, "expires": …}``, and
            ``export`` for an export of the hub. Examples: ``tests/data/intent.json`` and
            ``tests/data/intent-export.json``.

        Raises:
            web.HTTPError: 403 for anybody but the owner; 404 if the service has no such intent of
                theirs; 503 if it does not answer.
        """
        self.owner_only()
        answer = await self.ask(f"v1/intents/{intent}")
        self.extension.following.looked(answer)
        self.finish(json.dumps(answer))
