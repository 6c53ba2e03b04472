"""Makes of a captured hub a JupyterHub that runs on one machine. Called by `jupyter 2i2c build --target local`, verify/ and the drill.

The hub's own configuration is executed as it was captured; what this machine cannot have is put over
it, setting by setting, and each of those is a transform that `plan` lists before anything is written.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..appearing import appearing
from ..bundle import Bundle
from ..capture.distributions import normalised
from ..errors import ReplicateError
from ..importers.bundled import DESCRIPTION
from ..importers.recorded import ENVIRONMENT, OBSERVED, TEMPLATE, files_in
from ..work import Work
from . import local, service_store

OVERLAY = Path(__file__).with_name("hub_overlay.py")
DECIDED = "replica.json"
SECRETS = "secrets.env"
CONFIG = "jupyterhub_config.py"
STATE = "state"

LOOPBACK = ("127.0.0.1", "localhost")
"""This machine, in addresses of a configuration."""

LOGINS = {
    "dummy": ("dummy", "anybody on the list logs in with one password: for trying it out"),
    "native": ("native", "people choose passwords of their own (jupyterhub-nativeauthenticator)"),
}
"""What may stand for a login that only the old place has."""

PASSWORD = "REPLICA_PASSWORD"  # noqa: S105
"""The slot of the password where the login is ``dummy`` and was not before."""

SINGLEUSER = "jupyterhub-singleuser"
USER = "user"
"""Where the environment that servers run in is built."""

SIMPLE = "jupyterhub.spawner.SimpleLocalProcessSpawner"

WITHOUT = {
    "JupyterHub.ip": "address", "JupyterHub.port": "address", "JupyterHub.base_url": "address",
    "JupyterHub.hub_ip": "address", "JupyterHub.hub_port": "address", "JupyterHub.hub_connect_ip": "address",
    "JupyterHub.hub_connect_url": "address", "JupyterHub.public_url": "address",
    "JupyterHub.subdomain_host": "subdomains", "JupyterHub.ssl_key": "tls", "JupyterHub.ssl_cert": "tls",
    "JupyterHub.internal_ssl": "tls", "JupyterHub.proxy_class": "proxy", "ConfigurableHTTPProxy.should_start": "proxy",
    "Spawner.notebook_dir": "spawner",
}  # fmt: skip
"""Settings that belong to the old place, with the transform that leaves them out."""

WHY = {
    "address": ("the hub's addresses", "every machine has its own; this one listens on loopback"),
    "subdomains": (
        "a host for each user",
        "they need a wildcard name and certificate of the new place",
    ),
    "tls": ("certificates", "they belong to the old name; put a proxy with new ones before it"),
    "proxy": ("the proxy", "its program is where it is installed here"),
    "database": (
        "the database",
        "it is another one, and new; users and groups come from the bundle",
    ),
    "store": (
        "the store of our service",
        "it is another one, and new; announcements come from the bundle",
    ),
    "cookie-secret": ("the file of the cookie secret", "everybody logs in anew"),
    "spawner": ("how servers start", "here they are processes of this machine"),
    "environment": (
        "what servers run on",
        "the environment that was captured is rebuilt beside the hub",
    ),
    "login": ("how people log in", "the old logins are registered for the old address"),
    "people": (
        "users and administrators whom only the database knew",
        "only the old database knew them, and the new one begins empty",
    ),
    "groups": (
        "groups that only the database knew",
        "only the old database knew them, and the new one begins empty",
    ),
    "tljh": ("what TLJH decides for its machine", "TLJH sets it itself"),
    "config.yaml": ("what TLJH has a key for", "it stands in config.yaml"),
}
"""What each transform changes, and why."""


@dataclass(frozen=True)
class Change:
    """One setting that is not as it was.

    Attributes:
        id: of its transform, a key of `WHY`.
        path: the setting.
        what: becomes of it, in words.
    """

    id: str
    path: str
    what: str

    @property
    def why(self) -> str:
        """Why it cannot be the same."""
        return WHY[self.id][1]


@dataclass
class Plan:
    """All that `build` will do.

    Attributes:
        changes: each setting that is not as it was.
        settings: path to what it is set to, with words for this machine's directories.
        left_out: paths that are not set.
        added: path to members that it gets.
        addresses: of the old place, to those of the new one.
        secrets: slots that must be filled in.
        notes: what a person must know or do.
        store: our service's database and key, where announcements are to be restored into it.
    """

    changes: list[Change] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    added: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    store: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What ``plan --json`` prints."""
        return {
            **asdict(self),
            "changes": [{**asdict(each), "why": each.why} for each in self.changes],
        }

    def put(self, id: str, path: str, value: Any) -> None:  # noqa: A002
        """Set a setting."""
        self.settings[path] = value
        self.changes.append(Change(id, path, f"becomes {json.dumps(value, ensure_ascii=False)}"))

    def drop(self, id: str, path: str) -> None:  # noqa: A002
        """Leave a setting out."""
        self.left_out.append(path)
        self.changes.append(Change(id, path, "is left out"))

    def add(self, id: str, path: str, members: Any) -> None:  # noqa: A002
        """Add members to a list of people or groups."""
        self.added[path] = members
        said = ", ".join(sorted(members))
        self.changes.append(Change(id, path, f"gets {said}"))


def is_hub(bundle: Bundle) -> bool:
    """Whether the bundle holds a hub that runs from files of its own, and not from values of a chart."""
    return bundle.path(OBSERVED).is_file() and not bundle.path(DESCRIPTION).is_file()


def required(bundle: Bundle) -> None:
    """See to it that the bundle holds such a hub.

    Raises:
        ReplicateError: it holds none.
    """
    if not is_hub(bundle):
        raise ReplicateError(
            f"{bundle.place} holds no hub that runs from a jupyterhub_config.py; for one on Kubernetes use"
            " --target k8s"
        )


def observed_of(bundle: Bundle) -> dict[str, Any]:
    """What was written down of the hub's configuration."""
    told: dict[str, Any] = json.loads(bundle.text(OBSERVED))
    return told


def plan(bundle: Bundle, *, port: int = 8000, login: str = "dummy") -> Plan:
    """Decide what must be different on this machine; nothing is written.

    Arguments:
        bundle: of a hub that was captured where it runs.
        port: where its proxy shall listen; the hub, the proxy's API and our service's metrics take
            the next three, and what services listen at the ports after those.
        login: a key of `LOGINS`.

    Raises:
        ReplicateError: the bundle holds no such hub.
    """
    required(bundle)
    told = observed_of(bundle)
    config = told["config"]
    made = Plan(secrets=sorted(told["slots"]))
    for path, transform in WITHOUT.items():
        if config.get(path):
            made.drop(transform, path)
    _addresses(made, config, port)
    _database(made, config)
    if service_store.runs_service(config):
        _service(made, config, bundle, port)
    _listeners(made, config, port + 4)
    _spawner(made, config)
    if local.has_environment(bundle):
        _environment(made, config, bundle)
    _login(made, config, login)
    people(made, config, bundle)
    if commands := _absolute(config):
        made.notes.append(
            f"commands that must be installed here, too: {', '.join(sorted(commands))}"
        )
    return made


def _addresses(made: Plan, config: Mapping[str, Any], port: int) -> None:
    old = urlsplit(str(config.get("JupyterHub.bind_url", "")))
    base = old.path or str(config.get("JupyterHub.base_url", "/"))
    new = {"JupyterHub.bind_url": (port, f"/{base.strip('/')}/".replace("//", "/")),
           "JupyterHub.hub_bind_url": (port + 1, ""), "ConfigurableHTTPProxy.api_url": (port + 2, "")}  # fmt: skip
    ports = {"JupyterHub.bind_url": config.get("JupyterHub.port", 8000),
             "JupyterHub.hub_bind_url": config.get("JupyterHub.hub_port", 8081),
             "ConfigurableHTTPProxy.api_url": 8001}  # fmt: skip
    for path, (number, rest) in new.items():
        before = urlsplit(str(config.get(path, "")))
        for here in LOOPBACK:
            made.addresses[f"{here}:{before.port or ports[path]}"] = f"127.0.0.1:{number}"
        made.put("address", path, f"http://127.0.0.1:{number}{rest}")
    if config.get("ConfigurableHTTPProxy.command"):
        made.put("proxy", "ConfigurableHTTPProxy.command", ["{proxy}"])
    pid = str(config.get("ConfigurableHTTPProxy.pid_file", ""))
    if pid and not pid.startswith("{hub}"):
        made.put("proxy", "ConfigurableHTTPProxy.pid_file", "{hub}/proxy.pid")


def _database(made: Plan, config: Mapping[str, Any]) -> None:
    database = config.get("JupyterHub.db_url", "sqlite:///jupyterhub.sqlite")
    here = isinstance(database, str) and database.startswith(
        ("sqlite:///{hub}/", "sqlite:///jupyterhub")
    )
    if not here:
        made.put("database", "JupyterHub.db_url", "sqlite:///{hub}/jupyterhub.sqlite")
    secret = str(config.get("JupyterHub.cookie_secret_file", ""))
    if secret.startswith(("/", "{config}")):
        made.put("cookie-secret", "JupyterHub.cookie_secret_file", "{hub}/jupyterhub_cookie_secret")


def _service(made: Plan, config: Mapping[str, Any], bundle: Bundle, port: int) -> None:
    """Our service keeps to itself, also beside the hub that was captured; its announcements come along."""
    made.put("address", "HubService.metrics_bind", f"127.0.0.1:{port + 3}")
    for path, place in service_store.moved(config).items():
        made.put("store", path, place)
    if service_store.announcements_of(bundle):
        made.store = service_store.places(config)


def _listeners(made: Plan, config: Mapping[str, Any], port: int) -> None:
    """Where services listen that the hub starts: the captured hub's may still have the ports.

    A service that it does not start listens here, too, if one that it starts is told its address:
    our console is a second client of our service's process.
    """
    services = {path: value for path, value in config.items()
                if path.startswith("JupyterHub.services[") and isinstance(value, dict)}  # fmt: skip
    ours = [each for each in services.values() if "command" in each]
    told = json.dumps([[each["command"], each.get("environment")] for each in ours])
    for path, service in services.items():
        url = urlsplit(str(service.get("url") or ""))
        # not one of which it is only the beginning
        here = re.search(rf"{re.escape(url.netloc)}(?!\d)", told) if url.port else None
        if not url.port or not ("command" in service or here):
            continue
        for old in (url.netloc, *(f"{each}:{url.port}" for each in LOOPBACK)):
            made.addresses.setdefault(old, f"127.0.0.1:{port}")
        new = url._replace(netloc=made.addresses[url.netloc]).geturl()
        made.changes.append(Change("address", f"{path}.url", f"becomes {json.dumps(new)}"))
        port += 1


def _spawner(made: Plan, config: Mapping[str, Any]) -> None:
    spawner = config.get("JupyterHub.spawner_class", "")
    names = [spawner] if isinstance(spawner, str) else _bases(spawner)
    if "simple" in names or SIMPLE in names:
        return
    made.put("spawner", "JupyterHub.spawner_class", "simple")
    made.put("spawner", "SimpleLocalProcessSpawner.home_dir_template", "{hub}/home/{username}")
    made.put("spawner", "Spawner.cmd", [f"{{prefix}}/bin/{SINGLEUSER}"])
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        made.put("spawner", "Spawner.args", ["--allow-root"])


def _environment(made: Plan, config: Mapping[str, Any], bundle: Bundle) -> None:
    """Servers run in the environment that was captured, if it has what starts one."""
    observed = local.observed_of(bundle)
    if not any(normalised(each["name"]) == "jupyterhub" for each in observed["distributions"]):
        made.notes.append(
            f"the environment is rebuilt in {USER}; it has no jupyterhub, so servers run beside the hub"
        )
        return
    own = [each for each in config if each.endswith("Spawner.cmd")]
    if "JupyterHub.spawner_class" in made.settings:
        own = []  # they are another spawner's
    for path in sorted({"Spawner.cmd", *own}):
        cmd = made.settings.get(path) or config.get(path) or [SINGLEUSER]
        program, *rest = cmd.split() if isinstance(cmd, str) else map(str, cmd)
        made.changes = [each for each in made.changes if each.path != path]
        made.put("environment", path, [f"{{environment}}/bin/{Path(program).name}", *rest])


def _bases(described: Any) -> list[str]:
    kind = described.get("$class", {}) if isinstance(described, dict) else {}
    return [str(kind.get("name", "")), *map(str, kind.get("bases", []))]


def _login(made: Plan, config: Mapping[str, Any], login: str) -> None:
    if login not in LOGINS:
        raise ReplicateError(f"{login} is no login; choose {' or '.join(LOGINS)}")
    before = config.get("JupyterHub.authenticator_class", "pam")
    name = before if isinstance(before, str) else _bases(before)[0]
    wanted = LOGINS[login][0]
    if name == wanted or name.endswith(f".{wanted.capitalize()}Authenticator"):
        return
    made.put("login", "JupyterHub.authenticator_class", wanted)
    if wanted == "dummy":
        made.put("login", "DummyAuthenticator.password", f"<slot:{PASSWORD}>")
        made.secrets.append(PASSWORD)
    else:
        made.notes.append(
            "install jupyterhub-nativeauthenticator; each person signs up, an administrator lets them in"
        )


def people(made: Plan, config: Mapping[str, Any], bundle: Bundle) -> None:
    """Add whom the database knew and the configuration does not."""
    path = bundle.path("hub/users.json")
    if path.is_file():
        users = json.loads(bundle.text("hub/users.json"))
        for trait, chosen in (
            ("allowed_users", [each["name"] for each in users]),
            ("admin_users", [each["name"] for each in users if each.get("admin")]),
        ):
            section = next((each for each in sorted(config) if each.endswith(f"Authenticator.{trait}")
                            and not each.startswith("Authenticator.")), f"Authenticator.{trait}")  # fmt: skip
            known = set(members(config.get(section))) | set(
                members(config.get("Authenticator.admin_users"))
            )
            if missing := sorted(set(chosen) - known):
                made.add("people", section, missing)
    if bundle.path("hub/groups.json").is_file():
        known_groups = config.get("JupyterHub.load_groups", {})
        fresh = {}
        for each in json.loads(bundle.text("hub/groups.json")):
            group = (
                group_of(known_groups.get(each["name"])) if isinstance(known_groups, dict) else {}
            )
            users, properties = sorted(each.get("users", [])), each.get("properties", {})
            if (group.get("users"), group.get("properties", {})) != (users, properties):
                fresh[each["name"]] = {"users": users, "properties": properties}
        if fresh:
            made.add("groups", "JupyterHub.load_groups", fresh)


def group_of(told: Any) -> dict[str, Any]:
    """A group as the configuration has it: its ``users``, and perhaps ``properties``."""
    if isinstance(told, list):
        return {"users": sorted(told)}
    if isinstance(told, dict):
        return {**told, "users": sorted(members(told.get("users", [])))}
    return {}


def members(described: Any) -> list[str]:
    """The names in a list or set, as it was written down."""
    if isinstance(described, dict):
        described = described.get("$set", [])
    return [str(each) for each in described] if isinstance(described, list) else []


def _absolute(config: Mapping[str, Any]) -> set[str]:
    """Programs of services that are named by a place of the old machine."""
    programs = {program_of(value) for path, value in config.items()
                if path.startswith("JupyterHub.services[")}  # fmt: skip
    return {each for each in programs if each.startswith("/")}


def program_of(service: Any) -> str:
    """The program that the hub starts for a service; empty where it starts none."""
    command = service.get("command") if isinstance(service, dict) else None
    if isinstance(command, str):
        command = command.split()
    return str(command[0]) if command else ""


@dataclass(frozen=True)
class Built:
    """A hub that was built.

    Attributes:
        directory: where.
        plan: what was decided.
    """

    directory: Path
    plan: Plan

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person must know or do."""
        empty = ", ".join(self.plan.secrets)
        fill = (f"fill in {self.directory / SECRETS}: {empty}",) if empty else ()
        kinds = {each.id: each.why for each in self.plan.changes}
        changes = sorted(f"{WHY[each][0]} will differ: {why}" for each, why in kinds.items())
        return (*fill, *self.plan.notes, *changes)


def packages_of(bundle: Bundle) -> list[str]:
    """What pip is given for the hub's own environment: JupyterHub, us, and what is made for hubs, as they were."""
    versions = json.loads(bundle.text("hub/packages.json"))
    ours = ("jupyter_2i2c", "jupyter-2i2c")
    wanted = ("jupyterhub", "oauthenticator", *ours)
    return [
        f"{'jupyter_2i2c[hub]' if name in ours else name}=={versions[name]}"
        for name in sorted(versions)
        if name.startswith(wanted)
    ]


START = """\
#!/bin/sh
# Starts the hub that was rebuilt here; what it writes goes to `state`.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$here/state" && cd "$here/state" || exit 1
{restore}\
exec "{python}" -m jupyterhub -f "$here/jupyterhub_config.py" "$@"
"""

CONFIGURATION = '''\
"""The hub of {bundle}, on this machine. Made by `jupyter 2i2c build`; replica.json says what differs and why."""

import sys
from pathlib import Path

here = Path(__file__).absolute().parent
sys.path.insert(0, str(here))
import replica

c = get_config()
decided = replica.prepare()
load_subconfig(str(here / "source" / decided["main"]))
replica.settle(c, decided)
'''


def build(
    bundle: Bundle,
    directory: Path,
    work: Work,
    python: str | None = None,
    *,
    port: int = 8000,
    login: str = "dummy",
) -> Built:
    """Write a hub that runs on this machine; nothing of it is executed.

    Arguments:
        bundle: of a hub that was captured where it runs.
        directory: that is not there yet.
        work: told how far it is.
        python: the interpreter that JupyterHub is installed for; this one by default.
        port: as `plan` takes it.
        login: the same.

    Raises:
        ReplicateError: it cannot be built; nothing is left behind.
    """
    made = plan(bundle, port=port, login=login)
    work.step(0, 0, "building the hub")
    with appearing(directory) as partial:
        put_source(bundle, partial)
        shutil.copyfile(OVERLAY, partial / "replica.py")
        text = CONFIGURATION.format(bundle=bundle.place.name)
        (partial / CONFIG).write_text(text, "utf-8")
        document = decided(bundle, made)
        (partial / DECIDED).write_text(
            json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        if python is None and find_spec("jupyterhub") is None:
            packages = shlex.join(packages_of(bundle))
            made.notes.append(
                f"JupyterHub is not installed here: {sys.executable} -m pip install {packages}"
            )
        template = bundle.text(TEMPLATE)
        if PASSWORD in made.secrets:
            template += f"\n# the password of everybody, to try it out\n{PASSWORD}=\n"
        secrets = partial / SECRETS
        secrets.touch(0o600)
        secrets.write_text(template, "utf-8")
        start = partial / "start"
        interpreter = python or sys.executable
        restore = ""
        if made.store:
            service_store.put(bundle, partial)
            command = service_store.restoring(made.store, Path(".."), interpreter)
            restore = f"{shlex.join(command)} || exit 1\n"
        start.write_text(START.format(python=interpreter, restore=restore))
        start.chmod(0o755)
    built = Built(directory.absolute(), made)
    if local.has_environment(bundle):
        made.notes += _put_environment(bundle, built.directory, work)
    return built


def environment_of(built: Built) -> local.Built | None:
    """The environment that was built with a hub; None where there is none."""
    made = local.Built(built.directory / USER)
    return made if made.environment.is_dir() else None


def _put_environment(bundle: Bundle, directory: Path, work: Work) -> tuple[str, ...]:
    """Build the environment where it stays, as its programs name their place; else the hub goes, too.

    Returns:
        What a person must know of it.
    """
    try:
        return local.build(bundle, directory / USER, work).notes
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def put_source(bundle: Bundle, directory: Path) -> None:
    """Put the files of the captured configuration into ``source`` of a directory."""
    (directory / "source").mkdir(exist_ok=True)
    for place, name in files_in(bundle, observed_of(bundle)["main"]).items():
        target = directory / "source" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.path(name), target)


def decided(bundle: Bundle, made: Plan) -> dict[str, Any]:
    """What replica.json says: all that the built hub reads when it starts."""
    told = observed_of(bundle)
    return {
        "main": told["main"],
        "elsewhere": told["elsewhere"],
        "environment": json.loads(bundle.text(ENVIRONMENT)),
        **made.to_json(),
    }


def read_built(directory: Path) -> Built:
    """A hub that was built before.

    Raises:
        ReplicateError: it is none.
    """
    try:
        told = json.loads((directory / DECIDED).read_text("utf-8"))
        changes = [Change(each["id"], each["path"], each["what"]) for each in told["changes"]]
        rest = {
            name: told[name]
            for name in ("settings", "left_out", "added", "addresses", "secrets", "notes")
        }
        store = told.get("store", {})
        return Built(directory.absolute(), Plan(changes=changes, store=store, **rest))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReplicateError(
            f"{directory} is no hub that `build` made: {error}; build it anew"
        ) from None
