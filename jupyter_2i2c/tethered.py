"""Programs that end when who started them does, however that ends. Called by replicate/verify/ and demo/; run as a script, it starts one.

Nobody can tidy up after a SIGKILL, nor when memory runs out. So whoever starts a hub holds one end of a
tether, a pair of sockets, and a watcher beside the hub waits at the other: when it is let go, the watcher ends
the hub and what that started in sessions of their own. The hub is the child of who started it, as without
all this. Needs the standard library only.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

GRACE = 30
"""Seconds in which a program may end by itself once it is told to."""

NOTHING = "-"
"""Stands for the number of a file where a program gets none."""

Started = Mapping[int, str]
"""Processes, with when each was started, by which it is known again."""


class Program(subprocess.Popen[bytes]):
    """A program that `start` started.

    Attributes:
        tether: our end.
    """

    tether: socket.socket


def start(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes] | None = None,
    given: IO[bytes] | None = None,
) -> Program:
    """Start a program, in a session of its own, that ends with this process.

    Arguments:
        command: it and its arguments. Where it cannot be started, it ends at once and says why.
        cwd: where it runs.
        env: all its variables.
        output: what it says goes there.
        errors: what it says on standard error; to `output` by default.
        given: a file that is its standard input; nothing by default.

    Returns:
        It, for `stop`, or for `let_go` once it has ended.
    """
    ours, theirs = socket.socketpair()
    passed = [given.fileno()] if given else []
    words = [str(passed[0]) if passed else NOTHING, *(os.fspath(each) for each in command)]
    try:
        program = Program(
            [sys.executable, "-I", "-S", __file__, *words],
            cwd=cwd, env=dict(env), stdin=theirs.fileno(), stdout=output, stderr=errors or output,
            pass_fds=passed, start_new_session=True,
        )  # fmt: skip
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    program.tether = ours
    return program


def stop(program: Program, grace: float = GRACE) -> None:
    """End a program with all below it: kindly, and after `grace` seconds by force."""
    below = descendants(program.pid)
    program.terminate()
    try:
        program.wait(grace)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    _kill(below)
    let_go(program)


def let_go(program: Program) -> None:
    """Wait until the watcher of a program that has ended is gone; what the program left running stays."""
    with program.tether as tether:
        tether.settimeout(GRACE)
        with suppress(OSError):
            tether.recv(1)


def descendants(parent: int) -> Started:
    """Every process below one."""
    known = processes()
    children: dict[int, list[int]] = {}
    for pid, (above, _) in known.items():
        children.setdefault(above, []).append(pid)
    found, open_ = {}, [parent]
    while open_:
        for pid in children.get(open_.pop(), []):
            found[pid] = known[pid][1]
            open_.append(pid)
    return found


def processes() -> dict[int, tuple[int, str]]:
    """Each process of this machine: its parent, and when it was started."""
    return of_proc() or of_ps()


def of_proc() -> dict[int, tuple[int, str]]:
    """`processes` as Linux tells them; empty elsewhere."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # the name before the last bracket may hold anything
            rest = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            found[int(entry.parent.name)] = (int(rest[1]), rest[19])
    return found


def of_ps() -> dict[int, tuple[int, str]]:
    """`processes` as macOS and the BSDs tell them."""
    told = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,lstart="],  # noqa: S607
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    found = {}
    for line in told.stdout.splitlines():
        pid, parent, *when = line.split()
        found[int(pid)] = (int(parent), " ".join(when))
    return found


def _kill(started: Started) -> None:
    known = processes()
    for pid, when in started.items():
        if known.get(pid, (0, ""))[1] == when:  # and not another one that has its number now
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def main(given: str, command: list[str]) -> None:
    """Leave a watcher behind, and become the program.

    Standard input is the other end of the tether.

    Arguments:
        given: the number of the file that the program reads, or `NOTHING`.
        command: the program's.
    """
    program = os.getpid()
    here, held = os.pipe()
    intermediate = os.fork()
    if not intermediate:
        if not os.fork():
            os.close(held)
            _watch(program, here, given)
        os._exit(0)
    os.waitpid(intermediate, 0)
    os.close(here)
    # it is closed when the program ends, and by nothing before: what a program starts does not get it
    os.set_inheritable(held, True)
    file = os.open(os.devnull, os.O_RDONLY) if given == NOTHING else int(given)
    os.dup2(file, 0)
    os.close(file)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"Error: {command[0]} cannot be started: {error.strerror}")


def _watch(program: int, ended: int, given: str) -> None:
    """End the program when the tether is let go; be gone when it has ended.

    Arguments:
        program: which.
        ended: a pipe that closes when it has ended.
        given: the number of its own file, which we do not hold; or `NOTHING`.
    """
    try:
        os.setsid()
        if given != NOTHING:
            os.close(int(given))
        nothing = os.open(os.devnull, os.O_RDWR)
        for each in (1, 2):  # who reads what the program says need not wait for us
            os.dup2(nothing, each)
        begun = processes().get(program)
        closed, _, _ = select.select([0, ended], [], [])
        if ended in closed or not begun:
            return
        below = descendants(program)
        with suppress(ProcessLookupError, PermissionError):
            os.kill(program, signal.SIGTERM)
        if not select.select([ended], [], [], GRACE)[0]:
            _kill({program: begun[1]})
        _kill(below)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
