"""The words that both sides share: what there is to say about a hub. Read by server/, hub/ and the command line.

Every class is a frozen dataclass with a plain JSON form (`to_json`, `from_json`). Nothing here
knows HTTP, tornado, Jupyter or JupyterHub. All text is *untrusted plain text*: whoever shows it
escapes it. Addresses have been through `jupyter_2i2c.text.web_address`, or are empty.

The TypeScript mirror is ``src/api.ts``; ``tests/data/info.json`` is asserted in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True)
class Party:
    """Somebody with a part in the hub: who runs, designed or pays for it, or whose it is.

    Attributes:
        name: what they are called, one line.
        url: where to read about them; empty if there is no such page.
    """

    name: str
    url: str = ""


@dataclass(frozen=True)
class Span:
    """A run of plain text, or a link if it has an address; a paragraph ends with a blank line.

    Attributes:
        text: the words.
        url: http, https or mailto address that they link to; empty for plain words.
    """

    text: str
    url: str = ""


@dataclass(frozen=True)
class Layer:
    """One layer of the right to replicate, and how far it is promised to be open.

    Attributes:
        key: ``data``, ``environment``, ``infrastructure``, ``cloud``, or a word of the hub's own.
        name: the layer's name on screen.
        level: ``MAY``, ``SHOULD`` or ``MUST`` in the sense of RFC 2119.
        meaning: what is promised, one sentence.
    """

    key: str
    name: str
    level: str
    meaning: str


@dataclass(frozen=True)
class Contact:
    """Somebody to ask, and what for.

    Attributes:
        role: ``community`` (asked first), ``representative`` or ``operator``.
        name: what to call them.
        purpose: what they help with, a few words.
        audience: who may turn to them: ``everyone``, ``representatives`` or ``administrators``.
        email: an address, or empty.
        url: a page, or empty.
    """

    role: str
    name: str
    purpose: str = ""
    audience: str = "everyone"
    email: str = ""
    url: str = ""


@dataclass(frozen=True)
class SupportCategory:
    """A kind of request, and the answer that may be expected.

    Attributes:
        key: ``incident``, ``change``, ``guidance``, ``event``, or a word of the hub's own.
        name: on screen.
        meaning: when it is this kind.
        objective: the aim for a first answer, in words (an objective, not a guarantee).
    """

    key: str
    name: str
    meaning: str = ""
    objective: str = ""


@dataclass(frozen=True)
class OutageKind:
    """Something that can be wrong with a hub.

    Attributes:
        key: a word for it.
        name: on screen.
        reportable: whether it can be reported from a running server at all.
    """

    key: str
    name: str
    reportable: bool = True


@dataclass(frozen=True)
class Principle:
    """Something the platform stands for, and where that shows on this hub.

    Attributes:
        name: one word or two.
        evidence: the name of an address among the facts (``configuration_url``), or an address.
    """

    name: str
    evidence: str = ""


@dataclass(frozen=True)
class Link:
    """A page worth a click.

    Attributes:
        name: what is there.
        url: its address.
    """

    name: str
    url: str


@dataclass(frozen=True)
class Component:
    """A piece of open source that the hub or the session runs on, as found at run time.

    Attributes:
        name: the project.
        version: as installed.
        url: its source repository.
    """

    name: str
    version: str
    url: str = ""


@dataclass(frozen=True)
class Culling:
    """When the hub stops servers by itself. All times in seconds; 0 means: not for that reason.

    Attributes:
        timeout: after so long without activity.
        max_age: after so long since its start, active or not.
        every: how often the culler looks.
        users: whether users are removed along with their servers.
    """

    timeout: int = 0
    max_age: int = 0
    every: int = 0
    users: bool = False


@dataclass(frozen=True)
class HubFacts:
    """All there is to say about a hub.

    Each field has a trait of the same name on `jupyter_2i2c.config.HubInformation`; that trait's
    help says where to get the value. An empty field hides its row.

    Attributes:
        name: the hub's name.
        description: what it is for, a sentence or two.
        logo: a ``data:`` address that is shown, or an http(s) one, which is only linked to.
        url: where people log in.
        org: the community or organisation whose hub it is.
        operated_by: who keeps it running.
        designed_by: who designed it.
        funded_by: who pays for it.
        provider: whose machines it runs on.
        region: where those are.
        audience: who this hub is for.
        notices: what the hub's home page announces.
        learn_more: where to read more, as the home page says it.
        docs_url: documentation for the people on this hub.
        status_url: whether the hub is up.
        configuration_url: this hub's public configuration.
        statement: the right to replicate, word for word.
        statement_url: its page.
        layers: what it means layer by layer.
        commitments: what the operator commits to.
        platform: whose mission, principles, roadmap and impact the following are.
        mission: one sentence.
        mission_url: its page.
        principles: what the platform stands for.
        roadmap_url: what is planned.
        upstream_url: where the platform's contributions to open source are counted.
        impact_url: what came of it.
        qualifications: pages about the operator's qualifications, for administrators.
        contacts: whom to ask.
        support_categories: kinds of requests.
        outage_kinds: what can be wrong.
        age_recipient: public age key of the operator, for secrets in transit.
        culling: when the hub stops servers by itself; None where that is not known.
        components: open source that the hub's side runs on, found at run time.
    """

    name: str = ""
    description: str = ""
    logo: str = ""
    url: str = ""
    org: Party | None = None
    operated_by: Party | None = None
    designed_by: Party | None = None
    funded_by: tuple[Party, ...] = ()
    provider: str = ""
    region: str = ""
    audience: str = ""
    notices: tuple[tuple[Span, ...], ...] = ()
    learn_more: tuple[Span, ...] = ()
    docs_url: str = ""
    status_url: str = ""
    configuration_url: str = ""
    statement: str = ""
    statement_url: str = ""
    layers: tuple[Layer, ...] = ()
    commitments: tuple[str, ...] = ()
    platform: Party | None = None
    mission: str = ""
    mission_url: str = ""
    principles: tuple[Principle, ...] = ()
    roadmap_url: str = ""
    upstream_url: str = ""
    impact_url: str = ""
    qualifications: tuple[Link, ...] = ()
    contacts: tuple[Contact, ...] = ()
    support_categories: tuple[SupportCategory, ...] = ()
    outage_kinds: tuple[OutageKind, ...] = ()
    age_recipient: str = ""
    culling: Culling | None = None
    components: tuple[Component, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """Where a fact comes from.

    Attributes:
        layer: ``service`` (the hub's own word), ``local`` (this server's or file's) or ``default``.
        source: the trait, file and place, for a person to look up.
    """

    layer: str
    source: str


@dataclass(frozen=True)
class Problem:
    """A setting that cannot be used; the rest is shown all the same.

    Attributes:
        setting: its full name (``HubInformation.docs_url``), or a file.
        given: what was found there, shortened.
        expected: what is expected instead.
    """

    setting: str
    given: str
    expected: str

    def __str__(self) -> str:
        return f"{self.setting}: given {self.given}, expected {self.expected}"


@dataclass(frozen=True)
class FactSheet:
    """The facts of a hub, each with its provenance, and what was wrong on the way.

    Attributes:
        facts: the facts.
        provenance: for each field of `facts` that says something, where it comes from.
        problems: settings that could not be used.
    """

    facts: HubFacts
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Something that was looked at, and what it means for who takes the hub elsewhere.

    Attributes:
        id: a word for it, the only one of its layer.
        what: the kind of thing, such as ``Python packages``; several may be about the same.
        found: what was found, a few words.
        status: ``open``, ``own-licence`` (to be licensed anew), ``tied`` (to a cloud, an operator, an
            address), ``unpinned`` (another thing tomorrow) or ``not-known``.
        count: how many; 0 where there is nothing to count.
        names: of up to 50 of them: packages, images, settings; never what a setting is set to.
        source: where this was seen.
        way_out: what to do about it; empty where nothing is to be done.
    """

    id: str
    what: str
    found: str
    status: str
    count: int = 0
    names: tuple[str, ...] = ()
    source: str = ""
    way_out: str = ""


@dataclass(frozen=True)
class LayerEvidence:
    """What was found of one layer.

    Attributes:
        key: of the layer, as in `Layer`.
        items: what was found.
    """

    key: str
    items: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class EvidenceSheet:
    """What was found of each layer.

    Attributes:
        at: when it was looked at, ISO 8601.
        layers: in the order of the promise.
    """

    at: str
    layers: tuple[LayerEvidence, ...] = ()


def to_json(value: Any) -> dict[str, Any]:
    """The plain JSON form of one of the dataclasses above: tuples become lists."""
    return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}


def _encode(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    return to_json(value) if hasattr(value, "__dataclass_fields__") else value


@cache
def _types(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls)}


def from_json(cls: type[T], data: Any) -> T:
    """Read `cls` from its JSON form.

    Unknown keys are ignored and a field of the wrong type is left at its default, so that sides
    of different versions understand each other.

    Raises:
        ValueError: `data` is not an object, or lacks a field that has no default.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"expected an object for {cls.__name__}, got {type(data).__name__}")
    values = {}
    for name, kind in _types(cls).items():  # type: ignore[arg-type]
        if name in data:
            try:
                values[name] = _decode(kind, data[name])
            except ValueError:
                continue
    try:
        return cls(**values)
    except TypeError as missing:
        raise ValueError(f"{cls.__name__}: {missing}") from None


def _decode(kind: Any, data: Any) -> Any:
    """Read one value of the annotated type `kind`; ValueError if `data` is of another type."""
    if get_origin(kind) is tuple:
        if not isinstance(data, (list, tuple)):
            raise ValueError("expected a list")
        items = []
        for item in data:
            try:
                items.append(_decode(get_args(kind)[0], item))
            except ValueError:
                continue
        return tuple(items)
    if type(None) in get_args(kind):
        if data is None:
            return None
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if hasattr(kind, "__dataclass_fields__"):
        return from_json(kind, data)
    # bool is an int to Python, not to us
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise ValueError(f"expected {kind.__name__}")
    return data
