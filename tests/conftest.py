"""What all tests share. Read by pytest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]

EVERYTHING = bool(os.environ.get("JUPYTER_2I2C_TEST_ALL"))
"""Whether `make test-all` runs, which leaves nothing out."""


@pytest.fixture(scope="session")
def data() -> Path:
    """The directory of JSON that the tests of both languages read."""
    return Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real hub configurations, where they are at hand."""
    path = Path(__file__).parents[1].parent / "shared" / "corpus"
    if not path.is_dir():
        pytest.skip("the corpus of real hub configurations is not on this machine")
    return path


@pytest.fixture
def jp_server_config(jp_server_config):
    """A server in which a handler without a decision about authentication fails."""
    jp_server_config.ServerApp.jpserver_extensions = {"jupyter_2i2c": True}
    jp_server_config.ServerApp.allow_unauthenticated_access = False
    return jp_server_config
