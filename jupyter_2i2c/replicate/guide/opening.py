"""The first step of every guide, and commands of several: unpack the bundle, and check it without us. Called by kubernetes.py and machine.py."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from ..bundle import Bundle
from ..report_text import plain
from .content import Stage

COPIES = "rsync -aH --numeric-ids OLD/ NEW/"
COMPARES = "rsync -aHc --dry-run --numeric-ids --delete --itemize-changes OLD/ NEW/"

# many a system refuses packages beside its own
INSTALL = (
    "python3 -m venv tools",
    ". tools/bin/activate",
    "python3 -m pip install 'jupyter_2i2c[replicate]'",
)


def named(path: Path) -> str:
    """A file or directory's name, as a shell takes it."""
    return shlex.quote(plain(path.resolve().name))


def first_stage(bundle: Bundle, who: str) -> Stage:
    """Unpack it, check it, look into it.

    Arguments:
        bundle: that the guide is of.
        who: does it.
    """
    directory = named(bundle.top)
    return Stage(
        "Check what you have", who,
        (("You need a machine with Linux and Python 3.10 or newer. What checks the bundle needs nothing of ours;"
         " the commands after it install what reads it, in a directory of its own, and show what is in it, what"
         " has a licence of its own, and what is tied to the old place."),
         "In each new terminal, `. tools/bin/activate` comes first."),
        (*_unpacking(bundle.place), f"(cd {directory} && sha256sum --quiet -c manifest-sha256.txt)",
         *INSTALL, f"jupyter 2i2c inspect {directory}"),
        "no file is named as damaged, and you have read what is not in it",
    )  # fmt: skip


def _unpacking(place: Path) -> Iterator[str]:
    if place.is_dir():
        return
    if place.suffix == ".age":
        packed = place.with_suffix("")
        yield f"age --decrypt -i YOUR-KEY -o {named(packed)} {named(place)}"
        place = packed
    yield f"unzip -q {named(place)}" if place.suffix == ".zip" else f"tar --zstd -xf {named(place)}"
