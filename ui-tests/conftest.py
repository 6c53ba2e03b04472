"""Chromium and the example hub, for the tests beside this file.

`CHROMIUM` says where the browser is. In continuous integration a missing browser is a failure; on
a person's machine these tests are skipped, and say how to get one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from jupyter_2i2c.demo.local_hub import LocalHub
from jupyter_2i2c.demo.runner import CONFIG
from tests.hubs import SETUP, Hubs

from .community import COMMUNITY, Mailbox
from .lab import Lab

# what is awaited comes, also on a machine that is busy
expect.set_options(timeout=30_000)

NODE_MODULES = Path(__file__).parents[1] / "node_modules"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """None: Playwright runs the event loop of these tests, and pytest-jupyter must not close it."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Nothing: these tests have no Jupyter server in their own process."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        missing = "no Chromium: install it (Debian: apt install chromium) or say where in CHROMIUM"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=arguments,
            chromium_sandbox=False,
        )
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="session")
def hub() -> Iterator[LocalHub]:
    """The example hub, as `jupyter 2i2c demo` starts it."""
    with LocalHub(CONFIG) as hub:
        yield hub


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    """The mail server of the community below."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def community(mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """A hub whose people publish news and answer requests."""
    hubs = Hubs(tmp_path_factory.mktemp("community"))
    try:
        yield hubs.start(SETUP, COMMUNITY, mailbox.settings)
    finally:
        hubs.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def lab(hub: LocalHub, page: Page) -> Lab:
    """JupyterLab of the user ada, with its page loaded and the panel not yet open."""
    lab = Lab(hub, page)
    lab.log_in("ada")
    lab.open("lab?reset")  # whatever an earlier test left open
    return lab


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for faults of accessibility."""
    return (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
