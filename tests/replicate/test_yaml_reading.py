"""YAML as Helm reads it, with lines, and what would exhaust a machine."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_2i2c.replicate.importers import yaml_reading
from jupyter_2i2c.replicate.importers.yaml_reading import NotReadable, parse, read_text
from jupyter_2i2c.replicate.yaml_text import yaml_text


def values(text):
    return parse(text, "a.yaml").node.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0755", 493),
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("08", 8.0),
        ("1_000", 1000),
        ("124062199808", 124062199808),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("12e3", 12000.0),
        ("278370f204a2", "278370f204a2"),
        ("1:30", "1:30"),
        ("2024-03-18", "2024-03-18"),
        ("2024-03-18T10:00:00Z", "2024-03-18T10:00:00Z"),
        ("100m", "100m"),
        ("1G", "1G"),
        ("y", True),
        ("off", False),
        ("Null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        ("\n  -", [None]),
        ("+.inf", float("inf")),
        ("{value}", {"value": None}),
        ("'{value}'", "{value}"),
        ("$(JUPYTERHUB_USER)", "$(JUPYTERHUB_USER)"),
        ("9" * 5000, "9" * 5000),
        ("1e999", "1e999"),
    ],
)
def test_a_scalar_is_what_helm_takes_it_for(text, value):
    assert values(f"a: {text}\n") == {"a": value}


def test_every_key_is_a_text():
    assert values("1: a\ntrue: b\nhttp://a/b.c: c\n1.5: d\n") == {
        "1": "a",
        "true": "b",
        "http://a/b.c": "c",
        "1.5": "d",
    }


def test_anchors_aliases_and_merged_maps():
    text = "a: &a {x: 1, z: 2}\nb: *a\nc:\n  <<: *a\n  z: 3\nd:\n  <<: [{x: 5}, *a]\n"
    assert values(text) == {
        "a": {"x": 1, "z": 2},
        "b": {"x": 1, "z": 2},
        "c": {"x": 1, "z": 3},
        "d": {"x": 5, "z": 2},
    }


def test_each_place_has_the_line_of_its_key():
    text = "# a comment\na:\n  b:\n  - c: 1\n    d: |\n      two\n      lines\n  e:\n\nf: 1\n"
    lines = {place: node.line for place, node in parse(text, "a.yaml").node.places()}
    assert lines[("a",)] == 2
    assert lines[("a", "b")] == 3
    assert lines[("a", "b", 0, "c")] == 4
    assert lines[("a", "b", 0, "d")] == 5
    assert lines[("a", "e")] == 8
    assert lines[("f",)] == 10


def test_of_equal_keys_the_later_counts_and_both_are_named():
    document = parse("a:\n  b: 1\n  c: 2\n  b: {d: 3}\n", "a.yaml")
    assert document.node.plain() == {"a": {"b": {"d": 3}, "c": 2}}
    assert document.duplicates == ((("a", "b"), 2, 4),)


def test_of_several_documents_the_first_counts():
    document = parse("a: 1\n---\na: 2\n", "a.yaml")
    assert document.node.plain() == {"a": 1}
    assert document.more == 2


def test_a_file_of_comments_says_nothing():
    assert values("# nothing\n") == {}
    assert values("") == {}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: [\n", 3, "is no YAML"),
        ("a: 1\n\tb: 2\n", 2, "is no YAML"),
        ("- a\n", 1, "a list where a mapping is expected"),
        ("just text\n", 1, "a text where a mapping is expected"),
        ("a: 1\nb: *missing\n", 2, "stands for nothing"),
        ("a: &a\n  b: *a\n", 2, "stands for nothing"),
        ("a: 1\n? {b: 1}\n: 2\n", 2, "cannot be a key"),
        ("a: 1\nb:\n  <<: 3\n", 3, "takes a mapping"),
        ("a: " + "[" * 200 + "]" * 200, 1, "nested more than"),
        ("a: 1\nb: \x00\n", 2, "is no YAML"),
    ],
)
def test_what_cannot_be_read_is_said_with_file_and_line(text, line, why):
    with pytest.raises(NotReadable, match=why) as error:
        parse(text, "x/a.yaml")
    assert f"x/a.yaml:{line} " in str(error.value)


def test_a_bomb_of_aliases_is_refused_before_it_goes_off():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(NotReadable, match=r"a\.yaml:\d+ is not read: with its aliases it has more"):
        parse("\n".join(lines), "a.yaml")


def test_a_bomb_of_merged_maps_is_refused(monkeypatch):
    monkeypatch.setattr(yaml_reading, "MOST_NODES", 1000)
    text = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(400)) + "}\n"
    text += "".join(f"b{n}:\n  <<: *a\n" for n in range(10))
    with pytest.raises(NotReadable, match="with its aliases"):
        parse(text, "a.yaml")


def test_aliases_that_nest_deeper_and_deeper_are_refused():
    deep = "[" * 60 + "{}" + "]" * 60
    text = f"a0: &a0 {deep.format('x')}\n"
    text += "".join(f"a{n}: &a{n} {deep.format(f'*a{n - 1}')}\n" for n in range(1, 30))
    with pytest.raises(NotReadable, match="nested more than"):
        parse(text.replace("{}", "x"), "a.yaml")


def test_a_huge_file_a_link_outside_and_a_device_are_not_read(tmp_path, monkeypatch):
    top = tmp_path / "checkout"
    top.mkdir()
    (tmp_path / "outside.yaml").write_text("a: 1\n")
    (top / "link.yaml").symlink_to("../outside.yaml")
    (top / "circle.yaml").symlink_to("circle.yaml")
    (top / "inside.yaml").write_text("a: 1\n")
    (top / "also.yaml").symlink_to("inside.yaml")
    (top / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with (top / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    os.mkfifo(top / "pipe.yaml")
    assert read_text(top / "also.yaml", top, "also.yaml") == "a: 1\n"
    for name, why in {
        "link.yaml": "leads out of",
        "circle.yaml": "cannot be read",
        "missing.yaml": "cannot be read",
        "huge.yaml": "larger than 10 MB",
        "pipe.yaml": "no plain file",
        "latin.yaml": "latin.yaml:2 is not UTF-8",
    }.items():
        with pytest.raises(NotReadable, match=why):
            read_text(top / name, top, name)


@given(st.text(alphabet="abyn019 \t\n:#-\"\\'{}[]&*!|>%@`,?.e+~_xo\x85\u2028\x07é", max_size=12))
@example("y")
@example("+.0")
@example("08")
@example("1234e5")
def test_what_is_written_for_helm_is_read_back_as_it_was(text):
    value = {"key": text, "list": [text, {text or "a": text}]}
    assert parse(yaml_text(value), "a.yaml").node.plain() == value
