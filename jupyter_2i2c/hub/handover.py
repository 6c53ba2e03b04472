"""What the hub's configuration says, handed to the service in a file. Written by setup.py, read by app.py.

A managed service is a process of its own and does not see `c`. The file is readable by the hub's
own user only. For a service that runs elsewhere, entry.py hands over a part of it by another way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from traitlets.config import Config

from ..config import read
from ..model import HubFacts, Problem, Provenance, from_json, to_json
from ..sources import Stated, overlay
from ..values import CHART, from_values
from .culler import culling_of
from .doctor.observe import observe
from .doctor.observed import Observed
from .doctor.watch import watch
from .private_file import put
from .scopes import resolved
from .settings import HubSettings, settings_of

CONFIG_FILE_VARIABLE = "JUPYTER_2I2C_CONFIG_FILE"

SERVICE_SECTION = "HubService"
"""The section of the hub's configuration that holds the service's own traits."""

SCHEMA = 1


class UnreadableHandover(Exception):
    """The file cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Handed:
    """What the file holds.

    Attributes:
        stated: what the hub says about itself.
        traits: the service's own traits.
        hub: what the hub's configuration decides.
        observed: what doctor needs to know of it.
    """

    stated: Stated = field(default_factory=Stated)
    traits: Mapping[str, Any] = field(default_factory=dict)
    hub: HubSettings = field(default_factory=HubSettings)
    observed: Observed = field(default_factory=Observed)


def write(path: Path, stated: Stated, config: Config) -> None:
    """Write what the hub says about itself, and the service's own traits in `config`.

    The file appears whole or not at all, and is never readable by others. What doctor needs to
    know goes in, too: now, and when a server starts.
    """
    observed = observe(config, _observed_before(path))
    document = {
        **about_the_hub(stated, config),
        "service": _plain(config[SERVICE_SECTION]) if SERVICE_SECTION in config else {},
    }

    def note(observed: Observed) -> None:
        put(path, {**document, "observed": to_json(observed)})

    note(observed)
    watch(config, observed, note)


def about_the_hub(stated: Stated, config: Config) -> dict[str, Any]:
    """The part of the document that tells of the hub, not of how its service runs. It has no secrets."""
    return {
        "schema": SCHEMA,
        **_stated_to_json(stated),
        "hub": {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(settings_of(config)).items()
        },
    }


def load(path: Path) -> Handed:
    """Read what `write` wrote.

    Raises:
        UnreadableHandover: the file is missing, damaged or of a newer version.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableHandover(
            f"{path}: {error.strerror}; restart the hub, which writes it at its start"
        ) from None
    except UnicodeDecodeError as error:
        raise UnreadableHandover(
            f"{path}: byte {error.start} is not UTF-8; restart the hub, which writes the file anew"
        ) from None
    except ValueError as error:
        raise UnreadableHandover(
            f"{path}: {error}; restart the hub, which writes the file anew"
        ) from None
    return understood(document, str(path))


def understood(document: Any, where: str) -> Handed:
    """What a document says that was read from JSON.

    Args:
        document: the whole of what `write` wrote, or `about_the_hub`.
        where: it was found, for an error's message.

    Raises:
        UnreadableHandover: it is damaged or of a newer version.
    """
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise UnreadableHandover(
            f"{where}: not written by this version of jupyter_2i2c; install the same version for"
            " the hub and the service, and restart the hub"
        )
    traits = document.get("service")
    return Handed(
        _stated_from_json(document),
        dict(traits) if isinstance(traits, Mapping) else {},
        _settings_from_json(document.get("hub")),
        _observed_from_json(document.get("observed")),
    )


def stated_by(config: Config) -> Stated:
    """All that a hub's configuration says about it: our traits, z2jh's values, the culler."""
    culling = culling_of(resolved(config.JupyterHub, "services", []))
    culler = Stated()
    if culling:
        source = Provenance("service", "the idle culler's arguments")
        culler = Stated({"culling": culling}, {"culling": source})
    return overlay(read(config, "service", "the hub's configuration"), culler, _chart_values())


def _chart_values() -> Stated:
    """The facts in the values of the z2jh chart, where that is what runs this hub."""
    try:
        from z2jh import get_config
    except ImportError:
        return Stated()
    values = {key: get_config(key) for key in ("custom", "cull", "ingress")}
    return from_values({CHART: values}, "service", lambda *keys: "/".join(keys[1:]) + " in values")


def _stated_to_json(stated: Stated) -> dict[str, Any]:
    facts = to_json(replace(HubFacts(), **stated.values))
    return {
        "facts": {name: facts[name] for name in stated.values},
        "provenance": {name: to_json(each) for name, each in stated.provenance.items()},
        "problems": [to_json(each) for each in stated.problems],
    }


def _stated_from_json(document: Mapping[str, Any]) -> Stated:
    try:
        given = document["facts"]
        facts = from_json(HubFacts, given)
        provenance = {
            name: from_json(Provenance, each) for name, each in document["provenance"].items()
        }
        problems = tuple(from_json(Problem, each) for each in document["problems"])
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableHandover(f"the hub's file lacks something: {error!r}") from None
    known = [name for name in given if name in HubFacts.__dataclass_fields__ and name in provenance]
    return Stated(
        {name: getattr(facts, name) for name in known},
        {name: provenance[name] for name in known},
        problems,
    )


def _settings_from_json(given: Any) -> HubSettings:
    settings = given if isinstance(given, Mapping) else {}
    return HubSettings(
        _names(settings.get("admin_users")),
        _names(settings.get("admin_groups")),
        settings.get("manage_groups") is True,
        settings.get("subdomains") is True,
    )


def _names(given: Any) -> frozenset[str]:
    names = given if isinstance(given, list) else []
    return frozenset(each for each in names if isinstance(each, str))


def _observed_from_json(given: Any) -> Observed:
    return from_json(Observed, given) if isinstance(given, Mapping) else Observed()


def _observed_before(path: Path) -> Observed | None:
    """What was observed at the hub's last start; None at its first."""
    try:
        return load(path).observed
    except UnreadableHandover:
        return None


def handover_path() -> Path | None:
    """The file that the hub gave to this process; None where it gave none."""
    path = os.environ.get(CONFIG_FILE_VARIABLE)
    return Path(path) if path else None


def _plain(section: Config) -> dict[str, Any]:
    """The traits of a section that have a plain JSON form."""
    plain = {}
    for name in section:
        value = resolved(section, name, [])
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            continue
        plain[name] = value
    return plain
