"""The Python distributions: locked where an index has them, carried where none has. Called by environment.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ReplicateError
from ..evidence.packages import told_in_bundle
from . import editable, vendored
from .collected import PROFILE, Collected, file_name, some
from .distributions import Distribution
from .files import Files
from .interpreter import Interpreter
from .lock import Lock, NoLock, as_requirements, with_vendored
from .lock import lock as make
from .origins import Origin, origin


class Packages:
    """The distributions of one environment, while they are captured.

    Arguments:
        of: the interpreter.
        found: the distributions.
        files: of each, by its key.
        collected: takes it.
        vendor_limit: bytes of what no index has, above which it is not carried.

    Attributes:
        vendored: key to (version, path below the environment's part, SHA-256) of each wheel.
        no_lock: why there is no lock; empty if there is one.
    """

    def __init__(
        self,
        of: Interpreter,
        found: Sequence[Distribution],
        files: Mapping[str, Files],
        collected: Collected,
        vendor_limit: int,
    ) -> None:
        self.of = of
        self.found = found
        self.files = files
        self.collected = collected
        self.work = collected.work
        self.origins: dict[str, Origin] = {each.key: origin(each) for each in found}
        self.vendored: dict[str, tuple[str, str, str]] = {}
        self.no_lock = ""
        self.made: Lock | None = None
        self._carried: set[str] = set()
        self.vendor_left = vendor_limit
        self.refused: dict[str, str] = {}
        self.scripts: dict[str, set[str]] = {}

    def lock(self, make_lock: bool) -> None:
        """Lock what an index has, and find out what none has.

        Arguments:
            make_lock: whether to ask an index at all.
        """
        by_key = {each.key: each for each in self.found}
        carried = {
            key
            for key, each in self.origins.items()
            if each.kind in ("vcs", "archive", "directory", "system")
            or (
                each.kind in ("index", "unknown")
                and (self.files[key].modified or self.files[key].missing)
            )
        }
        wanted = [
            each
            for each in self.found
            if self.origins[each.key].kind in ("index", "unknown") and each.key not in carried
        ]
        made = self._ask(wanted) if make_lock else None
        self.no_lock = self.no_lock or ("" if made else "the call asked for none")
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
        self.made, self._carried = made, carried

    def carry(self) -> None:
        """Make wheels of what no index has, and write the lock of all."""
        by_key = {each.key: each for each in self.found}
        for done, key in enumerate(sorted(self._carried)):
            self.work.step(done, len(self._carried), "carrying what no index has")
            try:
                self._vendor(by_key[key], self.files[key])
            except ReplicateError as error:
                self.refused[key] = str(error)
            except FileNotFoundError as error:
                self.refused[key] = f"{error.filename} has gone while it was read"
        if self.made:
            packages = {
                key: each for key, each in self.made.packages.items() if key not in self._carried
            }
            self.made = replace(self.made, packages=packages)
            self.collected.text("pylock.toml", with_vendored(self.made, self.vendored))
            self.collected.text("requirements.txt", as_requirements(self.made, self.vendored))

    def _ask(self, wanted: Sequence[Distribution]) -> Lock | None:
        """The lock that an index gives; None where it cannot be made here."""
        self.work.step(0, 0, "locking")
        try:
            return make(
                [(each.name, each.version) for each in wanted],
                str(self.of.executable),
                self.of.version,
                self.work,
            )
        except NoLock as error:
            self.no_lock = self.collected.clean(str(error))
            return None

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
        try:
            vendored.write_wheel(self.of, distribution, files, destination, self.work)
        except FileNotFoundError:
            destination.unlink(missing_ok=True)
            raise
        digest = staging.added(f"{PROFILE}/{path}")
        self.vendored[distribution.key] = (distribution.version, path, digest)

    def requirements(self) -> str:
        """What pip installs: with hashes if it is locked."""
        if self.made:
            return as_requirements(self.made, self.vendored)
        lines = [*self.from_index(), *(f"./{path}" for _, path, _ in self.vendored.values())]
        return "".join(f"{line}\n" for line in lines)

    def from_index(self) -> list[str]:
        """Name and version of what comes from an index."""
        return [
            f"{each.name}=={each.version}"
            for each in self.found
            if self.origins[each.key].kind == "index" and each.key not in self.vendored
        ]

    def write(self) -> list[dict[str, Any]]:
        """Write what each distribution consists of.

        Returns:
            What was seen of each.
        """
        observed = []
        for done, distribution in enumerate(self.found):
            self.work.step(done, len(self.found), "writing")
            observed.append(self._distribution(distribution))
        return observed

    def _distribution(self, distribution: Distribution) -> dict[str, Any]:
        collected, key = self.collected, distribution.key
        files, origin = self.files[key], self.origins[key]
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
            **told_in_bundle(distribution),
        }  # fmt: skip
        if key in self.vendored:
            plain["vendored"] = self.vendored[key][1]
        if not distribution.record:
            collected.item("python", distribution.name, "not-captured", evidence,
                           reason="nothing says which files are its own",
                           action="install it by hand")  # fmt: skip
            return plain
        path, digest, _ = collected.text(f"files/{file_name(key)}.sha256", files.listing())
        reason = self.refused.get(key, "")
        slots: set[str] = set()
        if origin.kind == "editable":
            try:
                plain["source"] = editable.capture(self.of, distribution, files, collected)
            except ReplicateError as error:
                reason = str(error)
        for place, content in files.scripts.items():
            if place not in self.scripts:  # several distributions may have the same command
                self.scripts[place] = collected.text(f"scripts/{place}", content)[2]
            slots |= self.scripts[place]
        notes = []
        if files.outside:
            notes.append(f"{len(files.outside)} of its files are outside of the environment")
        if slots:
            notes.append(f"taken out: {', '.join(sorted(slots))}")
        if files.modified and not reason:
            notes.append(f"not what its RECORD says: {some(files.modified)}; carried as it is")
        status = "not-captured" if reason else "secret-slot" if slots else "captured"
        collected.item(
            "python", distribution.name, status, evidence, path=path, sha256=digest,
            reason="; ".join(each for each in [reason, *notes] if each),
            action="install it by hand" if reason else "",
        )  # fmt: skip
        return plain


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
