"""Markdown from people, made into HTML that can do nothing but be read. Called wherever an announcement is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from ...model import Span
from ...text import honest, visible, web_address

BLOCKS = ("blockquote", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "ul")
TABLES = ("table", "tbody", "td", "th", "thead", "tr")
ELEMENTS = frozenset(("a", "br", "code", "em", "strong", *BLOCKS, *TABLES))
"""All that is left. No pictures: nothing is loaded from elsewhere because somebody reads."""

SCHEMES = frozenset({"http", "https", "mailto"})

SMALLER = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h5", "h5": "h5", "h6": "h5"}
"""A heading within an announcement stands below the announcement's title."""


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # without HTML, which then is text as any other
    return MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table")


@lru_cache(maxsize=256)
def render(text: str) -> Markup:
    """The HTML of a text.

    HTML in it is shown as the text it is; of links only http, https and mailto are left, and one
    whose words are another site's address is shown with its own; nothing has an `id`, `name`,
    `style`, `class` or `data-*`.
    """
    tokens = _parser().parse(visible(text))
    for token in tokens:
        token.tag = SMALLER.get(token.tag, token.tag)
        _tell_where_links_lead(token.children or ())
    html = _parser().renderer.render(tokens, _parser().options, {})
    clean = nh3.clean(
        html,
        tags=set(ELEMENTS),
        attributes={"*": set(), "a": {"href"}},
        attribute_filter=lambda _, name, value: _address(value) if name == "href" else value,
        url_schemes=set(SCHEMES),
        generic_attribute_prefixes=set(),
        link_rel="noopener noreferrer",
    )
    return Markup(clean)  # noqa: S704, cleaned


def _address(value: str) -> str | None:
    """Where a link may lead; a place on "this" site would be another one in each of the readers' pages."""
    try:
        return web_address(value) or None
    except ValueError:
        return None


def _tell_where_links_lead(tokens: Iterable[Token]) -> None:
    words: list[Token] = []
    url = ""
    for token in tokens:
        if token.type == "link_open":
            url, words = str(token.attrGet("href") or ""), []
        elif token.type == "link_close":
            claimed = "".join(each.content for each in words)
            shown = honest(Span(claimed, url))
            if shown != claimed and words:
                for each in words:
                    each.content = ""
                words[0].content = shown
        else:
            words.append(token)
