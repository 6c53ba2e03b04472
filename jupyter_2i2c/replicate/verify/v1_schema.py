"""V1: every file meets its schema. Called by verify/__init__.py."""

from __future__ import annotations

import json
from collections.abc import Callable

from .. import checksums
from ..bundle import Bundle
from ..capture.collected import PROFILE
from ..capture.lock import NoLock, read_lock
from ..errors import ReplicateError
from ..importers.yaml_reading import parse
from ..manifest import read, schema
from ..work import Work
from .ladder import Result, Rung, judged


def check(bundle: Bundle, work: Work) -> Rung:
    """The manifest by its published schema, every other file by what it claims to be."""
    items = {"manifest.json": _manifest(bundle)}
    if items["manifest.json"].status == "fail":
        return judged(items, "files")
    names = bundle.names()
    present = set(names)
    for item in bundle.manifest().items:
        if item.path and item.path not in present:
            items[item.id] = Result("fail", f"data/{item.path} is not there")
        elif item.path and checksums.of_file(bundle.path(item.path), work) != item.sha256:
            items[item.id] = Result("fail", f"data/{item.path} is not what the manifest says")
    for name in names:
        work.step(len(items), len(names), "checking the files' form")
        inside = name.removeprefix(f"{PROFILE}/")
        if inside.startswith(("vendored/", "labextensions/")):
            continue  # other people's files, of any form
        form = next((form for matches, form in FORMS if matches(inside)), None)
        if form is not None and name != "manifest.json":
            try:
                form(bundle.text(name), name)
                items[name] = Result("pass")
            except (ReplicateError, ValueError, KeyError, TypeError) as error:
                items[name] = Result("fail", str(error))
    return judged(items, "files")


def _manifest(bundle: Bundle) -> Result:
    text = bundle.text("manifest.json")
    try:
        read(text)
    except ReplicateError as error:
        return Result("fail", str(error))
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return Result("not-run", "jsonschema is not there; the extra `replicate` brings it")
    first = next(Draft202012Validator(schema()).iter_errors(json.loads(text)), None)
    if first is not None:
        return Result("fail", f"{first.json_path}: {first.message}")
    return Result("pass")


def _json(text: str, _: str) -> None:
    json.loads(text)


def _kernel(text: str, _: str) -> None:
    spec = json.loads(text)
    argv = spec["argv"]
    if not argv or not all(isinstance(each, str) for each in argv):
        raise ValueError("argv must be a list of texts")
    if not isinstance(spec.get("env", {}), dict):
        raise ValueError("env must be an object")


def _explicit(text: str, _: str) -> None:
    if "@EXPLICIT\n" not in text:
        raise ValueError("it has no @EXPLICIT")


def _lock(text: str, _: str) -> None:
    try:
        packages = read_lock(text).packages
    except NoLock as error:
        raise ValueError(str(error)) from None
    for key, each in packages.items():
        if not each.wheels and not each.sdist:
            raise ValueError(f"{key} has no file with a hash")


def _yaml(text: str, name: str) -> None:
    parse(text, name)


def _hashed(text: str, _: str) -> None:
    for entry in text.replace("\\\n", " ").splitlines():
        if entry.strip() and "--hash=sha256:" not in entry:
            raise ValueError(f"{entry.split()[0]} has no hash")


def _observed(text: str, _: str) -> None:
    observed = json.loads(text)
    for each in observed["distributions"]:
        if not (each["name"] and each["version"] and each["origin"]["kind"]):
            raise ValueError("a distribution lacks its name, version or origin")


FORMS: tuple[tuple[Callable[[str], bool], Callable[[str, str], object]], ...] = (
    (lambda name: name.startswith("kernels/") and name.endswith("/kernel.json"), _kernel),
    (lambda name: name.endswith(".sha256"), checksums.read_list),
    (lambda name: name == "pylock.toml", _lock),
    (lambda name: name == "requirements.txt", _hashed),
    (lambda name: name == "conda-explicit.txt", _explicit),
    (lambda name: name == "observed.json", _observed),
    (lambda name: name == "hub/secrets.kubernetes.yaml", _yaml),
    (lambda name: name.endswith((".json", "renv.lock", ".jupyterlab-settings")), _json),
)
"""Which files have a form, and what checks it; the first that matches counts."""
