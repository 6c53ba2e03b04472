"""`GET api/v1/info`: the hub's facts. Called by each user's server every few minutes."""

from __future__ import annotations

from typing import Any

from ..facts import Facts
from ..identity import HubIdentities
from .base import ApiHandler


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
        self.send(self._facts.answer)

    def last_known(self) -> str:
        """The facts: they are public, and on the public page."""
        return self._facts.answer.body.decode()

    def compute_etag(self) -> str | None:
        """The tag is made with the answer, not for each request."""
        return None
