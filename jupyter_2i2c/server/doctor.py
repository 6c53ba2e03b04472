"""What is wrong with this user's server and its way to the hub. Called by `jupyter 2i2c doctor` inside of it.

It sees what the server's own token and environment show, and no more.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from ..hub.doctor.findings import Finding
from ..hub.doctor.versions import HUB, LAB, SERVER, Line, behind
from ..hub.scopes import ACCESS, mints_tokens
from .hub_client import Answer, HubClient, HubError

IMAGE: tuple[tuple[str, str, Mapping[Line, str]], ...] = (
    ("jupyterlab", "JupyterLab", LAB),
    ("jupyter_server", "Jupyter Server", SERVER),
    ("jupyterhub", "JupyterHub's part in this image", HUB),
)
"""Packages of the image, their names for people, and the versions that have the known fixes."""


async def examine(
    environment: Mapping[str, str] = os.environ, *, ask: bool = True
) -> list[Finding]:
    """Look at the server in which this runs.

    Args:
        environment: of this process.
        ask: whether to ask hub and service.
    """
    client = HubClient.from_environment(environment)
    said = [*_image()]
    if not ask:
        return said
    token, service = await asyncio.gather(_asked(client.ask_hub("user")), _service(client))
    return [*_token(token), service, *_hub(token), *said]


async def _asked(question: Any) -> Answer | HubError:
    try:
        answer: Answer = await question
        return answer
    except HubError as error:
        return error


def _token(answer: Answer | HubError) -> list[Finding]:
    if isinstance(answer, HubError):
        return [
            Finding(
                "hub-reachable",
                "red",
                "The hub does not answer this server",
                answer.message,
                "The hub cannot see that the server is in use, and the culler may stop it.",
                "Tell the people who run this hub.",
            )
        ]
    model = answer.body if isinstance(answer.body, Mapping) else {}
    scopes = [each for each in model.get("scopes") or () if isinstance(each, str)]
    return [_mints(scopes, model.get("admin") is True), _access(scopes)]


def _mints(scopes: list[str], admin: bool) -> Finding:
    minting = [each for each in scopes if mints_tokens(each)]
    name = "server-token-mints"
    if not minting:
        return Finding(
            name,
            "green",
            "This server's token cannot make other tokens",
            f"it has {len(scopes)} scopes",
        )
    found = f"its token holds {', '.join(minting[:8])}"
    # “tokens!user=…” is what “self” becomes; of an administrator it mints all rights there are
    over_others = [each for each in minting if "!user=" not in each and "!server=" not in each]
    if admin or over_others:
        return Finding(
            name,
            "red",
            "Any notebook in this server can act as administrator of the hub",
            found,
            "It can make itself a token with all rights of the server's owner, which outlives the"
            " server. The hub's service takes no admin action from this server.",
            "Beside the hub: setup_hub(c, narrow_admin_servers=True). Then restart this server.",
        )
    return Finding(
        name,
        "yellow",
        "Code in this server can make tokens that outlive it",
        found,
        "They have your own rights, no more. A package or notebook that you run could keep one.",
        "Beside the hub, in the role “server”: what servers need instead of “self”.",
    )


def _access(scopes: list[str]) -> Finding:
    name = "server-access"
    if {ACCESS, "access:services"}.isdisjoint(scopes):
        return Finding(
            name,
            "yellow",
            "This server is older than the hub's service, or may not ask it",
            f"its token lacks {ACCESS}",
            "The panel cannot show the hub's news.",
            "Restart this server. If that changes nothing, the people who run the hub find the"
            " reason with `jupyter 2i2c doctor`.",
        )
    return Finding(name, "green", "This server may ask the hub's service", f"it has {ACCESS}")


async def _service(client: HubClient) -> Finding:
    name = "service-reachable"
    answer = await _asked(client.ask_service("v1/info"))
    if isinstance(answer, Answer):
        return Finding(name, "green", "The hub's service answers", client.service_url)
    if answer.state == "restart":
        return Finding(
            name,
            "yellow",
            "The hub's service does not let this server in",
            answer.message,
            "The panel cannot show the hub's news.",
            "Restart this server.",
        )
    if answer.state == "no-service":
        return Finding(
            name,
            "yellow",
            "This hub has no service of jupyter_2i2c, or this server is older than it",
            answer.message,
            "The panel shows what this server knows by itself.",
            "Restart this server. If that changes nothing, beside the hub: setup_hub(c)",
        )
    return Finding(
        name,
        "red",
        "The hub's service does not answer this server",
        f"{client.service_url}: {answer.message}",
        "The panel shows neither who runs this hub nor its news.",
        "Tell the people who run this hub. If only servers cannot reach it, beside the hub:\n"
        'setup_hub(c, service_url="https://hub.example.org/services/2i2c/")',
    )


def _hub(answer: Answer | HubError) -> list[Finding]:
    version = answer.hub_version if isinstance(answer, Answer) else ""
    if not version:
        return []
    return [_version("hub-version", "JupyterHub", version, HUB)]


def _image() -> list[Finding]:
    found = []
    for package, words, floors in IMAGE:
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        name = package.replace("_", "-") + "-version"
        found.append(_version(name, words, version, floors))
    return found


def _version(name: str, words: str, version: str, floors: Mapping[Line, str]) -> Finding:
    if wanted := behind(version, floors):
        return Finding(
            name,
            "yellow",
            f"{words} lacks security fixes",
            f"it is {version}; {wanted} or newer is advised",
            "What was mended since is public, and so is the way to use it.",
            "In the image, or beside the hub, install the newer version.",
        )
    return Finding(name, "green", f"{words} has the known security fixes", version)
