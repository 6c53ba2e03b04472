"""Starts the example hub, waits for it, checks it if asked, and leaves nothing running."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

ADMIN = "admin"
USERS = ("ada", "grace", "katherine")
START_TIMEOUT = 120.0
STOP_TIMEOUT = 30.0


class DemoFailed(Exception):
    """The example hub did not do what it should; the message says what, and what to do."""


def run(port: int = 8000, check: bool = False) -> int:
    """Run the example hub until it is interrupted, or until it has been checked.

    Args:
        port: where it listens on 127.0.0.1; 0 takes a free port.
        check: log in as nobody, start a user's server, ask it for the hub's facts through the
            proxy, print them and stop.

    Returns:
        The exit status: 0 when all went well, 1 when the check failed, 2 when it cannot start.
    """
    interrupt = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with DemoHub(port) as hub:
            if check:
                print(json.dumps(hub.check(USERS[0]), indent=2, ensure_ascii=False))
                return 0
            _say("")
            _say(f"  The hub is ready:  {hub.url}")
            _say(f"  Administrator:     {ADMIN}")
            _say(f"  Users:             {', '.join(USERS)}")
            _say(f"  Password of each:  {hub.password}")
            _say("  Stop it with Ctrl-C.")
            _say("")
            hub.wait()
            raise DemoFailed(f"the hub stopped by itself; its last words were:\n{hub.last_words()}")
    except KeyboardInterrupt:
        return 0
    except DemoFailed as failure:
        _say(f"jupyter 2i2c demo: {failure}")
        return 1 if check else 2
    finally:
        signal.signal(signal.SIGTERM, interrupt)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class DemoHub:
    """A JupyterHub with the example community, in a directory of its own that goes with it.

    Args:
        port: where the hub's proxy listens; 0 takes a free one.
        environment: more variables for the hub's configuration.
        config: another configuration file than the example's.
    """

    def __init__(
        self,
        port: int = 0,
        environment: dict[str, str] | None = None,
        config: Path | None = None,
    ) -> None:
        self._extra = environment or {}
        self._config = config or Path(__file__).with_name("jupyterhub_config.py")
        self._port = port
        self.password = "coast"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DemoHub:
        proxy = self._proxy()
        self.state = Path(tempfile.mkdtemp(prefix="jupyter-2i2c-demo-"))
        try:
            self._start(proxy)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            _say("Stopping the hub and its servers …")
            stop(self.process)
        shutil.rmtree(self.state, ignore_errors=True)

    def _proxy(self) -> str:
        proxy = shutil.which("configurable-http-proxy")
        if not proxy:
            raise DemoFailed(
                "configurable-http-proxy is not installed. Install it with `npm install -g"
                " configurable-http-proxy`, or use `make demo`, which brings its own."
            )
        if not shutil.which("jupyterhub", path=str(Path(sys.executable).parent)):
            raise DemoFailed("JupyterHub is not installed. Run `pip install 'jupyter_2i2c[hub]'`.")
        return proxy

    def _start(self, proxy: str) -> None:
        with _free_ports(self._port) as ports:
            port, hub, proxy_api, service, metrics = ports
        self.url = f"http://127.0.0.1:{port}/"
        self.service_port, self.metrics_port = service, metrics
        environment = {
            **_clean_environment(),
            "DEMO_STATE": str(self.state),
            "DEMO_PORT": str(port),
            "DEMO_HUB_PORT": str(hub),
            "DEMO_PROXY_API_PORT": str(proxy_api),
            "DEMO_SERVICE_PORT": str(service),
            "DEMO_METRICS_PORT": str(metrics),
            "DEMO_PROXY": proxy,
            "DEMO_PASSWORD": self.password,
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
            **self._extra,
        }
        _say(f"Starting a JupyterHub in {self.state} …")
        self._log = self.state / "hub.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self._config)],
                cwd=self.state,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await("the hub", lambda: self._answers("hub/api/"))
        _say("Waiting for its service …")
        self._await("the service", lambda: self._answers("services/2i2c/"))

    def _await(self, what: str, ask: Callable[[], bool]) -> None:
        assert self.process
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise DemoFailed(f"the hub stopped; its last words were:\n{self.last_words()}")
            try:
                if ask():
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"{what} did not answer within {START_TIMEOUT:.0f} s; the hub's last words"
                    f" were:\n{self.last_words()}"
                )
            time.sleep(0.1)

    def _answers(self, path: str) -> bool:
        # whatever proxy this machine uses for the world is not for its own loopback
        return httpx.get(self.url + path, trust_env=False, timeout=10).status_code == 200

    def check(self, user: str) -> Any:
        """Log in as `user`, start a server, and read the hub's facts from it.

        Returns:
            The JSON of ``jupyter-2i2c/info``.

        Raises:
            DemoFailed: some step of it did not do what it should.
        """
        with httpx.Client(
            base_url=self.url, follow_redirects=True, trust_env=False, timeout=30
        ) as browser:
            _say(f"Logging in as {user} …")
            browser.get("hub/login")
            form = {"username": user, "password": self.password, "_xsrf": _xsrf(browser)}
            _expect("the login", browser.post("hub/login", data=form))
            _say("Starting a server …")
            me = f"hub/api/users/{user}"
            headers = {"X-XSRFToken": _xsrf(browser)}
            _expect("the start", browser.post(f"{me}/server", headers=headers))
            self._await(
                "the server", lambda: browser.get(me, headers=headers).json()["server"] is not None
            )
            answer = browser.post(f"{me}/tokens", headers=headers, json={"expires_in": 300})
            token = _expect("a token", answer)["token"]
            _say("Asking it for the hub's facts, through the proxy …")
            answer = browser.get(
                f"user/{user}/jupyter-2i2c/info", headers={"Authorization": f"token {token}"}
            )
        facts = _expect("the server's extension", answer)
        if facts["service"]["state"] != "ok":
            raise DemoFailed(f"the server did not reach the hub's service: {facts['service']}")
        return facts

    def last_words(self, lines: int = 30) -> str:
        """The end of the hub's log."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])

    def wait(self) -> None:
        """Return when the hub has stopped."""
        assert self.process
        self.process.wait()


def _xsrf(browser: httpx.Client) -> str:
    """The value that the hub wants to see again in what changes something."""
    values = [cookie.value or "" for cookie in browser.cookies.jar if cookie.name == "_xsrf"]
    return values[-1]


def _expect(what: str, answer: httpx.Response) -> Any:
    """The JSON of an answer, or None of a page; DemoFailed if it is an error."""
    if answer.is_error:
        raise DemoFailed(f"{what} failed: {answer.status_code} {answer.text[:300]}")
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else None


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a hub with all that it started: kindly, and after a while by force."""
    try:
        started = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        started = []
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for each in psutil.wait_procs(started, timeout=5)[1]:
        each.kill()


def _clean_environment() -> dict[str, str]:
    """Our environment without what belongs to a Jupyter server we may run in ourselves."""
    theirs = ("JUPYTERHUB_", "JUPYTER_2I2C_", "JPY_", "JUPYTER_IMAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}


@contextmanager
def _free_ports(first: int, count: int = 5) -> Iterator[list[int]]:
    """`count` ports that nobody listens on, the first of them `first` unless that is 0."""
    sockets: list[socket.socket] = []
    try:
        for wanted in (first, *[0] * (count - 1)):
            each = socket.socket()
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets.append(each)
            try:
                each.bind(("127.0.0.1", wanted))
            except OSError as error:
                raise DemoFailed(
                    f"port {wanted} cannot be used ({error.strerror}); choose another with --port,"
                    " or with `make demo PORT=…`"
                ) from None
        yield [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
