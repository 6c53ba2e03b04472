"""A hub whose people publish news and answer requests, with the mail server of its community. Called by the browser tests and by docs/build.py."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from jupyter_2i2c.demo.local_hub import LocalHub
from tests.hub.support.mail_server import MailServer
from tests.hubs import SETUP, Hubs

PLANTED = {
    "COASTAL_API_TOKEN": "q9w8e7r6t5y4u3i2o1p0",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
"""Secrets in the environment of every server of the hub."""

COMMUNITY = f"""
c.HubInformation.name = "Coastal Ocean Hub"
c.HubInformation.contacts = [
    {{
        "role": "community",
        "name": "Coastal Lab support",
        "purpose": "access, teaching, packages",
        "email": "help@lab.university.example",
    }},
    {{
        "role": "operator",
        "name": "Example Operator",
        "purpose": "outages",
        "audience": "representatives",
        "email": "support@operator.example",
    }},
]
c.Spawner.args = [*c.Spawner.args, "--NewsReader.interval=1"]
c.Spawner.environment = {PLANTED!r}
"""
"""What its configuration adds: whom to ask, and news without waiting."""

EXAMPLES = (
    (
        *("--title", "Maintenance on Tuesday morning", "--severity", "maintenance"),
        *("--body", "All servers are stopped at the start. Your files stay."),
        *("--starts", "2030-01-08T06:00Z", "--ends", "2030-01-08T08:00Z"),
    ),
    (
        *("--title", "Files in /scratch are deleted after 30 days", "--acknowledge"),
        *("--body", "From the first of the month on. Move what you need to your home."),
    ),
    (
        *("--title", "Servers start slowly", "--severity", "incident"),
        *("--link", "https://status.operator.example/"),
        *("--body", "New servers take **up to ten minutes**. Running ones are not affected."),
    ),
)
"""News that shows what there can be, as words for `announce publish`."""


class Mailbox:
    """The community's mail server, in a thread of its own, and what it gets."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Mailbox:
        self._thread.start()
        self._server = self._run(self._make())
        self.port: int = self._server.port
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _make(self) -> Any:
        return await MailServer().start()  # type: ignore[no-untyped-call]

    def _run(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)

    def next(self) -> EmailMessage:
        """The next mail, which is awaited."""
        mail: EmailMessage = self._run(self._server.arrivals.get())
        return mail

    @property
    def settings(self) -> str:
        """What a hub's configuration says so that requests for help get here."""
        return f"""
c.HubService.support_sender = "Coastal Ocean Hub <hub@hub.example>"
c.HubService.support_smtp_host = "127.0.0.1"
c.HubService.support_smtp_port = {self.port}
c.HubService.support_smtp_security = "none"
"""


@contextmanager
def running() -> Iterator[LocalHub]:
    """The hub and its mail server, for pictures."""
    with tempfile.TemporaryDirectory() as directory, Mailbox() as mailbox:
        hubs = Hubs(Path(directory))
        try:
            yield hubs.start(SETUP, COMMUNITY, mailbox.settings)
        finally:
            hubs.stop()


def announce(hub: LocalHub, *words: str) -> Any:
    """Run `jupyter 2i2c announce` on the hub's side."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "announce", *words, "--json"],
        cwd=hub.state,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
