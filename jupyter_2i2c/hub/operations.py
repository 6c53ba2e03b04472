"""What operators' machines ask: `/healthz` and `/metrics`, on a listener of their own. Never behind the proxy."""

from __future__ import annotations

from tornado import web

from .administration import Administration
from .metrics import Metrics
from .store import audit
from .store.database import StoreUnavailable


def operations_app(
    degraded: str, metrics: Metrics, administration: Administration
) -> web.Application:
    """The application of the second listener.

    Args:
        degraded: why the service shows defaults only; empty if it does not.
        metrics: the service's numbers.
        administration: whose store must be usable for the service to be ready.
    """
    return web.Application(
        [
            (r"/healthz", HealthHandler, {"degraded": degraded}),
            (r"/readyz", ReadyHandler, {"administration": administration}),
            (r"/metrics", MetricsHandler, {"metrics": metrics, "administration": administration}),
        ]
    )


class HealthHandler(web.RequestHandler):
    """Whether the process runs."""

    def initialize(self, degraded: str) -> None:
        self._degraded = degraded

    def get(self) -> None:
        """``{"status": "ok"}``, or ``{"status": "degraded", "message": …}``."""
        status = {"status": "degraded", "message": self._degraded} if self._degraded else None
        self.finish(status or {"status": "ok"})


class ReadyHandler(web.RequestHandler):
    """Whether all parts of the service can do their work."""

    def initialize(self, administration: Administration) -> None:
        self._administration = administration

    async def get(self) -> None:
        """200, ``{"status": "ok"}``; 503 with a ``message`` while the store cannot be used."""
        message = self._administration.unusable
        if not message:
            try:
                await self._administration.store.read(audit.head)
            except StoreUnavailable as error:
                message = str(error)
        if message:
            self.set_status(503)
        self.finish({"status": "not ready", "message": message} if message else {"status": "ok"})


class MetricsHandler(web.RequestHandler):
    """The numbers, for Prometheus; without names of people."""

    def initialize(self, metrics: Metrics, administration: Administration) -> None:
        self._metrics = metrics
        self._administration = administration

    async def get(self) -> None:
        """The metrics in Prometheus' text format."""
        from prometheus_client import CONTENT_TYPE_LATEST

        await self._administration.measure(self._metrics)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(self._metrics.text())
