"""What a session runs on and uses: image, profile, limits, memory, storage, versions. Called by session.py."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from traitlets.config import Config

from ..model import Component
from .home import Home, HomeDirectory
from .hub_client import HubClient, HubError
from .resources import Meter, Usage

SAMPLE_AGE = 2.0
"""Seconds for which a sample of memory and processor is good enough for everybody who asks."""

HUB_AGE = 60.0
"""Seconds for which what the hub said of this server is good enough."""

DISTRIBUTIONS = {
    "jupyterlab": ("JupyterLab", "https://github.com/jupyterlab/jupyterlab"),
    "notebook": ("Notebook", "https://github.com/jupyter/notebook"),
    "jupyter-server": ("Jupyter Server", "https://github.com/jupyter-server/jupyter_server"),
    "ipykernel": ("IPython kernel", "https://github.com/ipython/ipykernel"),
    "dask": ("Dask", "https://github.com/dask/dask"),
    "jupyter-2i2c": ("jupyter_2i2c", ""),
}
"""Open source that a session runs on, by the name of its distribution."""


@dataclass(frozen=True)
class Image:
    """The container image of a session.

    Attributes:
        name: with its registry.
        tag: or digest; empty if the reference has neither.
    """

    name: str
    tag: str


@dataclass(frozen=True)
class Server:
    """What the hub says about this server.

    Attributes:
        owner: whose it is; empty without a hub.
        name: empty for the default server.
        started: when, ISO 8601 in UTC; None if not known.
        profile: which one its owner chose; None if not known.
        can_stop: whether its token may stop it.
    """

    owner: str
    name: str
    started: str | None = None
    profile: str | None = None
    can_stop: bool = False


@dataclass(frozen=True)
class Session:
    """What a session runs on and uses. What is not known is None.

    Attributes:
        server: what the hub says about it.
        image: from ``JUPYTER_IMAGE_SPEC`` or ``JUPYTER_IMAGE``.
        memory: bytes used, and the limit.
        cpu: cores used since the sample before, and the limit.
        home: the home directory.
        versions: what the session runs on.
        hub_version: of the hub; None if not known.
    """

    server: Server
    image: Image | None
    memory: Usage | None
    cpu: Usage | None
    home: Home
    versions: tuple[Component, ...]
    hub_version: str | None


class Observation:
    """Looks when somebody asks; never by itself.

    Args:
        config: the server's configuration, for `HomeDirectory`.
        hub: the way to the hub.
        log: for what an administrator should mend.
    """

    def __init__(self, config: Config, hub: HubClient, log: logging.Logger | Any) -> None:
        self._hub = hub
        self._meter = Meter()
        self._home = HomeDirectory.configured(config, log)
        self._image = image_of(os.environ)
        self._versions = tuple(_versions())
        self._server = Server(hub.user, hub.server)
        self._hub_version: str | None = None
        self._hub_asked = float("-inf")
        self._body = b""
        self._sampled = float("-inf")
        self._sampling: asyncio.Task[None] | None = None

    async def session(self) -> bytes:
        """The JSON form of `Session`; at most `SAMPLE_AGE` old."""
        if time.monotonic() - self._sampled >= SAMPLE_AGE:
            if self._sampling is None:
                self._sampling = asyncio.ensure_future(self._sample())
            await asyncio.shield(self._sampling)
        return self._body

    async def may_stop(self) -> bool:
        """Whether this server's token may stop it, asked of the hub anew.

        Raises:
            HubError: there is no hub, or it does not answer.
        """
        answer = await self._hub.ask_hub("user")
        return isinstance(answer.body, Mapping) and self._stops(answer.body.get("scopes"))

    def stop(self) -> None:
        """End a measurement that still runs."""
        self._home.stop()

    async def _sample(self) -> None:
        try:
            await self._ask_hub()
            # listing the processes of a large machine takes a while
            memory, cpu = await asyncio.to_thread(self._meter.read)
            session = Session(
                server=self._server,
                image=self._image,
                memory=memory,
                cpu=cpu,
                home=self._home.look(),
                versions=self._versions,
                hub_version=self._hub_version,
            )
            self._body = json.dumps(asdict(session), separators=(",", ":")).encode()
            self._sampled = time.monotonic()
        finally:
            self._sampling = None

    async def _ask_hub(self) -> None:
        if not self._hub.on_hub or time.monotonic() - self._hub_asked < HUB_AGE:
            return
        self._hub_asked = time.monotonic()
        try:
            me = await self._hub.ask_hub("user")
        except HubError:
            return  # what was known stays
        self._hub_version = me.hub_version or self._hub_version
        model = me.body if isinstance(me.body, Mapping) else {}
        server = self._of_model(model)
        if not server:
            try:
                answer = await self._hub.ask_hub(self._hub.user_path)
                server = self._of_model(answer.body)
            except HubError:
                pass
        self._server = Server(
            owner=self._hub.user,
            name=self._hub.server,
            started=server.get("started") if isinstance(server.get("started"), str) else None,
            profile=profile_of(server.get("user_options")),
            can_stop=self._stops(model.get("scopes")),
        )

    def _of_model(self, model: Any) -> Mapping[str, Any]:
        servers = model.get("servers") if isinstance(model, Mapping) else None
        server = servers.get(self._hub.server) if isinstance(servers, Mapping) else None
        return server if isinstance(server, Mapping) else {}

    def _stops(self, scopes: Any) -> bool:
        user, server = self._hub.user, self._hub.server
        enough = {
            "delete:servers",
            f"delete:servers!user={user}",
            f"delete:servers!server={user}/{server}",
        }
        return isinstance(scopes, list) and not enough.isdisjoint(
            scope for scope in scopes if isinstance(scope, str)
        )


def image_of(environment: Mapping[str, str]) -> Image | None:
    """The image by the variables that spawners set; None if there are none."""
    reference = environment.get("JUPYTER_IMAGE_SPEC") or environment.get("JUPYTER_IMAGE") or ""
    if not reference:
        return None
    name, at, digest = reference.partition("@")
    if at:
        return Image(name, digest)
    # a colon before the last slash belongs to the registry's port
    path, colon, tag = name.rpartition(":")
    return Image(path, tag) if colon and "/" not in tag else Image(name, "")


def profile_of(options: Any) -> str | None:
    """The profile that `user_options` tell; None if they tell none."""
    if not isinstance(options, Mapping):
        return None
    for key in ("profile", "profile_name", "environment"):
        value = options.get(key)
        if isinstance(value, str) and value:
            return value[:200]
    return None


def _versions() -> list[Component]:
    found = [
        Component("Python", platform.python_version(), "https://github.com/python/cpython"),
    ]
    for distribution, (name, url) in DISTRIBUTIONS.items():
        try:
            found.append(Component(name, metadata.version(distribution), url))
        except metadata.PackageNotFoundError:
            continue
    return found
