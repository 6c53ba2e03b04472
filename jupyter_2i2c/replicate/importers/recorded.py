"""Makes a bundle of a hub from its record and from what its API says. Called by `jupyter 2i2c capture hub`, the drill and hub/export_work.py.

In ``hub/``: ``jupyterhub_config.redacted.py`` (the file that the hub is started with),
``config.source/`` (the files that it loads or names, by their places beside it: modules, parts,
templates), ``config.observed.json`` (every setting, as the hub has it), ``environment.json``,
``packages.json``, and what its API says. Of a hub that z2jh's chart runs, such files are the chart's own:
in their place is all that bundled.py writes of a hub from a checkout, and so it is built for Kubernetes
from either. In ``env/``, if it was given, the environment that people work in, as `capture env` writes it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._version import __version__
from ..bundle import Bundle, Staging, created_now
from ..capture.environment import tool_hash
from ..errors import ReplicateError, SecretFound
from ..manifest import (
    ENVIRONMENT_LAYERS,
    HUB_LAYERS,
    Item,
    Manifest,
    NotCaptured,
    Secret,
    Transform,
)
from ..redact import suspicious
from ..work import Work
from .recording import SCHEMA

OBSERVED = "hub/config.observed.json"
MAIN = "hub/jupyterhub_config.redacted.py"
SOURCE = "hub/config.source"
EARLIER_SOURCE = "hub/source"
"""Where earlier bundles have all of these files, the first one included."""

ENVIRONMENT = "hub/environment.json"
TEMPLATE = "secrets.template.env"
ANNOUNCEMENTS = "hub/announcements.json"
NOT_KNOWN = "it is not in the bundle; put it beside the replica's configuration by hand"
API = ("users", "groups", "services", "info")

HUB_MAKES_IT = "nothing to do where the hub makes it"
"""How to get what JupyterHub makes at its start: such a secret is in no list of what to supply."""


@dataclass(frozen=True)
class Captured:
    """A bundle of a hub.

    Attributes:
        place: the bundle.
        manifest: of it.
        size: bytes of its payload.
        no_lock: always empty; the report on environments has it.
    """

    place: Path
    manifest: Manifest
    size: int
    no_lock: str = ""

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {"bundle": str(self.place), "bytes": self.size, "layers": self.manifest.counts(),
                "not_captured": [vars(each) for each in self.manifest.not_captured]}  # fmt: skip


def read_record(path: Path) -> dict[str, Any]:
    """The record that `setup_hub` wrote.

    Raises:
        ReplicateError: it is not there, or of another version.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ReplicateError(
            f"{path} cannot be read: {error.strerror}; a hub with setup_hub(c) writes it at its start, for"
            " the hub's own user to read"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ReplicateError(f"{path} is no record: {error}; restart the hub") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ReplicateError(f"{path} was not written by this version; restart the hub")
    return document


def write_bundle(
    document: Mapping[str, Any],
    destination: Path,
    *,
    api: Mapping[str, Any] | None = None,
    announcements: Sequence[Mapping[str, Any]] | None = None,
    unread: str = "",
    people: bool = False,
    name: str = "",
    created: str | None = None,
    sign_with: Path | None = None,
    chart: Path | None = None,
    keep_staff: bool = False,
    environment: Path | None = None,
    work: Work | None = None,
) -> Captured:
    """Write the bundle of a hub.

    Arguments:
        document: its record.
        destination: a directory, or a file ``.tar.zst`` or ``.zip``, that is not there yet.
        api: what its API says; without it the lists of users and groups are not captured.
        announcements: what is shown or will be, each as `announcements.to_json` gives it with its
            ``id`` and when it was ``published``; without it they are not captured.
        unread: why there are no announcements, if something went wrong.
        people: whether to take the names of users: personal data, with their consent only.
        name: of the hub.
        created: as `created_now` takes it.
        sign_with: a private key.
        chart: of a hub that z2jh's chart runs: a directory with that chart, of the same version.
        keep_staff: of such a hub: whether to leave the old operator's staff its access.
        environment: that the hub's people work in: a bundle of it, or its interpreter.
        work: told how far it is.

    Raises:
        SecretFound: the record says that a secret could not be taken out for certain.
        ReplicateError: it cannot be written.
    """
    if document["refused"]:
        raise SecretFound(
            f"the configuration cannot be carried: {'; '.join(document['refused'])}. Nothing was written"
        )
    work = work or Work()
    work.step(0, 0, "writing the bundle")
    with Staging(destination, created_now(created)) as staging:
        writer = _Writer(staging)
        source = "c" if document.get("live", True) else "d"
        told = {key: value for key, value in {
            "hub": name,
            "jupyterhub": str(document["versions"].get("jupyterhub", "")),
            "python": str(document["machine"]["python"]),
            "captured_at": str(document["at"]),
        }.items() if value}  # fmt: skip
        if document.get("kubernetes"):
            told = {**writer.kubernetes(document, chart, name, people, keep_staff), **told}
        else:
            writer.configuration(document, source)
            writer.secrets(document)
        writer.files(document, source)
        writer.api(api, people)
        writer.announcements(announcements, people, unread)
        for layer, what, reason in NEVER:
            writer.item(layer, what, "not-captured", "", reason=reason[0], action=reason[1])
        layers = dict(HUB_LAYERS)
        if environment:
            layers.update(ENVIRONMENT_LAYERS)
            told.update(writer.environment(environment, work))
        manifest = Manifest(
            kind="hub",
            created=staging.created,
            tool={"name": "jupyter_2i2c", "version": __version__, "sha256": tool_hash()},
            source=told,
            layers=layers,
            items=tuple(writer.items),
            transforms=tuple(writer.transforms),
            secrets=tuple(writer.found),
            not_captured=tuple(writer.not_captured),
        )
        place = staging.finish(manifest, work, sign_with)
        return Captured(place, manifest, staging.payload_bytes)


def target_of(document: Mapping[str, Any]) -> str:
    """What is built of a hub, by what its record says of it: ``k8s`` where z2jh's chart runs it, else ``local``."""
    return "k8s" if document.get("kubernetes") else "local"


def files_in(bundle: Bundle, main: str) -> dict[str, str]:
    """The files of a captured configuration, by their places beside each other.

    Arguments:
        bundle: any; also one of an earlier version, which has them elsewhere.
        main: the place of the file that the hub is started with.

    Returns:
        Place to name in ``data/``.
    """
    found = {}
    for name in bundle.names():
        for top in (SOURCE, EARLIER_SOURCE):
            if name.startswith(f"{top}/"):
                found[name.removeprefix(f"{top}/")] = name
    if main and bundle.path(MAIN).is_file():
        found[main] = MAIN
    return found


NEVER = (
    ("database", "database:sessions", ("logins and tokens stay where they are", "everybody logs in anew")),
    ("homes", "homes:files", ("the files of users are not the hub's to give",
                              "each user takes them with `jupyter 2i2c capture home`")),
)  # fmt: skip
"""What no capture of a hub holds, and what to do about it."""


class _Writer:
    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.items: list[Item] = []
        self.found: list[Secret] = []
        self.transforms: list[Transform] = []
        self.not_captured: list[NotCaptured] = []

    def item(
        self, layer: str, name: str, status: str, evidence: str, *, source: str = "c", path: str = "",
        sha256: str = "", reason: str = "", action: str = "",
    ) -> None:  # fmt: skip
        self.items.append(
            Item(
                name,
                layer,
                status,
                evidence or "it was not looked at",
                source,
                sha256,
                path,
                reason,
                action,
            )
        )

    def json(self, path: str, value: Any) -> str:
        text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        if suspicious(text.encode()):
            raise SecretFound(f"{path} would hold what looks like a token; nothing was written")
        return self.staging.add(path, text)

    def configuration(self, document: Mapping[str, Any], source: str) -> None:
        """Settings and variables."""
        digest = self.observed(document, document["config"])
        for path, value in document["config"].items():
            layer = layer_of(path)
            status = "secret-slot" if _is_secret(value) else "captured"
            names = "the configuration itself names people" if layer == "people" else ""
            self.item(layer, f"{layer}:{path}", status, "the running configuration",
                      source=source, path=OBSERVED, sha256=digest, reason=names)  # fmt: skip
        digest = self.json(ENVIRONMENT, document["environment"])
        for variable in document["environment"]:
            self.item("hub-variables", f"hub-variables:{variable}", "captured",
                      "the hub's environment", source=source, path=ENVIRONMENT, sha256=digest)  # fmt: skip
        self.not_captured += [NotCaptured(each, NOT_KNOWN) for each in document["missing"]]

    def observed(self, document: Mapping[str, Any], config: Mapping[str, Any]) -> str:
        """What the hub says of itself, in one file; its SHA-256."""
        elsewhere = {each["path"]: each["name"] for each in document["files"]
                     if each["name"].startswith("elsewhere/")}  # fmt: skip
        told = {
            name: document.get(name, []) for name in ("main", "machine", "slots", "missing", "ours")
        }
        return self.json(
            OBSERVED, {**told, "config": config, "elsewhere": elsewhere, "schema": SCHEMA}
        )

    def files(self, document: Mapping[str, Any], source: str) -> None:
        """The files of the configuration, and what is installed."""
        for each in document["files"]:
            name = MAIN if each["name"] == document["main"] else f"{SOURCE}/{each['name']}"
            data = each["text"].encode() if "text" in each else base64.b64decode(each["base64"])
            of = self.staging.add(name, data)
            status = "code-verbatim" if "text" in each else "captured"
            slots = sum(
                where.startswith(f"{each['path']}:") for where in document["slots"].values()
            )
            reason = f"{slots} secrets were taken out" if slots else ""
            self.item("code", f"code:{each['name']}", status, each["path"], source=source, path=name,
                      sha256=of, reason=reason)  # fmt: skip
        digest = self.json("hub/packages.json", document["versions"])
        self.item("hub-packages", "hub-packages:versions", "captured", "what is installed beside the hub",
                  source=source, path="hub/packages.json", sha256=digest)  # fmt: skip

    def kubernetes(
        self, document: Mapping[str, Any], chart: Path | None, name: str, people: bool, staff: bool
    ) -> dict[str, str]:
        """All that a capture of a checkout has; and, as evidence, what the hub itself made of it.

        Returns:
            What is known of where it was read from.
        """
        from . import bundled
        from .running import source_of_record

        hub = source_of_record(document, chart, name)
        done = bundled.put(self.staging, hub, with_people=people, with_staff=staff)
        self.items += done.items
        self.transforms += done.transforms
        self.found += done.secrets
        self.not_captured += done.not_captured
        config = document["config"] if people and staff else without_people(document["config"])
        digest = self.observed(document, config)
        self.item("settings", "settings:observed", "captured", f"{len(config)} settings, as the hub has them",
                  path=OBSERVED, sha256=digest)  # fmt: skip
        return bundled.described(done.source)

    def environment(self, place: Path, work: Work) -> dict[str, str]:
        """The environment that people work in, as its own bundle has it.

        Returns:
            What is known of where it was captured.
        """
        from . import with_environment

        manifest = with_environment.put(self.staging, place, work)
        self.items += manifest.items
        self.transforms += manifest.transforms
        self.found += manifest.secrets
        self.not_captured += manifest.not_captured
        return {
            "environment_captured_at": manifest.created,
            **{name: manifest.source[name] for name in ("image",) if name in manifest.source},
        }

    def api(self, api: Mapping[str, Any] | None, people: bool) -> None:
        """Users, groups and services as the hub's database has them."""
        if api is None:
            for layer in ("people", "groups"):
                self.item(layer, f"{layer}:list", "not-captured", "", source="b",
                          reason="the hub's API was not asked",
                          action="capture again with --live URL")  # fmt: skip
            return
        for what in API:
            layer = "people" if what == "users" else "groups" if what == "groups" else "services"
            if what in api["refused"]:
                self.item(layer, f"{layer}:{what}", "not-captured", "", source="b",
                          reason="the token may not see it",
                          action="give a token with more scopes; see `capture hub --help`")  # fmt: skip
                continue
            if what in ("users", "groups") and not people:
                self.item(layer, f"{layer}:{what}", "policy-excluded", "", source="b",
                          reason=f"{len(api[what])} {what}: names of people need --with-people",
                          action="ask them, and capture again")  # fmt: skip
                continue
            path = f"hub/{what}.json"
            digest = self.json(path, api[what])
            self.item(layer, f"{layer}:{what}", "captured", f"GET /hub/api/{what}", source="b",
                      path=path, sha256=digest)  # fmt: skip

    def announcements(
        self, announcements: Sequence[Mapping[str, Any]] | None, people: bool, unread: str
    ) -> None:
        """What the hub's people are told."""
        if announcements is None:
            self.item("announcements", "announcements:list", "not-captured", "", source="c",
                      reason=unread or "the store of our service was not read",
                      action="capture again where the store is, with --announcements FILE")  # fmt: skip
            return
        told = [dict(each) if people else nameless(each) for each in announcements]
        digest = self.json(ANNOUNCEMENTS, told)
        unnamed = sum(_addressed_by_name(each) for each in announcements) if not people else 0
        reason = f"{unnamed} of {len(told)} are for groups, whose names need --with-people"
        self.item("announcements", "announcements:list", "captured", "the store of our service",
                  source="c", path=ANNOUNCEMENTS, sha256=digest, reason=reason if unnamed else "")  # fmt: skip

    def secrets(self, document: Mapping[str, Any]) -> None:
        """The template that asks for each secret."""
        lines = ["# Secrets that this hub needs. None of their values is in the bundle.",
                 "# Get new ones; those of the old hub stay with whoever runs it.",
                 '# One with line breaks goes in double quotes, with \\n for each: KEY="first\\nsecond"']  # fmt: skip
        for slot, where in sorted(document["slots"].items()):
            how = how_to_get(slot)
            self.found.append(Secret(slot, where, how))
            lines += ["", f"# {where}; {how}", f"{slot}="]
        self.staging.add(TEMPLATE, "\n".join(lines) + "\n")
        made = sorted(set(_slots(document["config"])) - set(document["slots"]))
        where = "made when the hub starts, or read from elsewhere"
        self.found += [Secret(slot, where, HUB_MAKES_IT) for slot in made]


def nameless(announcement: Mapping[str, Any]) -> dict[str, Any]:
    """An announcement without who wrote it, and without the names of the groups that it is for."""
    kept = {key: value for key, value in announcement.items() if key != "author"}
    if _addressed_by_name(announcement):
        kept["audience"] = {**announcement["audience"], "groups": []}
    return kept


def _addressed_by_name(announcement: Mapping[str, Any]) -> bool:
    return bool(announcement["audience"]["kind"] == "groups")


def how_to_get(slot: str) -> str:
    """How to come by a new secret, in words, as far as its name tells."""
    name = slot.lower()
    if "client_secret" in name:
        return "register the new hub's callback address with whoever issues the logins"
    if any(each in name for each in ("cookie_secret", "crypt", "proxy_auth_token", "api_token")):
        return "make it with `openssl rand -hex 32`"
    if "password" in name:
        return "choose a new one"
    return "ask whoever issues it for a new one"


LAYERS = (
    (r"JupyterHub\.(load_roles|custom_scopes)", "roles"),
    (r"JupyterHub\.services\[.*cull", "culling"),
    (r"JupyterHub\.services", "services"),
    (r"JupyterHub\.load_groups", "groups"),
    (r".*\.(admin|allowed|blocked)_users$", "people"),
    (r"\w*Authenticator\.|JupyterHub\.authenticator_class$", "login"),
    (r"\w*Spawner\.(volume|storage|pvc|notebook_dir|home_dir)", "storage"),
    (r"\w*Spawner\.|JupyterHub\.spawner_class$", "spawner"),
    (r"HubInformation\.|JupyterHub\.(template|logo)", "homepage"),
    (
        r"JupyterHub\.(ip|port|bind_url|base_url|hub_|public_url|subdomain|ssl_|internal_ssl|trust)",
        "network",
    ),
    (r"ConfigurableHTTPProxy\.|JupyterHub\.proxy", "network"),
    (r"JupyterHub\.db_", "database"),
)
"""Beginning of a setting's path to layer, the first that fits; all else are other settings."""


def layer_of(path: str) -> str:
    """The layer that a setting of the running hub belongs to."""
    return next((layer for form, layer in LAYERS if re.match(form, path)), "settings")


def without_people(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without lists of people and groups, and without the members of roles."""
    kept = {path: value for path, value in config.items()
            if layer_of(path) not in ("people", "groups")}  # fmt: skip
    return {
        path: {key: each for key, each in value.items() if key != "users"}
        if layer_of(path) == "roles" and isinstance(value, Mapping)
        else value
        for path, value in kept.items()
    }


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and "$secret" in value


def _slots(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"<secret:(\w+)>", value)
    elif isinstance(value, Mapping):
        if isinstance(value.get("$secret"), str):
            yield value["$secret"]
        for each in value.values():
            yield from _slots(each)
    elif isinstance(value, list):
        for each in value:
            yield from _slots(each)
