"""What is open here: found in the panel by a person on the hub, and on the hub's page by anybody."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .lab import Lab


def test_a_person_sees_what_is_open_and_what_ties_the_hub(lab, axe):
    lab.page.wait_for_load_state("networkidle")
    assert not [url for url in lab.requests if "/jupyter-2i2c/evidence" in url]
    lab.open_panel()
    right = lab.section("Right to Replicate")
    packages = right.locator("details", has_text="Python packages:")
    expect(packages.locator("summary")).to_have_text(re.compile(r"\d+ open"))
    hub = right.locator("details", has_text="Packages of the hub:")
    expect(hub.locator("summary")).to_have_text(re.compile(r"\d+ open"))
    # what has a way out tells it once it is opened
    secrets = right.locator("details", has_text="Secrets:")
    expect(secrets.get_by_text(re.compile("Way out"))).to_be_hidden()
    secrets.locator("summary").click()
    expect(secrets.get_by_text(re.compile("Way out: get new ones"))).to_be_visible()
    assert lab.faults(axe, "#jupyter-2i2c-panel") == []
    asked = [url for url in lab.requests if "/jupyter-2i2c/evidence" in url]
    assert len(asked) == 1
    assert lab.errors == []


def test_the_hubs_page_tells_it_without_names(hub, page, axe):
    page.goto(f"{hub.url}services/2i2c/")
    row = page.get_by_role("row", name=re.compile("The hub's infrastructure"))
    found = row.locator("details")
    expect(found.locator("summary")).to_have_text(re.compile(r"Packages of the hub: \d+ open"))
    found.locator("summary").click()
    expect(found.get_by_text(re.compile("Way out")).first).to_be_visible()
    expect(found).not_to_contain_text(re.compile(r"traitlets|sqlalchemy", re.IGNORECASE))
    assert Lab(hub, page).faults(axe, "main") == []
