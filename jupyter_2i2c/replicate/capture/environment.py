"""Captures the environment that Python runs in, whole, into a bundle. Called by `jupyter 2i2c capture env` and server/replicas.py."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..._version import __version__
from .. import checksums
from ..bundle import Staging, created_now
from ..errors import ReplicateError, UnsafeBundle
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
    source_tree,
    variables,
    vendored,
)
from .collected import PROFILE, Collected, file_name
from .distributions import Distribution, distributions
from .files import (
    SOURCE,
    TRANSFORMS,
    Files,
    editable_directory,
    files_of,
    place_in_environment,
    unowned,
)
from .interpreter import Interpreter, interpreter
from .known_secrets import from_git, home_of, known_secrets
from .lock import Lock, NoLock, as_requirements, lock, with_vendored
from .origins import Origin, origin

VENDOR_LIMIT = 2 << 30
"""Bytes of installed files that are made into wheels, unless the call says otherwise."""

MOST_UNOWNED = 500
MOST_UNOWNED_BYTES = 1 << 20

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
    configurations = [path for each in where.config.values() for path in each.glob("jupyter*.*")]
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
        self.vendor_left = vendor_limit
        self.vendored: dict[str, tuple[str, str, str]] = {}
        self.refused: dict[str, str] = {}
        self.scripts: dict[str, set[str]] = {}
        self.observed: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}
        self.no_lock = ""

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
        origins = {each.key: origin(each) for each in self.found}
        self._lap("hash", begin)

        begin = time.perf_counter()
        made = self._lock(origins, files, make_lock)
        self._lap("lock", begin)

        begin = time.perf_counter()
        collected = self.collected
        collected.item(
            "interpreter", self.of.implementation, "captured", f"Python {self.of.version}"
        )
        self._python(files, origins)
        owned = {
            os.path.realpath(path)
            for each in files.values()
            for place, path in each.on_disk.items()
            if place.startswith(("share/", "etc/"))
        }
        pip = [f"{each.name}=={each.version}" for each in self.found if self._by_pip(each, origins)]
        is_conda = conda.capture(self.of, collected, pip)
        asked = apt.capture(collected, root)
        r.capture(self.of.prefix, environ, collected, root)
        julia.capture(environ, home, collected)
        kernels.capture(self.of, where.data, owned, collected)
        labextensions.capture(where.data, owned, collected)
        jupyter_config.capture(where, owned, collected)
        variables.capture(environ, self.of.prefix, collected)
        image = variables.capture_image(environ, collected)
        source = self._source(image, hub, environ)
        requirements = as_requirements(made, self.vendored) if made else self._plain(origins)
        environment = collected.staging.bag / "data" / PROFILE / conda.ENVIRONMENT
        repo2docker.capture(
            self.of, requirements, asked, environment.read_text() if is_conda else "", collected
        )
        collected.missing("the files in the home directory", "take them with `capture home`")
        self._observed()
        secrets = tuple(collected.secrets[slot] for slot in sorted(collected.secrets))
        collected.staging.add("secrets.template.env", _template(secrets))
        self._lap("write", begin)

        begin = time.perf_counter()
        collected.sweep()
        manifest = Manifest(
            kind="environment",
            created=collected.staging.created,
            tool={"name": "jupyter_2i2c", "version": __version__, "sha256": tool_hash()},
            source={name: collected.clean(value) for name, value in source.items()},
            layers=ENVIRONMENT_LAYERS,
            items=tuple(collected.items),
            transforms=TRANSFORMS,
            secrets=secrets,
            not_captured=tuple(collected.not_captured),
        )
        place = collected.staging.finish(manifest, self.work, sign_with)
        self._lap("pack", begin)
        return Captured(
            place, manifest, collected.staging.payload_bytes, self.seconds, self.no_lock
        )

    def _lap(self, name: str, begin: float) -> None:
        self.seconds[name] = round(time.perf_counter() - begin, 3)

    def _by_pip(self, distribution: Distribution, origins: Mapping[str, Origin]) -> bool:
        return origins[distribution.key].kind == "index" and distribution.key not in self.vendored

    # --- the lock, and what must be carried because of it ------------------------------------

    def _lock(
        self, origins: Mapping[str, Origin], files: Mapping[str, Files], make_lock: bool
    ) -> Lock | None:
        by_key = {each.key: each for each in self.found}
        carried = {
            key
            for key, each in origins.items()
            if each.kind in ("vcs", "archive", "directory", "system")
            or (each.kind in ("index", "unknown") and (files[key].modified or files[key].missing))
        }
        wanted = [
            each
            for each in self.found
            if origins[each.key].kind in ("index", "unknown") and each.key not in carried
        ]
        made: Lock | None = None
        if make_lock:
            self.work.step(0, 0, "locking")
            try:
                made = lock(
                    [(each.name, each.version) for each in wanted],
                    str(self.of.executable),
                    self.of.version,
                    self.work,
                )
            except NoLock as error:
                self.no_lock = self.collected.clean(str(error))
        else:
            self.no_lock = "the call asked for none"
        if made:
            carried |= set(made.absent)
            for key, locked in made.packages.items():
                if by_key[key].wheel.get("Tag") and not vendored.fits(by_key[key], locked.wheels):
                    carried.add(key)
        else:
            self.collected.missing(
                "the lock of the Python packages",
                f"{self.no_lock}; `build` makes it elsewhere from what was observed",
            )
        for done, key in enumerate(sorted(carried)):
            self.work.step(done, len(carried), "carrying what no index has")
            try:
                self._vendor(by_key[key], files[key])
            except ReplicateError as error:
                self.refused[key] = str(error)
        if made:
            packages = {key: each for key, each in made.packages.items() if key not in carried}
            made = replace(made, packages=packages)
            self.collected.text("pylock.toml", with_vendored(made, self.vendored))
            self.collected.text("requirements.txt", as_requirements(made, self.vendored))
        return made

    def _vendor(self, distribution: Distribution, files: Files) -> None:
        name = vendored.wheel_name(distribution)
        size = sum(Path(path).stat().st_size for path in files.on_disk.values())
        if size > self.vendor_left:
            raise ReplicateError(
                f"it is {size >> 20} MiB, more than is carried; see --vendor-limit"
            )
        for place, path in files.on_disk.items():
            self.work.check()
            data = files.scripts.get(place) or Path(path).read_bytes()
            if why := self.collected.holds_secret(place, data, place not in files.modified):
                raise ReplicateError(f"{place}: {why}")
        self.vendor_left -= size
        staging = self.collected.staging
        path = f"vendored/{name}"
        destination = staging.path_for(f"{PROFILE}/{path}")
        vendored.write_wheel(self.of, distribution, files, destination, self.work)
        digest = staging.added(f"{PROFILE}/{path}")
        self.vendored[distribution.key] = (distribution.version, path, digest)

    def _plain(self, origins: Mapping[str, Origin]) -> str:
        lines = [
            f"{each.name}=={each.version}" for each in self.found if self._by_pip(each, origins)
        ]
        return "".join(f"{line}\n" for line in lines) + "".join(
            f"./{path} \n".replace(" \n", "\n") for _, path, _ in self.vendored.values()
        )

    # --- the distributions ----------------------------------------------------------------

    def _python(self, files: Mapping[str, Files], origins: Mapping[str, Origin]) -> None:
        for done, distribution in enumerate(self.found):
            self.work.step(done, len(self.found), "writing")
            self._distribution(distribution, files[distribution.key], origins[distribution.key])
        self._unowned(files)

    def _distribution(self, distribution: Distribution, files: Files, origin: Origin) -> None:
        collected, key = self.collected, distribution.key
        evidence = f"{distribution.version} from {_words(origin)}"
        plain: dict[str, Any] = {
            "name": distribution.name,
            "version": distribution.version,
            "origin": origin.to_json(),
            "installer": distribution.note("INSTALLER").strip(),
            "requested": (distribution.directory / "REQUESTED").exists(),
            "tags": sorted(distribution.wheel.get("Tag", [])),
            "site": "user" if distribution.site.is_relative_to(self.of.user_base)
            and self.of.user_base != self.of.prefix else "environment",
            "files": len(files.exact) + len(files.transformed),
            "modified": sorted(files.modified),
            "missing": sorted(files.missing),
            "outside": len(files.outside),
        }  # fmt: skip
        if key in self.vendored:
            plain["vendored"] = self.vendored[key][1]
        self.observed.append(plain)
        if not distribution.record:
            collected.item("python", distribution.name, "not-captured", evidence,
                           reason="nothing says which files are its own",
                           action="install it by hand")  # fmt: skip
            return
        path, digest, _ = collected.text(f"files/{file_name(key)}.sha256", files.listing())
        reason = self.refused.get(key, "")
        source_reason = ""
        slots: set[str] = set()
        if origin.kind == "editable":
            reason, source_reason = self._editable(distribution, files)
        for place, content in files.scripts.items():
            if place not in self.scripts:  # several distributions may have the same command
                self.scripts[place] = collected.text(f"scripts/{place}", content)[2]
            slots |= self.scripts[place]
        notes = [source_reason] if source_reason else []
        if files.outside:
            notes.append(f"{len(files.outside)} of its files are outside of the environment")
        if slots:
            notes.append(f"taken out: {', '.join(sorted(slots))}")
        if files.modified and not reason:
            notes.append(
                f"changed after it was installed: {_some(files.modified)}; carried as it is"
            )
        status = "not-captured" if reason else "secret-slot" if slots else "captured"
        collected.item(
            "python", distribution.name, status, evidence, path=path, sha256=digest,
            reason="; ".join(each for each in [reason, *notes] if each),
            action="install it by hand" if reason else "",
        )  # fmt: skip

    def _editable(self, distribution: Distribution, files: Files) -> tuple[str, str]:
        """Carry the source of an editable package. Returns why not, and what else to say."""
        collected, key = self.collected, distribution.key
        directory = editable_directory(distribution)
        assert directory is not None
        base = f"vendored/{file_name(key)}"
        try:
            source = source_tree.source_tree(directory, self.work)
        except ReplicateError as error:
            return str(error), ""
        left_out = list(source.left_out)
        hashes: dict[str, str] = {}
        for name, path in source.files.items():
            data = path.read_bytes()
            if collected.holds_secret(name, data):
                left_out.append(name)
                continue
            try:
                hashes[name] = collected.text(f"{base}/tree/{name}", data)[1]
            except UnsafeBundle:  # a name that only this system can have
                left_out.append(name)
                continue
            if path.stat().st_mode & 0o100:
                (collected.staging.bag / "data" / PROFILE / base / "tree" / name).chmod(0o755)
        for place, on_disk in files.on_disk.items():
            if place in files.scripts:
                continue
            data = Path(on_disk).read_bytes()
            if files.transformed.get(place, ("",))[0] == "direct_url":
                data = data.replace(str(directory).encode(), SOURCE)
            if why := collected.holds_secret(place, data):
                return f"{place}: {why}", ""
            collected.text(f"{base}/installed/{place}", data)
        self._installers_notes(distribution, files, f"{base}/installed")
        patch_path = ""
        if source.patch and not collected.holds_secret("dirty.patch", source.patch):
            patch_path = collected.text(f"{base}/dirty.patch", source.patch)[0]
        listing, digest, _ = collected.text(f"{base}/tree.sha256", checksums.write_list(hashes, {}))
        self.observed[-1]["source"] = {
            "commit": source.commit,
            "dirty": source.dirty,
            "patch": patch_path,
            "ignored": list(source.ignored),
            "left_out": sorted(left_out),
        }
        state = f"commit {source.commit[:12]}" if source.commit else "no version control"
        reasons = []
        if left_out:
            reasons.append(
                f"left out, as they are data, may hold secrets or have odd names: {_some(left_out)}"
            )
        if source.ignored:
            reasons.append(f"carried although git ignores them: {_some(source.ignored)}")
        collected.item(
            "python", f"{distribution.name}/source", "captured",
            f"{len(hashes)} files, {state}{', with changes' if source.dirty else ''}",
            path=listing, sha256=digest, reason="; ".join(reasons),
        )  # fmt: skip
        return "", ""

    def _installers_notes(self, distribution: Distribution, files: Files, base: str) -> None:
        """What an installer would write about an editable package, for any place."""
        metadata = place_in_environment(
            self.of, distribution.site, os.path.relpath(distribution.directory, distribution.site)
        )
        packages = f"lib/python{self.of.minor}/site-packages"
        listed = [os.path.relpath(place, packages) for place in sorted(files.on_disk)]
        own = os.path.relpath(f"{metadata}/RECORD", packages)
        url = json.dumps({"dir_info": {"editable": True}, "url": f"file://{SOURCE.decode()}"})
        notes = {
            "RECORD": "".join(f"{each},,\n" for each in [*listed, own]),
            "INSTALLER": "jupyter_2i2c\n",
            "direct_url.json": url,
        }
        for name, text in notes.items():
            self.collected.text(f"{base}/{metadata}/{name}", text)

    def _unowned(self, files: Mapping[str, Files]) -> None:
        collected = self.collected
        stray = unowned(self.of, files, self.found)
        hashes: dict[str, str] = {}
        left_out = []
        for place, path in stray:
            if (
                path.is_symlink()
                or path.stat().st_size > MOST_UNOWNED_BYTES
                or len(hashes) == MOST_UNOWNED
            ):
                left_out.append(place)
                continue
            data = path.read_bytes()
            if collected.holds_secret(place, data):
                left_out.append(place)
                continue
            try:
                hashes[place] = collected.text(f"vendored/unowned/{place}", data)[1]
            except UnsafeBundle:  # a name that only this system can have
                left_out.append(place)
        if hashes:
            path_, digest, _ = collected.text(
                "vendored/unowned.sha256", checksums.write_list(hashes, {})
            )
            collected.item("python", "files of none or several", "captured",
                           f"{len(hashes)} files among the packages", path=path_, sha256=digest)  # fmt: skip
        if left_out:
            collected.item("python", "other files of none or several", "not-captured",
                           f"{len(left_out)} files among the packages",
                           reason=f"links, large, many, secret, or of an odd name: {_some(left_out)}",
                           action="copy them if they are needed")  # fmt: skip

    # --- the rest -------------------------------------------------------------------------

    def _source(
        self, image: str, hub: Mapping[str, str], environ: Mapping[str, str]
    ) -> dict[str, str]:
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
        return source

    def _observed(self) -> None:
        observed = {
            "python": {
                "version": self.of.version,
                "implementation": self.of.implementation,
                "prefix": str(self.of.prefix),
                "virtual": self.of.prefix != self.of.base_prefix,
                "platform": self.of.platform,
            },
            "lock": self.no_lock or "made",
            "distributions": self.observed,
        }
        self.collected.text(
            "observed.json",
            json.dumps(observed, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        )


def _words(origin: Origin) -> str:
    return {
        "index": "an index",
        "conda": "conda",
        "system": "the machine's own packages",
        "vcs": f"{origin.url} at {origin.commit[:12]}",
        "archive": origin.url or "a file",
        "directory": "a directory",
        "editable": "a directory, editable",
        "unknown": "somewhere: its installer noted nothing",
    }[origin.kind]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


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
