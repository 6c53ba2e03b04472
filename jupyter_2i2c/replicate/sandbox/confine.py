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

SYSCALLS = {
    # socket, ptrace, setsid, setpgid, kill, rt_sigqueueinfo, pidfd_send_signal, io_uring_setup,
    # then: those that are only as dangerous as the rights of root that are dropped below
    "x86_64": (0xC000003E, (41, 101, 112, 109, 62, 129, 424, 425), 126),
    "aarch64": (0xC00000B7, (198, 117, 157, 154, 129, 138, 424, 425), 91),
}
"""Of a machine: its number, the calls that fail, and the number of `capset`."""

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
    if platform.machine() not in SYSCALLS:
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
    machine, refused, capset = SYSCALLS[platform.machine()]
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    _must(libc.syscall(capset, header, ctypes.create_string_buffer(24)), "its rights stay")
    _calls(libc, machine, refused)


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


def _calls(libc: ctypes.CDLL, machine: int, refused: Iterable[int]) -> None:
    """Let the kernel refuse calls: a program for its packet filter, of 8 bytes an instruction."""
    numbers = list(refused)
    load, jump_equal, answer = 0x20, 0x15, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | 13, 0x80000000  # 13: EACCES
    program = [
        (load, 0, 0, 4),
        (jump_equal, 1, 0, machine),
        (answer, 0, 0, kill),
        (load, 0, 0, 0),
        (0x35, 0, 1, 0x40000000),  # the other numbering of the same machine
        (answer, 0, 0, kill),
    ]
    for place, number in enumerate(numbers):
        program.append((jump_equal, len(numbers) - place, 0, number))
    program += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    )
    # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    _must(libc.prctl(22, 2, filters, 0, 0), "its calls cannot be limited")
