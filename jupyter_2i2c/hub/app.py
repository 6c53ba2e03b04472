"""The service itself: reads the hub's file, listens, answers. Started by the hub as `python -m jupyter_2i2c.hub`."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import signal
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado import web
from tornado.httpserver import HTTPServer
from traitlets import Bool, Enum, Float, Integer, TraitError, Unicode, default, validate
from traitlets.config import Application

from .._version import __version__
from ..config import Address, HubInformation, read
from ..sources import Stated, overlay
from .administration import Administration, Options
from .api.announcements import AnnouncementsHandler, SeenHandler
from .api.base import ApiHandler
from .api.evidence import EvidenceHandler
from .api.info import InfoHandler
from .api.intents import IntentHandler, IntentsHandler
from .api.me import MeHandler
from .api.replica import ReplicaHandler
from .api.requests import OfferHandler, RequestHandler, RequestsHandler
from .entry import HubEntry
from .evidence import HubEvidence
from .exports import Settings
from .facts import Facts
from .handover import CONFIG_FILE_VARIABLE, UnreadableHandover, handover_path, load
from .identity import HubIdentities
from .logs import write_log
from .metrics import Metrics
from .operations import operations_app
from .proof import Drills
from .public.me import MeCallback, MePage, own_pages
from .public.page import PublicPageHandler
from .record import record_path
from .settings import HubSettings
from .setup import CONSOLE_BIND_VARIABLE, CONSOLE_TOKEN_VARIABLE, CONSOLE_URL_VARIABLE
from .store.database import DEFAULT_KEY_FILE, DEFAULT_URL
from .support import Support
from .support_traits import SupportTraits

MAX_BODY = 4 << 20
"""Bytes of what is sent, which is held in memory before it is known by whom; requests for help may have more."""

BODY_TIMEOUT = 120.0
"""Seconds in which all of it must come."""


class HubService(SupportTraits, Application):
    """The service ``2i2c``: the hub's facts for users' servers, and a public page."""

    name = "jupyter-2i2c-hub"
    version = __version__
    classes = [HubInformation]
    aliases = {"config": "HubService.config_file"}

    config_file = Unicode(
        help="A Python or JSON file with ``c.HubInformation`` and ``c.HubService``, for a service"
        " that does not run beside its hub. Goes over what the hub hands over."
    ).tag(config=True)
    metrics_bind = Unicode(
        "127.0.0.1:10302",
        help="Address and port of ``/healthz`` and ``/metrics``. Everything under the service's own"
        " address is public; this is not. Empty: not offered.",
    ).tag(config=True)
    bind_host = Unicode(
        help="Where to listen, if that is not the host in the services' addresses: ``0.0.0.0`` in"
        " a pod, which the proxy finds by the name of a Kubernetes Service. Empty: that host."
    ).tag(config=True)
    identity_max_age = Integer(
        600,
        help="Seconds for which the owner of a token is remembered for what is addressed to"
        " everybody. 0 asks the hub each time.",
    ).tag(config=True)
    hub_concurrency = Integer(
        4, help="Questions that may be on their way to the hub at the same time."
    ).tag(config=True)
    log_json = Bool(False, help="Write the log as JSON, one line for each thing.").tag(config=True)
    database_url = Unicode(
        DEFAULT_URL,
        help="Where intents, jobs and the audit log are kept, as an SQLAlchemy URL: "
        "``sqlite:///FILE`` or ``postgresql+psycopg://…``. A file is relative to the hub's"
        " directory.",
    ).tag(config=True)
    key_file = Unicode(
        DEFAULT_KEY_FILE,
        help="The secret by which the audit log is signed and tokens are encrypted, in a file of"
        " its own, outside of the database. Made at the first start; back it up elsewhere.",
    ).tag(config=True)
    admin_users_feature = Bool(
        False,
        help="Add users and change administrators from the console. It then asks for"
        " ``admin:users``, which includes ``admin:auth_state`` and ``delete:users``. Otherwise it"
        " leads to the hub's own page.",
    ).tag(config=True)
    administrators_have_custom_scopes = Bool(
        True,
        help="Let administrators of the hub do all that is ours (``custom:2i2c:*``). The role"
        " ``admin`` itself has no custom scopes; others get them by roles.",
    ).tag(config=True)
    server_access = Enum(
        ("auto", "on", "off"),
        "auto",
        help="Whether the console leads to other people's servers, against a reason that they"
        " get. ``auto``: only on a hub with per-user subdomains, because elsewhere a server that"
        " an administrator opens can act as that administrator.",
    ).tag(config=True)
    grafana_url = Address(
        help="The operator's dashboards, linked from the console. Empty: no link."
    ).tag(config=True)
    drills = Unicode(
        help="Where ``jupyter 2i2c drill -o DIR`` keeps its reports: the last one's date and rung are"
        " shown as the last proven replica. Empty: not shown."
    ).tag(config=True)
    drill_limit = Integer(
        90, help="Days after which a drill counts as overdue, and the hub's page says so."
    ).tag(config=True)
    exports_directory = Unicode(
        "jupyter_2i2c_exports",
        help="Where exports of the hub that were asked for on the console are kept, in a directory of"
        " its own that only the service can read. Relative to the hub's directory. Empty: the hub is"
        " not exported from the console.",
    ).tag(config=True)
    exports_kept = Integer(
        5, min=1, help="Of how many exports the files are kept; older ones are removed."
    ).tag(config=True)
    exports_days = Integer(
        30, min=1, help="Days after which the files of an export are removed."
    ).tag(config=True)
    exports_chart = Unicode(
        help="Where z2jh's chart runs the hub: a directory with that chart, unpacked or as a checkout, of"
        " the version that runs the hub, which the service can read. An export is then proven up to V4,"
        " which executes the chart's own code in a sandbox. Empty: V4 of an export is not run."
    ).tag(config=True)
    public_evidence = Bool(
        True,
        help="Show on the hub's page, which needs no login, what was found of the four layers: how much"
        " is open, tied or not known, and the way out. It names no package, no image and no setting:"
        " whoever looks for weak places from outside shall find no list of versions here. People with a"
        " server see the names in their panel.",
    ).tag(config=True)
    stop_timeout = Float(
        5.0, help="Seconds that connections get to close when the service stops."
    ).tag(config=True)

    @validate("metrics_bind")
    def _host_and_port(self, proposal: Any) -> str:
        bind = str(proposal["value"])
        if bind and not re.fullmatch(r".*:[0-9]{1,5}", bind):
            raise TraitError(
                f"HubService.metrics_bind is {bind!r}; write HOST:PORT, such as 127.0.0.1:10302,"
                " or nothing"
            )
        return bind

    hub_settings = HubSettings()
    _entry: HubEntry | None = None

    STORE_RETRY = 30.0
    """Seconds between two attempts to open a store that could not be used at the start."""

    def start(self) -> None:
        """Run until a signal says stop."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        stop, changed = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop.set)
        self._entry = await _own_entry()
        watch = self._entry and loop.create_task(self._entry.watch(changed.set))
        while not stop.is_set():
            changed.clear()
            servers = self.listen()
            await self.administration.start()
            self.support.start()
            await self._wait(stop, changed)
            for server in servers:
                server.stop()
            await self.support.close()
            await self.administration.close()
            self.identities.close()
            for server in servers:
                with suppress(asyncio.TimeoutError):  # one that hangs must keep nobody
                    await asyncio.wait_for(server.close_all_connections(), self.stop_timeout)
            if changed.is_set() and not stop.is_set():
                self.log.info("what the hub's configuration says is new; beginning anew with it")
        if watch:
            watch.cancel()

    async def _wait(self, stop: asyncio.Event, changed: asyncio.Event) -> None:
        """Until it is to stop, or to begin anew: with another configuration, or a store that can be used now."""
        while self.administration.unusable:
            await _first(stop, changed, timeout=self.STORE_RETRY)
            if stop.is_set() or changed.is_set():
                return
            if await asyncio.to_thread(self.administration.could_be_used):
                self.log.info("the store can be used now; beginning anew with it")
                return
        await _first(stop, changed)

    def listen(self) -> list[HTTPServer]:
        """Open the listeners.

        Returns:
            The servers, the public one first.
        """
        stated, degraded = self._stated()
        write_log(self.log, as_json=self.log_json)
        facts = Facts(stated)
        metrics = self._metrics = Metrics()
        metrics.gauge(
            "degraded",
            "1 while the service cannot read the hub's configuration",
            lambda: bool(degraded),
        )
        self.identities = identities = HubIdentities(
            os.environ["JUPYTERHUB_API_URL"],
            max_age=self.identity_max_age,
            concurrency=self.hub_concurrency,
            on_version=facts.hub_version,
            on_failure=metrics.hub_failed("tokens"),
            client_options=_certificates(),
        )
        self.administration = Administration(
            self._options(facts),
            self.hub_settings,
            os.environ["JUPYTERHUB_API_URL"],
            _certificates(),
            metrics,
        )
        store = None if self.administration.unusable else self.administration.store
        self.support = Support(self.support_options(), facts, store)
        self.support.measure(metrics.gauge)
        metrics.gauge(
            "remembered_tokens",
            "Tokens whose owner the service remembers",
            lambda: len(identities),
        )
        address = os.environ["JUPYTERHUB_SERVICE_URL"]
        servers = [self._behind_the_proxy(self.public_app(facts, identities), address)]
        if bind := os.environ.get(CONSOLE_BIND_VARIABLE):
            servers.append(self._behind_the_proxy(self.console_app(facts), bind))
        if self.metrics_bind:
            host, _, port = self.metrics_bind.rpartition(":")
            operations = HTTPServer(operations_app(degraded, metrics, self.administration))
            operations.listen(int(port), host.strip("[]"))
            servers.append(operations)
        self.log.info("jupyter_2i2c %s listens at %s", __version__, address)
        return servers

    def _behind_the_proxy(self, application: web.Application, address: str) -> HTTPServer:
        """Listen where the hub's proxy asks."""
        where = urlsplit(address)
        server = HTTPServer(
            application,
            ssl_options=_server_context(),
            max_body_size=MAX_BODY,
            body_timeout=BODY_TIMEOUT,
        )
        server.listen(where.port or 80, self.bind_host or where.hostname or "127.0.0.1")
        return server

    def public_app(self, facts: Facts, identities: HubIdentities) -> web.Application:
        """All that the hub's proxy can reach."""
        prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"].rstrip("/")
        hub_url = os.environ.get("JUPYTERHUB_BASE_URL", "/").rstrip("/") + "/hub/"
        admin = {"identities": identities, "administration": self.administration}
        mine = own_pages(f"{prefix}/", facts, identities, self.administration)
        usable = not self.administration.unusable
        evidence = HubEvidence(self.administration.options.exports.record, self.log)
        page = {
            "facts": facts,
            "evidence": evidence if self.public_evidence else None,
            "hub_url": hub_url,
            "newsroom": self.administration.newsroom if usable else None,
            "me": f"{prefix}/me" if usable else "",
            "drills": self.administration.options.drills,
        }
        help_ = {**admin, "support": self.support}
        return web.Application(
            [
                (rf"{prefix}/api/v1/info", InfoHandler, {"identities": identities, "facts": facts}),
                (rf"{prefix}/api/v1/me", MeHandler, admin),
                (
                    rf"{prefix}/api/v1/replica",
                    ReplicaHandler,
                    {"identities": identities, "drills": page["drills"]},
                ),
                (
                    rf"{prefix}/api/v1/evidence",
                    EvidenceHandler,
                    {"identities": identities, "evidence": evidence},
                ),
                (rf"{prefix}/api/v1/intents", IntentsHandler, admin),
                (rf"{prefix}/api/v1/intents/([A-Za-z0-9_-]{{1,64}})", IntentHandler, admin),
                (rf"{prefix}/api/v1/announcements", AnnouncementsHandler, admin),
                (
                    rf"{prefix}/api/v1/announcements/([A-Za-z0-9_-]{{1,64}})/seen",
                    SeenHandler,
                    admin,
                ),
                (rf"{prefix}/api/v1/support", OfferHandler, help_),
                (rf"{prefix}/api/v1/requests", RequestsHandler, help_),
                (rf"{prefix}/api/v1/requests/([A-Za-z0-9_-]{{1,64}})", RequestHandler, help_),
                (rf"{prefix}/api/.*", ApiHandler, {"identities": identities}),
                (rf"{prefix}/me", MePage, {"own": mine}),
                (rf"{prefix}/oauth_callback", MeCallback, {"own": mine}),
                (rf"{prefix}/?", PublicPageHandler, page),
            ],
            cookie_secret=secrets.token_bytes(32),  # signs the state of logins that take seconds
            default_handler_class=web.ErrorHandler,
            default_handler_args={"status_code": 404},
            log_function=partial(self._log_request, "api"),
        )

    def console_app(self, facts: Facts) -> web.Application:
        """All that administrators' browsers can reach."""
        from .console.app import console_app

        return console_app(
            self.administration,
            facts,
            client_secret=os.environ[CONSOLE_TOKEN_VARIABLE],
            log_function=partial(self._log_request, "console"),
        )

    def _options(self, facts: Facts) -> Options:
        access = self.server_access
        handover = handover_path()
        return Options(
            database_url=self.database_url,
            key_file=self.key_file,
            console_url=os.environ.get(CONSOLE_URL_VARIABLE, ""),
            admin_users_feature=self.admin_users_feature,
            administrators_have_custom_scopes=self.administrators_have_custom_scopes,
            server_access=access == "on" or (access == "auto" and self.hub_settings.subdomains),
            grafana_url=self.grafana_url,
            exports=Settings(
                record=str(record_path(handover)) if handover else "",
                directory=self.exports_directory,
                kept=self.exports_kept,
                days=self.exports_days,
                chart=self.exports_chart,
                name=facts.sheet.facts.name,
            ),
            drills=Drills(self.drills, self.drill_limit),
        )

    def _stated(self) -> tuple[Stated, str]:
        """What the operator says, from the own file and from the hub's; and what stands in the way."""
        own = read(self.config, "service", self.config_file or "the service's configuration")
        degraded = ""
        handed = Stated()
        path = os.environ.get(CONFIG_FILE_VARIABLE)
        if path:
            try:
                document = load(Path(path))
                handed, self.hub_settings = document.stated, document.hub
                self._take(document.traits)
            except UnreadableHandover as error:
                degraded = str(error)
        elif self._entry:
            degraded = self._entry.problem
            if self._entry.handed:
                handed, self.hub_settings = self._entry.handed.stated, self._entry.handed.hub
        if degraded:
            self.log.error("showing defaults only: %s", degraded)
        for problem in own.problems:
            self.log.warning("%s", problem)
        return overlay(own, handed), degraded

    def _take(self, traits: Mapping[str, Any]) -> None:
        """Set the traits that the hub's configuration holds for us; own configuration goes first."""
        for name, value in traits.items():
            if name not in self.config[type(self).__name__]:
                try:
                    self.set_trait(name, value)
                except Exception as error:
                    self.log.warning("HubService.%s is left at its default: %s", name, error)

    def initialize(self, argv: Any = None) -> None:
        """Read the command line and the own file."""
        super().initialize(argv)
        if self.config_file:
            path = Path(self.config_file)
            self.load_config_file(path.name, str(path.parent))

    @default("log_level")
    def _informative(self) -> int:
        return logging.INFO

    def _log_request(self, surface: str, handler: web.RequestHandler) -> None:
        """Count it; one line for one that failed on our side, without paths, tokens or names."""
        if surface == "api" and isinstance(handler, (PublicPageHandler, MePage, MeCallback)):
            surface = "public"
        self._metrics.answered(surface, handler)
        status = handler.get_status()
        if status >= 500:
            what = type(handler).__name__
            self.log.warning("%s %s at %s: %d", handler.request.method, what, surface, status)


async def _own_entry() -> HubEntry | None:
    """Where a service that runs elsewhere finds what one beside the hub has in a file."""
    if os.environ.get(CONFIG_FILE_VARIABLE) or not os.environ.get("JUPYTERHUB_API_TOKEN"):
        return None
    entry = HubEntry(
        os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"], _certificates()
    )
    await entry.ask()
    return entry


async def _first(*events: asyncio.Event, timeout: float | None = None) -> None:
    """Return when one of the events is set, or after so many seconds."""
    tasks = [asyncio.ensure_future(each.wait()) for each in events]
    await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _certificates() -> dict[str, Any]:
    """Options for asking a hub that has `internal_ssl` on."""
    names = {
        "client_key": "JUPYTERHUB_SSL_KEYFILE",
        "client_cert": "JUPYTERHUB_SSL_CERTFILE",
        "ca_certs": "JUPYTERHUB_SSL_CLIENT_CA",
    }
    return {option: os.environ[name] for option, name in names.items() if os.environ.get(name)}


def _server_context() -> ssl.SSLContext | None:
    """The context to listen with on a hub that has `internal_ssl` on."""
    certificates = _certificates()
    if "client_cert" not in certificates:
        return None
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=certificates.get("ca_certs")
    )
    context.load_cert_chain(certificates["client_cert"], certificates.get("client_key"))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


main = HubService.launch_instance
