"""Values over values, by Helm's rules."""

from jupyter_2i2c.replicate.importers import helm
from jupyter_2i2c.replicate.importers.yaml_reading import parse


def node(text, source=0):
    return parse(text, "a.yaml", source).node


def over_file(below, above):
    return helm.over_file(node(below), node(above, 1)).plain()


def over_chart(values, defaults, subcharts=()):
    return helm.over_chart(node(values, 1), node(defaults), subcharts).plain()


def test_maps_merge_and_all_else_replaces():
    assert over_file("a: {b: 1, c: [1, 2], d: {e: 1}}", "a: {c: [3], d: {f: 2}, g: 5}") == {
        "a": {"b": 1, "c": [3], "d": {"e": 1, "f": 2}, "g": 5}
    }
    assert over_file("a: {b: 1}", "a: 2") == {"a": 2}
    assert over_file("a: 2", "a: {b: 1}") == {"a": {"b": 1}}


def test_between_files_a_null_stays():
    assert over_file("a: {b: 1, c: 2}", "a: {b: }") == {"a": {"b": None, "c": 2}}
    assert over_file("a: {b: }", "a: {b: 1}") == {"a": {"b": 1}}
    assert over_file("a: {b: {c: 1}}", "a: {b: }") == {"a": {"b": None}}


def test_over_a_chart_a_null_deletes_the_default_it_lands_on():
    assert over_chart("a: {b: }", "a: {b: 1, c: 2}") == {"a": {"c": 2}}
    assert over_chart("a: ", "a: {b: 1}") == {}
    assert over_chart("a: {b: }", "a: {b: {c: 1}}") == {"a": {}}


def test_a_null_that_finds_nothing_stays():
    assert over_chart("a: {b: }", "a: {c: 2}") == {"a": {"b": None, "c": 2}}
    assert over_chart("a: ", "b: 1") == {"a": None, "b": 1}


def test_below_a_subchart_a_null_waits_for_its_own_defaults():
    parent = over_chart("sub: {b: , c: {d: }}", "sub: {b: 1, c: {d: 2, e: 3}}", {"sub"})
    assert parent == {"sub": {"b": None, "c": {"d": None, "e": 3}}}
    merged = helm.over_chart(node("b: \nc: {d: , e: 3}", 1), node("b: 5\nc: {d: 6, f: 7}")).plain()
    assert merged == {"c": {"e": 3, "f": 7}}


def test_a_default_that_is_null_is_kept():
    assert over_chart("a: {b: 1}", "a: {c: }") == {"a": {"b": 1, "c": None}}


def test_values_of_another_kind_win_over_a_default():
    assert over_chart("a: 1", "a: {b: 1}") == {"a": 1}
    assert over_chart("a: {b: 1}", "a: 1") == {"a": {"b": 1}}


def test_each_value_remembers_its_layer():
    merged = helm.over_file(node("a: {b: 1, c: 2}"), node("a: {b: 3}", 1))
    assert merged.value["a"].value["b"].source == 1
    assert merged.value["a"].value["c"].source == 0
