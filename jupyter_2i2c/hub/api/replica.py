"""`GET api/v1/replica`: when it was last proven that this hub starts elsewhere. Called by users' servers."""

from __future__ import annotations

import json
from typing import Any

from ..identity import HubIdentities
from ..proof import Drills
from .base import ApiHandler


class ReplicaHandler(ApiHandler):
    """What the last drill said; it is public, and on the public page."""

    def initialize(self, identities: HubIdentities, drills: Drills) -> None:  # type: ignore[override]
        super().initialize(identities)
        self._drills = drills

    def get(self, *_: Any) -> None:
        """Tell it.

        Returns:
            ``{"version": 1, "replica": {"at", "highest", "holds", "blockers", "overdue"} or null,
            "configured": whether drills are set up, "limit_days": after which one is overdue}``.
        """
        self.set_header("Cache-Control", "private, max-age=60")
        self.finish(self.last_known())

    def last_known(self) -> str:
        """The same: it does not depend on the hub."""
        proof = self._drills.last()
        return json.dumps(
            {
                "version": 1,
                "replica": proof.to_json() if proof else None,
                "configured": self._drills.configured,
                "limit_days": self._drills.limit_days,
            }
        )
