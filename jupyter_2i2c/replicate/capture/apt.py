"""apt packages, from dpkg's own files; no command is run. Called by environment.py and ../evidence."""

from __future__ import annotations

from pathlib import Path

from .collected import Collected

STATUS = "var/lib/dpkg/status"
EXTENDED = "var/lib/apt/extended_states"


def packages(root: Path) -> list[tuple[str, str, str]]:
    """Name, version and architecture of every package that is installed, sorted."""
    found = []
    for fields in _stanzas(root / STATUS):
        if fields.get("Status", "").endswith(" installed"):
            told = (fields.get("Package", ""), fields.get("Version", ""))
            found.append((*told, fields.get("Architecture", "")))
    return sorted(found)


def sections(root: Path) -> list[tuple[str, str, str]]:
    """Name, section and maintainer of every package that is installed, sorted."""
    return sorted(
        (fields.get("Package", ""), fields.get("Section", ""), fields.get("Maintainer", ""))
        for fields in _stanzas(root / STATUS)
        if fields.get("Status", "").endswith(" installed")
    )


def automatic(root: Path) -> set[str]:
    """The names of those that are there only because others need them."""
    return {
        fields.get("Package", "")
        for fields in _stanzas(root / EXTENDED)
        if fields.get("Auto-Installed") == "1"
    }


def _stanzas(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return []
    stanzas = []
    for block in text.split("\n\n"):
        fields = {}
        for line in block.splitlines():
            name, separator, value = line.partition(": ")
            if separator and not line[0].isspace():
                fields[name] = value
        if fields:
            stanzas.append(fields)
    return stanzas


def capture(collected: Collected, root: Path = Path("/")) -> list[str]:
    """Write what apt installed.

    Returns:
        The names that somebody asked for, as far as apt knows.
    """
    found = packages(root)
    if not found:
        collected.missing("apt packages", "this machine has no dpkg")
        return []
    listing = "".join("\t".join(each) + "\n" for each in found)
    collected.kept(
        "apt",
        "packages",
        "apt-packages.tsv",
        listing,
        f"{len(found)} packages in /{STATUS}",
        action="install apt.txt on the new machine or in its image",
    )
    by_itself = automatic(root)
    asked = sorted({name for name, _, _ in found} - by_itself)
    collected.text("apt.txt", "".join(f"{name}\n" for name in asked))
    return asked
