"""A person's way in JupyterLab: log in, open the panel, read, walk through it by keyboard."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect


def test_a_newcomer_finds_who_runs_this_hub_and_whom_to_ask(lab):
    expect(lab.panel).to_be_hidden()
    lab.open_panel()
    hub = lab.section("This hub")
    expect(lab.panel.get_by_role("heading", name="Coastal Ocean Hub")).to_be_visible()
    expect(hub.get_by_role("link", name="Example Operator")).to_have_attribute(
        "href", "https://operator.example/"
    )
    expect(hub.get_by_text("Example Cloud, north-1")).to_be_visible()
    session = lab.section("Your session")
    expect(session.get_by_text("coastal-notebook:2026.11")).to_be_visible()
    expect(session.get_by_text(re.compile("after 1 h idle, at the latest"))).to_be_visible()
    expect(session.get_by_role("meter", name="Memory")).to_have_attribute(
        "aria-valuetext", re.compile(r".* of 2 GiB")
    )
    right = lab.section("Right to Replicate")
    expect(right.locator("blockquote")).to_have_text(
        "The Right to Replicate gives communities the right to replicate their infrastructure in"
        " its entirety elsewhere, with or without 2i2c."
    )
    expect(right.get_by_text(re.compile("Here: JupyterHub"))).to_be_visible()
    contacts = lab.section("Get help").locator(".jp-HubPanel-contacts > li")
    expect(contacts).to_have_count(3)
    expect(contacts.first).to_contain_text("Coastal Lab support")
    lab.toggle("About").click()
    expect(lab.section("About").get_by_text(re.compile("a user: your server"))).to_be_visible()
    assert lab.errors == []


def test_nothing_is_asked_of_any_other_host(lab):
    lab.open_panel()
    lab.toggle("About").click()
    here = urlsplit(lab.hub.url).netloc
    assert {urlsplit(url).netloc for url in lab.requests if not url.startswith("data:")} <= {
        here,
        "",
    }


def test_before_it_is_opened_it_has_asked_for_little(lab):
    lab.page.wait_for_load_state("networkidle")
    scripts = [url for url in lab.requests if "/extensions/jupyter-2i2c/" in url]
    assert len(scripts) <= 4
    questions = [url for url in lab.requests if "/jupyter-2i2c/" in url and url not in scripts]
    assert sum("/jupyter-2i2c/info" in url for url in questions) <= 1
    assert sum("/jupyter-2i2c/session" in url for url in questions) <= 1
    assert sum("/jupyter-2i2c/news" in url for url in questions) <= 1


@pytest.mark.parametrize(
    "theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
)
def test_axe_finds_no_fault(lab, axe, theme):
    if not lab.theme(theme):
        pytest.skip(f"this Lab has no theme {theme}")
    lab.open_panel()
    lab.toggle("About").click()
    lab.panel.get_by_text("What to expect").click()
    lab.panel.get_by_text("What the operator commits to").click()
    assert lab.faults(axe, "#jupyter-2i2c-panel") == []


def test_it_can_be_used_by_keyboard_alone(lab):
    lab.open_panel()
    page = lab.page
    lab.toggle("This hub").focus()
    page.keyboard.press("Space")
    expect(lab.toggle("This hub")).to_have_attribute("aria-expanded", "false")
    expect(lab.section("This hub").get_by_text("Run by")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(lab.section("This hub").get_by_text("Run by")).to_be_visible()
    # every control is reached, in the order in which it is read
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => {
                const element = document.activeElement;
                const inside = element.closest('#jupyter-2i2c-panel');
                return inside && (element.ariaLabel || element.title || element.textContent);
            }"""
        )
        if name is None:
            break
        reached.append(name.strip())
    wanted = [
        "Example Operator",
        "public, see every line",
        "Your session",
        "Copy the whole image reference",
        "Stop my server…",
        "Right to Replicate",
        "Read it in full",
        "Get help",
        "Copy help@lab.university.example",
        "help@lab.university.example",
        "What to expect",
        "About",
    ]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)


def test_the_focus_can_be_seen(lab):
    lab.open_panel()
    lab.toggle("Your session").focus()
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Shift+Tab")
    outline = lab.toggle("Your session").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"


def test_it_is_found_from_the_help_menu(lab):
    lab.page.get_by_role("menuitem", name="Help", exact=True).click()
    lab.page.get_by_role("menuitem", name="Get Help With This Hub").click()
    lab.ready()
    expect(lab.toggle("Get help")).to_be_focused()


def test_it_is_found_from_launcher_and_status_bar(lab):
    lab.page.locator(".jp-LauncherCard", has_text="About This Hub").click()
    lab.ready()
    lab.tab.click()
    expect(lab.panel).to_be_hidden()
    status = lab.page.get_by_role("button", name="Coastal Ocean Hub")
    status.press("Enter")
    lab.ready()


def test_it_is_as_it_was_after_a_reload(lab):
    lab.open_panel()

    def keeps_it(answer):
        sent = answer.request
        return (
            sent.method == "PUT"
            and "/workspaces/" in sent.url
            and '"session"' in (sent.post_data or "")
        )

    with lab.page.expect_response(keeps_it):  # Lab saves its workspace a moment later
        lab.toggle("Your session").click()
    lab.page.reload()
    expect(lab.toggle("Your session")).to_have_attribute("aria-expanded", "false")
    expect(lab.section("This hub").get_by_text("Run by")).to_be_visible()


@pytest.mark.parametrize("width", [180, 600])
def test_nothing_is_cut_off_in_a_narrow_or_a_wide_panel(lab, width):
    lab.open_panel()
    lab.toggle("About").click()
    lab.widen(width)
    assert abs(lab.panel.bounding_box()["width"] - width) < 20
    # what sticks out of the panel sideways, however little
    cut = lab.panel.evaluate(
        """panel => {
            const edge = panel.getBoundingClientRect();
            return [...panel.querySelectorAll('*')]
                .filter(e => e.clientWidth && !e.closest('.jp-sr-only'))
                .filter(e => {
                    const box = e.getBoundingClientRect();
                    return box.right > edge.right + 1 || box.left < edge.left - 1;
                })
                .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    assert cut == []


def test_it_reads_from_right_to_left(lab):
    lab.page.evaluate("document.documentElement.dir = 'rtl'")
    lab.open_panel()
    label = lab.panel.get_by_text("Run by").bounding_box()
    value = lab.panel.get_by_role("link", name="Example Operator").first.bounding_box()
    assert label["x"] > value["x"]


def test_it_stays_usable_at_200_percent(lab):
    lab.page.set_viewport_size({"width": 640, "height": 450})
    lab.open_panel()
    lab.toggle("About").scroll_into_view_if_needed()
    expect(lab.toggle("About")).to_be_in_viewport()


def test_settings_choose_the_side_and_the_sections(lab):
    settings = lab.hub.state / "home/ada/.jupyter/lab/user-settings/jupyter-2i2c"
    settings.mkdir(parents=True, exist_ok=True)
    file = settings / "panel.jupyterlab-settings"
    file.write_text('{"side": "right", "sections": {"about": false, "session": false}}')
    try:
        lab.open("lab?reset")
        tab = lab.page.locator('.jp-SideBar.jp-mod-right [data-id="jupyter-2i2c-panel"]')
        tab.click()
        titles = lab.panel.get_by_role("heading", level=2)
        expect(titles).to_have_text(["This hub", "Right to Replicate", "Get help"])
    finally:
        file.unlink()
