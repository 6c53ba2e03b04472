"""The hubs that the tests beside this file attack: one on a shared origin, one with a host for each user and service.

Each test runs on one of them with the newest JupyterHub and on the other with the oldest, so that
each attack meets each origin and each version; with JUPYTER_2I2C_TEST_ALL it runs on both.
"""

from __future__ import annotations

from zlib import crc32

import jupyterhub
import pytest

from ..conftest import EVERYTHING
from ..hubs import Hubs
from .scene import Scene

ORIGINS = ("shared", "subdomains")


def pytest_generate_tests(metafunc):
    if "scene" in metafunc.fixturenames and not hasattr(metafunc.module, "scene"):
        origins = ORIGINS
        if not EVERYTHING:
            name = f"{metafunc.module.__name__}.{metafunc.function.__name__}"
            newest = jupyterhub.version_info[0] >= 6
            origins = (ORIGINS[(crc32(name.encode()) + newest) % 2],)
        metafunc.parametrize("scene", origins, indirect=True, scope="package")


@pytest.fixture(scope="package")
def hubs(tmp_path_factory):
    """Starts hubs for all tests of this directory."""
    hubs = Hubs(tmp_path_factory.mktemp("attacked"))
    yield hubs
    hubs.stop()


@pytest.fixture(scope="package")
def scenes(hubs):
    """The hubs that were started, by origin."""
    started = {}

    def scene(origin):
        if origin not in started:
            started[origin] = Scene(hubs, subdomains=origin == "subdomains")
        return started[origin]

    return scene


@pytest.fixture(scope="package")
def scene(scenes, request):
    """The hub of the origin at which the test is run."""
    return scenes(request.param)
