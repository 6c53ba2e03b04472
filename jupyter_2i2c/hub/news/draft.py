"""What an announcement may say: checks what came from a form, an intent or the command line. Called by the three of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ...text import line, visible, web_address
from ..actions.base import not_a_name
from ..store.announcements import CONTENT, Content
from ..store.schema import now

SEVERITIES = {
    "info": "Information",
    "maintenance": "Maintenance",
    "incident": "Incident",
    "resolved": "Resolved",
}
"""What an announcement can be, and how it is called."""

AUDIENCES = {
    "everyone": "everyone",
    "groups": "members of groups",
    "administrators": "administrators",
}

MAX_TITLE = 120
MAX_BODY = 8000
MAX_GROUPS = 50
FIRST_YEAR, LAST_YEAR = 2020, 2200


class BadDraft(ValueError):
    """It cannot be published like this.

    Args:
        problems: what is wrong, by field; each a sentence for the person who wrote it.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class _Wrong(ValueError):
    """One field is; the text says why."""


def check(given: Mapping[str, Any], time: datetime | None = None) -> Content:
    """The content in its one form, with all that is wrong told at once.

    Args:
        given: the fields of `Content` as they came: times as ISO 8601 with their zone. What is
            missing, empty or null is left at its default.
        time: now.

    Raises:
        BadDraft: something is wrong. Nothing is cut or left out without a word.
    """
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        try:
            values[name] = read(given.get(name))
        except _Wrong as error:
            problems[name] = str(error)
    if unknown := sorted(set(given) - set(CONTENT)):
        problems["unknown"] = f"An announcement has no “{line(str(unknown[0]))[:40]}”."
    if not problems:
        problems = _in_time(values, time or now())
    if problems:
        raise BadDraft(problems)
    if values["acknowledge"]:
        values["dismissible"] = False  # it goes when it is acknowledged
    return Content(**values)


def _in_time(values: Mapping[str, Any], time: datetime) -> dict[str, str]:
    starts, ends = values["starts"], values["ends"]
    if starts and ends and ends <= starts:
        return {"ends": "It ends before it starts."}
    until = values["show_until"] or ends
    if until is None:
        return {}
    if values["show_from"] and until <= values["show_from"]:
        return {"show_from": "It would never be shown: the end is before the beginning."}
    if until <= time:
        return {
            "show_until": "It would not be shown to anybody, because its end has passed. Say until"
            " when it is to be shown."
        }
    return {}


def _title(value: Any) -> str:
    text = line(_text(value, "title"))
    if not text:
        raise _Wrong("Give it a title.")
    return _short(text, MAX_TITLE, "title")


def _body(value: Any) -> str:
    text = visible(_text(value, "text").replace("\r\n", "\n").replace("\r", "\n")).strip()
    return _short(text, MAX_BODY, "text")


def _severity(value: Any) -> str:
    name = value or "info"
    if not isinstance(name, str) or name not in SEVERITIES:
        raise _Wrong(f"It can be {_either(SEVERITIES)}.")
    return name


def _audience(value: Any) -> dict[str, Any]:
    audience = value or {"kind": "everyone"}
    kind = audience.get("kind") if isinstance(audience, Mapping) else None
    if not isinstance(kind, str) or kind not in AUDIENCES:
        raise _Wrong(f"It can be for {_either(AUDIENCES.values())}.")
    if kind != "groups":
        return {"kind": kind}
    given = audience.get("groups")
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise _Wrong("Say for which groups it is.")
    if not all(isinstance(each, str) for each in given):
        raise _Wrong("One of the groups is no name.")
    groups = list(dict.fromkeys(each for each in given if each))
    if not groups:
        raise _Wrong("Say for which groups it is.")
    if len(groups) > MAX_GROUPS:
        raise _Wrong(f"At most {MAX_GROUPS} groups.")
    for each in groups:
        if why := not_a_name(each):
            raise _Wrong(f"The name of a group {why}.")
    return {"kind": kind, "groups": groups}


def _time(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        found = value
    else:
        text = str(value).strip()
        try:
            # Python 3.10 does not know what Z means
            found = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "zZ" else text)
        except ValueError:
            raise _Wrong(
                f"“{line(text)[:40]}” is no time; write it as 2026-11-24T06:00Z."
            ) from None
    if found.tzinfo is None:
        raise _Wrong("Say in which time zone, as in 2026-11-24T06:00Z or 2026-11-24T07:00+01:00.")
    if not FIRST_YEAR <= found.year < LAST_YEAR:
        raise _Wrong(f"The year {found.year} cannot be meant.")
    return found.astimezone(timezone.utc)


def _yes(default: bool) -> Any:
    def read(value: Any) -> bool:
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _Wrong("Say true or false.")
        return value

    return read


def _link(value: Any) -> str:
    try:
        return web_address(_text(value, "link"))
    except ValueError as error:
        raise _Wrong(f"The link cannot be used: {error}.") from None


def _text(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Wrong(f"The {what} is no text.")
    return value


def _short(text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise _Wrong(f"The {what} has {len(text):,} characters; at most {most:,} are shown.")
    return text


def _either(names: Any) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"


_READERS: Mapping[str, Any] = {
    "title": _title,
    "body": _body,
    "severity": _severity,
    "audience": _audience,
    "starts": _time,
    "ends": _time,
    "show_from": _time,
    "show_until": _time,
    "dismissible": _yes(True),
    "acknowledge": _yes(False),
    "link": _link,
}
