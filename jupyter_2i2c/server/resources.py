"""Memory and processor of this session: from its control group, else from its processes. Called by observation.py.

Numbers of the whole machine say nothing about a session on a shared one, so they are never used.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass(frozen=True)
class Usage:
    """How much is used, and of how much.

    Attributes:
        used: bytes, or cores; None if not known yet.
        limit: in the same unit; None if there is none, or it is not known.
    """

    used: float | None
    limit: float | None


class ControlGroup:
    """The control group that this process is in, version 2 or 1.

    Args:
        root: where control groups are mounted.
        own: the content of ``/proc/self/cgroup``.
    """

    def __init__(self, root: Path, own: str) -> None:
        self._root = root
        self._own = own

    def memory(self) -> Usage | None:
        """Bytes used without the file cache that the kernel would give back, and the limit.

        None where the group is not this session's own.
        """
        for group, (current, limit, stat, inactive) in self._memory_files():
            used = _number(group / current)
            if used is None:
                continue
            cache = _field(group / stat, inactive) or 0
            most = _number(group / limit)
            if most is not None and most >= 2**60:  # version 1 says "no limit" by a huge one
                most = None
            if most is None and not self._is_a_container(group):
                continue
            return Usage(max(used - cache, 0), most)
        return None

    def cpu_seconds(self) -> float | None:
        """Processor time that the group has used."""
        for group in self._groups("", "cpuacct"):
            micro = _field(group / "cpu.stat", "usage_usec")
            if micro is not None:
                return micro / 1e6
            nano = _number(group / "cpuacct.usage")
            if nano is not None:
                return nano / 1e9
        return None

    def cpu_limit(self) -> float | None:
        """Cores that the group may use at a time."""
        for group in self._groups("", "cpu"):
            words = _read(group / "cpu.max").split()
            if len(words) == 2 and words[0].isdigit():
                return int(words[0]) / int(words[1])
            quota = _number(group / "cpu.cfs_quota_us")
            period = _number(group / "cpu.cfs_period_us")
            if quota and period and quota > 0:
                return quota / period
        return None

    def _memory_files(self) -> list[tuple[Path, tuple[str, str, str, str]]]:
        two = ("memory.current", "memory.max", "memory.stat", "inactive_file")
        one = (
            "memory.usage_in_bytes",
            "memory.limit_in_bytes",
            "memory.stat",
            "total_inactive_file",
        )
        return [(group, two) for group in self._groups("")] + [
            (group, one) for group in self._groups("memory")
        ]

    def _groups(self, *controllers: str) -> list[Path]:
        """Directories that may be this process's group, the most likely first."""
        found = []
        for line in self._own.splitlines():
            _, names, path = [*line.split(":", 2), "", ""][:3]
            for controller in controllers:
                if controller in names.split(","):
                    base = self._root / controller
                    # inside a container the path may be the host's, and the mount the group's own
                    found += [base / path.lstrip("/"), base]
        return found

    def _is_a_container(self, group: Path) -> bool:
        """Whether the mount shows no more than this session's group, as inside a container.

        The true root has no ``memory.current``, so one at the mount's root is a container's.
        """
        return group == self._root and not (self._root / "cgroup.procs").is_symlink()


class Meter:
    """Reads what a session uses.

    Args:
        environment: for the limits that spawners tell in ``MEM_LIMIT`` and ``CPU_LIMIT``.
        group: the control group; by default this process's own.
    """

    def __init__(
        self, environment: Mapping[str, str] = os.environ, group: ControlGroup | None = None
    ) -> None:
        self._environment = environment
        self._group = group or ControlGroup(
            Path("/sys/fs/cgroup"), _read(Path("/proc/self/cgroup"))
        )
        self._cpu_before: tuple[float, float] | None = None

    def read(self) -> tuple[Usage | None, Usage | None]:
        """Memory in bytes and processor in cores; None where it cannot be known here."""
        memory = self._group.memory()
        if memory:
            seconds = self._group.cpu_seconds()
            cores = self._group.cpu_limit()
        else:
            memory, seconds = _of_processes()
            cores = None
        memory_limit = _least(memory.limit if memory else None, amount(self._told("MEM_LIMIT")))
        cpu_limit = _least(cores, amount(self._told("CPU_LIMIT")))
        return (
            Usage(memory.used, memory_limit) if memory else None,
            None if seconds is None else Usage(self._rate(seconds), cpu_limit),
        )

    def _told(self, name: str) -> str:
        return self._environment.get(name, "")

    def _rate(self, seconds: float) -> float | None:
        """Cores used since the last reading; None at the first."""
        now = time.monotonic()
        before, self._cpu_before = self._cpu_before, (now, seconds)
        if before is None or now <= before[0] or seconds < before[1]:
            return None
        return round((seconds - before[1]) / (now - before[0]), 2)


def _of_processes() -> tuple[Usage | None, float | None]:
    """Memory and processor time of this server and all that it started."""
    try:
        import psutil
    except ImportError:
        return None, None
    used, seconds = 0, 0.0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            used += process.memory_info().rss
            times = process.cpu_times()
        except psutil.Error:  # gone meanwhile
            continue
        seconds += times.user + times.system
    return Usage(used, None), seconds


def amount(told: str) -> float | None:
    """A limit as spawners write it, ``2147483648``, ``2G`` or ``0.5``; None for none."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([kmgt]?)(?:i?b)?\s*", told, re.IGNORECASE)
    try:
        value = float(match[1]) * _UNITS[match[2].lower()] if match else 0.0
    except ValueError:
        return None
    return value or None


def _least(*limits: float | None) -> float | None:
    known = [limit for limit in limits if limit]
    return min(known) if known else None


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _read(path)
    return int(text) if text.lstrip("-").isdigit() else None


def _field(path: Path, name: str) -> int | None:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return None
