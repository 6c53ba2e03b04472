"""The hubs that the tests beside this file attack."""

from __future__ import annotations

import pytest

from ..hubs import Hubs
from .scene import Scene


@pytest.fixture(scope="package")
def hubs(tmp_path_factory):
    """Starts hubs for all tests of this directory."""
    hubs = Hubs(tmp_path_factory.mktemp("attacked"))
    yield hubs
    hubs.stop()


@pytest.fixture(scope="package")
def scene(hubs):
    """A hub on a shared origin."""
    return Scene(hubs)
