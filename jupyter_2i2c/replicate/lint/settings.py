"""Rules about single settings: placeholders, logins, the home page, sections. Called by lint/all_rules.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..importers.source import CHART, Finding, Path, leaves
from .subject import Subject

PLACEHOLDER = re.compile(
    r"<(set|your|fill|insert|change|replace|add|enter|put)\b[^>]*>|change-?me|fill-?me|replace-me\b.*"
    r"|todo\b.*|fixme\b.*|tbd|x{3,}",
    re.IGNORECASE,
)
HREF = re.compile(r"href\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
GOOD_LINK = re.compile(r"(https?://[\w.-]+|mailto:[^\s@]+@[\w.-]+|/|#)[^\s\"'<>]*")


def placeholders(subject: Subject) -> Iterator[Finding]:
    """Words that were meant to be replaced."""
    for path, value in leaves(subject.source.values):
        if isinstance(value, str) and PLACEHOLDER.fullmatch(value.strip()):
            yield subject.finding(
                "placeholder",
                "warning",
                path,
                f"{value.strip()!r} was meant to be replaced",
                "put the real value here, or take the setting away",
            )


def authenticator(subject: Subject) -> Iterator[Finding]:
    """No login, or one that lets everybody in as anybody."""
    path: Path = (CHART, "hub", "config", "JupyterHub", "authenticator_class")
    class_ = subject.get(*path[1:])
    if class_ is None and subject.source.chart.get("known") != "no":
        yield subject.finding(
            "no-authenticator",
            "warning",
            path,
            "no class for the login is set; an empty value is not the login named 'null'",
            "name a class; the login that asks nobody is 'null', in quotation marks",
        )
    elif str(class_).rpartition(".")[2].lower() in ("dummy", "dummyauthenticator"):
        password = subject.get("hub", "config", "DummyAuthenticator", "password")
        yield subject.finding(
            "dummy-login",
            "warning" if password else "error",
            path,
            "everybody can log in as anybody" + (" who knows one password" if password else ""),
            "use a login that knows people",
        )


def homepage(subject: Subject) -> Iterator[Finding]:
    """Names that are empty, and links that lead nowhere."""
    path: Path = (CHART, "custom", "homepage", "templateVars")
    told = subject.get(*path[1:])
    if not isinstance(told, Mapping) or not told.get("enabled", True):
        return
    if told.get("redirect_to"):
        return
    for party in ("org", "designed_by", "operated_by", "funded_by"):
        said = told.get(party)
        if isinstance(said, Mapping) and not said.get("custom_html"):
            for key in ("name", "url"):
                if said.get(key) == "":
                    yield subject.finding(
                        "empty-name",
                        "note",
                        (*path, party, key),
                        f"the home page has a row for {party} whose {key} is empty",
                        "fill it in, or take the row away",
                    )
    for inner, text in leaves(told, path):
        for link in HREF.findall(text) if isinstance(text, str) else ():
            address = link.strip("\"'")
            if not GOOD_LINK.fullmatch(address):
                yield _broken(subject, inner, address)


def _broken(subject: Subject, path: Path, address: str) -> Finding:
    return subject.finding(
        "broken-link",
        "warning",
        path,
        f"the link to {address!r} leads nowhere",
        "write the whole address, such as https://example.org/page",
    )


def sections(subject: Subject) -> Iterator[Finding]:
    """A section of `hub.config` that is no class; z2jh stops with it."""
    config: Any = subject.get("hub", "config")
    for name in config if isinstance(config, Mapping) else ():
        if not str(name)[:1].isupper():
            yield subject.finding(
                "no-class",
                "error",
                (CHART, "hub", "config", name),
                f"hub.config.{name} is not the name of a class; the hub does not start",
                "sections are classes, such as JupyterHub; what the chart reads stands under hub",
            )
