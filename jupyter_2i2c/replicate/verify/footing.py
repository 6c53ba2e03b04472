"""What every ladder stands on: V0, and V1 of the bundle's own files. Called by verify/__init__.py, kubernetes.py and tljh.py."""

from __future__ import annotations

from dataclasses import dataclass

from ..bundle import Bundle
from ..work import Work
from . import v0_bag, v1_schema
from .ladder import RUNGS, Rung


@dataclass
class Footing:
    """A ladder whose first rungs were tried.

    Attributes:
        wanted: the rungs to try, these among them.
        rungs: what V0 says, and V1 where it was to be tried.
        broken: the one that failed; empty where none did. What a bundle says of itself cannot be
            believed then, and nothing above is tried.
    """

    wanted: list[str]
    rungs: dict[str, Rung]
    broken: str


def footing(bundle: Bundle, up_to: str, trust: str | None, work: Work) -> Footing:
    """Try them.

    Arguments:
        bundle: any.
        up_to: the last rung to try.
        trust: a public key; the bundle must be signed with its private one.
        work: told how far it is.
    """
    wanted = list(RUNGS)[: list(RUNGS).index(up_to) + 1]
    rungs = {"V0": v0_bag.check(bundle, trust, work)}
    if rungs["V0"].status != "fail" and "V1" in wanted:
        rungs["V1"] = v1_schema.check(bundle, work)
    broken = next((name for name, each in rungs.items() if each.status == "fail"), "")
    return Footing(wanted, rungs, broken)
