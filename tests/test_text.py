"""Untrusted text made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_2i2c.model import Span
from jupyter_2i2c.text import MAX_TEXT, from_html, line, visible, web_address

PAYLOADS = {
    "a script": "<script>alert(1)</script>",
    "an svg": "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "an image's handler": "<img src=x onerror=alert(1)>",
    "a javascript: link": '<a href="javascript:alert(1)">read</a>',
    "a hidden javascript: link": '<a href="java&#x09;script:alert(1)">read</a>',
    "a data: link": '<a href="data:text/html,<script>alert(1)</script>">read</a>',
    "a form": '<form action="https://evil.example"><input name=password></form>',
    "a style": "<style>* { display: none }</style><p style='position:fixed'>x</p>",
    "a command": '<button data-commandlinker-command="terminal:create-new">x</button>',
    "a clobbering id": '<a id="body" name="cookie">x</a>',
    "a frame": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "an unclosed tag": '<a href="https://good.example"><script>alert(1)//',
    "a nested tag": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "a comment": "<!--><script>alert(1)</script>-->",
    "a nested link": '<a href="https://good.example"><a href="javascript:x">y</a></a>',
    "a vbscript: link": '<a href="vbscript:msgbox(1)">read</a>',
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a14_payloads_leave_words_and_web_links_only(payload):
    for span in from_html(payload):
        assert span.url == "" or span.url.startswith(("https://", "http://", "mailto:"))
        assert "<script" not in span.text or payload.startswith("<scr<"), span


def test_a14_a_megabyte_is_cut():
    spans = from_html("<p>" + "a" * 1_000_000)
    assert sum(len(span.text) for span in spans) <= MAX_TEXT


def test_a14_a_link_shows_where_it_leads_if_its_words_name_another_site():
    (link,) = from_html('<a href="https://evil.example/login">https://bank.example/login</a>')
    assert link == Span("https://evil.example/login", "https://evil.example/login")
    (link,) = from_html('<a href="https://bank.example/login">bank.example</a>')
    assert link.text == "bank.example"


def test_a14_characters_that_reorder_text_are_dropped():
    assert visible("user\u202egnp.exe") == "usergnp.exe"
    assert line("a\u2066b\u2069\x00c\nd") == "abc d"


def test_a15_what_no_answer_can_hold_is_dropped():
    assert visible("half\ud800 a pair") == "half a pair"
    assert visible("\U0001f980") == "\U0001f980"


@given(st.text())
def test_any_text_becomes_spans_without_markup_or_bad_links(html):
    for span in from_html(html):
        if span.url:
            assert web_address(span.url) == span.url


def test_words_links_and_paragraphs_stay():
    spans = from_html(
        "<p>Read <b>the</b> <a href='https://docs.example/x'>documentation</a>.</p>"
        "<p>Write to <a href='mailto:a@b.example'>us</a>.</p>"
    )
    assert "".join(span.text for span in spans) == "Read the documentation.\n\nWrite to us."
    assert [span.url for span in spans if span.url] == [
        "https://docs.example/x",
        "mailto:a@b.example",
    ]


def test_plain_text_stays_as_it_is():
    assert from_html("1 < 2 & 3 > 2") == (Span("1 < 2 & 3 > 2"),)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "\\\\evil.example",
        "https:\\\\evil.example",
        "/relative",
        "https://",
        "https://user@host.example/",
        "https://host.example/\u202ex",
        "https://host.example/a b",
        'https://host.example/"onmouseover=x',
        "mailto:nobody",
        "ftp://host.example/",
        "https://host.example/" + "a" * 3000,
    ],
)
def test_a28_an_address_that_is_no_plain_web_address_is_refused(address):
    with pytest.raises(ValueError, match=r"^it "):
        web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://host.example",
        "http://host.example:8080/a?b=c#d",
        "mailto:help@lab.example",
        "https://[::1]/",
        "",
    ],
)
def test_a_web_address_stays_as_it_is(address):
    assert web_address(f" {address} ") == address
