"""Starts a hub that was built, on addresses of its own, and talks to it as a person's browser does. Called by v6_live.py and v7_hub.py."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    ProxyHandler,
    Request,
    build_opener,
)

from ... import tethered
from ..targets import hub_local, service_store
from ..targets.hub_overlay import ADDRESSES, PASSWORD
from ..work import Work

START_TIMEOUT = 120
ANSWER_TIMEOUT = 60
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
ADDRESS = re.compile(r"(127\.0\.0\.1|localhost):(\d+)")


class ReplicaFails(Exception):
    """The replica does not do what it should; the message says what."""


class Replica:
    """A hub that runs for the checks.

    Attributes:
        url: in a browser, with a slash at its end.
        process: the hub's.
    """

    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path, work: Work) -> None:
        self.url = url
        self.process = process
        self.password = ""
        self._log = log
        self._work = work

    def until(self, what: str, ask: Any) -> None:
        """Wait until `ask` says so.

        Raises:
            ReplicaFails: the hub stopped, or it takes too long.
        """
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            self._work.check()
            if self.process.poll() is not None:
                raise ReplicaFails(f"the hub stopped: {self.last_words()}")
            with suppress(ReplicaFails):
                if ask():
                    return
            if time.monotonic() > deadline:
                raise ReplicaFails(
                    f"{what} does not answer in {START_TIMEOUT} s: {self.last_words()}"
                )
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)

    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        errors = [each for each in lines if each.startswith(("[E", "[C")) or "Error" in each]
        return " ".join(errors[-3:] or lines[-3:])[:800]

    def log_in(self, user: str) -> Browser:
        """A browser in which `user` has logged in with a name and the password."""
        browser = Browser(self.url)
        browser.ask("GET", "hub/login")
        form = {"username": user, "password": self.password, "_xsrf": browser.xsrf}
        browser.ask("POST", "hub/login", form=form)
        if not browser.has("jupyterhub-session-id") and not browser.has("jupyterhub-hub-login"):
            raise ReplicaFails(f"{user} cannot log in")
        return browser


class _Stay(HTTPRedirectHandler):
    """Follows nothing: what comes after a login would start a server."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Browser:
    """Cookies, and requests to one hub on this machine.

    Arguments:
        url: the hub's.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._jar = CookieJar()
        # not by whatever proxy leads to the world
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._jar), _Stay())

    @property
    def xsrf(self) -> str:
        """What the hub wants to see again in whatever changes something."""
        values = [each.value or "" for each in self._jar if each.name == "_xsrf"]
        return values[-1] if values else ""

    def has(self, cookie: str) -> bool:
        """Whether it holds such a cookie."""
        return any(each.name.startswith(cookie) for each in self._jar)

    def ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        token: str = "",
    ) -> Any:
        """One request, with a token if there is one; the JSON of its answer, or its text.

        Raises:
            ReplicaFails: it is refused, or nobody answers.
        """
        data = urlencode(form).encode() if form is not None else None
        headers = {"X-XSRFToken": self.xsrf} if path.startswith("hub/api") else {}
        if token:
            headers["Authorization"] = f"token {token}"
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = Request(self.url + path, data, headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=ANSWER_TIMEOUT) as answer:
                text = answer.read().decode("utf-8", "replace")
                kind = answer.headers.get("Content-Type", "")
        except HTTPError as error:
            if error.code in (301, 302, 303):
                return ""
            said = error.read(300).decode("utf-8", "replace")
            raise ReplicaFails(f"{method} {path}: {error.code} {said}") from None
        except (URLError, OSError) as error:
            raise ReplicaFails(f"{method} {path}: {error}") from None
        return json.loads(text) if "json" in kind and text else text

    def token(self, user: str, scopes: tuple[str, ...] = ()) -> str:
        """A token of the user who is logged in, good for ten minutes."""
        body: dict[str, Any] = {"expires_in": 600, "note": "verify"}
        if scopes:
            body["scopes"] = list(scopes)
        token: str = self.ask("POST", f"hub/api/users/{quote(user)}/tokens", body=body)["token"]
        return token


@contextmanager
def running(
    built: hub_local.Built, config: Mapping[str, Any], python: Path | None, work: Work
) -> Iterator[Replica]:
    """A hub that was built, started in a directory that goes with it, with fresh secrets.

    Arguments:
        built: it.
        config: the settings that were captured: whose addresses are moved to free ports.
        python: the interpreter that JupyterHub is installed for; this one by default.
        work: asked whether to stop.

    Raises:
        ReplicaFails: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="2i2c-replica-") as directory:
        state = Path(directory)
        with _free(_addresses(built.plan, config)) as moves:
            environment = _environment(built, moves)
        log = state / "hub.log"
        _restore(built, python, state, environment)
        with log.open("wb") as said:
            process = tethered.start(
                [python or sys.executable, "-m", "jupyterhub", "-f", built.directory / hub_local.CONFIG],
                cwd=state, env=environment, output=said,
            )  # fmt: skip
        try:
            bind = urlsplit(str(built.plan.settings["JupyterHub.bind_url"]))
            replica = Replica(f"http://{moves[bind.netloc]}{bind.path}", process, log, work)
            replica.password = environment[PASSWORD]
            work.step(0, 0, "starting the replica")
            browser = Browser(replica.url)
            replica.until("the hub", lambda: browser.ask("GET", "hub/api/"))
            yield replica
        finally:
            tethered.stop(process)


def _restore(
    built: hub_local.Built, python: Path | None, state: Path, environment: Mapping[str, str]
) -> None:
    """Put the announcements into the store of the replica's own service, as its `start` does."""
    if not built.plan.store:
        return
    command = service_store.restoring(built.plan.store, built.directory, python or sys.executable)
    try:
        done = subprocess.run(
            command, cwd=state, env=dict(environment), stdin=subprocess.DEVNULL, check=False,
            capture_output=True, text=True, errors="replace", timeout=START_TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ReplicaFails(f"its announcements are not restored within {START_TIMEOUT} s") from None
    if done.returncode:
        raise ReplicaFails(f"its announcements are not restored: {done.stderr.strip()[-800:]}")


def _environment(built: hub_local.Built, moves: Mapping[str, str]) -> dict[str, str]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    filled = (built.directory / hub_local.SECRETS).read_text("utf-8").splitlines()
    given = {line.partition("=")[0] for line in filled if line.partition("=")[2].strip()}
    environment.update(
        {slot: secrets.token_hex(32) for slot in built.plan.secrets if slot not in given}
    )
    environment[ADDRESSES] = json.dumps(dict(moves))
    environment[PASSWORD] = secrets.token_urlsafe(16)
    environment["HOME"] = os.environ.get("HOME", "/")
    return environment


def _addresses(plan: hub_local.Plan, config: Mapping[str, Any]) -> list[str]:
    """Every address of this machine that the hub may listen on."""
    text = json.dumps([plan.settings, list(plan.addresses.values()),
                       {path: each for path, each in config.items() if path not in plan.settings}])  # fmt: skip
    return sorted({match[0] for match in ADDRESS.finditer(text)})


@contextmanager
def _free(addresses: list[str]) -> Iterator[dict[str, str]]:
    """A free port for each; they stay taken until they are handed over."""
    sockets: dict[str, socket.socket] = {}
    try:
        for port in {each.rpartition(":")[2] for each in addresses}:
            sockets[port] = socket.socket()
            sockets[port].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets[port].bind(("127.0.0.1", 0))
        yield {
            each: f"127.0.0.1:{sockets[each.rpartition(':')[2]].getsockname()[1]}"
            for each in addresses
        }
    finally:
        for each in sockets.values():
            each.close()
