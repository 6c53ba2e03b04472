"""The traits that an operator sets."""

import base64
from dataclasses import fields

import pytest
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

from jupyter_2i2c.config import HubInformation, read
from jupyter_2i2c.defaults import DEFAULTS
from jupyter_2i2c.model import Contact, Culling, HubFacts, Party, Span

PIXEL = base64.b64decode("R0lGODlhAQABAAAAACw=")


def stated(**traits):
    return read(Config({"HubInformation": traits}), "local", "the test")


def test_every_fact_but_what_is_found_at_run_time_is_a_trait():
    traits = set(HubInformation.class_trait_names(config=True))
    assert traits == {field.name for field in fields(HubFacts)} - {"components"}


def test_every_trait_says_what_it_is_for():
    for name, trait in HubInformation.class_traits(config=True).items():
        assert len(trait.help) > 20, name


def test_what_is_set_is_stated_with_its_source():
    said = stated(name="A hub", org="Org", funded_by=["One", {"name": "Two"}])
    assert said.values == {
        "name": "A hub",
        "org": Party("Org"),
        "funded_by": (Party("One"), Party("Two")),
    }
    assert said.provenance["name"].source == "c.HubInformation.name in the test"
    assert said.problems == ()


@pytest.mark.parametrize(
    ("trait", "value", "expected"),
    [
        ("name", 3, "a line of text"),
        ("docs_url", "javascript:alert(1)", "an address that begins with https://"),
        ("docs_url", ["https://x.example"], "an address that begins with https://"),
        ("org", {"nom": "x"}, "a dictionary with name, url (name required)"),
        ("org", {"name": "x", "url": "//evil"}, "a dictionary with name, url"),
        ("funded_by", 7, "a list of which each is a dictionary"),
        ("contacts", [{"role": "boss", "name": "x"}], "role one of community, representative"),
        ("contacts", [{"role": "operator", "name": "x", "email": "nobody"}], "a dictionary"),
        ("layers", [{"key": "x", "name": "x", "level": "PERHAPS", "meaning": ""}], "level one of"),
        ("culling", {"timeout": "1h"}, "a dictionary with timeout"),
        ("culling", {"timeout": True}, "a dictionary with timeout"),
        ("logo", "/nowhere/logo.png", "the path of a PNG"),
        ("logo", "/dev/zero", "the path of a PNG"),
        ("logo", "data:text/html;base64,PHNjcmlwdD4=", "the path of a PNG"),
        ("logo", "data:image/png;base64," + "A" * 200_000, "the path of a PNG"),
        ("commitments", [1, 2], "a list of lines of text"),
        ("notices", {"a": 1}, "a list of texts or pieces of HTML"),
        ("learn_more", "x" * 20_000, "text or HTML of at most"),
    ],
)
def test_a_wrong_value_names_trait_given_and_expected_and_the_rest_shows(trait, value, expected):
    said = stated(**{trait: value, "region": "north"})
    assert said.values == {"region": "north"}
    (problem,) = said.problems
    assert problem.setting == f"c.HubInformation.{trait} in the test"
    assert problem.given
    assert expected in problem.expected
    assert len(str(problem)) < 700


def test_an_unknown_setting_is_named_with_the_nearest_one():
    (problem,) = stated(doc_url="https://x.example").problems
    assert "doc_url" in problem.given
    assert problem.expected == "one of its traits, perhaps docs_url"


def test_a_value_that_fails_in_its_own_way_is_a_problem_too():
    class Hostile:
        def __repr__(self):
            raise RuntimeError("no repr")

    (problem,) = stated(name=Hostile()).problems
    assert problem.given == "a Hostile"


def test_a_local_picture_becomes_a_data_address(tmp_path):
    picture = tmp_path / "logo.gif"
    picture.write_bytes(PIXEL)
    said = stated(logo=str(picture))
    assert said.values["logo"] == "data:image/gif;base64," + base64.b64encode(PIXEL).decode()


def test_a_picture_elsewhere_stays_a_link():
    assert stated(logo="https://x.example/a.png").values["logo"] == "https://x.example/a.png"


def test_appending_to_a_list_keeps_its_default():
    c = Config()
    c.HubInformation.contacts.append({"role": "community", "name": "We"})
    said = read(c, "local", "the test")
    assert said.values["contacts"] == (*DEFAULTS.contacts, Contact("community", "We"))


def test_a_value_from_the_command_line_is_read():
    said = stated(name=DeferredConfigString("From the shell"))
    assert said.values == {"name": "From the shell"}


def test_html_is_reduced_to_words_and_links():
    said = stated(learn_more="<p>See <a href='https://x.example/'>this</a></p>")
    assert said.values["learn_more"] == (Span("See "), Span("this", "https://x.example/"))


def test_times_of_culling_are_read():
    assert stated(culling={"timeout": 60}).values["culling"] == Culling(timeout=60)
