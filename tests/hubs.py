"""Real hubs for the tests: each with a configuration of its own, below what runs on one machine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx

from jupyter_2i2c.demo.local_hub import ONE_MACHINE, LocalHub, xsrf

SETUP = """
from jupyter_2i2c import setup_hub
setup_hub(
    c,
    url=f"http://127.0.0.1:{os.environ['LOCAL_HUB_SERVICE_PORT']}",
    console_url=f"http://127.0.0.1:{os.environ['LOCAL_HUB_CONSOLE_PORT']}",
)
"""

PEOPLE = """
c.Authenticator.admin_users = {"boss"}
c.Authenticator.allowed_users = {"ada", "mal"}
"""


def write_config(path: Path, *parts: str) -> Path:
    """Write a hub's configuration file from its parts, in their order."""
    head = f"import os, sys\nload_subconfig({str(ONE_MACHINE)!r})\nc = get_config()\n"
    path.write_text(head + "\n".join(dedent(part) for part in parts))
    return path


class Hubs:
    """Starts hubs, and stops them all in the end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self._number = 0

    def config(self, *parts: str) -> Path:
        """A configuration file of these parts, for a hub with some people."""
        self._number += 1
        return write_config(self._directory / f"hub_{self._number}.py", PEOPLE, *parts)

    def start(self, *parts: str, **options: Any) -> LocalHub:
        return self._stack.enter_context(LocalHub(self.config(*parts), **options))

    def log_in(self, hub: LocalHub, name: str) -> Person:
        person = Person(hub, name)
        self._stack.callback(person.browser.close)
        return person

    def stop(self) -> None:
        self._stack.close()


class Person:
    """Somebody who is logged in to a hub, with a client that keeps their cookies."""

    def __init__(self, hub: LocalHub, name: str) -> None:
        self.hub = hub
        self.name = name
        self.browser = hub.browser()
        hub.login(self.browser, name)

    def token(self, **more: Any) -> str:
        """A token of this person, with the scopes asked for."""
        answer = self.api("POST", f"users/{self.name}/tokens", json=more)
        answer.raise_for_status()
        return str(answer.json()["token"])

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """An answer of the hub's API to this person's browser."""
        headers = {"X-XSRFToken": xsrf(self.browser)}
        return self.browser.request(method, f"hub/api/{path}", headers=headers, **options)

    def start_server(self, name: str = "") -> None:
        self.hub.start_server(self.browser, self.name, name)

    def ask_server(self, path: str, server: str = "") -> Any:
        return self.hub.ask(self.browser, self.name, path, server)

    def run(self, code: str) -> str:
        """What a program prints that runs as a notebook of this person would: with the server's environment."""
        import subprocess
        import sys

        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.server_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()

    def server_environment(self) -> dict[str, str]:
        """The environment of this person's running server."""
        import psutil

        assert self.hub.process
        for process in psutil.Process(self.hub.process.pid).children(recursive=True):
            environment = process.environ()
            if environment.get("JUPYTERHUB_USER") == self.name:
                return environment
        raise AssertionError(f"{self.name} has no server")
