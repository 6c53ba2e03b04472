"""What the guide says of a hub that was captured where it runs, for one machine. Called by the package's `guide`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ..bundle import Bundle
from ..importers.recorded import HUB_MAKES_IT
from ..targets import hub_local
from . import community
from .community import PYTHON
from .content import Guide, Row, Stage
from .opening import COMPARES, COPIES, first_stage, named

MACHINE = "Who runs the machine"


def guide_of(bundle: Bundle) -> Guide:
    """All of it.

    Arguments:
        bundle: the hub.

    Raises:
        ReplicateError: it holds no such hub.
    """
    manifest = bundle.manifest()
    planned = hub_local.plan(bundle)
    config = hub_local.observed_of(bundle)["config"]
    login = config.get("JupyterHub.authenticator_class", "pam")
    login = f"`{login}`" if isinstance(login, str) else "a class of its own"
    files = sorted(each.path for each in manifest.items if each.layer == "code" and each.path)
    source = manifest.source
    wanted = [each for each in manifest.secrets if each.how != HUB_MAKES_IT]
    # a password for trying it out stands for a login; the bundle has no such slot
    known = {each.slot for each in manifest.secrets}
    return Guide(
        hub=source.get("hub") or "the hub",
        about=(
            ("captured", source.get("captured_at", "not known")),
            ("JupyterHub", source.get("jupyterhub", "not known")),
            ("Python", source.get("python", "not known")),
            ("login", login),
            ("files of the configuration", ", ".join(f"`{each}`" for each in files) or "none"),
            ("to supply", f"secrets: {len(wanted)}"),
        ),
        targets=(
            ("a try on one machine: `--target local`", "Linux, Python, configurable-http-proxy",
             "servers are processes of one account of the machine: not for strangers"),
            ("one machine for a community: `--target tljh`", "a Linux server of its own, with root and systemd",
             "each user gets an account of the machine"),
            ("Kubernetes: `--target k8s`", "the repository that the hub is deployed from",
             "not from this bundle: capture it with `--infrastructure`"),
        ),
        questions=tuple(_questions(login, config)),
        places=(),
        people=(
            community.DECIDING,
            (MACHINE, "installs, watches, backs up, updates", "a hub is never finished"),
            (PYTHON, "reads the hub's configuration", f"files of Python: {len(files)}"),
            community.HELPING,
        ),
        skills=(
            ("JupyterHub", "users, roles, spawners", "https://jupyterhub.readthedocs.io/"),
            ("The Littlest JupyterHub", "if you choose it", "https://tljh.jupyter.org/"),
            ("Linux", "accounts, disks, certificates, backups", "the handbook of your distribution"),
            ("Python", "the configuration is code", "https://docs.python.org/3/tutorial/"),
        ),
        ask=(
            ("a copy of people's files", "they are in no bundle of a hub"),
            ("the images and packages that servers run in", "a person takes one with `jupyter 2i2c capture env`"),
            ("the old address, or a redirection from it for some months", "people have links to it"),
            community.PRICE,
            community.SWITCHED_OFF,
        ),
        stages=tuple(_stages(bundle)),
        secrets=tuple(
            (f"`{each.slot}`", "a secret of the configuration", "whoever issued the old one, or you",
             each.how, f"`{each.where}`")
            for each in wanted
        )
        + tuple(
            (f"`{each}`", "a password to log in with, for `--target local`", "you", "choose a long one", "nowhere")
            for each in planned.secrets
            if each not in known
        ),
        different=tuple((f"`{each.path}` {each.what}", each.why) for each in planned.changes)
        + tuple((each.what, each.why) for each in manifest.transforms),
    )  # fmt: skip


def _plainly(config: Mapping[str, Any], *paths: str) -> str:
    """What the first of these settings says, as a word of code; empty where none is set plainly."""
    said = (config.get(each) for each in paths)
    return next((f"`{each}`" for each in said if isinstance(each, (str, int, float)) and each), "")


def _members(value: Any) -> int:
    """How many are in a list or a set, as a record has them."""
    found = value.get("$set", []) if isinstance(value, dict) else value
    return len(found) if isinstance(found, list) else 0


def _questions(login: str, config: Mapping[str, Any]) -> Iterator[Row]:
    yield "Who pays, and whose machine is it?", "the old operator's", "everything below"
    address = _plainly(config, "JupyterHub.public_url", "JupyterHub.bind_url")
    yield from community.address(address or "not in the bundle")
    yield community.login(login)
    yield (
        "Who administers?",
        (
            f"whom the configuration names: {_members(config.get('Authenticator.admin_users'))},"
            " and whom administrators made one"
        ),
        "administrators can read everybody's files",
    )
    memory = _plainly(config, "Spawner.mem_limit", "Spawner.mem_guarantee")
    most = _plainly(config, "JupyterHub.active_server_limit")
    now = [f"a server may take {memory}"] if memory else []
    now += [f"at most {most} servers run"] if most else []
    yield (
        "How many at once?",
        ", ".join(now) or "not in the bundle",
        "one machine holds what its memory holds: multiply, and add what the system needs",
    )
    yield (
        "What becomes of people's files?",
        "on the old machine",
        "who copies them, when nobody may write, and who says so to people",
    )
    yield from community.afterwards()


def _announcements(bundle: Bundle) -> Iterator[str]:
    if community.has_announcements(bundle.manifest()):
        yield "One line of it restores the announcements; run it before the hub starts for the first time."


def _stages(bundle: Bundle) -> Iterator[Stage]:
    name = named(bundle.top)
    yield first_stage(bundle, MACHINE)
    yield community.decide()
    yield Stage(
        "Read the configuration", PYTHON,
        ("It is `data/hub/jupyterhub_config.redacted.py` of the bundle and what lies in `data/hub/config.source`: code that will run with the hub's rights.",),
        (), "somebody of yours can say what each file does",
    )  # fmt: skip
    yield Stage(
        "Build a copy, and compare it", MACHINE,
        ("On a machine where nothing is lost. First comes what the hub runs with; add what its code imports.",
         "Up to V4 the configuration runs in a sandbox only."),
        (f"python3 -m pip install {shlex.join(hub_local.packages_of(bundle))}",
         f"jupyter 2i2c plan {name} --target local", f"jupyter 2i2c build {name} --target local -o replica",
         f"jupyter 2i2c verify {name} --built replica --up-to V4"),
        "verify names no blocker up to V4, and ran V4",
    )  # fmt: skip
    yield Stage(
        "Supply the secrets, and start the copy", MACHINE,
        ("Write each into `replica/secrets.env`; the table below says how to get it. npm comes with Node.js.",),
        ("npm install --global configurable-http-proxy", "replica/start"),
        "an administrator has logged in at the address that it names, and a server runs",
    )  # fmt: skip
    yield Stage(
        "Build for the machine that stays", MACHINE,
        (("`for-tljh/README.md` says where the files go, and what to install. There is another `secrets.env`, beside"
         " the captured code: fill it in as the first."), *_announcements(bundle)),
        (f"jupyter 2i2c build {name} --target tljh -o for-tljh",),
        "the hub answers at its new address, and one administrator can log in",
    )  # fmt: skip
    if community.has_people(bundle.manifest()):
        yield community.enter_people(MACHINE, name)
    yield community.compare_running(MACHINE, name, "for-tljh")
    yield Stage(
        "Try it", MACHINE,
        ("Two people who are no administrators log in, run a notebook of theirs, stop, and find their files again.",),
        (), "both have, at the same time",
    )  # fmt: skip
    yield community.back_up(MACHINE, "the hub's database, its secrets and the home directories")
    yield community.tell()
    yield Stage(
        "Move the data", MACHINE,
        ("Once beforehand, and once more when nobody may write any more; compare checksums.",
         "Names of directories must be those that the new login gives people. `OLD` and `NEW` are where both are mounted.",
         "Directories that are shared stand beside them, and come along.",
         ("On TLJH, somebody's files are in `/home/jupyter-NAME` and belong to the account `jupyter-NAME`: give them to it"
          " by `chown -R`, and leave out `--numeric-ids`, where its number is another than on the old machine.")),
        (COPIES, COMPARES), "the second line names nothing",
    )  # fmt: skip
    yield community.change_address(
        MACHINE,
        ("sudo tljh-config set https.enabled true",
         "sudo tljh-config set https.letsencrypt.email YOU@EXAMPLE.ORG",
         "sudo tljh-config add-item https.letsencrypt.domains ADDRESS",
         "sudo tljh-config reload proxy"),
    )  # fmt: skip
    yield community.stay()
    yield community.close()
    yield community.keep(MACHINE, "Watch it, and update it.")
