"""Who is logged in to the console, and which forms they were given. Kept in memory only; called by base.py and login.py.

A restart of the service forgets it all: the next page logs in again by itself, and a form that was
open asks to be opened anew.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..identity import Identity

SESSION_AGE = 900.0
"""Seconds after which somebody who does nothing must log in again, which the hub does by itself."""

FORM_AGE = 600.0
"""Seconds for which a form may be sent."""

FORMS_PER_SESSION = 200
"""Forms that one person may have open; older ones are forgotten."""


@dataclass
class Form:
    """A form that was shown to somebody and may be sent once.

    Attributes:
        action: the path that it is sent to.
        about: what it was shown for, as the page that showed it knows.
        until: when it can no longer be sent, on the monotonic clock.
    """

    action: str
    about: Mapping[str, Any]
    until: float


@dataclass
class Session:
    """Somebody's login.

    Attributes:
        token: their own OAuth token of the hub. Never leaves the service.
        identity: who they are, and which of the console's scopes they hold.
        until: when it ends, on the monotonic clock.
        forms: what they may send, by one-time value.
    """

    token: str
    identity: Identity
    until: float
    forms: dict[str, Form] = field(default_factory=dict)


class Sessions:
    """All logins.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def start(self, token: str, identity: Identity) -> str:
        """A new login.

        Returns:
            The opaque value of its cookie.
        """
        self._forget_old()
        key = secrets.token_urlsafe(32)
        self._sessions[key] = Session(token, identity, self._clock() + SESSION_AGE)
        return key

    def find(self, key: str) -> Session | None:
        """The login of a cookie, which lasts longer by being used; None if it ended."""
        session = self._sessions.get(key)
        if session is None:
            return None
        if session.until < self._clock():
            del self._sessions[key]
            return None
        session.until = self._clock() + SESSION_AGE
        return session

    def end(self, session: Session) -> None:
        """Log out."""
        for key in [key for key, each in self._sessions.items() if each is session]:
            del self._sessions[key]

    def give_form(self, session: Session, action: str, about: Mapping[str, Any]) -> str:
        """Let a form be sent once.

        Args:
            session: whom it is shown to.
            action: the path that it is sent to.
            about: what it is shown for.

        Returns:
            The one-time value, of 256 bits, that the form carries.
        """
        now = self._clock()
        for value in [value for value, form in session.forms.items() if form.until < now]:
            del session.forms[value]
        while len(session.forms) >= FORMS_PER_SESSION:
            del session.forms[next(iter(session.forms))]
        value = secrets.token_urlsafe(32)
        session.forms[value] = Form(action, about, now + FORM_AGE)
        return value

    def take_form(self, value: str, action: str) -> tuple[Session, Form] | None:
        """The login and form of a one-time value, which cannot be used again.

        Returns:
            None if there is no such value, it is too old, was used, or belongs elsewhere.
        """
        now = self._clock()
        for session in self._sessions.values():
            form = session.forms.pop(value, None)
            if form is not None:
                if form.until < now or form.action != action or session.until < now:
                    return None
                session.until = now + SESSION_AGE
                return session, form
        return None

    def _forget_old(self) -> None:
        now = self._clock()
        for key in [key for key, each in self._sessions.items() if each.until < now]:
            del self._sessions[key]
