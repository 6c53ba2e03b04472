"""A real JupyterHub on this machine, in a directory of its own that goes with it. Called by runner.py and by the tests."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil

from .. import tethered

START_TIMEOUT = 120.0
STOP_TIMEOUT = 30.0

TRIES = 3
"""How often a hub is started whose ports are free when they are chosen and taken when they are used."""

TAKEN = re.compile("address already in use|EADDRINUSE", re.IGNORECASE)

ONE_MACHINE = Path(__file__).with_name("one_machine.py")
"""What a configuration file begins with (`load_subconfig`) to run here."""

SUBDOMAIN_HOST = "hub.localhost"
"""The host of a hub with per-user subdomains. Browsers trust such names as they trust this machine."""


class LocalHubFailed(Exception):
    """The hub did not do what it should; the message says what, and what to do."""


class LocalHub:
    """A JupyterHub with its proxy and its services.

    Args:
        config: its configuration file.
        port: where its proxy listens; 0 takes a free one.
        base_url: below which path.
        environment: more variables for it.
        say: told what is being done.
        service: whether the configuration starts our service.
        subdomains: whether each user and service has a host of its own, below `SUBDOMAIN_HOST`.
    """

    def __init__(
        self,
        config: Path,
        port: int = 0,
        base_url: str = "/",
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
        service: bool = True,
        subdomains: bool = False,
    ) -> None:
        self._config = config
        self._port = port
        self._base_url = base_url
        self._extra = environment or {}
        self._say = say
        self._service = service
        self._subdomains = subdomains
        self.password = "coast"  # noqa: S105
        self.process: tethered.Program | None = None
        self._started_before: list[psutil.Process] = []

    def __enter__(self) -> LocalHub:
        for _ in range(TRIES - 1):
            try:
                return self._enter()
            except LocalHubFailed as error:
                # between the choice of a port and its use, somebody else may take it
                if self._port or not TAKEN.search(str(error)):
                    raise
            self._say("A port was taken meanwhile; starting anew …")
        return self._enter()

    def _enter(self) -> LocalHub:
        proxy = _installed()
        with free_ports(self._port) as ports:
            port, hub, proxy_api, self.service_port, self.console_port, self.metrics_port = ports
        host = SUBDOMAIN_HOST if self._subdomains else "127.0.0.1"
        self.url = f"http://{host}:{port}{self._base_url}"
        self.state = Path(tempfile.mkdtemp(prefix="jupyter-2i2c-"))
        self._environment = {
            **clean_environment(),
            "LOCAL_HUB_STATE": str(self.state),
            "LOCAL_HUB_PORT": str(port),
            "LOCAL_HUB_BASE_URL": self._base_url,
            "LOCAL_HUB_SUBDOMAINS": f"http://{host}:{port}" if self._subdomains else "",
            "LOCAL_HUB_HUB_PORT": str(hub),
            "LOCAL_HUB_PROXY_API_PORT": str(proxy_api),
            "LOCAL_HUB_SERVICE_PORT": str(self.service_port),
            "LOCAL_HUB_CONSOLE_PORT": str(self.console_port),
            "LOCAL_HUB_METRICS_PORT": str(self.metrics_port),
            "LOCAL_HUB_PROXY": proxy,
            "LOCAL_HUB_PASSWORD": self.password,
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
            **self._extra,
        }
        try:
            self._start(self._config, self._service)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self._say("Stopping the hub and its servers …")
            stop(self.process, self._started_before)
        shutil.rmtree(self.state, ignore_errors=True)

    def restart(self, config: Path, service: bool = True) -> None:
        """Stop the hub but not its users' servers, and start it with another configuration.

        The configuration so far must have ``c.JupyterHub.cleanup_servers = False``.
        """
        assert self.process
        self._started_before += psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(STOP_TIMEOUT)
        tethered.let_go(self.process)
        self._start(config, service)

    def _start(self, config: Path, service: bool) -> None:
        self._say(f"Starting a JupyterHub in {self.state} …")
        self._log = self.state / "hub.log"
        with self._log.open("ab") as log:
            self.process = tethered.start(
                [sys.executable, "-m", "jupyterhub", "-f", str(config)],
                cwd=self.state,
                env=self._environment,
                output=log,
            )
        self.until("the hub", lambda: self.answers("hub/api/"))
        if service:
            self._say("Waiting for its service …")
            self.until("the service", lambda: self.answers("services/2i2c/"))

    @property
    def version(self) -> str:
        """The version of JupyterHub."""
        return metadata.version("jupyterhub")

    def until(self, what: str, ask: Callable[[], bool]) -> None:
        """Wait until `ask` says so; `what` is awaited.

        Raises:
            LocalHubFailed: the hub stopped, or it took too long.
        """
        assert self.process
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise LocalHubFailed(f"the hub stopped; its last words were:\n{self.last_words()}")
            try:
                if ask():
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise LocalHubFailed(
                    f"{what} did not answer within {START_TIMEOUT:.0f} s; the hub's last words"
                    f" were:\n{self.last_words()}"
                )
            time.sleep(0.1)

    def answers(self, path: str) -> bool:
        """Whether the hub, or what is behind its proxy, answers at `path`."""
        with httpx.Client(transport=Loopback(), timeout=10) as client:
            return client.get(self.address(path)).status_code == 200

    def address(self, path: str) -> str:
        """The whole address of what is at `path`, on the host that answers it."""
        if self._subdomains:
            kind, _, rest = path.partition("/")
            name = rest.partition("/")[0]
            host = {"user": name, "services": f"{name}--service"}.get(kind)
            if host:
                place = self.url.replace(SUBDOMAIN_HOST, f"{host}.{SUBDOMAIN_HOST}")
                return place + path
        return self.url + path

    def browser(self) -> httpx.Client:
        """A client that keeps cookies and follows redirects, at this hub's address."""
        return httpx.Client(
            base_url=self.url, follow_redirects=True, transport=Loopback(), timeout=30
        )

    def login(self, browser: httpx.Client, user: str) -> None:
        """Log `user` in with the password."""
        browser.get("hub/login")
        form = {"username": user, "password": self.password, "_xsrf": xsrf(browser)}
        # the page that follows would start a server
        _expect("the login", browser.post("hub/login", data=form, follow_redirects=False))

    def start_server(self, browser: httpx.Client, user: str, name: str = "") -> None:
        """Start the server of the user who is logged in, and wait until it answers."""
        api = f"hub/api/users/{quote(user)}"
        headers = {"X-XSRFToken": xsrf(browser)}
        path = f"{api}/servers/{quote(name)}" if name else f"{api}/server"
        _expect("the start", browser.post(path, headers=headers))

        def ready() -> bool:
            servers = browser.get(api, headers=headers).json()["servers"]
            return bool(servers.get(name, {}).get("ready"))

        self.until("the server", ready)

    def token(self, browser: httpx.Client, user: str) -> str:
        """A token of the user who is logged in, good for five minutes."""
        path, headers = f"hub/api/users/{quote(user)}/tokens", {"X-XSRFToken": xsrf(browser)}
        answer = browser.post(path, headers=headers, json={"expires_in": 300})
        token: str = _expect("a token", answer)["token"]
        return token

    def ask(self, browser: httpx.Client, user: str, path: str, name: str = "") -> Any:
        """The JSON of what the user's server answers at `path`."""
        token = self.token(browser, user)
        # JupyterHub's own way to write a name in a server's address
        server = f"user/{quote(user, safe='@~')}/{quote(name) + '/' if name else ''}"
        answer = browser.get(
            self.address(server + path), headers={"Authorization": f"token {token}"}
        )
        return _expect("the server's extension", answer)

    def last_words(self, lines: int = 30) -> str:
        """The end of the hub's log."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])

    def wait(self) -> None:
        """Return when the hub has stopped."""
        assert self.process
        self.process.wait()


class Loopback(httpx.HTTPTransport):
    """Goes to this machine for every name, and not by whatever proxy leads to the world."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask; the header says for whom."""
        return super().handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host="127.0.0.1"),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )


def xsrf(browser: httpx.Client) -> str:
    """The value that the hub wants to see again in what changes something."""
    values = [cookie.value or "" for cookie in browser.cookies.jar if cookie.name == "_xsrf"]
    return values[-1]


def _expect(what: str, answer: httpx.Response) -> Any:
    """The JSON of an answer, or None of a page; LocalHubFailed if it is an error."""
    if answer.is_error:
        raise LocalHubFailed(f"{what} failed: {answer.status_code} {answer.text[:300]}")
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else None


def stop(process: tethered.Program, others: Iterable[psutil.Process] = ()) -> None:
    """Stop a hub with all that it started: kindly, and after a while by force.

    Args:
        process: the hub.
        others: what an earlier hub in its place started.
    """
    started = list(others)
    with suppress(psutil.NoSuchProcess):
        started += psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    tethered.let_go(process)
    for each in psutil.wait_procs(started, timeout=5)[1]:
        each.kill()


def _installed() -> str:
    """The proxy's command.

    Raises:
        LocalHubFailed: it, or JupyterHub, is not installed.
    """
    proxy = shutil.which("configurable-http-proxy")
    if not proxy:
        raise LocalHubFailed(
            "configurable-http-proxy is not installed. Install it with `npm install -g"
            " configurable-http-proxy`, or use `make demo`, which brings its own."
        )
    if not shutil.which("jupyterhub", path=str(Path(sys.executable).parent)):
        raise LocalHubFailed("JupyterHub is not installed. Run `pip install 'jupyter_2i2c[demo]'`.")
    return proxy


def clean_environment() -> dict[str, str]:
    """Our environment without what belongs to a Jupyter server we may run in ourselves."""
    theirs = ("JUPYTERHUB_", "JUPYTER_2I2C_", "JPY_", "JUPYTER_IMAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}


@contextmanager
def free_ports(first: int, count: int = 6) -> Iterator[list[int]]:
    """`count` ports that nobody listens on, the first of them `first` unless that is 0."""
    sockets: list[socket.socket] = []
    try:
        for wanted in (first, *[0] * (count - 1)):
            each = socket.socket()
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets.append(each)
            try:
                each.bind(("127.0.0.1", wanted))
            except (OSError, OverflowError) as error:
                why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
                raise LocalHubFailed(
                    f"port {wanted} cannot be used ({why}); choose another with --port,"
                    " or with `make demo PORT=…`"
                ) from None
        yield [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
