"""What each source says about a hub, and how the sources are laid over each other, field by field.

Called by config.py, homepage.py, values.py, server/info.py, hub/facts.py and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .model import (
    Contact,
    FactSheet,
    HubFacts,
    Party,
    Principle,
    Problem,
    Provenance,
    from_json,
    to_json,
)


@dataclass(frozen=True)
class Stated:
    """What one source says; a field that it does not mention is not in `values`.

    Attributes:
        values: fields of `HubFacts` and what they are.
        provenance: where each of them stands.
        problems: what could not be used.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def overlay(*sources: Stated) -> Stated:
    """The sources as one; of a field that several mention, the first one's word counts."""
    values: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    problems: list[Problem] = []
    for source in sources:
        for name, value in source.values.items():
            if name not in values:
                values[name] = value
                provenance[name] = source.provenance[name]
        problems.extend(source.problems)
    return Stated(values, provenance, tuple(problems))


def resolve(*sources: Stated) -> FactSheet:
    """The facts: the sources in order of precedence, over the defaults.

    Where the hub has an operator of its own and says nothing of contacts, the default operator's
    contact gives way to that operator's page.
    """
    from .defaults import DEFAULTS, OPERATOR

    stated = overlay(*sources)
    facts = replace(DEFAULTS, **stated.values)
    provenance = dict(stated.provenance)
    for name in HubFacts.__dataclass_fields__:
        if name not in provenance and getattr(facts, name):
            provenance[name] = Provenance("default", "2i2c's public facts")
    operator = facts.operated_by
    if "contacts" not in stated.values and (operator is None or operator.name != OPERATOR.name):
        contacts = (operator_contact(operator),) if operator else ()
        facts = replace(facts, contacts=contacts)
        provenance["contacts"] = Provenance("default", "the hub's operator")
    return FactSheet(facts, provenance, stated.problems)


def operator_contact(operator: Party) -> Contact:
    """An operator of whom only the page is known, as somebody to ask."""
    return Contact("operator", operator.name, "outages, and changes to the hub", url=operator.url)


def sheet_to_json(sheet: FactSheet) -> dict[str, Any]:
    """The JSON form of the service's answer: facts and provenance, without the problems.

    Returns:
        ``{"facts": {…}, "provenance": {field: {"layer": …, "source": …}}}``; evidence of a
        principle is an address.
    """
    facts = replace(
        sheet.facts,
        principles=tuple(
            Principle(each.name, evidence(each, sheet.facts)) for each in sheet.facts.principles
        ),
        contacts=tuple(sorted(sheet.facts.contacts, key=_order_to_ask)),
    )
    return {
        "facts": to_json(facts),
        "provenance": {name: to_json(each) for name, each in sheet.provenance.items()},
    }


def evidence(principle: Principle, facts: HubFacts) -> str:
    """The address at which a principle can be seen at work; empty if there is none."""
    if principle.evidence.startswith(("https://", "http://")):
        return principle.evidence
    # of the facts, those that are addresses
    named = principle.evidence if principle.evidence.endswith("url") else ""
    return getattr(facts, named, "") if named in HubFacts.__dataclass_fields__ else ""


def _order_to_ask(contact: Contact) -> int:
    from .config import ROLES

    return ROLES.index(contact.role) if contact.role in ROLES else len(ROLES)


def from_service(answer: Any) -> tuple[Stated, Stated]:
    """What the hub's service says, from the JSON of its answer.

    Returns:
        What the hub states, and what its service filled in by default. The first goes over local
        configuration, the second below it.

    Raises:
        ValueError: it is not such an answer.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("facts"), Mapping):
        raise ValueError("the answer holds no facts")
    facts = from_json(HubFacts, answer["facts"])
    given = answer.get("provenance")
    stated: dict[str, Provenance] = {}
    default: dict[str, Provenance] = {}
    for name, value in (given if isinstance(given, Mapping) else {}).items():
        if name in HubFacts.__dataclass_fields__ and name in answer["facts"]:
            where = from_json(Provenance, value)
            (default if where.layer == "default" else stated)[name] = where
    return (
        Stated({name: getattr(facts, name) for name in stated}, stated),
        Stated({name: getattr(facts, name) for name in default}, default),
    )
