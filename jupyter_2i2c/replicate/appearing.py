"""What is made beside its place and moved there when it is whole. Used by bundle.py, by what builds, and by the drill.

So whatever happens meanwhile, a kill among it, nothing half stands where somebody looks; and what a
killed process left is removed by the next that makes the same.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ReplicateError

LEFT_OVER = re.compile(r"\.(?P<name>.+)\.partial-(?P<host>.+)-(?P<process>\d+)-[^-]+")


def beside(destination: Path) -> Path:
    """A new directory, its owner's only, to make something in that shall stand at `destination`.

    Raises:
        OSError: there can be none.
    """
    parent = destination.parent
    parent.mkdir(parents=True, exist_ok=True)
    remove_left_over(parent, destination.name)
    prefix = f".{destination.name}.partial-{socket.gethostname()}-{os.getpid()}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


@contextmanager
def appearing(directory: Path) -> Iterator[Path]:
    """A directory to fill; it appears at its place when nothing was raised, and nothing does if it was.

    Arguments:
        directory: that is not there yet.

    Raises:
        ReplicateError: it is there, or cannot be written.
    """
    directory = directory.absolute()
    _refuse_if_taken(directory)
    partial: Path | None = None
    try:
        partial = beside(directory)
        yield partial
        _refuse_if_taken(directory)
        partial.rename(directory)
    except ConnectionError:
        raise  # of what was asked meanwhile, and not of the place
    except OSError as error:
        raise ReplicateError(
            f"{directory} cannot be written: {error.strerror or error}; nothing was left there."
            " Make room or give another place"
        ) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def _refuse_if_taken(directory: Path) -> None:
    if os.path.lexists(directory):
        raise ReplicateError(f"{directory} is there already; give a directory that is not")


def remove_left_over(parent: Path, name: str = "") -> None:
    """What a killed process of this machine left in a directory when it made something there.

    Arguments:
        parent: the directory.
        name: of what it made; anything by default.
    """
    for each in parent.glob(".*"):
        match = LEFT_OVER.fullmatch(each.name)
        if not match or match["host"] != socket.gethostname() or name not in ("", match["name"]):
            continue
        try:
            os.kill(int(match["process"]), 0)
        except (ProcessLookupError, OverflowError):
            shutil.rmtree(each, ignore_errors=True)
        except PermissionError:
            continue
