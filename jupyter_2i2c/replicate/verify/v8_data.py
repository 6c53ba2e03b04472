"""V8: the checksums of the person's files hold. Called by verify/__init__.py."""

from __future__ import annotations

from ..bundle import Bundle
from ..work import Work
from .ladder import Result, Rung, judged, not_run


def check(bundle: Bundle, work: Work) -> Rung:
    """Every file of a home against the bag's list of checksums; V0 has compared the bytes already."""
    work.check()
    homes = [name for name in bundle.names() if name.startswith("homes/")]
    if bundle.manifest().kind == "home":
        homes = bundle.names()
    if not homes:
        return not_run("the bundle holds no data; take it with `capture home`")
    listed = (bundle.top / "manifest-sha256.txt").read_text("utf-8", "surrogateescape")
    names = {line.partition(" ")[2].strip() for line in listed.splitlines()}
    items = {
        name: Result("pass") if f"data/{name}" in names else Result("fail", "it has no checksum")
        for name in homes
    }
    return judged(items, "files")
