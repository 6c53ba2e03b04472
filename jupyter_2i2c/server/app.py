"""The server extension. Loaded by Jupyter Server at its start, so it imports little and does nothing yet."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp

from .base import SETTING
from .done import DoneHandler
from .evidence import EvidenceHandler
from .info import InfoHandler
from .intents import AdminHandler, IntentHandler, IntentsHandler
from .log_memory import LogMemory
from .news import AnnouncementHandler, NewsHandler
from .replica import ReplicaHandler
from .replicas import (
    DownloadHandler,
    EstimateHandler,
    ExportsHandler,
    KeepAlive,
    ReportHandler,
)
from .requests import DiagnosticsHandler, RequestsHandler, SupportHandler
from .session import ServerHandler, SessionHandler

if TYPE_CHECKING:
    from .announcements import News
    from .diagnostics import Diagnostics
    from .following import Following
    from .hub_client import HubClient
    from .information import Information
    from .last_replica import LastReplica
    from .layers_here import LayersHere
    from .no_secrets import NoSecrets
    from .observation import Observation
    from .replicas_jobs import Exports
    from .standing import OwnersStanding
    from .support import Support


class Jupyter2i2cApp(ExtensionApp):
    """Routes for the panel. What they need is made when the first of them is asked."""

    name = "jupyter_2i2c"
    description = "Who runs this hub, what you run on, whom to ask, and the right to replicate."

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(
            [
                (r"/jupyter-2i2c/info", InfoHandler),
                (r"/jupyter-2i2c/replica", ReplicaHandler),
                (r"/jupyter-2i2c/evidence", EvidenceHandler),
                (r"/jupyter-2i2c/session", SessionHandler),
                (r"/jupyter-2i2c/server", ServerHandler),
                (r"/jupyter-2i2c/done", DoneHandler),
                (r"/jupyter-2i2c/admin", AdminHandler),
                (r"/jupyter-2i2c/intents", IntentsHandler),
                (r"/jupyter-2i2c/intents/([A-Za-z0-9_-]{1,64})", IntentHandler),
                (r"/jupyter-2i2c/news", NewsHandler),
                (r"/jupyter-2i2c/news/([A-Za-z0-9_-]{1,64})", AnnouncementHandler),
                (r"/jupyter-2i2c/support", SupportHandler),
                (r"/jupyter-2i2c/diagnostics", DiagnosticsHandler),
                (r"/jupyter-2i2c/requests", RequestsHandler),
                (r"/jupyter-2i2c/exports", ExportsHandler),
                (r"/jupyter-2i2c/exports/estimate", EstimateHandler),
                (r"/jupyter-2i2c/exports/download", DownloadHandler),
                (r"/jupyter-2i2c/exports/report", ReportHandler),
            ]
        )

    def initialize_settings(self) -> None:
        """Let the handlers find this object."""
        self.settings[SETTING] = self
        self._register_events()
        self._log_memory = LogMemory()
        self._servers_log.addHandler(self._log_memory)

    @cached_property
    def hub(self) -> HubClient:
        """The way to the hub and to the service beside it."""
        from .hub_client import HubClient

        return HubClient.from_environment()

    @cached_property
    def information(self) -> Information:
        """The hub's facts as they are known here."""
        from .information import Information

        return Information(self.config, self.hub, self.log)

    @cached_property
    def last_replica(self) -> LastReplica:
        """When it was last proven that this hub starts elsewhere."""
        from .last_replica import LastReplica

        return LastReplica(self.hub)

    @cached_property
    def observation(self) -> Observation:
        """What this session uses and runs on."""
        from .observation import Observation

        return Observation(self.config, self.hub, self.log)

    @cached_property
    def standing(self) -> OwnersStanding:
        """What the service says of this server's owner."""
        from .standing import OwnersStanding

        return OwnersStanding(self.hub)

    @cached_property
    def following(self) -> Following:
        """What was approved and takes long."""
        from .following import Following
        from .intents import EVENT

        return Following(self.hub, lambda data: self._tell(EVENT, data))

    @cached_property
    def news(self) -> News:
        """What the hub's people announce to this server's owner."""
        from jupyter_core.paths import jupyter_data_dir

        from .announcements import News, NewsReader, Told
        from .news import EVENT

        told = Told(Path(jupyter_data_dir()) / "jupyter_2i2c" / "told.json")
        reader = NewsReader.configured(self.config, self.log)
        return News(self.hub, lambda data: self._tell(EVENT, data), told, reader.interval)

    @cached_property
    def layers_here(self) -> LayersHere:
        """What of this environment and its hub is open."""
        from .layers_here import LayersHere, python_of_kernel

        kernels = self.serverapp.kernel_manager if self.serverapp else None
        return LayersHere(self.hub, lambda: python_of_kernel(kernels), self.log)

    @cached_property
    def support(self) -> Support:
        """Requests for help."""
        from .support import Support

        async def facts() -> Any:
            await self.information.answer()
            return self.information.facts

        return Support(self.hub, facts, self._secrets)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """What whoever helps needs to know of this session."""
        from .diagnostics import Diagnostics

        def extensions() -> dict[str, bool]:
            manager = self.serverapp.extension_manager if self.serverapp else None
            return (
                {name: each.enabled for name, each in manager.extensions.items()} if manager else {}
            )

        return Diagnostics(
            self.observation.session,
            lambda: {"Hub": self.information.facts.name, "At": self.information.facts.url},
            self._log_memory,
            extensions,
            self._secrets,
            Path.home(),
        )

    @cached_property
    def exports(self) -> Exports:
        """What was taken away from here."""
        from .home import HomeDirectory
        from .replicas_jobs import Exports

        home = HomeDirectory.configured(self.config, self.log)
        return Exports(Path(home.path or Path.home()), list(home.shared), self._about_the_hub)

    @cached_property
    def keep_alive(self) -> KeepAlive:
        """What tells the hub that something is being taken."""
        assert self.serverapp, "asked for by a handler, which a server has called"
        return KeepAlive(self.exports, self.serverapp.web_app.settings)

    def _about_the_hub(self) -> dict[str, str]:
        facts = self.information.facts
        party = facts.operated_by
        return {"hub": facts.name, "operated_by": party.name if party else ""}

    def _secrets(self) -> NoSecrets:
        """What knows the secrets of this server, read anew: its owner may have got another one."""
        from .no_secrets import NoSecrets

        provider = self.serverapp.identity_provider if self.serverapp else None
        return NoSecrets(more={"JUPYTER_TOKEN": getattr(provider, "token", "") or ""})

    @property
    def _servers_log(self) -> Any:
        """The log into which the server and its other extensions write, too."""
        return self.serverapp.log if self.serverapp else self.log

    @property
    def _events(self) -> Any:
        """The server's events, which Lab receives in its browsers."""
        return self.serverapp.event_logger if self.serverapp else None

    def _register_events(self) -> None:
        """Make our events known before a browser listens: one who listens earlier misses them."""
        from . import intents, news

        try:
            for schema in (news.EVENT_SCHEMA, intents.EVENT_SCHEMA):
                self._events.register_event_schema(schema)
        except Exception as error:  # whatever is wrong with them, Lab starts, and nothing is pushed
            self.log.warning("jupyter_2i2c: news cannot be pushed to Lab: %s", error)

    def _tell(self, event: str, data: dict[str, Any]) -> None:
        try:
            self._events.emit(schema_id=event, data=data)
        except Exception as error:
            self.log.warning("jupyter_2i2c: news cannot be pushed to Lab: %s", error)

    async def stop_extension(self) -> None:
        """End what still runs on our behalf."""
        made: dict[str, Any] = self.__dict__
        self._servers_log.removeHandler(self._log_memory)
        if "observation" in made:
            self.observation.stop()
        if "news" in made:
            await self.news.stop()
        if "following" in made:
            await self.following.stop()
        if "keep_alive" in made:
            self.keep_alive.stop()
