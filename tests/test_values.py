"""The facts that stand in Helm values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_2i2c.model import Culling, Party, Span
from jupyter_2i2c.sources import resolve
from jupyter_2i2c.values import UnreadableValues, from_files, load, merge

HOMEPAGE = """
jupyterhub:
  custom:
    homepage:
      templateVars:
        org: {name: Coastal Lab, url: https://lab.example/, logo_url: https://lab.example/l.png}
        designed_by: {name: 2i2c, url: https://2i2c.org}
        operated_by: {name: CloudBank, url: http://cloudbank.example/}
        funded_by:
          name: ""
          url: ""
          custom_html: <a href="https://one.example/">One</a> and <a href="https://two.example">Two</a>
        learn_more: <p>See <a href="https://docs.example">the book</a></p>
        announcements: ["<b>Closed</b> on Sunday", "<script>x</script>"]
"""


@pytest.fixture
def values(tmp_path):
    """Writes values files and reads the facts in them."""

    def read(*texts):
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.yaml"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(path)
        return from_files(paths)

    return read


def test_the_home_pages_variables_are_read(values):
    said = values(HOMEPAGE)
    facts = resolve(said).facts
    assert facts.name == "Coastal Lab"
    assert facts.org == Party("Coastal Lab", "https://lab.example/")
    assert facts.operated_by == Party("CloudBank", "http://cloudbank.example/")
    assert facts.funded_by == (
        Party("One", "https://one.example/"),
        Party("Two", "https://two.example"),
    )
    assert facts.learn_more == (Span("See "), Span("the book", "https://docs.example"))
    assert facts.notices == ((Span("Closed on Sunday"),),)
    assert facts.logo == "https://lab.example/l.png"
    assert said.problems == ()
    where = said.provenance["operated_by"].source
    assert where == "0.yaml at /jupyterhub/custom/homepage/templateVars/operated_by"


def test_daskhub_nests_all_of_it(values):
    nested = "basehub:\n" + "\n".join(f"  {line}" for line in HOMEPAGE.splitlines())
    said = values(nested + "\ndask-gateway: {enabled: true}\n")
    assert said.values == values(HOMEPAGE).values


def test_values_of_the_plain_chart_are_read(values):
    said = values("custom: {jupyter2i2c: {name: Plain}}\ncull: {maxAge: 60}\n")
    assert said.values["name"] == "Plain"
    assert said.values["culling"] == Culling(3600, 60, 600)


def test_our_own_block_goes_over_the_home_page(values):
    said = values(HOMEPAGE, "jupyterhub: {custom: {jupyter2i2c: {name: Ours, docs_url: 'nope'}}}")
    assert said.values["name"] == "Ours"
    assert said.values["org"].name == "Coastal Lab"
    assert said.provenance["name"].source == "1.yaml at /jupyterhub/custom/jupyter2i2c/name"
    assert [problem.setting for problem in said.problems] == [
        "1.yaml at /jupyterhub/custom/jupyter2i2c/docs_url"
    ]


@pytest.mark.parametrize(
    ("entry", "party"),
    [
        ("{name: X, url: ''}", Party("X")),
        ("{name: X}", Party("X")),
        ("{name: X, url: }", Party("X")),
        ("{name: '', url: https://x.example}", None),
        ("{url: https://x.example}", None),
        ("{name: ' ', url: ''}", None),
        ("{name: '', custom_html: Just words}", Party("Just words")),
        ("{name: Y, custom_html: ''}", Party("Y")),
        ("", None),
    ],
)
def test_an_empty_name_hides_the_row_and_an_empty_address_the_link(values, entry, party):
    said = values(
        f"jupyterhub: {{custom: {{homepage: {{templateVars: {{operated_by: {entry}}}}}}}}}"
    )
    assert said.values["operated_by"] == party
    assert said.problems == ()


def test_a_party_with_a_wrong_address_keeps_its_name(values):
    said = values(
        "jupyterhub: {custom: {homepage: {templateVars: "
        "{org: {name: X, url: 'javascript:alert(1)'}}}}}"
    )
    assert said.values["org"] == Party("X")
    (problem,) = said.problems
    assert problem.setting.endswith("/org/url")
    assert "javascript" in problem.given


@pytest.mark.parametrize(
    "text",
    [
        "jupyterhub: {custom: {homepage: {templateVars: text}}}",
        "jupyterhub: {custom: {homepage: {templateVars: {org: [1, 2]}}}}",
        "jupyterhub: {custom: {homepage: {templateVars: {org: {name: 3}}}}}",
        "jupyterhub: {custom: {homepage: {templateVars: {announcements: 5}}}}",
        "jupyterhub: {custom: {jupyter2i2c: text}}",
    ],
)
def test_something_of_the_wrong_kind_is_a_problem_and_the_rest_shows(values, text):
    said = values(text, "jupyterhub: {ingress: {hosts: [hub.example]}}")
    assert said.values["url"] == "https://hub.example/"
    assert len(said.problems) == 1


def test_a_hub_that_redirects_links_to_where(values):
    said = values(
        "jupyterhub: {custom: {homepage: {templateVars: {redirect_to: https://r.example/a}}},"
        " ingress: {hosts: [hub.example]}}"
    )
    facts = resolve(said).facts
    assert facts.learn_more == (Span("https://r.example/a", "https://r.example/a"),)
    assert facts.name == "hub.example"


@pytest.mark.parametrize(
    ("cull", "culling"),
    [
        ("{timeout: 60, maxAge: 120, every: 30, users: true}", Culling(60, 120, 30, True)),
        ("{enabled: false, timeout: 60}", Culling()),
        ("{maxAge: }", Culling(3600, 0, 600)),
        ("{timeout: soon}", Culling(0, 0, 600)),
    ],
)
def test_the_cullers_times_are_read(values, cull, culling):
    assert values(f"jupyterhub: {{cull: {cull}}}").values["culling"] == culling


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "line 2"),
        ("a: 1\nb: : 2\n", "line 2"),
        (b"a: \xff\xfe", "not UTF-8"),
        ("- a\n- b", "expected a mapping"),
        ("a: !!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("\t", "line 1"),
    ],
)
def test_an_unreadable_file_says_which_where_and_why(values, tmp_path, text, message):
    with pytest.raises(UnreadableValues) as error:
        values(text)
    assert str(error.value).startswith(str(tmp_path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(UnreadableValues, match="No such file"):
        load(tmp_path / "none.yaml")


def test_an_empty_file_says_nothing(values):
    assert values("", "# nothing\n").values == {}


def test_maps_merge_lists_replace_and_empty_values_delete():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}}
    above = {"a": {"c": [3], "g": None}, "d": None, "e": 2}
    assert merge(below, above) == {"a": {"b": 1, "c": [3], "g": None}, "e": 2}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}}


trees = st.recursive(
    st.one_of(st.none(), st.integers(), st.lists(st.integers())),
    lambda children: st.dictionaries(st.sampled_from("abc"), children),
)
mappings = st.dictionaries(st.sampled_from("abc"), trees)


@given(mappings)
def test_merging_with_nothing_changes_nothing(tree):
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree


def test_dates_and_octals_do_not_stop_it(values):
    said = values("a: 2026-11-21\nmode: 0755\njupyterhub: {custom: {jupyter2i2c: {name: X}}}")
    assert said.values["name"] == "X"
