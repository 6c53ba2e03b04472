"""The interface of what an intent can be. Implemented beside this and by other parts; called by the desk and the console.

An action says what it would do before it does it, does it once, and can find out afterwards what
is so. It acts with the rights of the person who approved; the hub refuses what they may not do.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from markupsafe import Markup

from ..hub_api import Hub

MAX_NAME = 255
"""Characters of a name on the hub."""


class BadTarget(ValueError):
    """What an action is asked to be done to makes no sense. The text is for a person."""


@dataclass(frozen=True)
class Context:
    """What the hub's configuration decides and an action must take into account.

    Attributes:
        admin_users: whom `Authenticator.admin_users` makes administrators at each start and login.
        admin_groups: groups whose members the authenticator makes administrators.
        manage_groups: whether the authenticator decides who is in a group.
        admin_users_feature: whether adding users and changing rights are done here at all.
    """

    admin_users: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()
    manage_groups: bool = False
    admin_users_feature: bool = False


@dataclass(frozen=True)
class Effect:
    """What an action would do, to be shown before anything is decided. All but the preview is plain text.

    Attributes:
        title: the question.
        action: in a few words.
        detail: what happens to what, in small print below the action.
        rows: more facts: label, value, small print.
        verb: on the button.
        dangerous: whether something is lost or rights change.
        type_to_confirm: what must be typed before; empty if nothing.
        consent: what the approver must consent to, in a sentence of theirs; empty if nothing.
        tells: who will be told, in words; empty for nobody.
        warnings: what else to know.
        impossible: why it cannot be done; empty if it can.
        preview: what people would read because of it; see news/markdown.py.
    """

    title: str
    action: str
    detail: str = ""
    rows: tuple[tuple[str, str, str], ...] = ()
    verb: str = ""
    dangerous: bool = False
    type_to_confirm: str = ""
    consent: str = ""
    tells: str = ""
    warnings: tuple[str, ...] = ()
    impossible: str = ""
    preview: Markup | None = None


OutcomeState = Literal["done", "failed", "partly", "unknown", "running"]


@dataclass(frozen=True)
class Outcome:
    """How an action ended.

    Attributes:
        state: ``unknown`` if the hub did not say; ``running`` if a job does the rest, or, without a
            kind, something that stores the intent's end itself.
        text: one or two sentences for the person who approved.
        detail: more, as JSON.
        items: for a job: the servers to work through, as (user, server, mark); see jobs.py.
        kind: for a job: what it does to them.
    """

    state: OutcomeState
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[tuple[str, str, str], ...] = ()
    kind: str = ""


class Asked(Protocol):
    """What an action may know of the intent that it executes."""

    @property
    def id(self) -> str:
        """Of the intent."""

    @property
    def actor(self) -> str:
        """Who approved."""

    @property
    def source(self) -> str:
        """Where it was asked."""

    @property
    def decided(self) -> Any:
        """When it was approved: an aware time, or None."""


class Action(ABC):
    """One kind of intent. Holds no state of its own between calls."""

    name: ClassVar[str]
    """In addresses and in the audit log, such as ``stop-server``."""

    scopes: frozenset[str]
    """Of which the approving person needs one, filtered or not; the hub decides about filters."""

    @abstractmethod
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        """The target in its one form.

        Raises:
            BadTarget: it makes no sense, or holds what this action does not know.
        """

    @abstractmethod
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        """What would happen, from what is so at this moment; changes nothing."""

    @abstractmethod
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        """Do it, once.

        Raises:
            HubError: the hub says no; nothing was done.
            HubUnavailable: nothing was done; as `Uncertain`, it may have been.
        """

    @abstractmethod
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        """What came of an execution of which nobody saw the end; None while that cannot be told.

        Only reads. ``failed`` means: not done by now.
        """


def holds(scopes: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether one of the wanted scopes is held, for everybody or for some."""
    names = {scope.partition("!")[0] for scope in scopes}
    return not names.isdisjoint(wanted)


def only(target: Mapping[str, Any], *names: str) -> None:
    """Refuse a target that holds more than these.

    Raises:
        BadTarget: it does.
    """
    unknown = set(target) - set(names)
    if unknown:
        raise BadTarget(f"the request holds what this action does not know: {len(unknown)} more")


def name(target: Mapping[str, Any], key: str, what: str, default: str | None = None) -> str:
    """A name in a target.

    Args:
        target: as it was asked.
        key: under which the name is.
        what: what it names, in words.
        default: for a target that does not hold it; None if it must.

    Raises:
        BadTarget: there is none, or it cannot be one.
    """
    value = target.get(key, default)
    if not isinstance(value, str) or (not value and default is None):
        raise BadTarget(f"the request does not say which {what}")
    if why := not_a_name(value):
        raise BadTarget(f"the name of the {what} {why}")
    return value


def not_a_name(text: str) -> str:
    """Why this cannot be a name on a hub; empty if it can."""
    if len(text) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    # controls, half surrogates, and what reorders or hides its neighbours
    if any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in text):
        return "holds characters that cannot be seen"
    if text in (".", "..") or re.search(r"^\s|\s$", text):
        return "is not one that a hub takes"
    return ""
