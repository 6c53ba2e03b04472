"""Asks an interpreter about itself. Imported by interpreter.py, and run by it as a file in another interpreter.

Needs nothing but the standard library, and of that little: it is on the way of every listing.
"""

import os
import site
import sys
from contextlib import suppress
from typing import TypedDict


class Facts(TypedDict):
    """What is told; as interpreter.py's `Interpreter` says."""

    executable: str
    version: str
    implementation: str
    prefix: str
    base_prefix: str
    sites: list[str]
    user_base: str
    platform: dict[str, str]


def facts() -> Facts:
    """What this interpreter is, as plain JSON."""
    sites = []
    if site.ENABLE_USER_SITE:
        sites.append(site.getusersitepackages())
    sites += site.getsitepackages()
    known = {os.path.realpath(each) for each in sites}
    for each in sys.path:  # what a .pth file or a system package manager added
        if (
            each.endswith(("site-packages", "dist-packages"))
            and os.path.realpath(each) not in known
        ):
            sites.append(each)
            known.add(os.path.realpath(each))
    unique = {os.path.realpath(each): each for each in reversed(sites) if os.path.isdir(each)}  # noqa: PTH112
    return {
        "executable": sys.executable,
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "sites": list(unique.values())[::-1],
        "user_base": site.getuserbase(),
        "platform": _platform(),
    }


def _platform() -> dict[str, str]:
    system = os.uname() if hasattr(os, "uname") else None
    told = {"system": sys.platform}
    if system:
        told.update(machine=system.machine, system=system.sysname.lower())
    with suppress(AttributeError, OSError, ValueError):
        told["libc"] = os.confstr("CS_GNU_LIBC_VERSION") or ""
    with suppress(OSError), open("/etc/os-release", encoding="utf-8") as file:  # noqa: PTH123
        for line in file:
            name, _, value = line.strip().partition("=")
            if name in ("ID", "VERSION_ID"):
                told["os_" + name.lower()] = value.strip("\"'")
    return told


if __name__ == "__main__":
    import json

    json.dump(facts(), sys.stdout)
