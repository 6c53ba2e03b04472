"""V4: the configuration of what was built, executed, is equal to the one that was captured. Called by verify/__init__.py.

What is executed comes from a bundle, so it runs in a sandbox: no network, nothing to write to but a
directory of its own, no variables of the person's, limits of time and memory. Every setting is
compared, functions by their bytecode. Code that wants to deceive can say what it likes about itself;
against that the bundle's signature helps, not this.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..redact import is_secret_name
from ..sandbox.start import Executed, NotExecuted, NotHere, execute
from ..targets import hub_local, local
from ..work import Work
from .ladder import Result, Rung, failed, judged, not_run

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")

LONGEST = 120
"""Characters of a difference that a report shows."""


def check(
    bundle: Bundle,
    built: hub_local.Built | None,
    python: Path | None,
    work: Work,
    *,
    top: Path | None = None,
    file: Path = Path(hub_local.CONFIG),
) -> Rung:
    """Execute what was built and compare each setting.

    Arguments:
        bundle: of a hub that was captured where it runs.
        built: what `build` made of it.
        python: the hub's interpreter; this one by default.
        work: told how far it is.
        top: the directory to take into the sandbox, where it is not the built one alone.
        file: the configuration to execute, in `top`.
    """
    if built is None:
        return not_run("nothing is built; give --built DIR or --target local")
    work.step(0, 0, "executing the configuration in a sandbox")
    try:
        executed = executed_built(built, python, work, top or built.directory, file)
    except NotHere as error:
        return not_run(str(error))
    except NotExecuted as error:
        return failed(f"what was built does not run: {error}")
    told = hub_local.observed_of(bundle)
    code = "\n".join(
        bundle.text(each.path)
        for each in bundle.manifest().items
        if each.status == "code-verbatim" and each.path
    )
    return compared(told, executed, built.plan, code)


def executed_built(
    built: hub_local.Built, python: Path | None, work: Work, top: Path, file: Path
) -> Executed:
    """What the configuration that was built says, with stand-ins for its secrets.

    Raises:
        NotExecuted: it fails.
        NotHere: it cannot be tried here.
    """
    with tempfile.TemporaryDirectory(prefix="2i2c-sandbox-") as name:
        directory = Path(os.path.realpath(name))
        replica = directory / "replica"
        environment = built.directory / hub_local.USER / local.ENVIRONMENT

        def left(where: str, names: list[str]) -> set[str]:
            """What is large and no part of the configuration."""
            return {
                each
                for each in names
                if each == hub_local.STATE or Path(where, each) == environment
            }

        shutil.copytree(top, replica, ignore=left)
        inner = replica / built.directory.relative_to(top)
        stand_ins = {slot: f"stand-in-for-{slot}" for slot in built.plan.secrets}
        (inner / hub_local.SECRETS).write_text(
            "".join(f"{slot}={value}\n" for slot, value in stand_ins.items()), "utf-8"
        )
        hub = directory / "hub"
        hub.mkdir()
        return execute(
            replica / file,
            directory,
            hub=hub,
            environment={each: os.environ[each] for each in PASSED_ON if each in os.environ},
            known={value: slot for slot, value in stand_ins.items()},
            places={
                str(hub): "{hub}",
                str(inner / "source"): "{config}",
                str(inner / hub_local.USER / local.ENVIRONMENT): "{environment}",
            },
            work=work,
            python=python,
        )


def compared(
    told: Mapping[str, Any], executed: Executed, plan: hub_local.Plan, code: str = ""
) -> Rung:
    """Each setting of both, equal or explained by a transform, or not.

    Arguments:
        told: what was captured.
        executed: what was built says.
        plan: the transforms.
        code: of the captured configuration.
    """
    mine, theirs = told["config"], _with_old_places(told["config"], executed.config, code)
    other_python = _minor(told["machine"]["python"]) != _minor(executed.python)
    explained = {each.path: each for each in plan.changes}
    same_place = bool(told["machine"].get("same_place"))
    # an address may be one of the old place and another one of the new
    words = {new: f"{{address {new}}}" for new in plan.addresses.values()}
    moved = {old: words[new] for old, new in plan.addresses.items()}
    captured, built = _Words({**words, **moved}, same_place), _Words({**moved, **words}, same_place)
    items: dict[str, Result] = {}
    for path in sorted({*mine, *theirs}):
        change = explained.get(path)
        if change:
            items[path] = _changed(path, mine, theirs, plan, change)
        elif path not in theirs:
            items[path] = Result("fail", "it is not set by what was built")
        elif path not in mine:
            items[path] = Result(
                "fail", f"the captured hub does not set it; it is {_short(theirs[path])}"
            )
        else:
            items[path] = _same(captured.plain(mine[path]), built.plain(theirs[path]), other_python)
    rung = judged(items, "settings")
    count = sum(path in items for path in explained)
    said = f"{rung.why}; {count} of them differ by a listed transform" if count else rung.why
    return Rung(rung.status, said, rung.items)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _changed(
    path: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], plan: hub_local.Plan,
    change: hub_local.Change,
) -> Result:  # fmt: skip
    """A setting that a transform is about is exactly what the transform makes of it."""
    why = f"{change.what}: {change.why}"
    if path in plan.left_out:
        if path in theirs:
            return Result("fail", f"it is to be left out, and is {_short(theirs[path])}")
        return Result("pass", why)
    if path in plan.settings:
        wanted = plan.settings[path]
        if is_secret_name(path.rpartition(".")[2]) and "$secret" in str(theirs.get(path)):
            return Result("pass", why)
        if wanted == ["{proxy}"]:
            return Result("pass", why)
        if theirs.get(path) != wanted:
            return Result(
                "fail", f"it is to be {_short(wanted)}, and is {_short(theirs.get(path))}"
            )
        return Result("pass", why)
    before, after = _names(mine.get(path)), _names(theirs.get(path))
    if after != before | set(plan.added[path]):
        return Result(
            "fail", f"it has {sorted(after - before)} more; planned are {sorted(plan.added[path])}"
        )
    return Result("pass", why)


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        value = value.get("$set", value)
    return {str(each) for each in value or ()}


class _Words:
    """Brings a record to words that two of them share.

    Arguments:
        addresses: to the words for them.
        same_place: whether the captured hub ran where its configuration is.
    """

    def __init__(self, addresses: Mapping[str, str], same_place: bool) -> None:
        self._names = addresses
        words = "|".join(map(re.escape, self._names)) or "(?!)"
        self._pattern = re.compile(rf"({words})(?!\d)")
        self._same_place = same_place

    def plain(self, value: Any) -> Any:
        """A value without what may differ: addresses, slots, where code stands."""
        if isinstance(value, str):
            value = re.sub(r"<secret:[^>]*>", "<secret>", value)
            if self._same_place:
                value = value.replace("{config}", "{hub}")
            return self._pattern.sub(lambda match: self._names[match[1]], value)
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$secret" in value:
            return "<secret>"
        left = {"file", "line", "note"} if {"bytecode", "functions"} & set(value) else set()
        return {
            self.plain(name): self.plain(each) for name, each in value.items() if name not in left
        }


def _with_old_places(mine: Any, theirs: Any, code: str) -> Any:
    """What was executed, with words for the directories of the old place that the configuration writes out.

    Such a directory is taken for what the captured hub calls ``{config}`` or ``{hub}`` only if it stands
    so in the captured code, and if it is the only one.
    """
    for word in ("{config}", "{hub}"):
        places = {each for each in _places(mine, theirs, word) if each in code}
        if len(places) == 1:
            theirs = _replaced(theirs, re.compile(rf"{re.escape(places.pop())}(?![\w.-])"), word)
    return theirs


def _places(mine: Any, theirs: Any, word: str) -> Iterator[str]:
    """What stands in the one for a word in the other."""
    if isinstance(mine, str) and isinstance(theirs, str) and word in mine:
        before, _, after = mine.partition(word)
        place = theirs[len(before) : len(theirs) - len(after)]
        if theirs == f"{before}{place}{after}" and place.startswith("/"):
            yield place
    elif isinstance(mine, dict) and isinstance(theirs, dict):
        for name in mine.keys() & theirs.keys():
            yield from _places(mine[name], theirs[name], word)
    elif isinstance(mine, list) and isinstance(theirs, list):
        for one, other in zip(mine, theirs, strict=False):
            yield from _places(one, other, word)


def _replaced(value: Any, place: re.Pattern[str], word: str) -> Any:
    if isinstance(value, str):
        return place.sub(word, value)
    if isinstance(value, list):
        return [_replaced(each, place, word) for each in value]
    if isinstance(value, dict):
        return {name: _replaced(each, place, word) for name, each in value.items()}
    return value


def _same(mine: Any, theirs: Any, other_python: bool) -> Result:
    if mine == theirs:
        return Result("pass")
    if other_python and _without_bytecode(mine) == _without_bytecode(theirs):
        return Result(
            "not-run", "its bytecode is of another Python; give --python PATH of the hub's"
        )
    place, before, after = _difference(mine, theirs, "")
    where = f"{place.strip('/')}: " if place else ""
    if place.endswith("/bytecode"):
        return Result("fail", f"{where}the function does something else than the captured one")
    return Result("fail", f"{where}it was {_short(before)} and is {_short(after)}")


def _without_bytecode(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_bytecode(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_bytecode(each) for name, each in value.items() if name != "bytecode"}
    return value


def _difference(mine: Any, theirs: Any, place: str) -> tuple[str, Any, Any]:
    """The first place that differs, and what stands there."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name in sorted({*mine, *theirs}):
            if mine.get(name, "nothing") != theirs.get(name, "nothing"):
                return _difference(
                    mine.get(name, "nothing"), theirs.get(name, "nothing"), f"{place}/{name}"
                )
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for number, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            if one != other:
                return _difference(one, other, f"{place}/{number}")
    return place, mine, theirs


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
