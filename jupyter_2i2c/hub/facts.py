"""The hub's facts as the service serves them, made ready once. Called by the API and the public page."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

from ..model import Component, FactSheet, Provenance
from ..sources import Stated, resolve, sheet_to_json

API_VERSION = 1

COMPONENTS = {
    "jupyterhub": ("JupyterHub", "https://github.com/jupyterhub/jupyterhub"),
    "jupyterhub-kubespawner": ("KubeSpawner", "https://github.com/jupyterhub/kubespawner"),
    "dockerspawner": ("DockerSpawner", "https://github.com/jupyterhub/dockerspawner"),
    "jupyterhub-systemdspawner": (
        "SystemdSpawner",
        "https://github.com/jupyterhub/systemdspawner",
    ),
    "oauthenticator": ("OAuthenticator", "https://github.com/jupyterhub/oauthenticator"),
    "jupyterhub-idle-culler": (
        "Idle culler",
        "https://github.com/jupyterhub/jupyterhub-idle-culler",
    ),
    "jupyterhub-traefik-proxy": (
        "Traefik proxy",
        "https://github.com/jupyterhub/traefik-proxy",
    ),
    "jupyterhub-fancy-profiles": (
        "Fancy profiles",
        "https://github.com/2i2c-org/jupyterhub-fancy-profiles",
    ),
}
"""Open source that hubs run on, by the name of its distribution."""


@dataclass(frozen=True)
class Answer:
    """The JSON answer in the forms in which it is sent."""

    body: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Answer:
        """Of what it says."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return cls(body, gzip.compress(body, mtime=0), etag)


class Facts:
    """What the service says about the hub.

    Args:
        stated: what the operator says.
    """

    def __init__(self, stated: Stated) -> None:
        self._stated = stated
        self._versions = _installed()
        self._build()

    def _build(self) -> None:
        components = tuple(
            Component(name, self._versions[distribution], url)
            for distribution, (name, url) in COMPONENTS.items()
            if distribution in self._versions
        )
        sheet = resolve(self._stated)
        found = Provenance("service", "found at run time")
        self.sheet = FactSheet(
            replace(sheet.facts, components=components),
            {**sheet.provenance, "components": found},
            sheet.problems,
        )
        self.answer = Answer.of({"version": API_VERSION, **sheet_to_json(self.sheet)})

    def hub_version(self, version: str) -> None:
        """Take over what the hub says of its own version, which may run elsewhere."""
        if self._versions.get("jupyterhub") != version:
            self._versions["jupyterhub"] = version
            self._build()


def _installed() -> dict[str, str]:
    versions = {}
    for distribution in COMPONENTS:
        try:
            versions[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return versions
