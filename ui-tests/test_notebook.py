"""The same panel in Notebook 7, whose people would not see one that is in Lab only."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .lab import Lab


@pytest.fixture
def notebook(hub, page):
    """Notebook 7 of the user grace, at its list of files."""
    lab = Lab(hub, page)
    lab.log_in("grace")
    lab.open("tree")
    page.get_by_role("tab", name="Running").wait_for()
    return lab


def test_the_panel_opens_from_the_help_menu(notebook, axe):
    notebook.page.get_by_role("menuitem", name="Help", exact=True).click()
    notebook.page.get_by_role("menuitem", name="About This Hub").click()
    notebook.ready()
    expect(notebook.panel.get_by_role("heading", name="Coastal Ocean Hub")).to_be_visible()
    expect(notebook.section("Right to Replicate").locator("blockquote")).to_contain_text(
        "with or without 2i2c."
    )
    assert notebook.faults(axe, "#jupyter-2i2c-panel") == []
    assert notebook.errors == []


def test_the_panel_opens_beside_a_notebook(notebook):
    page = notebook.page
    page.get_by_role("button", name="New", exact=True).or_(
        page.get_by_role("menuitem", name="New", exact=True)
    ).first.click()
    with page.expect_popup() as popup:
        page.get_by_role("menuitem", name=re.compile("Python 3")).click()
    beside = Lab(notebook.hub, popup.value)
    # menus are made anew when the kernel is there
    beside.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    # the menu bar may still be made anew, the palette is not
    beside.run("Get Help With This Hub")
    beside.ready()
    contacts = beside.section("Get help").locator(".jp-HubPanel-contacts > li")
    expect(contacts.first).to_contain_text("Coastal Lab support")
    assert beside.errors == []
