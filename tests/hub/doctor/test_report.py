"""What a person reads, and what a machine does."""

import json
from dataclasses import replace

import pytest

from jupyter_2i2c.hub.doctor.findings import Finding, in_order, to_json, worst
from jupyter_2i2c.hub.doctor.report import report

FINE = Finding("a", "green", "All is well here", "seen")
UNKNOWN = Finding("b", "not known", "Not seen", "why not")
RISK = Finding("c", "yellow", "A risk", "some \x1b[31mrole", "words " * 40, "c.X = 1\nc.Y = 2")
BAD = Finding("d", "red", "It is bad", "this", "because", "do that")
EVERY = [FINE, UNKNOWN, RISK, BAD]


def test_problems_come_first_and_what_is_fine_is_counted():
    text = report(EVERY)
    places = [text.index(each.title) for each in (BAD, RISK, UNKNOWN)]
    assert places == sorted(places)
    assert FINE.title not in text
    assert text.endswith("1 red, 1 yellow, 1 not known, 1 fine (--all lists what is fine)")
    assert "  Found  this\n  Why    because\n  Mend   do that" in text


def test_all_lists_what_is_fine():
    assert "FINE  All is well here: seen" in report(EVERY, everything=True)


def test_lines_to_paste_are_not_broken_and_the_rest_is():
    text = report([RISK])
    assert "  Mend   c.X = 1\n         c.Y = 2" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    long = "c.Y = " + "x, " * 50
    text = report([replace(RISK, mend=f"{'words ' * 40}to paste:\n{long}")])
    assert long in text
    assert sum("words" in line for line in text.partition("Mend")[2].splitlines()) > 1


def test_a15_names_from_the_configuration_cannot_drive_the_terminal():
    assert "\x1b" not in report(EVERY)
    hostile = [replace(RISK, **{part: "a\x1b[2Jb"}) for part in ("title", "found", "why", "mend")]
    assert "\x1b" not in report([*hostile, replace(FINE, found="\x1b[2J")], everything=True)
    assert "\x1b[31;1mRED\x1b[0m" in report([BAD], colour=True)


def test_json_says_all_of_it():
    answer = json.loads(json.dumps(to_json(EVERY, "hub", "2026-01-01T00:00:00+00:00")))
    assert answer["counts"] == {"red": 1, "yellow": 1, "not known": 1, "green": 1}
    assert answer["status"] == "red"
    assert [each["id"] for each in answer["findings"]] == ["d", "c", "b", "a"]
    assert answer["findings"][0]["mend"] == "do that"


@pytest.mark.parametrize(
    ("findings", "severity"),
    [([], "green"), ([FINE], "green"), ([FINE, UNKNOWN], "not known"), ([RISK, UNKNOWN], "yellow")],
)
def test_the_worst_counts(findings, severity):
    assert worst(findings) == severity
    assert in_order(findings)[:1] == [each for each in findings if each.severity == severity][:1]
