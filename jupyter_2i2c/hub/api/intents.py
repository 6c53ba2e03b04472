"""`POST api/v1/intents`, `GET api/v1/intents/ID`: asking for an admin action, and following it. Called by an administrator's server.

Whatever is asked here does nothing by itself: the person decides on the console.
"""

from __future__ import annotations

from typing import Any

from tornado import web

from ..actions.base import BadTarget
from ..administration import Administration
from ..identity import HubIdentities, Identity
from ..intents import NoSuchIntent, UnknownKind
from ..scopes import mints_tokens
from ..store import exports
from ..store.database import StoreUnavailable
from ..store.exports import Export
from ..store.intents import Intent, TooManyIntents
from .base import ApiHandler, Wait, json_object

PERSONAL = 30.0
"""Seconds for which the hub's word on a token is good enough to show its owner what is theirs."""

TOO_STRONG = (
    "this server's token can make itself a token with all of your rights, so any notebook in it"
    " could act as an administrator. Ask the hub's operator to take the scopes self, tokens and"
    " inherit from administrators' servers (setup_hub(c, narrow_admin_servers=True) does it), and"
    " restart this server"
)


class AdministrationHandler(ApiHandler):
    """A route that needs the administrators' side of the service."""

    def initialize(  # type: ignore[override]
        self, identities: HubIdentities, administration: Administration
    ) -> None:
        super().initialize(identities)
        self._administration = administration

    @property
    def administration(self) -> Administration:
        """The administrators' side.

        Raises:
            web.HTTPError: 503 while its store cannot be used.
        """
        if self._administration.unusable:
            raise web.HTTPError(503, "%s", "this hub's service cannot use its store just now")
        return self._administration


class IntentsHandler(AdministrationHandler):
    """Where actions are asked for."""

    max_age = 0.0

    async def post(self) -> None:
        """Keep an intent until its actor decides on the console.

        The body is ``{"kind": …, "target": {…}, "note": …}``. Which server asks is taken from the
        token, never from the body.

        Returns:
            201, ``{"id": …, "state": "pending", "expires": …, "url": the page to decide on, …}``.

        Raises:
            web.HTTPError: 400 for what makes no sense, 403 for a token that is too strong, 404
                for an action that is not offered, 429 for too many, 503 without a store.
        """
        if too_strong(self.identity):
            raise web.HTTPError(403, "%s", TOO_STRONG)
        asked = json_object(self.request.body)
        desk = self.administration.desk
        try:
            intent = await desk.ask(
                self.identity,
                str(asked.get("kind") or ""),
                asked.get("target"),
                str(asked.get("note") or ""),
                asking_server(self.identity),
            )
        except UnknownKind as error:
            raise web.HTTPError(404, "%s", str(error)) from None
        except BadTarget as error:
            raise web.HTTPError(400, "%s", str(error)) from None
        except TooManyIntents as error:
            raise Wait(error.retry_after, str(error)) from None
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_status(201)
        self.finish(to_json(intent, self.administration.console_url))


class IntentHandler(AdministrationHandler):
    """Where an intent is followed."""

    max_age = PERSONAL

    async def get(self, id_: str) -> None:
        """Tell how it stands, to the person whose intent it is.

        Returns:
            ``{"id": …, "kind": …, "target": {…}, "state": …, "message": …, "expires": …}``; of an
            export that has begun, also how far it is, see `export_to_json`.

        Raises:
            web.HTTPError: 404 for anybody else's, and for one that never was.
        """
        try:
            intent = await self.administration.desk.get(id_, self.identity.name)
            export = await self._export(intent)
        except NoSuchIntent:
            raise web.HTTPError(404, "there is no such request of yours") from None
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        self.set_header("Cache-Control", "no-store")
        told = to_json(intent, self.administration.console_url)
        if export:
            told["export"] = export_to_json(export, self.administration.console_url)
        self.finish(told)

    async def _export(self, intent: Intent) -> Export | None:
        if intent.kind != exports.ACTION:
            return None
        return await self.administration.store.read(exports.get, intent.id)


def too_strong(identity: Identity) -> bool:
    """Whether what holds this token could make itself one with an administrator's rights."""
    minting = [scope for scope in identity.scopes if mints_tokens(scope)]
    return bool(minting) and (identity.admin or any("!" not in scope for scope in minting))


def asking_server(identity: Identity) -> str:
    """Where an intent comes from, by the token's own access scope."""
    prefix = "access:servers!server="
    servers = [scope[len(prefix) :] for scope in identity.scopes if scope.startswith(prefix)]
    own = [server for server in servers if server.startswith(f"{identity.name}/")]
    return f"server:{own[0]}" if len(own) == 1 else "token"


def to_json(intent: Intent, console_url: str) -> dict[str, Any]:
    """An intent as its actor's server gets it."""
    text = intent.message if intent.state == "refused" else intent.outcome.get("text", "")
    return {
        "id": intent.id,
        "kind": intent.kind,
        "target": dict(intent.target),
        "state": intent.state,
        "message": text,
        "expires": intent.expires.isoformat().replace("+00:00", "Z"),
        "url": f"{console_url}intents/{intent.id}",
    }


def export_to_json(export: Export, console_url: str) -> dict[str, Any]:
    """How far an export is, and what came of it, as its actor's server gets it."""
    return {
        "id": export.id,
        "state": export.state,
        "step": export.step,
        "done": export.done,
        "total": export.total,
        "url": f"{console_url}exports/{export.id}",
        "highest": export.highest,
        "blockers": export.blockers,
        "not_run": export.not_run,
    }
