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
        answer = await self._evidence.answer()
        self.set_header("ETag", answer.etag)
        self.set_header("Cache-Control", "private, max-age=60")
        self.set_header("Vary", "Authorization, Accept-Encoding")
        if answer.etag in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
        elif "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(answer.gzipped)
        else:
            self.finish(answer.body)

    def compute_etag(self) -> str | None:
        """The tag is made with the answer, not for each request."""
        return None
