"""`GET api/v1/evidence`: what of this hub is open, tied or unpinned. Called by a user's server while its owner looks."""

from __future__ import annotations

from typing import Any

from ..evidence import HubEvidence
from ..identity import HubIdentities
from .base import ApiHandler


class EvidenceHandler(ApiHandler):
    """The evidence, for whoever has a server here; it names packages, images and settings."""

    def initialize(self, identities: HubIdentities, evidence: HubEvidence) -> None:  # type: ignore[override]
        super().initialize(identities)
        self._evidence = evidence

    async def get(self, *_: Any) -> None:
        """Tell it.

        Returns:
            ``{"version": 1, "at": time of the record, "layers": [{"key", "items": [{"id", "what",
            "found", "status", "count", "names", "source", "way_out"}]}]}``, or 304 where the asker
            has it. Example: ``tests/data/evidence.json``.
        """
        self.send(await self._evidence.answer())

    def compute_etag(self) -> str | None:
        """The tag is made with the answer, not for each request."""
        return None
