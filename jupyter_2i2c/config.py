"""The traits that an operator sets, `c.HubInformation.…`. Read by server/, hub/ and the command line alike.

A value that cannot be used never stops anything: it becomes a `Problem` that names the trait, what
was given and what is expected, and the rest still shows.
"""

from __future__ import annotations

import base64
import difflib
import mimetypes
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from traitlets import List as ListTrait
from traitlets import TraitError, TraitType, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import DeferredConfig, LazyConfigValue

from . import text
from .defaults import DEFAULTS
from .model import (
    Contact,
    Culling,
    Layer,
    Link,
    OutageKind,
    Party,
    Principle,
    Problem,
    Provenance,
    Span,
    SupportCategory,
)
from .sources import Stated

MAX_LOGO = 64 * 1024
"""Bytes of a logo; it is part of every answer."""

ROLES = ("community", "representative", "operator")
AUDIENCES = ("everyone", "representatives", "administrators")
LEVELS = ("MAY", "SHOULD", "MUST")


class Line(TraitType[str, str]):
    """A single line of plain text."""

    default_value = ""
    info_text = f"a line of text of at most {text.MAX_TEXT} characters"

    def validate(self, obj: Any, value: Any) -> str:
        if not isinstance(value, str) or len(value) > text.MAX_TEXT:
            self.error(obj, value)
        return text.line(value)


class Address(TraitType[str, str]):
    """An address to link to."""

    default_value = ""
    info_text = "an address that begins with https://, http:// or mailto:"

    def validate(self, obj: Any, value: Any) -> str:
        if not isinstance(value, str):
            self.error(obj, value)
        try:
            return text.web_address(value)
        except ValueError:
            self.error(obj, value)


class Words(TraitType[Any, Any]):
    """Plain text or simple HTML, of which the words and the links are kept."""

    default_value = ()
    info_text = f"text or HTML of at most {text.MAX_TEXT} characters"

    def validate(self, obj: Any, value: Any) -> tuple[Span, ...]:
        if not isinstance(value, str) or len(value) > text.MAX_TEXT:
            self.error(obj, value)
        return text.from_html(value)


class Logo(TraitType[str, str]):
    """A picture: a file or a ``data:`` address, which we serve; or a web address, which is only a link."""

    default_value = ""
    info_text = (
        f"the path of a PNG, JPEG, GIF, WebP or SVG file of at most {MAX_LOGO // 1024} KiB, such a"
        " data: address, or a web address (shown as a link: nothing is loaded from other hosts)"
    )
    _DATA = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*")

    def validate(self, obj: Any, value: Any) -> str:
        if not isinstance(value, str):
            self.error(obj, value)
        if value.startswith("data:"):
            if not self._DATA.fullmatch(value) or len(value) > MAX_LOGO * 4 // 3 + 64:
                self.error(obj, value[:80])
            return value
        if value.startswith(("http:", "https:")):
            try:
                return text.web_address(value)
            except ValueError:
                self.error(obj, value)
        return self._read(obj, value) if value else ""

    def _read(self, obj: Any, value: str) -> str:
        kind = mimetypes.guess_type(value)[0] or ""
        content = b""
        # values of somebody else's may name what never ends
        with suppress(OSError, ValueError):
            if Path(value).is_file():
                with Path(value).open("rb") as file:
                    content = file.read(MAX_LOGO + 1)
        data = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        if not 0 < len(content) <= MAX_LOGO or not self._DATA.fullmatch(data):
            self.error(obj, value)
        return data


class Record(TraitType[Any, Any]):
    """A mapping with the fields of a dataclass of model.py; a plain string is taken as its name.

    Args:
        cls: the dataclass.
        choices: for fields with a fixed vocabulary, their words.
    """

    def __init__(
        self, cls: type[Any], choices: Mapping[str, tuple[str, ...]] | None = None, **kwargs: Any
    ) -> None:
        self.cls = cls
        self.choices = dict(choices or {})
        super().__init__(default_value=None, allow_none=True, **kwargs)

    def info(self) -> str:
        names = [f.name for f in fields(self.cls)]
        required = [f.name for f in fields(self.cls) if f.default is MISSING]
        what = f"a dictionary with {', '.join(names)} ({', '.join(required) or 'none'} required)"
        for name, words in self.choices.items():
            what += f", {name} one of {', '.join(words)}"
        return what

    def validate(self, obj: Any, value: Any) -> Any:
        if isinstance(value, self.cls):
            return value
        if isinstance(value, str) and "name" in self.cls.__dataclass_fields__:
            value = {"name": value}
        if not isinstance(value, Mapping) or set(value) - set(self.cls.__dataclass_fields__):
            self.error(obj, value)
        try:
            return self.cls(**{key: self._field(key, each) for key, each in value.items()})
        except (TypeError, ValueError):
            self.error(obj, value)

    def _field(self, key: str, value: Any) -> Any:
        kind = self.cls.__dataclass_fields__[key].type
        if kind in ("bool", "int"):
            if type(value).__name__ != kind:
                raise TypeError(f"{key} is not {kind}")
            return value
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > text.MAX_TEXT:
            raise TypeError(f"{key} is not a text")
        if key in self.choices and value not in self.choices[key]:
            raise ValueError(f"{key} is not one of {self.choices[key]}")
        if key == "url":
            return text.web_address(value)
        if key == "email" and value and not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", value):
            raise ValueError("not an e-mail address")
        return text.line(value)


class Records(ListTrait[Any]):
    """A list of `Record`; a single one is taken as a list of one. Kept as a tuple."""

    def __init__(self, record: Record, **kwargs: Any) -> None:
        self.record = record
        super().__init__(**kwargs)

    def info(self) -> str:
        return f"a list of which each is {self.record.info()}"

    def validate(self, obj: Any, value: Any) -> Any:
        if isinstance(value, (Mapping, str, self.record.cls)):
            value = [value]
        if not isinstance(value, (list, tuple)):
            self.error(obj, value)
        try:
            return tuple(self.record.validate(obj, each) for each in value)
        except TraitError:
            self.error(obj, value)


class Lines(ListTrait[Any]):
    """A list of single lines of plain text. Kept as a tuple."""

    def info(self) -> str:
        return "a list of lines of text"

    def validate(self, obj: Any, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
            self.error(obj, value)
        return tuple(text.line(each[: text.MAX_TEXT]) for each in value)


class Notices(ListTrait[Any]):
    """A list of pieces of text or simple HTML. Kept as a tuple of `Span` tuples."""

    def info(self) -> str:
        return "a list of texts or pieces of HTML"

    def validate(self, obj: Any, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
            self.error(obj, value)
        return tuple(spans for each in value if (spans := text.from_html(each)))


class HubInformation(Configurable):
    """What people on this hub are told about it.

    Set it in ``jupyterhub_config.py`` (for the whole hub, through `setup_hub`) or in
    ``jupyter_server_config.py`` (for one image or one machine). A trait that is not set keeps
    2i2c's public default, or its row is not shown. An empty value removes a default.
    """

    name = Line(help="What the hub is called. Example: ``'Coastal Ocean Hub'``.").tag(config=True)
    description = Line(help="What the hub is for, in a sentence or two.").tag(config=True)
    logo = Logo(
        help="Path of a picture beside the configuration, or a ``data:`` address. The address of a"
        " picture elsewhere is only linked to."
    ).tag(config=True)
    url = Address(help="The address at which people log in.").tag(config=True)
    org = Record(
        Party,
        help="The community or organisation whose hub it is: a name, or ``{'name': …, 'url': …}``.",
    ).tag(config=True)
    operated_by = Record(Party, help="Who keeps the hub running. Default: 2i2c.").tag(config=True)
    designed_by = Record(Party, help="Who designed the hub.").tag(config=True)
    funded_by = Records(Record(Party), help="Who pays for the hub; one or several.").tag(
        config=True
    )
    provider = Line(
        help="Whose machines the hub runs on. Example: ``'Google Cloud'``. Empty: not known."
    ).tag(config=True)
    region = Line(help="Where those machines are. Example: ``'us-central1'``.").tag(config=True)
    audience = Line(help="Who this hub is for, in a sentence.").tag(config=True)
    notices = Notices(help="What the hub's home page announces; text or HTML.").tag(config=True)
    learn_more = Words(help="Where to read more; text or HTML with links.").tag(config=True)
    docs_url = Address(help="Documentation for the people on this hub.").tag(config=True)
    status_url = Address(help="A page that says whether the hub is up.").tag(config=True)
    configuration_url = Address(
        help="This hub's public configuration: the directory of a repository."
    ).tag(config=True)
    statement = Line(help="The right to replicate, word for word.").tag(config=True)
    statement_url = Address(help="The page of the right to replicate.").tag(config=True)
    layers = Records(
        Record(Layer, {"level": LEVELS}),
        help="The right to replicate, layer by layer: key, name, level (MAY, SHOULD, MUST) and"
        " meaning of each.",
    ).tag(config=True)
    commitments = Lines(help="What the operator commits to, a sentence each.").tag(config=True)
    platform = Record(
        Party,
        help="Whose mission, principles, roadmap and impact are shown. Default: 2i2c.",
    ).tag(config=True)
    mission = Line(help="The platform's mission in one sentence.").tag(config=True)
    mission_url = Address(help="Where the mission is told in full.").tag(config=True)
    principles = Records(
        Record(Principle),
        help="What the platform stands for; ``evidence`` is an address, or the name of a trait"
        " that holds one, such as ``configuration_url``.",
    ).tag(config=True)
    roadmap_url = Address(help="What is planned for the platform.").tag(config=True)
    upstream_url = Address(help="Where contributions to open source are counted.").tag(config=True)
    impact_url = Address(help="What came of the work on the platform.").tag(config=True)
    qualifications = Records(
        Record(Link),
        help="Pages about the operator's qualifications; shown to administrators.",
    ).tag(config=True)
    contacts = Records(
        Record(Contact, {"role": ROLES, "audience": AUDIENCES}),
        help="Whom to ask. ``role`` is community, representative or operator, and that is the order"
        " in which they are shown. Example: ``[{'role': 'community', 'name': 'Coastal Lab support',"
        " 'purpose': 'access, teaching, packages', 'email': 'help@lab.example.edu'}]``. Default:"
        " the operator.",
    ).tag(config=True)
    support_categories = Records(
        Record(SupportCategory), help="Kinds of requests, each with the answer to expect."
    ).tag(config=True)
    outage_kinds = Records(
        Record(OutageKind), help="What can be wrong with a hub, to choose from."
    ).tag(config=True)
    age_recipient = Unicode(
        help="The operator's public age key, for secrets in transit. Empty: not offered."
    ).tag(config=True)
    culling = Record(
        Culling,
        help="When the hub stops servers by itself, in seconds: ``{'timeout': 3600, 'max_age':"
        " 43200}``. Needed only where it cannot be read from the idle culler's own arguments.",
    ).tag(config=True)


def read(config: Config, layer: str, source: str) -> Stated:
    """What `config` says about the hub in its section ``HubInformation``.

    Args:
        config: a whole configuration, as traitlets loads it.
        layer: ``service`` or ``local``, for the provenance.
        source: which configuration this is, for people.

    Returns:
        The traits that are set and usable, and a `Problem` for each that is not.
    """
    section = config.get(HubInformation.__name__, {})
    return read_traits(section, layer, lambda name: f"c.HubInformation.{name} in {source}")


def read_traits(section: Mapping[str, Any], layer: str, where: Any) -> Stated:
    """The same for a plain mapping from trait names to values.

    Args:
        section: trait names and values.
        layer: ``service`` or ``local``, for the provenance.
        where: a function from a trait's name to where its value stands, for people.
    """
    information = HubInformation()
    traits = information.traits(config=True)
    values: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    problems: list[Problem] = []
    for name, given in section.items():
        trait = traits.get(name)
        if trait is None:
            near = difflib.get_close_matches(name, traits, 1)
            expected = f"one of its traits, perhaps {near[0]}" if near else "one of its traits"
            problems.append(Problem(where(name), f"the unknown setting {name!r}", expected))
            continue
        try:
            if isinstance(given, LazyConfigValue):
                given = given.get_value(list(getattr(DEFAULTS, name)))
            elif isinstance(given, DeferredConfig):
                given = given.get_value(trait)
            setattr(information, name, given)
        except Exception as error:  # a value may be of any class and fail in any way
            problems.append(Problem(where(name), shorten(given), expectation(trait, error)))
            continue
        values[name] = getattr(information, name)
        provenance[name] = Provenance(layer, where(name))
    return Stated(values, provenance, tuple(problems))


def expectation(trait: TraitType[Any, Any], error: Exception) -> str:
    """What `trait` expects; for an error that is not the trait's own, that error too."""
    if isinstance(error, TraitError):
        return trait.info()
    return f"{trait.info()} ({type(error).__name__})"


def shorten(value: Any) -> str:
    """`value` as a person would recognise it, in at most 80 characters."""
    try:
        shown = repr(value)
    except Exception:  # a foreign class may not even have a repr
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= 80 else shown[:77] + "…"
