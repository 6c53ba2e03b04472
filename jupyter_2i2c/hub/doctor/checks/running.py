"""What runs: versions, and whether everybody answers. Called by checks/__init__.py."""

from __future__ import annotations

from ...._version import __version__
from ..findings import Finding
from ..observed import Live, Observed
from ..versions import HUB, behind


def service(live: Live) -> Finding:
    """Whether users' servers can reach the service."""
    name = "service-reachable"
    if not live.asked:
        return Finding(
            name, "not known", "Whether the service answers was not asked", "by --offline"
        )
    if live.service:
        return Finding(
            name,
            "red",
            "The service cannot be reached the way users' servers reach it",
            f"{live.service_address or 'no address is configured'}: {live.service}",
            "The panel shows neither who runs this hub nor its news, and nobody can ask for an admin"
            " action.",
            "Look into the hub's log for “2i2c”. Where servers run on other machines, or the proxy"
            " is not where the hub thinks, say how they reach it:\n"
            'setup_hub(c, service_url="https://hub.example.org/services/2i2c/")',
        )
    return Finding(name, "green", "The service answers through the proxy", live.service_address)


def ready(live: Live) -> Finding | None:
    """Whether the service says that it can do all it should."""
    if not live.asked or live.service:
        return None
    if not live.own_listener:
        return Finding(
            "service-ready",
            "not known",
            "The service was not asked how it is",
            "it runs elsewhere, or c.HubService.metrics_bind is empty",
            mend="Ask its /readyz where it runs.",
        )
    if live.ready:
        return Finding(
            "service-ready",
            "red",
            "The service says that it is not ready",
            live.ready,
            "It shows what it can, and refuses the rest.",
            "Mend what it names; then restart the hub.",
        )
    return Finding("service-ready", "green", "The service is ready", f"{live.own_listener} says so")


def hub(live: Live) -> Finding | None:
    """Whether the hub answers."""
    if not live.asked:
        return None
    if live.hub:
        return Finding(
            "hub-reachable",
            "red",
            "The hub does not answer through its proxy",
            live.hub,
            "Nobody can log in, and no server starts.",
            "If the hub has just been started, wait until its log says that it is running. Else look into the"
            " logs of the hub and of its proxy.",
        )
    return Finding("hub-reachable", "green", "The hub answers", f"JupyterHub {live.hub_version}")


def hub_version(live: Live) -> Finding:
    """Whether JupyterHub has the security fixes that are known."""
    version = live.hub_version
    if not version:
        return Finding(
            "hub-version",
            "not known",
            "The version of JupyterHub is not known",
            "neither its configuration nor an answer of it tells",
        )
    if wanted := behind(version, HUB):
        return Finding(
            "hub-version",
            "yellow",
            "JupyterHub lacks security fixes",
            f"it is {version}; {wanted} or newer is advised",
            "Among others GHSA-c4gm-pwx9-9w8j (sharing that users begin) and GHSA-69wv-m5fw-2fhp"
            " (roles of administrators) are public.",
            f"pip install 'jupyterhub>={wanted}'",
        )
    return Finding("hub-version", "green", "JupyterHub has the known security fixes", version)


def same_version(observed: Observed) -> Finding | None:
    """Whether the hub's environment and this one have the same jupyter_2i2c."""
    if not observed.version or observed.version == __version__:
        return None
    return Finding(
        "own-version",
        "yellow",
        "The hub runs another version of jupyter_2i2c than this",
        f"the hub was configured by {observed.version}; this is {__version__}",
        "Until the hub restarts, hub and service may disagree.",
        "Restart the hub. Where the service runs elsewhere, install the same version there.",
    )


def configuration(live: Live) -> Finding | None:
    """Whether the hub's words about itself can all be used."""
    if not live.problems:
        return None
    return Finding(
        "configuration",
        "yellow",
        "Some of the configuration cannot be used",
        "; ".join(live.problems),
        "The rest is shown, without it.",
        "Mend these lines, and restart the hub.",
    )


def older_servers(live: Live) -> Finding | None:
    """Whether servers still run that started before the service was there."""
    name = "servers-older"
    if live.older is None:
        return Finding(
            name,
            "not known",
            "Whether servers run that are older than the service was not asked",
            "that needs a token with read:servers, in JUPYTERHUB_API_TOKEN",
            "Such servers hold tokens without our scope; their panel says “Restart your server to see"
            " hub news”.",
        )
    if live.older:
        return Finding(
            name,
            "yellow",
            "Servers run that are older than the service",
            f"{live.older} of {live.running} running servers started before {live.since}",
            "Their tokens lack our scope: the panel there says “Restart your server to see hub news”."
            " And an administrator's among them may still be able to make tokens.",
            "Nothing, if they may wait until their owners or the culler stop them.",
        )
    return Finding(
        name, "green", "No server is older than the service", f"{live.running} servers run"
    )


CONFIGURED = (same_version,)
SEEN = (service, ready, hub, hub_version, configuration, older_servers)
