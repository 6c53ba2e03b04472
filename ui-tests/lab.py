"""JupyterLab and Notebook on a hub, as a person uses them. Called by the browser tests and by docs/build.py."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from jupyter_2i2c.demo.local_hub import LocalHub

PANEL = "jupyter-2i2c-panel"

# Lab's own question about news, which would stand in the way
NO_NEWS = "@jupyterlab/apputils-extension:announcements"


class Lab:
    """A page of one person's server."""

    def __init__(self, hub: LocalHub, page: Page) -> None:
        self.hub = hub
        self.page = page
        self.user = ""
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", self._on_error)
        page.on("request", lambda request: self.requests.append(request.url))

    def _on_error(self, error: Any) -> None:
        # Notebook 7.6 has an error of its own at its start
        if "/extensions/jupyter-2i2c/" in (error.stack or ""):
            self.errors.append(str(error))

    def log_in(self, user: str, disabled: tuple[str, ...] = ()) -> None:
        """Log in at the hub, and wait until the server has started; its Lab lacks what is disabled."""
        self.user = user
        settings = self.hub.state / "home" / user / ".jupyter" / "labconfig"
        settings.mkdir(parents=True, exist_ok=True)
        extensions = dict.fromkeys((NO_NEWS, *disabled), True)
        (settings / "page_config.json").write_text(json.dumps({"disabledExtensions": extensions}))
        self.page.goto(f"{self.hub.url}hub/login?next=/hub/spawn")
        self.page.fill("#username_input", user)
        self.page.fill("#password_input", self.hub.password)
        self.page.click("#login_submit")
        self.page.wait_for_url(f"**/user/{user}/**", timeout=90_000)

    def open(self, path: str) -> None:
        """Open a page of the server."""
        self.requests.clear()
        self.page.goto(f"{self.hub.url}user/{self.user}/{path}")
        if path.startswith("lab"):
            self.page.wait_for_selector("#jupyterlab-splash", state="detached")
            self.page.wait_for_selector(".jp-Launcher")

    @property
    def tab(self) -> Locator:
        """The panel's icon in the sidebar."""
        return self.page.locator(f'.jp-SideBar [data-id="{PANEL}"]')

    @property
    def panel(self) -> Locator:
        return self.page.locator(f"#{PANEL}")

    def open_panel(self) -> Locator:
        """Open the panel and wait for its facts."""
        self.tab.click()
        self.ready()
        return self.panel

    def ready(self) -> None:
        """Wait until the panel shows facts and session."""
        expect(self.section("This hub").get_by_text("Run by")).to_be_visible()
        expect(self.section("Your session").get_by_text("Memory")).to_be_visible()

    def section(self, name: str) -> Locator:
        heading = self.page.get_by_role("heading", name=name, exact=True, level=2)
        return self.panel.locator(".jp-HubPanel-section", has=heading)

    def toggle(self, name: str) -> Locator:
        """The button that opens and closes a section."""
        return self.panel.get_by_role("button", name=name, exact=True)

    def find(self, command: str) -> None:
        """Find a command in the palette, so that Enter runs it."""
        self.page.keyboard.press("Control+Shift+c")
        self.page.get_by_placeholder("SEARCH", exact=True).fill(command)
        found = self.page.locator(".lm-CommandPalette-item.lm-mod-active")
        expect(found).to_contain_text(command)

    def run(self, command: str) -> None:
        """Run a command of the palette."""
        self.find(command)
        self.page.keyboard.press("Enter")

    def theme(self, name: str) -> bool:
        """Choose one of Lab's themes; False if this Lab does not have it."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        self.page.locator(".lm-Menu").get_by_text("Theme", exact=True).hover()
        entry = self.page.locator(".lm-Menu").get_by_text(name, exact=True)
        self.page.locator(".lm-Menu").get_by_text("JupyterLab Light", exact=True).wait_for()
        if not entry.is_visible():
            return False
        entry.click()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        return True

    def widen(self, width: int) -> None:
        """Drag the sidebar's edge until the panel is so wide, even if Lab would stop before."""
        self.page.evaluate(
            "width => document.body.style.setProperty('--jp-sidebar-min-width', `${width}px`)",
            width,
        )
        self.tab.click()  # Lab takes the new limit when the panel is shown again
        self.tab.click()
        grip = self.page.locator(
            "#jp-main-split-panel > .lm-SplitPanel-handle"
        ).first.bounding_box()
        box = self.panel.bounding_box()
        assert grip
        assert box
        self.page.mouse.move(grip["x"] + grip["width"] / 2, 400)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + width, 400, steps=5)
        self.page.mouse.up()

    def faults(self, axe: str, where: str) -> list[str]:
        """What axe finds wrong at a selector, one line each."""
        self.page.evaluate(axe)
        found = self.page.evaluate("where => axe.run(where)", where)
        return [
            f"{violation['id']}: {node['html']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def faults_in_both_themes(self, axe: str, where: str) -> list[str]:
        """The same in the dark theme and in the light one, which stays."""
        found = []
        for name in ("JupyterLab Dark", "JupyterLab Light"):
            assert self.theme(name)
            self.page.mouse.move(900, 700)  # what is hovered has other colours
            found += [f"{name}: {fault}" for fault in self.faults(axe, where)]
        return found
