"""Hubs that are attacked in Chromium: one on a shared origin, one with a host for each user and service.

Each attack runs on both with the newest JupyterHub. With the oldest it runs on one of them, so
that each attack meets each origin and each version; with JUPYTER_2I2C_TEST_ALL it runs on both.
"""

from __future__ import annotations

from zlib import crc32

import jupyterhub
import pytest

from tests.attacks.scene import CONSOLE, Scene
from tests.conftest import EVERYTHING
from tests.hubs import Hubs

ORIGINS = ("shared", "subdomains")


def pytest_generate_tests(metafunc):
    if "origin" in metafunc.fixturenames:
        origins = ORIGINS
        if jupyterhub.version_info[0] < 6 and not EVERYTHING:
            name = f"{metafunc.module.__name__}.{metafunc.function.__name__}"
            origins = (ORIGINS[crc32(name.encode()) % 2],)
        metafunc.parametrize("origin", origins)


@pytest.fixture(scope="package")
def scenes(tmp_path_factory):
    """The hubs that were started, by origin."""
    hubs = Hubs(tmp_path_factory.mktemp("attacked"))
    started = {}

    def scene(origin):
        if origin not in started:
            started[origin] = Scene(hubs, subdomains=origin == "subdomains")
            started[origin].with_server("mal")
        return started[origin]

    yield scene
    hubs.stop()


@pytest.fixture
def scene(origin, scenes):
    return scenes(origin)


@pytest.fixture
def shared(origin):
    """Whether all pages of the hub are of one origin."""
    return origin == "shared"


class Victim:
    """An administrator in Chromium who has the console open, and mal's page in another tab."""

    def __init__(self, scene: Scene, context) -> None:
        self.scene = scene
        self.context = context
        self.page = context.new_page()
        self.page.goto(f"{scene.hub.url}hub/login?next=/hub/home")
        self.page.fill("#username_input", "boss")
        self.page.fill("#password_input", scene.hub.password)
        self.page.click("#login_submit")
        self.page.wait_for_url("**/hub/home")
        self.open("services/twin/")
        assert "secret of boss" in self.page.content()
        self.open(CONSOLE)
        assert "boss (administrator)" in self.page.inner_text("body")
        self.trap = context.new_page()
        self.trap.goto(self.address("user/mal/notebook"))

    def address(self, path: str) -> str:
        return self.scene.hub.address(path)

    def open(self, path: str) -> None:
        """Go somewhere, and say yes where the hub asks whether that may know who comes."""
        self.page.goto(self.address(path))
        if "/oauth2/authorize" in self.page.url:
            self.page.get_by_role("button", name="Authorize").click()
            self.page.wait_for_url(f"**/{path}**")


@pytest.fixture
def victim(scene, context):
    return Victim(scene, context)
