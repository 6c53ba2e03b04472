"""What all tests share. Read by pytest."""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_2i2c.demo import local_hub

pytest_plugins = ["pytest_jupyter.jupyter_server"]

EVERYTHING = bool(os.environ.get("JUPYTER_2I2C_TEST_ALL"))
"""Whether `make test-all` runs, which leaves nothing out."""


def pytest_configure() -> None:
    """Give each of pytest's workers ports of its own: two hubs that start at once must not pick the same."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        first = 12_000 + 4_000 * (int(worker.removeprefix("gw")) % 5)
        ports = itertools.cycle(random.sample(range(first, first + 4_000), 4_000))
        local_hub.free_ports = lambda wanted, count=6: _own(ports, wanted, count)


@contextmanager
def _own(ports: Iterator[int], wanted: int, count: int) -> Iterator[list[int]]:
    free = (port for port in ports if _is_free(port))
    yield [wanted or next(free), *(next(free) for _ in range(count - 1))]


def _is_free(port: int) -> bool:
    with socket.socket() as each:
        try:
            each.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


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
