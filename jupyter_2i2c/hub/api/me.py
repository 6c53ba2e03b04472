"""`GET api/v1/me`: what concerns the owner of a token. Called by their server while they look at the panel."""

from __future__ import annotations

from typing import Any

from tornado import web

from ..store import audit
from ..store.audit import Entry
from ..store.database import StoreUnavailable
from .intents import PERSONAL, AdministrationHandler

SHOWN = 10

WORDS = {
    "stop-server": "Your server was stopped.",
    "start-server": "Your server was started.",
    "stop-all": "All servers were stopped, yours among them.",
    "open-server": "Your server was opened by an administrator.",
    "grant-admin": "You were made an administrator of this hub.",
    "revoke-admin": "You are no longer an administrator of this hub.",
}


class MeHandler(AdministrationHandler):
    """What a person may be offered, and what was done to them."""

    max_age = PERSONAL

    async def get(self, *_: Any) -> None:
        """Tell it.

        Returns:
            ``{"version": 1, "console": address, "administrator": bool, "actions": [name, …],
            "done": [{"time", "actor", "action", "text", "reason"}, …]}``. ``administrator`` says
            whether to offer anything. That and the actions are a hint: what an administrator of
            the hub is usually allowed, and what anybody else could do at their last login to the
            console. What somebody may do is decided there.
        """
        administration = self.administration
        try:
            done = await administration.store.read(audit.about, self.identity.name, SHOWN)
        except StoreUnavailable as error:
            raise web.HTTPError(503, "%s", str(error)) from None
        actions = administration.offered.get(self.identity.name, frozenset())
        if self.identity.admin:
            actions = frozenset(administration.desk.actions)
        offered = bool(actions)
        self.set_header("Cache-Control", "no-store")
        self.finish(
            {
                "version": 1,
                "console": administration.console_url if offered else "",
                "administrator": offered,
                "actions": sorted(actions),
                "done": [_done(entry) for entry in done],
            }
        )


def _done(entry: Entry) -> dict[str, str]:
    return {
        "time": entry.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "actor": entry.actor,
        "action": entry.action,
        "text": WORDS.get(entry.action, f"{entry.action}: {entry.result}"),
        "reason": entry.reason,
    }
