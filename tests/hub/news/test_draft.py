"""What an announcement may say (F18 to F22 for what people write), and how it looks (A14)."""

import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_2i2c.hub.news.draft import BadDraft, check
from jupyter_2i2c.hub.news.markdown import ELEMENTS, render
from jupyter_2i2c.hub.news.wording import for_whom, when
from jupyter_2i2c.hub.store.announcements import Content, to_json

AT = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def problems(**fields):
    with pytest.raises(BadDraft) as refused:
        check({"title": "x", **fields}, AT)
    return refused.value.problems


def test_all_of_it():
    content = check(
        {
            "title": "  Maintenance \n on Tuesday ",
            "body": "Servers\r\nstop.  ",
            "severity": "maintenance",
            "audience": {"kind": "groups", "groups": ["waves", "tides", "waves", ""]},
            "starts": "2026-11-24T07:00+01:00",
            "ends": "2026-11-24T08:00:00Z",
            "show_from": datetime(2026, 11, 22, tzinfo=timezone(timedelta(hours=-5))),
            "acknowledge": True,
            "link": " https://status.example/1 ",
        },
        AT,
    )
    assert content.title == "Maintenance on Tuesday"
    assert content.body == "Servers\nstop."
    assert content.audience == {"kind": "groups", "groups": ["waves", "tides"]}
    assert content.starts == datetime(2026, 11, 24, 6, tzinfo=timezone.utc)
    assert content.show_from == datetime(2026, 11, 22, 5, tzinfo=timezone.utc)
    assert not content.dismissible  # it goes when it is acknowledged
    assert content.link == "https://status.example/1"
    assert check(to_json(content), AT) == content


def test_what_is_not_said_has_a_default():
    assert check({"title": "x"}) == Content("x", "", "info", {"kind": "everyone"})
    empty = {"body": "", "severity": "", "audience": None, "ends": "", "link": None}
    assert check({"title": "x", **empty}) == check({"title": "x"})


def test_all_mistakes_are_told_at_once():
    with pytest.raises(BadDraft) as refused:
        check({"body": "x" * 8001, "severity": "bad", "starts": "soon", "color": 1})
    assert set(refused.value.problems) == {"title", "body", "severity", "starts", "unknown"}
    assert "8,001 characters; at most 8,000" in str(refused.value)


@pytest.mark.parametrize(
    ("time", "why"),
    [
        ("tomorrow", "is no time; write it as"),
        ("2026-11-24T06:00", "in which time zone"),
        ("2026-11-24", "in which time zone"),
        ("0001-01-01T00:00+14:00", "cannot be meant"),
        ("9999-12-31T23:59-14:00", "cannot be meant"),
        (5, "is no time"),
        ("Z", "is no time"),
    ],
)
def test_f31_a_time_that_cannot_be_meant_is_refused(time, why):
    assert why in problems(starts=time)["starts"]


def test_f31_a_time_in_an_hour_that_is_there_twice_is_the_one_that_is_meant():
    first = check({"title": "x", "starts": "2026-10-25T02:30+02:00"}, AT).starts
    second = check({"title": "x", "starts": "2026-10-25T02:30+01:00"}, AT).starts
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"starts": "2026-12-02T00:00Z", "ends": "2026-12-01T00:00Z"}, "ends before it starts"),
        ({"ends": "2026-11-21T11:59Z"}, "Say until when it is to be shown"),
        ({"show_until": "2026-11-21T12:00Z"}, "not be shown to anybody"),
        ({"show_from": "2026-12-02T00:00Z", "ends": "2026-12-01T00:00Z"}, "never be shown"),
    ],
)
def test_what_nobody_would_see_is_not_published(fields, why):
    assert why in " ".join(problems(**fields).values())


def test_something_that_has_ended_can_be_told_if_it_says_for_how_long():
    resolved = {"title": "x", "severity": "resolved", "ends": "2026-11-21T09:00Z"}
    assert check({**resolved, "show_until": "2026-11-22T09:00Z"}, AT).ends < AT


@pytest.mark.parametrize(
    "audience",
    [
        "everyone",
        {"kind": "nobody"},
        {"kind": ["everyone"]},
        {"kind": "groups"},
        {"kind": "groups", "groups": []},
        {"kind": "groups", "groups": "waves"},
        {"kind": "groups", "groups": ["waves", {}]},
        {"kind": "groups", "groups": ["waves", ["tides"]]},
        {"kind": "groups", "groups": ["a\u202eb"]},
        {"kind": "groups", "groups": [str(number) for number in range(51)]},
        {"kind": "groups", "groups": ["x" * 256]},
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(audience):
    assert "audience" in problems(audience=audience)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/hub/home", "https://", "x", 5],
)
def test_a28_a_link_to_something_else_than_a_site_is_refused(link):
    assert "link" in problems(link=link)


def test_words_for_whom_and_when():
    content = check({"title": "x", "audience": {"kind": "groups", "groups": ["a", "b"]}}, AT)
    assert for_whom(content) == "the groups a, b"
    assert when(content) == ""
    since = check({"title": "x", "starts": "2026-11-21T08:40Z"}, AT)
    assert when(since) == "since 2026-11-21 08:40 UTC"


# --- how it looks ---------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "<form action=https://evil.example><input name=password></form>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed'>x</p>",
    "<a id=body name=cookie href=#>clobber</a>",
    "<button data-commandlinker-command='x' data-commandlinker-args='{}'>x</button>",
    "<iframe src=https://evil.example></iframe>",
    "<meta http-equiv=refresh content=0>",
    "<base href=https://evil.example>",
    "<math><mi//xlink:href='data:x,<script>'>",
    "`<script>`",
    "```html\n<script>alert(1)</script>\n```",
    "# <b onclick=x>head</b>",
    "| <script> | x |\n|---|---|\n| <img onerror=x> | y |",
    '<https://ok.example/"onclick=alert(1)>',
    "[[[[[x](https://a.example)](https://b.example)](javascript:1)]]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u202c \u200bx",
    "[ok.example](https://evil.example/)",
]


class Tags(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, source):
        super().__init__()
        self.found = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def assert_inert(html):
    for tag, attributes in Tags(html).found:
        assert tag in ELEMENTS, html
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set()), html
        assert re.match(r"(https?:|mailto:)", attributes.get("href", "mailto:")), html
        if "href" in attributes:
            assert attributes["rel"] == "noopener noreferrer"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a14_whatever_is_written_can_only_be_read(text):
    assert_inert(render(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(HOSTILE), max_size=4), st.text(max_size=80))
def test_a14_nor_can_any_mixture_of_it(parts, text):
    assert_inert(render(f"> - {text.join(parts)}"))


def test_a14_a_megabyte_takes_no_time_and_is_refused():
    assert "body" in problems(body="[" * 1_000_000)


@pytest.mark.parametrize("text", ["[" * 8000, "> " * 4000, "*a " * 2600, "- " * 4000, "`" * 8000])
def test_a14_what_is_nested_deeply_ends(text):
    assert_inert(render(text))


def test_a_link_tells_where_it_leads():
    assert ">https://evil.example/</a>" in render("[ok.example](https://evil.example/)")
    assert ">the status page</a>" in render("[the status page](https://status.example/)")
    assert "href" not in render("[home](/hub/home)")


def test_what_people_need_is_left():
    text = (
        "# Plan\n\n1. *one*\n2. **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<https://ok.example>"
    )
    html = render(text)
    for part in (
        "<h3>Plan</h3>",
        "<em>one</em>",
        "<li>",
        "<td>1</td>",
        'href="https://ok.example"',
    ):
        assert part in html


def test_html_is_shown_as_the_text_it_is():
    assert render("a <b>c</b>") == "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"
    assert render("<div>d</div>") == "<p>&lt;div&gt;d&lt;/div&gt;</p>\n"
