"""`make docs`: takes the pictures, writes the reference of the traits, and builds the pages."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from traitlets.config import Configurable

from jupyter_2i2c.config import HubInformation
from jupyter_2i2c.defaults import DEFAULTS
from jupyter_2i2c.demo.local_hub import LocalHub
from jupyter_2i2c.demo.runner import CONFIG
from jupyter_2i2c.hub.app import HubService
from jupyter_2i2c.model import HubFacts
from jupyter_2i2c.server.announcements import NewsReader
from jupyter_2i2c.server.home import HomeDirectory

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
CONSOLE = "services/2i2c-console/"
sys.path.insert(0, str(DOCS.parent))


def main() -> int:
    """Do all of it; the exit status is Sphinx's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-pictures", action="store_true", help="leave the pictures as they are")
    parser.add_argument("--output", default=DOCS / "_build" / "html", type=Path)
    arguments = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium and not arguments.no_pictures:
        take_pictures(chromium)
    else:
        print("The pictures stay as they are.", file=sys.stderr)
    write_reference()
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", DOCS, arguments.output],
        check=False,
    ).returncode


def take_pictures(chromium: str) -> None:
    """Pictures of the panel in the example hub, and of its page."""
    import importlib

    lab_module = importlib.import_module("ui-tests.lab")
    IMAGES.mkdir(exist_ok=True)
    with LocalHub(CONFIG) as hub, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        try:
            page = browser.new_page(viewport={"width": 1200, "height": 780})
            lab = lab_module.Lab(hub, page)
            lab.log_in("ada")
            _notebook(lab)
            page.goto(f"{hub.url}user/ada/lab/tree/tides.ipynb?reset")
            page.get_by_role("heading", name="Sea level at the pier").wait_for()
            lab.open_panel()
            lab.widen(300)
            page.get_by_text("being measured").wait_for(state="hidden", timeout=120_000)
            page.evaluate("document.activeElement.blur()")
            page.mouse.move(900, 700)
            page.screenshot(path=IMAGES / "lab.png")
            page.set_viewport_size({"width": 1200, "height": 1700})
            for theme, name in (("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")):
                lab.theme(theme)
                page.mouse.move(900, 700)
                lab.panel.screenshot(path=IMAGES / f"panel-{name}.png")
            lab.theme("JupyterLab Light")
            lab.widen(180)
            lab.panel.screenshot(path=IMAGES / "panel-narrow.png")
            page.set_viewport_size({"width": 860, "height": 1200})
            page.goto(f"{hub.url}services/2i2c/")
            page.screenshot(path=IMAGES / "page.png")
            _take_console(hub, browser, lab_module.Lab)
            _take_help(browser)
        finally:
            browser.close()


def _take_console(hub: LocalHub, browser: Browser, lab_class: Any) -> None:
    """The story of one action: asked in Lab, decided on the console, told to whom it concerns."""
    for name in ("grace", "katherine"):
        with hub.browser() as client:
            hub.login(client, name)
            hub.start_server(client, name)
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(120_000)
    lab = lab_class(hub, page)
    lab.log_in("admin")
    page.goto(f"{hub.url}{CONSOLE}")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("heading", name="Now").wait_for()
    page.screenshot(path=IMAGES / "console-now.png")
    lab.open("lab?reset")
    lab.open_panel()
    lab.widen(300)
    admin = lab.section("Admin")
    admin.get_by_role("button", name="Stop a server…").click()
    admin.get_by_label("User name").fill("grace")
    admin.get_by_label("Note").fill("The memory of the node is full, grace agreed by phone.")
    admin.screenshot(path=IMAGES / "console-ask.png")
    with page.context.expect_page() as opened:
        admin.get_by_role("button", name="Go to the console").click()
    console = opened.value
    console.set_viewport_size({"width": 1200, "height": 800})
    console.get_by_label("Tell grace why").fill("The node was full, as we said by phone.")
    console.get_by_label("I asked for this").check()
    console.screenshot(path=IMAGES / "console-approve.png")
    console.get_by_role("button", name="Stop the server").click()
    console.get_by_role("heading", name="Done").wait_for()
    for path, name in (("users", "users"), ("users/grace", "user"), ("audit", "audit")):
        console.set_viewport_size({"width": 1200, "height": 680 if name == "user" else 520})
        console.goto(f"{hub.url}{CONSOLE}{path}")
        console.screenshot(path=IMAGES / f"console-{name}.png")
    _take_news(hub, console)
    _take_export(lab)
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    grace = lab_class(hub, context.new_page())
    grace.log_in("grace")
    grace.open("lab?reset")
    grace.open_panel()
    grace.widen(300)
    grace.section("Your session").get_by_text("stopped by").wait_for()
    grace.section("Your session").screenshot(path=IMAGES / "console-told.png")
    # so that there is a job to show, all servers are stopped last
    console.goto(hub.url + CONSOLE)
    console.get_by_role("button", name="Stop all servers…").click()
    console.get_by_label("Tell everybody").fill("Maintenance until noon.")
    console.get_by_label("to confirm").fill("stop all")
    console.get_by_label("I asked for this").check()
    console.locator("button.danger").click()
    console.get_by_role("link", name="How far it is, and what failed").click()
    console.get_by_text("Ended.").wait_for()
    console.set_viewport_size({"width": 1200, "height": 380})
    console.screenshot(path=IMAGES / "console-job.png")
    context.close()
    page.context.close()


def _take_news(hub: LocalHub, console: Page) -> None:
    """An announcement before it is published, by somebody who is logged in to the console."""
    console.goto(f"{hub.url}{CONSOLE}news/new")
    console.get_by_label("Title").fill("Maintenance on Tuesday morning")
    console.get_by_label("Text").fill(
        "All servers are **stopped** at the start. Your files stay.\n\n"
        "- Save your notebooks before.\n- Kernels do not come back by themselves."
    )
    console.get_by_label("Link").fill("https://status.operator.example/maintenance/12")
    console.get_by_label("Kind").select_option("maintenance")
    console.get_by_label("Starts").fill("2099-11-24T06:00")
    console.get_by_label("Ends").fill("2099-11-24T08:00")
    console.get_by_role("button", name="Preview").click()
    console.get_by_role("heading", name="As everyone will read it").wait_for()
    console.set_viewport_size({"width": 1200, "height": 900})
    console.screenshot(path=IMAGES / "console-news.png")


def _take_export(lab: Any) -> None:
    """An export of the hub: asked in Lab, approved and read on the console, told in Lab."""
    admin = lab.section("Admin")
    admin.get_by_role("button", name="Take off the list").first.click()
    admin.get_by_role("button", name="Export this hub…").click()
    admin.get_by_label("With the names of its people").check()
    form = admin.get_by_role("form")
    form.screenshot(path=IMAGES / "export-ask.png")
    with lab.page.context.expect_page() as opened:
        form.get_by_role("button", name="Go to the console").click()
    console = opened.value
    console.set_viewport_size({"width": 1200, "height": 980})
    console.get_by_label("I may pass on the names").check()
    console.get_by_label("I asked for this").check()
    console.screenshot(path=IMAGES / "console-export-approve.png")
    console.get_by_role("button", name="Export", exact=True).click()
    told = admin.get_by_role("list", name="Approvals").get_by_role("listitem").first
    told.get_by_role("link", name="Report and download").wait_for(timeout=120_000)
    told.screenshot(path=IMAGES / "export-told.png")
    console.set_viewport_size({"width": 1200, "height": 860})
    console.goto(told.get_by_role("link").get_attribute("href"))
    console.get_by_role("heading", name="How far it is proven").wait_for()
    console.screenshot(path=IMAGES / "console-export.png")


def _take_help(browser: Browser) -> None:
    """News as it is read, and a request for help from its first word to its list."""
    import importlib

    community = importlib.import_module("ui-tests.community")
    lab_class = importlib.import_module("ui-tests.lab").Lab
    with community.running() as hub:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(120_000)
        lab = lab_class(hub, page)
        lab.log_in("ada")
        lab.open("lab?reset")
        lab.open_panel()
        lab.widen(300)
        lab.tab.click()  # so that what comes is new
        for words in community.EXAMPLES:
            community.announce(hub, "publish", *words)
        page.locator(f'[data-jp-unread="{len(community.EXAMPLES)}"]').wait_for()
        lab.open_panel()
        news = lab.section("News")
        news.get_by_role("listitem", name="Servers start slowly").wait_for()
        news.screenshot(path=IMAGES / "news.png")
        page.add_style_tag(content=".Toastify { display: none }")  # it stands over the rest
        lab.section("Get help").get_by_role("button", name="Ask for help…").click()
        form = page.locator(".jp-HubComposer")
        form.get_by_role("radio", name="Something is broken").check()
        form.get_by_role("radio", name="Slow, or kernels die").check()
        form.get_by_label("Subject").fill("My kernel dies when I open the large file")
        form.get_by_label("Description").fill(
            "I run the second cell of tides.ipynb. After a minute it says: Kernel Restarting.\n"
            "It worked last week, with the smaller file it still does."
        )
        form.get_by_label("Reply address").fill("ada@lab.university.example")
        page.evaluate("document.activeElement.blur()")
        page.mouse.move(5, 5)
        form.evaluate("form => form.scrollTo(0, 0)")
        form.screenshot(path=IMAGES / "composer.png")
        form.get_by_role("button", name="Gather diagnostics").click()
        form.locator("summary", has_text="Limits and use").click()
        page.evaluate("document.activeElement.blur()")
        form.get_by_role("heading", name="Diagnostics").evaluate("it => it.scrollIntoView()")
        form.screenshot(path=IMAGES / "composer-diagnostics.png")
        form.get_by_role("button", name="Send", exact=True).click()
        form.get_by_role("heading", name="Your request is on its way").wait_for()
        mine = lab.section("Get help")
        mine.get_by_role("list", name="Your help requests").wait_for()
        page.evaluate("document.activeElement.blur()")
        mine.screenshot(path=IMAGES / "requests.png")
        page.context.close()


def _notebook(lab: object) -> None:
    """A notebook to show the panel beside."""
    import json

    home = lab.hub.state / "home" / lab.user  # type: ignore[attr-defined]
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Sea level at the pier"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "import math\n\n[round(math.sin(hour / 2), 2) for hour in range(12)]",
            "outputs": [],
            "execution_count": None,
        },
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    content = {
        "nbformat_minor": 5,
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
    }
    (home / "tides.ipynb").write_text(json.dumps(content))


def write_reference() -> None:
    """The traits, as their help tells them."""
    target = DOCS / "reference" / "configuration.md"
    parts = ["# Configuration\n"]
    for cls in (HubInformation, HubService, HomeDirectory, NewsReader):
        parts.append(_section(cls))
    target.write_text("\n".join(parts), "utf-8")


def _section(cls: type[Configurable]) -> str:
    known = {field.name for field in fields(HubFacts)}
    lines = [f"## {cls.__name__}\n", (cls.__doc__ or "").strip().replace("\n    ", "\n"), ""]
    own = cls.class_own_traits(config=True)
    for name, trait in own.items():
        lines.append(f"### `c.{cls.__name__}.{name}`\n")
        lines.append(trait.help.strip())
        lines.append("")
        default = getattr(DEFAULTS, name, None) if name in known else trait.default_value
        if default:
            lines.append(_told(default) if name in known else f"Default: `{default!r}`")
            lines.append("")
        lines.append(f"Expected: {trait.info()}.")
        lines.append("")
    return "\n".join(lines)


def _told(default: object) -> str:
    text = repr(default)
    return (
        f"Default: `{text}`" if len(text) < 200 else "Default: 2i2c's public facts (`defaults.py`)."
    )


if __name__ == "__main__":
    sys.exit(main())
