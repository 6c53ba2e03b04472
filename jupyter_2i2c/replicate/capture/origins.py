"""Where each distribution came from. Called by environment.py."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .distributions import Distribution
from .files import editable_directory


@dataclass(frozen=True)
class Origin:
    """Where a distribution came from.

    Attributes:
        kind: ``index``, ``conda``, ``system``, ``vcs``, ``archive`` (a wheel or sdist by address or
            from a file), ``directory``, ``editable`` or ``unknown``.
        url: for ``vcs`` and an ``archive`` of an address; without credentials, never a local path.
        commit: of a ``vcs``.
    """

    kind: str
    url: str = ""
    commit: str = ""

    def to_json(self) -> dict[str, Any]:
        """Only what is known."""
        return {name: value for name, value in asdict(self).items() if value}


def origin(distribution: Distribution) -> Origin:
    """What the installer noted, or where its files lie."""
    told = distribution.direct_url
    url = without_credentials(str(told.get("url", "")))
    if editable_directory(distribution) is not None:
        return Origin("editable")
    if isinstance(vcs := told.get("vcs_info"), dict):
        return Origin("vcs", url, str(vcs.get("commit_id", "")))
    if "archive_info" in told:
        return Origin("archive", url)
    if "dir_info" in told:
        return Origin("directory")
    installer = distribution.note("INSTALLER").strip()
    if installer == "conda":
        return Origin("conda")
    if "dist-packages" in distribution.site.parts and installer not in ("pip", "uv"):
        return Origin("system")
    # uv notes a wheel from a file only in its own notes, where a lock named it
    if '"timestamp"' in distribution.note("uv_cache.json") and not told:
        return Origin("archive")
    return Origin("index") if installer else Origin("unknown")


def without_credentials(url: str) -> str:
    """An address without user and password; empty for a path on this machine."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("", "file"):
            return ""
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))
