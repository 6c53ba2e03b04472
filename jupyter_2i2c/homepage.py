"""What a hub's own home page says already: z2jh's `custom.homepage.templateVars`. Called by values.py and hub/facts.py.

Operators wrote these facts down once, for the page before the login; here they are read from the
same place, so that nobody writes them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from . import text
from .config import read_traits, shorten
from .model import Party, Problem
from .sources import Stated

PARTIES = ("org", "designed_by", "operated_by", "funded_by")


def from_template_vars(
    variables: Mapping[str, Any], layer: str, where: Callable[[str], str]
) -> Stated:
    """Read the variables of the home page's template.

    Args:
        variables: `org`, `designed_by`, `operated_by` and `funded_by` with name, url, logo_url and
            custom_html each; `learn_more` and `announcements` with HTML; `redirect_to`.
        layer: ``service`` or ``local``, for the provenance.
        where: a function from a key of `variables` to where it stands, for people.

    Returns:
        The facts. A party without a name is not mentioned, one with several names in its
        `custom_html` becomes several funders.
    """
    given: dict[str, Any] = {}
    keys: dict[str, str] = {}
    problems: list[Problem] = []

    def state(trait: str, value: Any, key: str) -> None:
        given[trait] = value
        keys[trait] = key

    for key in PARTIES:
        if key not in variables:
            continue
        parties, wrong = _parties(variables[key], where(key))
        problems.extend(wrong)
        if parties or not wrong:
            everybody = parties if key == "funded_by" else next(iter(parties), None)
            state(key, everybody, key)
    organisation = given.get("org")
    if organisation:
        state("name", organisation.name, "org")
        logo = variables["org"].get("logo_url")
        if logo:
            state("logo", logo, "org")
    if variables.get("announcements"):
        state("notices", variables["announcements"], "announcements")
    if variables.get("learn_more"):
        state("learn_more", variables["learn_more"], "learn_more")
    elif isinstance(variables.get("redirect_to"), str):
        page = escape(variables["redirect_to"])
        state("learn_more", f'<a href="{page}">{page}</a>', "redirect_to")
    # the traits hold the same facts, so their validation is the right one
    stated = read_traits(given, layer, lambda trait: where(keys[trait]))
    return Stated(stated.values, stated.provenance, (*problems, *stated.problems))


def _parties(given: Any, where: str) -> tuple[tuple[Party, ...], list[Problem]]:
    """Everybody whom one entry names, and what is wrong with it."""
    if given is None:
        return (), []
    if not isinstance(given, Mapping):
        return (), [Problem(where, shorten(given), "a mapping with name and url")]
    html = given.get("custom_html")
    if isinstance(html, str) and html.strip():
        linked = tuple(
            Party(text.line(span.text), span.url) for span in text.from_html(html) if span.url
        )
        words = text.line("".join(span.text for span in text.from_html(html)))
        return linked or ((Party(words),) if words else ()), []
    name = given.get("name")
    if not isinstance(name, str):
        wrong = [] if name is None else [Problem(f"{where}/name", shorten(name), "a text")]
        return (), wrong
    if not text.line(name):
        return (), []
    try:
        return (Party(text.line(name), text.web_address(given.get("url") or "")),), []
    except (ValueError, AttributeError) as wrong_address:
        problem = Problem(
            f"{where}/url", shorten(given.get("url")), f"an address to link to; {wrong_address}"
        )
        return (Party(text.line(name)),), [problem]
