"""Untrusted text made harmless: addresses, single lines, and HTML reduced to words and links.

Called by config.py and homepage.py, wherever words enter from configuration, and by hub/news/. Nothing that comes
out of here needs a sanitiser later: HTML goes in, plain text and checked addresses come out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

from .model import Span

MAX_TEXT = 10_000
"""Characters that are kept of one text; a home page needs fewer, and a megabyte is a mistake."""

SCHEMES = frozenset({"http", "https", "mailto"})

# C0 and C1 controls except newline and tab, the characters that reorder what follows them, and half
# surrogates, which JSON can hold and no answer can
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
# what browsers would strip from an address or resolve differently than `urlsplit` does
_NOT_IN_ADDRESS = re.compile(r"[\s\\<>\"'`{}|^\x00-\x20\x7f-\x9f]")
_LOOKS_LIKE_HOST = re.compile(r"^(?:https?:)?(?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[:/?#].*)?$", re.I)


def visible(text: str) -> str:
    """`text` without control characters, characters that reorder the rest, and what is no character."""
    return _INVISIBLE.sub("", text)


def line(text: str) -> str:
    """`text` as a single line."""
    return " ".join(visible(text).split())


def web_address(address: str) -> str:
    """`address` if it is safe to link to, in the form to link to; empty if it is empty.

    Raises:
        ValueError: it is something else than a plain http, https or mailto address.
    """
    address = address.strip()
    if not address:
        return ""
    if _NOT_IN_ADDRESS.search(address) or _INVISIBLE.search(address) or len(address) > 2000:
        raise ValueError("it holds characters that an address cannot have")
    parts = urlsplit(address)
    if parts.scheme.lower() not in SCHEMES:
        raise ValueError("it does not begin with https://, http:// or mailto:")
    if parts.scheme.lower() == "mailto":
        if "@" not in parts.path:
            raise ValueError("it names nobody to write to")
        return address
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("it has no host name, or a user name before it")
    return address


def from_html(html: str) -> tuple[Span, ...]:
    """The words and links of a piece of HTML, or of plain text.

    Markup is dropped, scripts and styles with their content. A link whose words look like another
    site's address is shown with its true address. Links to anything but http, https and mailto
    become plain words.
    """
    reader = _Reader()
    reader.feed(html[:MAX_TEXT])
    reader.close()
    return reader.spans()


class _Reader(HTMLParser):
    """Collects words and links."""

    SILENT = frozenset({"script", "style", "template", "noscript", "title", "svg", "math"})
    BLOCKS = frozenset(
        {"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[Span] = []
        self._href = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self._silent += 1
        elif tag in self.BLOCKS:
            self._pieces.append(Span("\n\n"))
        elif tag == "a":
            try:
                self._href = web_address(dict(attrs).get("href") or "")
            except ValueError:
                self._href = ""

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag in self.BLOCKS:
            self._pieces.append(Span("\n\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in self.BLOCKS:
            self._pieces.append(Span("\n\n"))
        elif tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(Span(re.sub(r"\s+", " ", visible(data)), self._href))

    def spans(self) -> tuple[Span, ...]:
        """Neighbours joined, blank runs folded, nothing blank at either end."""
        joined: list[Span] = []
        for piece in self._pieces:
            before = joined[-1] if joined else None
            text = piece.text
            if before is None or before.text.endswith(("\n", " ")):
                text = text.lstrip(" ") if text != "\n\n" else text
            if text == "\n\n":
                if before is None or before.text.endswith("\n"):
                    continue
                joined[-1] = Span(before.text.rstrip(" "), before.url)
                joined.append(Span("\n\n"))
            elif text and before is not None and before.url == piece.url and not piece.url:
                joined[-1] = Span(before.text + text)
            elif text:
                joined.append(Span(text, piece.url))
        while joined and not joined[-1].text.strip():
            joined.pop()
        return tuple(Span(honest(each), each.url) if each.url else each for each in joined)


def honest(link: Span) -> str:
    """The words of a link; its address instead, where the words name another site."""
    claimed = _LOOKS_LIKE_HOST.match(link.text.strip())
    actual = urlsplit(link.url).hostname or ""
    if claimed and not link.url.startswith("mailto:") and claimed[1].lower() != actual:
        return link.url
    return link.text
