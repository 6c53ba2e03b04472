"""Makes of a captured hub the configuration of The Littlest JupyterHub. Called by `jupyter 2i2c build --target tljh` and verify/tljh.py.

What TLJH has a key for goes into its ``config.yaml``; the rest is the hub's own code, loaded from
``jupyterhub_config.d``. TLJH itself needs root and systemd: it is installed by hand, and cannot be
tried from here.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...hub.culler import culling_of
from ..appearing import appearing
from ..bundle import Bundle
from ..importers.recorded import TEMPLATE
from ..work import Work
from ..yaml_text import yaml_text
from . import local, service_store
from .hub_local import (
    DECIDED,
    OVERLAY,
    SECRETS,
    Built,
    Plan,
    decided,
    members,
    observed_of,
    packages_of,
    people,
    put_source,
    required,
)

CONFIG = "config.yaml"
EXTRA = "jupyterhub_config.d"
CAPTURED = "captured"
LOADER = "50-captured.py"

HUB_PYTHON = "/opt/tljh/hub/bin/python"
STATE = "/opt/tljh/state"
"""What TLJH runs its hub with, and where."""

ITS_OWN = (
    "JupyterHub.bind_url", "JupyterHub.ip", "JupyterHub.port", "JupyterHub.base_url", "JupyterHub.hub_bind_url",
    "JupyterHub.hub_ip", "JupyterHub.hub_port", "JupyterHub.hub_connect_ip", "JupyterHub.hub_connect_url",
    "JupyterHub.public_url", "JupyterHub.subdomain_host", "JupyterHub.ssl_key", "JupyterHub.ssl_cert",
    "JupyterHub.internal_ssl", "JupyterHub.proxy_class", "JupyterHub.db_url", "JupyterHub.cookie_secret_file",
    "JupyterHub.spawner_class", "ConfigurableHTTPProxy.api_url", "ConfigurableHTTPProxy.command",
    "ConfigurableHTTPProxy.pid_file", "ConfigurableHTTPProxy.should_start", "Spawner.cmd", "Spawner.args",
    "Spawner.notebook_dir", "SimpleLocalProcessSpawner.home_dir_template",
)  # fmt: skip
"""What TLJH decides for its machine: addresses, proxy, database, and how servers start."""

USERS = {"admin_users": "admin", "allowed_users": "allowed", "blocked_users": "banned"}
"""Traits of the authenticator, and TLJH's words for them."""

LIMITS = {"Spawner.mem_limit": "memory", "Spawner.cpu_limit": "cpu"}

APPS = {"/lab": "jupyterlab", "/tree": "classic"}

README = """\
# {name} on The Littlest JupyterHub

Made by `jupyter 2i2c build --target tljh`. The Littlest JupyterHub (TLJH) needs a machine of its own
with systemd, and root there; see https://tljh.jupyter.org/.

1. Install TLJH. It brings a JupyterHub of its own; the captured hub ran {jupyterhub}.
2. Copy `config.yaml` to `/opt/tljh/config/config.yaml`, and `jupyterhub_config.d` into `/opt/tljh/config/`.
3. Fill in `/opt/tljh/config/jupyterhub_config.d/captured/secrets.env`; only root may read it.
4. Install into the hub's environment what the captured hub had beside JupyterHub, and what its code imports:
   `sudo /opt/tljh/hub/bin/python3 -m pip install {packages}`
5. Install what people work with into theirs, such as `requirements.txt` of a bundle that `jupyter 2i2c capture env`
   wrote in a user's server: `sudo -E /opt/tljh/user/bin/python3 -m pip install -r requirements.txt`
6. `sudo tljh-config reload`
7. Once the hub answers, `jupyter 2i2c people restore BUNDLE --live https://ADDRESS/` enters the users and groups of
   the bundle that it lacks, and `jupyter 2i2c verify BUNDLE --built . --live https://ADDRESS/` compares who and what is
   on it, and tries a server. `--help` says which tokens they need.

What differs from the captured hub, and why:

{changes}
{notes}"""

CONFIGURATION = '''\
"""The captured hub's own configuration, for The Littlest JupyterHub. Made by `jupyter 2i2c build`."""

import sys
from pathlib import Path

captured = Path(__file__).absolute().parent / "captured"
sys.path.insert(0, str(captured))
import replica

c = get_config()
decided = replica.prepare()
load_subconfig(str(captured / "source" / decided["main"]))
replica.settle(c, decided)
'''


def plan(bundle: Bundle) -> tuple[Plan, dict[str, Any]]:
    """Decide what goes where; nothing is written.

    Returns:
        The plan, and what `CONFIG` says.

    Raises:
        ReplicateError: the bundle holds no hub that was captured where it runs.
    """
    required(bundle)
    told = observed_of(bundle)
    config = told["config"]
    made = Plan(secrets=sorted(told["slots"]))
    said: dict[str, Any] = {}
    for path in ITS_OWN:
        if path in config:
            made.drop("tljh", path)
    bind = urlsplit(str(config.get("JupyterHub.bind_url", "")))
    made.addresses[f"127.0.0.1:{bind.port or config.get('JupyterHub.port', 8000)}"] = (
        "127.0.0.1:8000"
    )
    _limits(made, said, config)
    _users(made, said, config, bundle)
    _login(made, said, config)
    _base_url(said, config)
    if app := APPS.get(str(config.get("Spawner.default_url", ""))):
        said["user_environment"] = {"default_app": app}
        made.drop("config.yaml", "Spawner.default_url")
    services = [value for path, value in config.items() if path.startswith("JupyterHub.services[")]
    if culling_of(services):
        # its own culler stays as it was captured, and one is enough
        said["services"] = {"cull": {"enabled": False}}
        made.notes.append("the captured hub's own culler runs; TLJH's is off, so that there is one")
    if service_store.runs_service(config):
        _service(made, config, bundle)
    if local.has_environment(bundle):
        made.notes.append(
            "people work in /opt/tljh/user: install there what data/env/default/requirements.txt of the"
            " bundle names"
        )
    made.notes.append("TLJH makes an account of the machine for each user, named jupyter-NAME")
    return made, said


def _service(made: Plan, config: Mapping[str, Any], bundle: Bundle) -> None:
    """Our service's store is the new hub's own; its announcements are restored by hand."""
    for path, place in service_store.moved(config).items():
        made.put("store", path, place)
    if service_store.announcements_of(bundle):
        store = service_store.places(config)
        command = service_store.restoring(store, Path("HERE"), HUB_PYTHON)
        made.notes.append(
            "announcements: before the last step, with HERE for this directory,"
            f" `cd {STATE} && sudo {shlex.join(command)}`"
        )


def _limits(made: Plan, said: dict[str, Any], config: Mapping[str, Any]) -> None:
    for path, key in LIMITS.items():
        if config.get(path) is not None:
            said.setdefault("limits", {})[key] = config[path]
            made.drop("config.yaml", path)


def _users(made: Plan, said: dict[str, Any], config: Mapping[str, Any], bundle: Bundle) -> None:
    people(made, config, bundle)
    for path in sorted({*config, *made.added}):
        section, _, trait = path.partition(".")
        if section.endswith("Authenticator") and trait in USERS:
            names = {*members(config.get(path)), *made.added.pop(path, ())}
            listed = said.setdefault("users", {}).setdefault(USERS[trait], [])
            listed[:] = sorted({*listed, *names})
            if path in config:
                made.drop("config.yaml", path)


def _login(made: Plan, said: dict[str, Any], config: Mapping[str, Any]) -> None:
    kind = config.get("JupyterHub.authenticator_class")
    name = kind if isinstance(kind, str) else (kind or {}).get("$class", {}).get("name", "")
    if not name:
        return
    if name.startswith("builtins."):
        made.notes.append(
            f"the login is a class of the configuration ({name.partition('.')[2]}); it stays there"
        )
        return
    said["auth"] = {"type": name}
    made.drop("config.yaml", "JupyterHub.authenticator_class")


def _base_url(said: dict[str, Any], config: Mapping[str, Any]) -> None:
    path = urlsplit(str(config.get("JupyterHub.bind_url", ""))).path or config.get(
        "JupyterHub.base_url", "/"
    )
    if str(path).strip("/"):
        said["base_url"] = f"/{str(path).strip('/')}/"


def build(bundle: Bundle, directory: Path, work: Work) -> Built:
    """Write it; nothing is executed.

    Arguments:
        bundle: of a hub that was captured where it runs.
        directory: that is not there yet.
        work: told how far it is.

    Raises:
        ReplicateError: it cannot be built; nothing is left behind.
    """
    made, said = plan(bundle)
    work.step(0, 0, "writing TLJH's configuration")
    with appearing(directory) as partial:
        captured = partial / EXTRA / CAPTURED
        captured.mkdir(parents=True, mode=0o700)
        put_source(bundle, captured)
        shutil.copyfile(OVERLAY, captured / "replica.py")
        document = json.dumps(decided(bundle, made), indent=1, ensure_ascii=False)
        (captured / DECIDED).write_text(document + "\n", "utf-8")
        (captured / SECRETS).touch(0o600)
        (captured / SECRETS).write_text(bundle.text(TEMPLATE), "utf-8")
        (partial / EXTRA / LOADER).write_text(CONFIGURATION, "utf-8")
        (partial / CONFIG).write_text(
            yaml_text(said, f"The hub of {bundle.place.name}, for TLJH."), "utf-8"
        )
        service_store.put(bundle, partial)
        (partial / "README.md").write_text(_readme(bundle, made), "utf-8")
    return Built(directory.absolute() / EXTRA / CAPTURED, made)


def _readme(bundle: Bundle, made: Plan) -> str:
    changes = "\n".join(f"* `{each.path}` {each.what}: {each.why}" for each in made.changes)
    notes = "".join(f"* {each}\n" for each in made.notes)
    packages = packages_of(bundle)
    hub = next((each for each in packages if each.startswith("jupyterhub==")), "one not known")
    packages = [shlex.quote(each) for each in packages if each != hub]
    name = bundle.manifest().source.get("hub", "the hub")
    return README.format(
        name=name, jupyterhub=hub.replace("==", " "), packages=" ".join(packages) or "PACKAGE…",
        changes=changes, notes=notes,
    )  # fmt: skip


def is_built(directory: Path) -> bool:
    """Whether it is what `build` makes."""
    return (directory / CONFIG).is_file() and (directory / EXTRA / CAPTURED / DECIDED).is_file()
