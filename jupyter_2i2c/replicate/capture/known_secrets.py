"""The secrets that a person's environment holds, by their values. Called by environment.py, before anything is written."""

from __future__ import annotations

import configparser
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..importers.secret_forms import pieces_of, secrets_in
from ..redact import Known, is_secret_name

PLACES = (
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".gitconfig",
    ".config/git/config",
    ".config/git/credentials",
    ".pypirc",
    ".pip/pip.conf",
    ".config/pip/pip.conf",
    ".config/uv/uv.toml",
    ".condarc",
    ".npmrc",
    ".yarnrc.yml",
    ".aws/credentials",
    ".boto",
    ".s3cfg",
    ".docker/config.json",
    ".config/containers/auth.json",
    ".config/gh/hosts.yml",
    ".config/hub",
    ".config/gcloud/application_default_credentials.json",
    ".config/dask/gateway.yaml",
    ".huggingface/token",
    ".cache/huggingface/token",
    ".kaggle/kaggle.json",
    ".Renviron",
    ".env",
)
"""Files in a home that programs keep secrets in."""

OUTSIDE_HOME = ("/etc/pip.conf", "/etc/uv/uv.toml", "/etc/netrc")

MOST_BYTES = 256 << 10

USERINFO = re.compile(r"//([^\s/@:'\"]*):([^\s/'\"?#]+)@")
ONE_NAME_USERINFO = re.compile(r"//([^\s/@:'\"]{8,})@")
ASSIGNED = re.compile(
    r"""^\s*["']?(?P<name>[\w.:/@-]+)["']?\s*[=:]\s*["']?(?P<value>[^\s"',;#]+)""", re.MULTILINE
)
NETRC = re.compile(r"\b(?:password|account)\s+(\S+)")


def known_secrets(
    environ: Mapping[str, str],
    allowed: Iterable[str],
    home: Path,
    prefix: Path,
    configurations: Iterable[Path],
) -> Known:
    """Every value that must not be in a bundle.

    Arguments:
        environ: the environment's variables.
        allowed: names of those whose values are shown.
        home: whose programs' files are looked at.
        prefix: of the environment, which may have a ``pip.conf`` of its own.
        configurations: files of Jupyter's configuration and of its kernels.
    """
    known = Known()
    shown = frozenset(allowed)
    for name, value in environ.items():
        if value.startswith("/") and os.path.exists(value):  # noqa: PTH110
            continue  # a path is where a secret may be, and not one
        if is_secret_name(name) or (name not in shown and looks_random(value)):
            known.add(value, name, f"the environment variable {name}")
        _from_urls(value, name, f"the environment variable {name}", known)
        _by_form(value, name, f"the environment variable {name}", known)
    places = [home / each for each in PLACES]
    places += [Path(each) for each in OUTSIDE_HOME]
    places += [prefix / "pip.conf", prefix / ".condarc"]
    places += [Path(environ[name]) for name in ("PIP_CONFIG_FILE", "NETRC") if environ.get(name)]
    for place in [*places, *configurations]:
        add_from_file(place, known)
    return known


def add_from_file(place: Path, known: Known) -> None:
    """The secrets in a file of settings; one that is not there or cannot be read has none."""
    try:
        with place.open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    where = place.name
    slot = re.sub(r"\W+", "_", where).strip("_").upper()
    _from_urls(text, slot, where, known)
    _by_form(text, slot, where, known)
    if where in ("token",):
        known.add(text, slot, where)
    if "netrc" in where:
        for value in NETRC.findall(text):
            known.add(value, slot, where)
    if place.suffix in (".json", ".ipynb") or where == "config.json":
        _from_json(text, slot, where, known)
    for match in ASSIGNED.finditer(text):
        if is_secret_name(match["name"].lstrip("/").rpartition(":")[2]):
            known.add(match["value"], slot, where)


def from_git(config: Path, known: Known) -> None:
    """The credentials in the addresses and headers of a repository's ``.git/config``."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        text = config.read_text("utf-8", "replace")
        parser.read_string(re.sub(r"^\s+", "", text, flags=re.MULTILINE))
    except (OSError, configparser.Error):
        return
    _from_urls(text, "GIT_REMOTE", "a git remote", known)
    for section in parser.sections():
        for name, value in parser.items(section):
            if name == "extraheader" and value:
                known.add(value.rpartition(" ")[2], "GIT_HEADER", "a header in .git/config")


def _by_form(text: str, slot: str, where: str, known: Known) -> None:
    for secret in secrets_in(text):
        for piece in pieces_of(secret):
            known.add(piece, slot, where)


def looks_random(value: str) -> bool:
    """Whether a value of an unremarkable name may be a key: long, without spaces or slashes, mixed."""
    return (
        16 <= len(value) <= 4096
        and re.fullmatch(r"[\w+=.~-]+", value) is not None
        and any(each.isdigit() for each in value)
        and any(each.isalpha() for each in value)
    )


def _from_urls(text: str, slot: str, where: str, known: Known) -> None:
    for user, password in USERINFO.findall(text):
        for value in {password, unquote(password)}:
            known.add(value, slot, f"an address in {where}")
        if looks_random(user):
            known.add(user, slot, f"an address in {where}")
    for user in ONE_NAME_USERINFO.findall(text):
        if looks_random(user):
            known.add(user, slot, f"an address in {where}")


def _from_json(text: str, slot: str, where: str, known: Known) -> None:
    try:
        loaded = json.loads(text)
    except ValueError:
        return
    for name, value in _leaves(loaded, ""):
        if is_secret_name(name):
            known.add(value, slot, where)


def _leaves(value: Any, name: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, name)
    elif isinstance(value, str):
        yield name, value


def home_of(environ: Mapping[str, str]) -> Path:
    """The home directory that an environment's programs would use."""
    return Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111
