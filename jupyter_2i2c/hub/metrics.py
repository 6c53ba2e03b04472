"""What the service counts about itself, for Prometheus. Filled by app.py, shown by operations.py.

No label holds a name of anybody, nor a path that does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from tornado import web

BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Seconds."""


class Metrics:
    """The service's numbers.

    Attributes:
        registry: what they are registered in; nothing of the process's own is.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "jupyter_2i2c_requests",
            "Requests answered",
            ["surface", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "jupyter_2i2c_request_seconds",
            "Seconds until a request was answered",
            ["surface"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._hub_errors = Counter(
            "jupyter_2i2c_hub_errors",
            "Questions to the hub that it did not answer as a hub",
            ["asked_by"],
            registry=self.registry,
        )

        self._actions = Counter(
            "jupyter_2i2c_actions",
            "What intents, jobs and the console did, each step as it stands in the audit log",
            ["action", "result"],
            registry=self.registry,
        )
        self._open = {
            what: Gauge(
                f"jupyter_2i2c_{what}", f"{words} now, by state", ["state"], registry=self.registry
            )
            for what, words in (
                ("intents", "Intents that wait or are under way"),
                ("jobs", "Jobs"),
                ("exports", "Exports of the hub"),
            )
        }

    def acted(self, action: str, result: str) -> None:
        """Count an entry of the audit log.

        Args:
            action: such as ``stop-server``.
            result: such as ``asked``, ``approved``, ``done``, ``denied``.
        """
        self._actions.labels(action, result).inc()

    def open(self, what: str, states: Mapping[str, int]) -> None:
        """Show how many there are in each state.

        Args:
            what: ``intents``, ``jobs`` or ``exports``.
            states: how many by state; none in those that are not named.
        """
        self._open[what].clear()
        for state, number in states.items():
            self._open[what].labels(state).set(number)

    def answered(self, surface: str, handler: web.RequestHandler) -> None:
        """Count a request.

        Args:
            surface: ``api``, ``public`` or ``console``.
            handler: what answered it.
        """
        self._requests.labels(surface, f"{handler.get_status() // 100}xx").inc()
        self._seconds.labels(surface).observe(handler.request.request_time())

    def hub_failed(self, asked_by: str) -> Callable[[], None]:
        """What to call when the hub did not answer.

        Args:
            asked_by: ``tokens``, ``console`` or ``jobs``.
        """
        return self._hub_errors.labels(asked_by).inc

    def gauge(self, name: str, help_: str, value: Callable[[], float]) -> None:
        """Show a number as it is when somebody looks."""
        Gauge(f"jupyter_2i2c_{name}", help_, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
