"""`GET oauth_callback`: where the hub sends people back to the console. Called by browsers only."""

from __future__ import annotations

from tornado import web

from ..actions.base import holds
from .base import Framed, Refusal
from .login import by_https

SAY_AGAIN = "This login was not begun in this browser, or it took too long. Open the page again."


class CallbackHandler(Framed):
    """Starts a session, and goes on to the page that was wanted."""

    async def get(self) -> None:
        """End the hub's OAuth flow.

        Raises:
            Refusal: somebody else began it, it is too old, or the hub does not go along.
        """
        self.require_navigation()
        if self.get_query_argument("error", ""):
            raise Refusal(403, "You did not let the console act for you, or the hub does not.")
        try:
            token, wanted = await self.console.login.finish(self)
        except web.HTTPError as error:
            if error.status_code == 502:
                raise Refusal(503, "The hub does not answer. Try again in a moment.") from None
            raise Refusal(403, SAY_AGAIN) from None
        identity = await self.console.administration.api.as_person(token).whoami()
        # a hint on what to offer in Lab; what they may do to themselves is no administration
        own = f"!user={identity.name}"
        rights = [each for each in self.console.rights(identity) if not each.endswith(own)]
        self.console.administration.offered[identity.name] = frozenset(
            name for name, act in self.console.desk.actions.items() if holds(rights, act.scopes)
        )
        await self.console.desk.visit(token, identity.name)
        self.set_cookie(
            self.console.cookie,
            self.console.sessions.start(token, identity),
            path=self.console.prefix,
            httponly=True,
            samesite="Lax",
            secure=by_https(self.request),
        )
        # what was wanted was kept on this side, and is a page of the console
        self.redirect(wanted if wanted.startswith(self.console.prefix) else self.link(), status=303)
