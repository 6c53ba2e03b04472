"""V5: the rebuilt environment is equal byte for byte, apart from the listed transforms. Called by verify/__init__.py.

The bytes themselves are compared, not what a RECORD says about them: there are wheels whose RECORD
is wrong, and an edited file whose RECORD is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import checksums
from ..bundle import Bundle
from ..capture.collected import file_name
from ..capture.distributions import Distribution, distributions, normalised
from ..capture.files import Files, editable_directory, files_of
from ..capture.interpreter import Interpreter, interpreter
from ..capture.kernels import templated
from ..errors import ReplicateError
from ..manifest import Item
from ..targets.local import CONFIG, Built, has_environment, observed_of
from ..targets.overlay import without_slots
from ..work import Work
from .ladder import Result, Rung, failed, judged, not_run

CLAIMED = ("captured", "transformed", "secret-slot")
"""What must come back."""

MOST_NAMED = 5


def check(bundle: Bundle, python: Path | None, built: Built | None, work: Work) -> Rung:
    """Compare an environment with what the bundle says, item by item."""
    manifest = bundle.manifest()
    if not has_environment(bundle):
        return not_run("the bundle holds no environment")
    if python is None:
        return not_run("nothing is built; give --built DIR, --python PATH or --target local")
    try:
        of = interpreter(str(python))
        observed = observed_of(bundle)
    except ReplicateError as error:
        return failed(str(error))
    comparison = _Comparison(bundle, of, built, observed, work)
    items: dict[str, Result] = {}
    for item in manifest.items:
        work.step(len(items), len(manifest.items), "comparing")
        if item.status in CLAIMED and item.layer in comparison.layers:
            items[item.id] = comparison.layers[item.layer](item)
    items.update(comparison.surplus())
    rung = judged(items, "items")
    absent = [
        item
        for item in manifest.items
        if item.status in ("not-captured", "unknown") and item.layer in comparison.layers
    ]
    if absent:
        rung = replace(rung, why=f"{rung.why}; {len(absent)} more were not captured")
    return rung


class _Comparison:
    def __init__(
        self,
        bundle: Bundle,
        of: Interpreter,
        built: Built | None,
        observed: Mapping[str, Any],
        work: Work,
    ) -> None:
        self.bundle = bundle
        self.of = of
        self.built = built
        self.observed = {normalised(each["name"]): each for each in observed["distributions"]}
        self.version = str(observed["python"]["version"])
        self.work = work
        self.found = {each.key: each for each in distributions(of)}
        self.files = files_of(of, list(self.found.values()), work)
        self.layers = {
            "interpreter": self._interpreter,
            "python": self._python,
            "conda": lambda _: Result("not-run", "conda packages are not installed by this target"),
            "kernels": self._kernel,
            "labextensions": self._labextension,
            "jupyter-config": self._settings,
        }

    def _interpreter(self, _: Item) -> Result:
        if self.of.version == self.version:
            return Result("pass")
        return Result("fail", f"Python is {self.of.version}; it was {self.version}")

    def _python(self, item: Item) -> Result:
        name = item.id.partition(":")[2]
        if name == "files of none or several":
            return self._listed(item, self.of.prefix)
        name, _, part = name.partition("/")
        key = normalised(name)
        distribution = self.found.get(key)
        if self.observed.get(key, {}).get("origin", {}).get("kind") == "conda":
            return Result("not-run", "conda packages are not installed by this target")
        if distribution is None:
            return Result("fail", "it is not there")
        if part == "source":
            directory = editable_directory(distribution) or self._source_of(distribution)
            if directory is None:
                return Result("fail", "its source is not there")
            return self._listed(item, directory)
        if distribution.version != self.observed[key]["version"]:
            return Result(
                "fail", f"it is {distribution.version}; it was {self.observed[key]['version']}"
            )
        expected = checksums.read_list(self.bundle.text(item.path), item.path)
        return self._equal(expected, self.files[key], self._source_of(distribution))

    def _source_of(self, distribution: Distribution) -> Path | None:
        """Where `build` put the source of an editable package."""
        if self.built is None:
            return None
        path = self.built.directory / "src" / file_name(distribution.key)
        return path if path.is_dir() else None

    def _equal(
        self, expected: Mapping[str, tuple[str, str]], files: Files, source: Path | None
    ) -> Result:
        actual = files.expected()
        different = []
        for path, (transform, digest) in expected.items():
            if path not in actual:
                different.append(f"{path} is not there")
            elif actual[path] != (transform, digest) and not (
                transform == "direct_url"
                and source is not None
                and _with_source(files.on_disk[path], source) == digest
            ):
                different.append(f"{path} differs")
        different += [f"{path} is new" for path in actual.keys() - expected.keys()]
        return _result(different)

    def _listed(self, item: Item, top: Path) -> Result:
        """Files by a list of checksums, below a directory."""
        expected = checksums.read_list(self.bundle.text(item.path), item.path)
        paths = {path: f"{top}/{path}" for path in expected}
        hashes = checksums.of_files(paths.values(), self.work, len(paths), "comparing")
        return _result(
            f"{path} {'differs' if hashes[paths[path]] else 'is not there'}"
            for path, (_, digest) in expected.items()
            if hashes[paths[path]] != digest
        )

    def _kernel(self, item: Item) -> Result:
        name = item.id.partition(":")[2]
        place = self.of.prefix / "share" / "jupyter" / "kernels" / file_name(name) / "kernel.json"
        if not item.path and place.is_file():
            return Result("pass", "its files are compared with its distribution")
        captured = json.loads(self.bundle.text(item.path)) if item.path else {}
        try:
            there = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError) as error:
            return Result("fail", f"it cannot be read: {error}")
        plain, _ = templated(there, self.of)
        if plain.get("argv") != captured.get("argv"):
            return Result("fail", f"it starts {there.get('argv')}, not {captured.get('argv')}")
        return _result(
            f"{key} differs"
            for key in sorted(plain.keys() | captured.keys())
            if plain.get(key) != captured.get(key)
        )

    def _labextension(self, item: Item) -> Result:
        name = item.id.partition(":")[2]
        top = self.of.prefix / "share" / "jupyter" / "labextensions"
        if item.path:
            return self._listed(item, top)
        if (top / name / "package.json").is_file():
            return Result("pass", "its files are compared with its distribution")
        return Result("fail", "it is not there")

    def _settings(self, item: Item) -> Result:
        if not item.path:
            return Result("pass", "its file is compared with its distribution")
        label, _, name = item.id.partition(":")[2].partition("/")
        if label == "user" and self.built is None:
            return Result("not-run", "where the person's own settings are is not known")
        place = self.of.prefix / "etc" / "jupyter" / name
        if label == "user" and self.built is not None:
            place = self.built.directory / CONFIG / name
        try:
            there = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError) as error:
            return Result("fail", f"it cannot be read: {error}")
        wanted = without_slots(json.loads(self.bundle.text(item.path)), "", [])
        return Result("pass") if _contains(there, wanted) else Result("fail", "a setting differs")

    def surplus(self) -> dict[str, Result]:
        """Distributions that were not there."""
        return {
            f"python:{each.name}": Result("fail", "it is there and was not captured")
            for key, each in self.found.items()
            if key not in self.observed
        }


def _with_source(path: str, source: Path) -> str:
    content = Path(path).read_bytes()
    return checksums.of_bytes(content.replace(str(source).encode(), b"{source}"))


def _contains(there: Any, wanted: Any) -> bool:
    """Whether every setting that is wanted is there; others may be, of other levels."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(name in there and _contains(there[name], wanted[name]) for name in wanted)
    return bool(there == wanted)


def _result(different: Iterable[str]) -> Result:
    found = sorted(different)
    if not found:
        return Result("pass")
    shown = ", ".join(found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return Result("fail", shown + more)
