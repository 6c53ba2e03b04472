"""`/logout`: ends a login to the console, and not the one to the hub. Called from every page's foot."""

from __future__ import annotations

from .base import ConsolePage


class LogoutHandler(ConsolePage):
    """Says that it ends the login, and ends it."""

    def get(self) -> None:
        """Ask."""
        action, once = self.once("logout")
        self.show("logout.html", action=action, once=once)

    def post(self) -> None:
        """Forget the login, and say so.

        The hub may be on another host, to which a form of the console must not lead.
        """
        self.console.sessions.end(self.session)
        self.visitor = None
        self.clear_cookie(self.console.cookie, path=self.console.prefix)
        self.show("logout.html", action="", once="")
