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
        """Forget the login and go to the hub."""
        self.console.sessions.end(self.session)
        self.clear_cookie(self.console.cookie, path=self.console.prefix)
        self.redirect(self.console.hub_url + "home", status=303)
