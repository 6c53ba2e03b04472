"""The administrators' side of the service: the store, the desk, the jobs and the console, put together. Called by app.py."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .actions import Action, Context, registry
from .actions.announce import announcing
from .actions.export import ExportHub
from .exports import Exports
from .exports import Settings as ExportSettings
from .hub_api import HubApi
from .intents import IntentDesk
from .jobs import JobRunner
from .metrics import Metrics
from .news.newsroom import Newsroom
from .proof import Drills
from .scopes import ADMINISTRATOR
from .settings import HubSettings
from .store import exports, intents, jobs
from .store.database import Store, StoreUnavailable, StoreUnusable
from .store.keys import UnusableKey, load_or_create

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What the operator decides about the administrators' side; the traits of `HubService`.

    Attributes:
        database_url: an SQLAlchemy URL.
        key_file: the secret that is kept outside of it.
        console_url: the console's address in a browser, with a slash at its end.
        admin_users_feature: whether people are added and made administrators from the console.
        administrators_have_custom_scopes: whether the hub's administrators may do what is ours.
        server_access: whether other people's servers may be opened from the console.
        grafana_url: the operator's dashboards.
        exports: how the hub is exported, and how long that is kept.
        drills: where drills leave their results.
    """

    database_url: str
    key_file: str
    console_url: str
    admin_users_feature: bool = False
    administrators_have_custom_scopes: bool = True
    server_access: bool = False
    grafana_url: str = ""
    exports: ExportSettings = field(default_factory=ExportSettings)
    drills: Drills = field(default_factory=Drills)


class Administration:
    """All that acts on the hub, and the memory of it.

    A store that cannot be used leaves the rest of the service as it is: `unusable` says why.

    Args:
        options: by the operator.
        settings: by the hub's configuration.
        api_url: the hub's API.
        client_options: for the way to it, such as certificates.
        metrics: told when the hub does not answer.
    """

    store: Store
    desk: IntentDesk
    runner: JobRunner
    exports: Exports
    newsroom: Newsroom

    def __init__(
        self,
        options: Options,
        settings: HubSettings,
        api_url: str,
        client_options: Mapping[str, Any] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.options = options
        self.settings = settings
        self.unusable = ""
        self.offered: dict[str, frozenset[str]] = {}
        """The actions that people, administrators or not, could do at their last login to the console."""
        metrics = metrics or Metrics()
        self.api = HubApi(
            api_url, client_options=client_options, on_failure=metrics.hub_failed("console")
        )
        # what runs long must not make a page wait
        self._jobs_api = HubApi(
            api_url, client_options=client_options, on_failure=metrics.hub_failed("jobs")
        )
        try:
            self.store = self._open_store(metrics.acted)
        except (StoreUnusable, UnusableKey) as error:
            self.unusable = str(error)
            log.error("the administrators' side is off: %s", error)
            return
        context = Context(
            settings.admin_users,
            settings.admin_groups,
            settings.manage_groups,
            options.admin_users_feature,
        )
        self.newsroom = Newsroom(self.store)
        metrics.gauge("announcements", "Announcements that are shown", lambda: len(self.newsroom))
        self.runner = JobRunner(self.store, self._jobs_api)
        actions: dict[str, Action] = {
            **registry(context),
            **announcing(self.store, self.newsroom, self._holders("custom:2i2c:announce")),
        }
        self.exports = Exports(self.store, options.exports)
        if self.exports.offered:
            export = ExportHub(self.store, self.exports, self._holders("custom:2i2c:replicate"))
            actions[export.name] = export
        self.desk = IntentDesk(self.store, self.api, actions, self.runner)

    def _open_store(self, on_entry: Callable[[str, str], None] | None = None) -> Store:
        key = load_or_create(Path(self.options.key_file).absolute())
        store = Store(self.options.database_url, key, on_entry=on_entry)
        store.open()
        return store

    def could_be_used(self) -> bool:
        """Whether a store that could not be used can be by now: a database may start after the service."""
        try:
            self._open_store().close()
        except (StoreUnusable, UnusableKey):
            return False
        return True

    def _holders(self, scope: str) -> frozenset[str]:
        """The scopes of which one is enough for what is ours."""
        own = self.options.administrators_have_custom_scopes
        return frozenset({scope, ADMINISTRATOR} if own else {scope})

    @property
    def console_url(self) -> str:
        """The console's address in a browser: a path, or a whole address on another host."""
        return self.options.console_url

    @property
    def prefix(self) -> str:
        """The console's path."""
        return urlsplit(self.options.console_url).path

    async def start(self) -> None:
        """Go on with what an earlier process left."""
        if not self.unusable:
            await self.desk.recover()
            await self.runner.start()
            await self.exports.start()

    async def measure(self, metrics: Metrics) -> None:
        """Tell the metrics how many intents and jobs there are; nothing while the store cannot."""
        if not self.unusable:
            with suppress(StoreUnavailable):
                metrics.open("intents", await self.store.read(intents.open_states))
                metrics.open("jobs", await self.store.read(jobs.states))
                metrics.open("exports", await self.store.read(exports.states))

    async def close(self) -> None:
        """Let what runs come to a good place."""
        if not self.unusable:
            await self.desk.close()
            await self.runner.close()
            await self.exports.close()
            await asyncio.to_thread(self.store.close)
        self.api.close()
        self._jobs_api.close()
