"""`GET api/v1/info`: the hub's facts. Called by each user's server every few minutes."""

from __future__ import annotations

from typing import Any

from ..facts import Facts
from ..identity import HubIdentities
from .base import ApiHandler

MAX_AGE = 60
"""Seconds for which an answer may be kept without asking again."""


class InfoHandler(ApiHandler):
    """The facts, prepared once and sent as they are."""

    def initialize(self, identities: HubIdentities, facts: Facts) -> None:  # type: ignore[override]
        super().initialize(identities)
        self._facts = facts

    def get(self, *_: Any) -> None:
        """Answer with the facts.

        Returns:
            ``{"version": 1, "facts": {…}, "provenance": {…}}``, or 304 where the asker has them.
        """
        answer = self._facts.answer
        self.set_header("ETag", answer.etag)
        self.set_header("Cache-Control", f"private, max-age={MAX_AGE}")
        self.set_header("Vary", "Authorization, Accept-Encoding")
        if answer.etag in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
        elif "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(answer.gzipped)
        else:
            self.finish(answer.body)

    def last_known(self) -> str:
        """The facts: they are public, and on the public page."""
        return self._facts.answer.body.decode()

    def compute_etag(self) -> str | None:
        """The tag is made with the answer, not for each request."""
        return None
