"""V8: the checksums of the person's files hold. Called by verify/__init__.py."""

from __future__ import annotations

from pathlib import Path

from ..bundle import Bundle
from ..errors import ReplicateError
from ..work import Work
from .ladder import Result, Rung, failed, judged, not_run


def check(bundle: Bundle, work: Work) -> Rung:
    """Every file of a home against the bag's list of checksums; V0 has compared the bytes already."""
    work.check()
    homes = [name for name in bundle.names() if name.startswith("homes/")]
    if bundle.manifest().kind == "home":
        homes = bundle.names()
    if not homes:
        return not_run("the bundle holds no data; take it with `capture home`")
    listed = (bundle.top / "manifest-sha256.txt").read_text("utf-8", "surrogateescape")
    names = {line.partition(" ")[2].strip() for line in listed.split("\n")}
    items = {
        name: Result("pass") if f"data/{name}" in names else Result("fail", "it has no checksum")
        for name in homes
    }
    return judged(items, "files")


def check_home(place: Path, work: Work) -> dict[str, Rung]:
    """V0 and V8 of a home that was taken away by itself; it is read, not unpacked."""
    from ..home.verify import verify_home

    try:
        checked = verify_home(place, work)
    except (ReplicateError, OSError) as error:
        return {"V0": failed(str(error))}
    if checked.whole:
        said = Rung("pass", f"{checked.files:,} files have the checksums that are listed for them")
    else:
        said = judged({path: Result("fail", why) for path, why in checked.wrong}, "files")
        said = said if checked.wrong else failed("it lists no checksums")
    return {"V0": said, "V8": said}
