"""Captures the environment that Python runs in, whole, into a bundle. Called by `jupyter 2i2c capture env` and server/replicas.py."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..._version import __version__
from ..bundle import Staging, created_now
from ..manifest import ENVIRONMENT_LAYERS, Manifest
from ..redact import Redactor
from ..work import CancelledCheck, Progress, Work
from . import (
    apt,
    conda,
    julia,
    jupyter_config,
    kernels,
    labextensions,
    r,
    repo2docker,
    stray,
    variables,
)
from .collected import Collected
from .distributions import Distribution, distributions
from .files import TRANSFORMS, editable_directory, files_of
from .interpreter import Interpreter, interpreter
from .known_secrets import from_git, home_of, known_secrets
from .packages import Packages

VENDOR_LIMIT = 2 << 30
"""Bytes of installed files that are made into wheels, unless the call says otherwise."""

HASHES_PER_SECOND = 400 << 20
"""Bytes, for the estimate only."""


@dataclass(frozen=True)
class Estimate:
    """How much there is to capture.

    Attributes:
        distributions: how many are installed.
        files: how many files they have.
        bytes: what those take, as their installer noted it.
        bundle_bytes: what the bundle will take, roughly.
        seconds: how long it will take, roughly.
    """

    distributions: int
    files: int
    bytes: int
    bundle_bytes: int
    seconds: float


@dataclass(frozen=True)
class Captured:
    """What a capture did.

    Attributes:
        place: the bundle.
        manifest: what it says about itself.
        size: bytes of what is in it.
        seconds: how long each part took.
        no_lock: why there is no lock; empty if there is one.
    """

    place: Path
    manifest: Manifest
    size: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    no_lock: str = ""

    def to_json(self) -> dict[str, Any]:
        """For the panel and ``--json``."""
        return {
            "bundle": str(self.place),
            "created": self.manifest.created,
            "bytes": self.size,
            "layers": self.manifest.counts(),
            "not_captured": [vars(each) for each in self.manifest.not_captured],
            "secrets": [vars(each) for each in self.manifest.secrets],
            "lock": "not made: " + self.no_lock if self.no_lock else "made",
            "seconds": dict(self.seconds),
        }


def estimate_environment(*, python: str | None = None) -> Estimate:
    """How much there is to capture, from what the installers noted; reads no file of a package."""
    of = interpreter(python)
    found = distributions(of)
    count = size = 0
    carried = 0
    for each in found:
        own = 0
        lines = each.note("RECORD").splitlines()
        for line in lines:
            told = line.rpartition(",")[2]
            own += int(told) if told.isdecimal() else 0
        count += len(lines)
        size += own
        if each.direct_url:
            carried += own
    bundle = carried // 3 + count * 90 + len(found) * 1500 + (1 << 20)
    return Estimate(len(found), count, size, bundle, round(1 + size / HASHES_PER_SECOND, 1))


def capture_environment(
    destination: Path | str,
    *,
    python: str | None = None,
    created: str | None = None,
    make_lock: bool = True,
    vendor_limit: int = VENDOR_LIMIT,
    hub: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    root: Path = Path("/"),
    sign_with: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelledCheck | None = None,
) -> Captured:
    """Capture an environment into a new bundle. Needs neither network nor uv; with them, it is locked, too.

    Arguments:
        destination: a directory, or a file ``.tar.zst`` or ``.zip``, that is not there yet.
        python: the interpreter of another environment.
        created: when; the same input and time give the same bytes.
        make_lock: whether to try to lock it.
        vendor_limit: bytes of packages that no index has, above which they are not carried.
        hub: facts about the hub, name to value.
        environ: the environment's variables; those of this process unless given.
        root: of the machine, for apt and R.
        sign_with: a file with a private key (see signature.py).
        progress: told how far it is, see work.py.
        cancelled: asked whether to stop, see work.py.

    Raises:
        ReplicateError: it cannot be done; nothing is left behind.
        Cancelled: it was asked to stop; nothing is left behind.
    """
    work = Work(progress, cancelled)
    environ = os.environ if environ is None else environ
    if sign_with:
        from ..signature import public_key

        public_key(sign_with)  # whether it can be used is known before the work, not after it
    work.step(0, 0, "looking at the environment")
    of = interpreter(python)
    home = home_of(environ)
    where = jupyter_config.paths(of, environ, home)
    found = distributions(of)
    settings = ("jupyter*.*", "lab/user-settings/*/*")
    configurations = [
        path for each in where.config.values() for form in settings for path in each.glob(form)
    ]
    configurations += [each / "kernel.json" for each in kernels.kernels(where.data).values()]
    known = known_secrets(environ, variables.ALLOWED, home, of.prefix, configurations)
    for each in found:
        if (directory := editable_directory(each)) is not None:
            for top in (directory, *directory.parents):
                from_git(top / ".git" / "config", known)
    with Staging(Path(destination), created_now(created)) as staging:
        one = _Capture(of, found, Collected(staging, Redactor(known), work), vendor_limit)
        return one.run(make_lock, environ, home, where, root, hub or {}, sign_with)


class _Capture:
    """One capture, while it runs."""

    def __init__(
        self,
        of: Interpreter,
        found: Sequence[Distribution],
        collected: Collected,
        vendor_limit: int,
    ) -> None:
        self.of = of
        self.found = found
        self.collected = collected
        self.work = collected.work
        self.vendor_limit = vendor_limit
        self.seconds: dict[str, float] = {}

    def run(
        self,
        make_lock: bool,
        environ: Mapping[str, str],
        home: Path,
        where: jupyter_config.Paths,
        root: Path,
        hub: Mapping[str, str],
        sign_with: Path | None,
    ) -> Captured:
        begin = time.perf_counter()
        files = files_of(self.of, self.found, self.work)
        packages = Packages(self.of, self.found, files, self.collected, self.vendor_limit)
        self._lap("hash", begin)

        begin = time.perf_counter()
        packages.lock(make_lock)
        self._lap("lock", begin)

        begin = time.perf_counter()
        packages.carry()
        self._lap("carry", begin)

        begin = time.perf_counter()
        self._python(packages)
        self._layers(packages, environ, home, where, root)
        source = self._source(hub, environ)
        self.collected.missing("the files in the home directory", "take them with `capture home`")
        secrets = tuple(self.collected.secrets[slot] for slot in sorted(self.collected.secrets))
        self.collected.staging.add("secrets.template.env", _template(secrets))
        self._lap("write", begin)

        begin = time.perf_counter()
        self.collected.sweep()
        manifest = Manifest(
            kind="environment",
            created=self.collected.staging.created,
            tool={"name": "jupyter_2i2c", "version": __version__, "sha256": tool_hash()},
            source=source,
            layers=ENVIRONMENT_LAYERS,
            items=tuple(self.collected.items),
            transforms=TRANSFORMS,
            secrets=secrets,
            not_captured=tuple(self.collected.not_captured),
        )
        staging = self.collected.staging
        place = staging.finish(manifest, self.work, sign_with)
        self._lap("pack", begin)
        return Captured(place, manifest, staging.payload_bytes, self.seconds, packages.no_lock)

    def _python(self, packages: Packages) -> None:
        collected = self.collected
        version = self.of.version
        collected.item("interpreter", self.of.implementation, "captured", f"Python {version}")
        observed = {
            "python": {
                "version": version,
                "implementation": self.of.implementation,
                "prefix": str(self.of.prefix),
                "virtual": self.of.prefix != self.of.base_prefix,
                "platform": self.of.platform,
            },
            "lock": packages.no_lock or "made",
            "distributions": packages.write(),
        }
        stray.capture(self.of, packages.files, self.found, collected)
        text = json.dumps(observed, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        collected.text("observed.json", text)

    def _layers(
        self,
        packages: Packages,
        environ: Mapping[str, str],
        home: Path,
        where: jupyter_config.Paths,
        root: Path,
    ) -> None:
        collected = self.collected
        owned = {
            os.path.realpath(path)
            for each in packages.files.values()
            for place, path in each.on_disk.items()
            if place.startswith(("share/", "etc/"))
        }
        conda_environment = conda.capture(self.of, collected, packages.from_index())
        asked = apt.capture(collected, root)
        r.capture(self.of.prefix, environ, collected, root)
        julia.capture(environ, home, collected)
        kernels.capture(self.of, where.data, owned, collected)
        labextensions.capture(where.data, owned, collected)
        jupyter_config.capture(where, owned, collected)
        variables.capture(environ, self.of.prefix, collected)
        repo2docker.capture(self.of, packages.requirements(), asked, conda_environment, collected)

    def _lap(self, name: str, begin: float) -> None:
        self.seconds[name] = round(time.perf_counter() - begin, 3)

    def _source(self, hub: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
        image = variables.capture_image(environ, self.collected)
        source = {name: value for name, value in hub.items() if value}
        if url := environ.get("JUPYTERHUB_PUBLIC_HUB_URL") or environ.get("JUPYTERHUB_HOST"):
            source.setdefault("url", url)
        if image:
            source["image"] = image
        for name in sorted(source):
            if name != "image":
                self.collected.item("hub", name, "captured", "what the hub says about itself")
        if not source:
            self.collected.missing("facts about the hub", "this server does not run on a hub")
        source["python"] = self.of.version
        source["platform"] = " ".join(self.of.platform[name] for name in sorted(self.of.platform))
        return {name: self.collected.clean(value) for name, value in source.items()}


def _template(secrets: Sequence[Any]) -> str:
    lines = [
        "# Every secret that was left out. Fill in what you need; nothing reads this by itself.\n"
    ]
    for each in secrets:
        lines.append(f"\n# from {each.where}; {each.how}\n# {each.slot}=\n")
    return "".join(lines)


@cache
def tool_hash() -> str:
    """The SHA-256 over the source of what captures, so that a bundle says which code made it."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
