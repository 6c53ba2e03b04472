"""Takes from this process the network, and all but one directory to write to. Called by run.py, before it executes anything.

The kernel does it (Landlock and seccomp, both of which need no rights and cannot be undone), so it holds for
whatever Python or its children do. Needs the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import stat
import struct
import sys
from collections.abc import Iterable

REFUSED = {
    "x86_64": (
        41, 425, 101,  # socket, io_uring_setup, ptrace
        112, 109, 62, 200, 234, 129, 297, 424, 141,  # setsid, setpgid, kill and its like, setpriority
        272, 308, 155, 161, 165, 166, 428, 429, 430, 442,  # namespaces, roots and mounts
        438, 310, 311,  # other processes' files and memory
        29, 30, 31, 64, 65, 66, 220, 68, 69, 70, 71, 240, 241,  # memory and messages that processes share
        248, 249, 250,  # the keys that the kernel keeps
    ),
    "aarch64": (
        198, 425, 117,
        157, 154, 129, 130, 131, 138, 240, 424, 140,
        97, 268, 41, 51, 40, 39, 428, 429, 430, 442,
        438, 270, 271,
        194, 195, 196, 190, 191, 192, 193, 186, 187, 188, 189, 180, 181,
        217, 218, 219,
    ),
}  # fmt: skip
"""Of a machine: the calls that fail."""

PRETENDED = {
    "x86_64": (
        90, 91, 268, 452, 92, 93, 94, 260,  # chmod, chown
        132, 235, 261, 280,  # utime
        188, 189, 190, 463, 197, 198, 199, 466, 469,  # extended attributes
    ),
    "aarch64": (52, 53, 452, 54, 55, 88, 5, 6, 7, 463, 14, 15, 16, 466, 469),
}  # fmt: skip
"""The calls that do nothing and say that they did: Landlock lets them through to files that may not be
written, and a configuration that makes a file its owner's only shall not fail."""

MACHINES = {"x86_64": (0xC000003E, 126, 302, 56), "aarch64": (0xC00000B7, 91, 261, 220)}
"""Of a machine: its number, and those of `capset`, `prlimit64` and `clone`."""

CLONE3 = 435
NAMESPACES = 0x7E020000
"""The flags with which `clone` makes a namespace."""

READABLE = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt/conda", "/nix/store", "/proc", "/dev/null",
    "/dev/zero", "/dev/urandom", "/dev/random", "/etc/ld.so.cache", "/etc/localtime", "/etc/passwd",
    "/etc/group", "/etc/nsswitch.conf", "/etc/mime.types", "/etc/ssl", "/etc/alternatives",
)  # fmt: skip
"""What a Python needs to read; nobody's home is among it."""

WRITE_EVERYTHING = (1 << 13) - 1  # the rights of Landlock's first version
READ = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read a file, read a directory
FILE_RIGHTS = (1 << 0) | (1 << 1) | (1 << 2)


class CannotConfine(Exception):
    """This machine does not let a process be confined; the message says why."""


def confine(writable: Iterable[str], readable: Iterable[str], seconds: int, memory: int) -> None:
    """Confine this process and all that it will start.

    Args:
        writable: directories to write to.
        readable: what it may read beside what every Python needs.
        seconds: of processor time, from now on.
        memory: bytes of address space.

    Raises:
        CannotConfine: it is not confined; nothing must be executed.
    """
    if not sys.platform.startswith("linux"):
        raise CannotConfine(f"there is no sandbox on {platform.system()}; run it on Linux")
    if platform.machine() not in MACHINES:
        raise CannotConfine(f"there is no sandbox for {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, until + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _must(libc.prctl(38, 1, 0, 0, 0), "it may gain rights")  # PR_SET_NO_NEW_PRIVS
    _files(libc, writable, readable)
    capset = MACHINES[platform.machine()][1]
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    _must(libc.syscall(capset, header, ctypes.create_string_buffer(24)), "its rights stay")
    _calls(libc, platform.machine())


def _must(result: int, otherwise: str) -> None:
    if result < 0:
        raise CannotConfine(f"{otherwise}: {os.strerror(ctypes.get_errno())}")


def _files(libc: ctypes.CDLL, writable: Iterable[str], readable: Iterable[str]) -> None:
    version = libc.syscall(444, None, 0, 1)
    _must(version, "this kernel has no Landlock")
    handled = WRITE_EVERYTHING
    if version >= 2:
        handled |= 1 << 13  # move files to other directories
    if version >= 3:
        handled |= 1 << 14  # truncate
    attributes = struct.pack(
        "QQQ", handled, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(444, ctypes.create_string_buffer(attributes), size, 0)
    _must(ruleset, "its files cannot be kept apart")
    allowed = [(each, READ) for each in (*READABLE, *readable)]
    allowed += [(each, handled) for each in (*writable, "/dev/null")]
    for path, rights in allowed:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                rights &= FILE_RIGHTS | (1 << 14 if version >= 3 else 0)
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle))
            _must(libc.syscall(445, ruleset, 1, rule, 0), f"{path} cannot be allowed")
        finally:
            os.close(handle)
    _must(libc.syscall(446, ruleset, 0), "its files cannot be kept apart")
    os.close(ruleset)


def _calls(libc: ctypes.CDLL, name: str) -> None:
    """Let the kernel refuse calls: a program for its packet filter, of 8 bytes an instruction."""
    machine, _, prlimit, clone = MACHINES[name]
    load, equal, at_least, has = 0x20, 0x15, 0x35, 0x45
    number, architecture, argument = 0, 4, 16  # where they stand in what the filter is given
    answers = {
        "allow": 0x7FFF0000,
        "refuse": 0x00050000 | 13,  # EACCES
        "missing": 0x00050000 | 38,  # ENOSYS, so that the C library takes the older call
        "pretend": 0x00050000,
        "kill": 0x80000000,
    }
    # an instruction, and where to go if it holds and if not; nowhere is on to the next
    program: list[tuple[int, int, str, str]] = [
        (load, architecture, "", ""),
        (equal, machine, "", "kill"),
        (load, number, "", ""),
        (at_least, 0x40000000, "kill", ""),  # the other numbering of the same machine
        *((equal, each, "refuse", "") for each in REFUSED[name]),
        *((equal, each, "pretend", "") for each in PRETENDED[name]),
        (equal, CLONE3, "missing", ""),  # its flags are in memory, where no filter looks
        (equal, clone, "flags", ""),
        (equal, prlimit, "", "allow"),
        (load, argument, "", ""),
        (equal, 0, "allow", "refuse"),  # the limits of this process, or of another
    ]
    places = {"flags": len(program)}
    program += [(load, argument, "", ""), (has, NAMESPACES, "refuse", "allow")]
    places.update({each: len(program) + place for place, each in enumerate(answers)})
    code = b"".join(
        struct.pack(
            "HBBI", instruction, *(places[to] - place - 1 if to else 0 for to in where), value
        )
        for place, (instruction, value, *where) in enumerate(program)
    )
    code += b"".join(struct.pack("HBBI", 0x06, 0, 0, each) for each in answers.values())
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    )
    # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    _must(libc.prctl(22, 2, filters, 0, 0), "its calls cannot be limited")
