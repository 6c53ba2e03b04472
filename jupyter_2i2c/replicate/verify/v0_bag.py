"""V0: the bag is whole and its signature holds. Called by verify/__init__.py.

`bagit` reads what our own writer wrote: two programs that agree. Paths were looked at when the
bundle was opened.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import bagit

from .. import checksums
from ..bundle import Bundle
from ..signature import SIGNATURE, SignatureFails, verify_signature
from ..work import Work
from .ladder import Result, Rung, judged


def check(bundle: Bundle, trust: str | None, work: Work) -> Rung:
    """Compare every file with the manifests; look at the signature."""
    logging.getLogger("bagit").setLevel(logging.CRITICAL)  # what it says is in its exceptions
    items: dict[str, Result] = {}
    try:
        bag = bagit.Bag(str(bundle.top))
        missing, surplus = bag.compare_manifests_with_fs()[:2]
        items.update({name: Result("fail", "it is not there") for name in missing})
        items.update({name: Result("fail", "no manifest names it") for name in surplus})
        if items:
            return judged(items, "files")
        bag.validate(completeness_only=True)
    except bagit.BagValidationError as error:
        for detail in error.details or [error]:
            items[str(getattr(detail, "path", "the bag"))] = Result("fail", str(detail))
        return judged(items, "files")
    except (bagit.BagError, UnicodeError) as error:
        return judged({"the bag": Result("fail", str(error))}, "files")
    if not (bundle.top / "manifest-sha256.txt").is_file():
        return judged({"the bag": Result("fail", "it has no SHA-256 manifest")}, "files")
    expected = {name: told["sha256"] for name, told in bag.entries.items() if "sha256" in told}
    # a manifest of weaker checksums may name more than that of SHA-256, which alone is signed
    items.update(
        {name: Result("fail", "it has no SHA-256") for name in bag.entries if name not in expected}
    )
    hashes = checksums.of_files(
        (str(bundle.top / name) for name in expected), work, len(expected), "checking the bag"
    )
    for name, digest in expected.items():
        if hashes[str(bundle.top / name)] == digest.lower():
            items[name] = Result("pass")
        else:
            items[name] = Result("fail", "its bytes are not those of the manifest")
    if not trust and not (bundle.top / SIGNATURE).is_file():
        rung = judged(items, "files")
        return replace(rung, why=f"{rung.why}; the bundle is not signed")
    items["signature"] = _signature(bundle, trust)
    return judged(items, "files and signatures")


def _signature(bundle: Bundle, trust: str | None) -> Result:
    if not (bundle.top / SIGNATURE).is_file():
        return Result("fail", "a signature was asked for, and the bundle has none")
    if not trust:
        return Result("not-run", "it is signed; give --trust KEY to say whose signature it must be")
    try:
        return Result("pass", verify_signature(bundle.top, trust))
    except SignatureFails as error:
        return Result("fail", str(error))
