"""Real hubs for the tests beside this file."""

from __future__ import annotations

import pytest

from ..hubs import SETUP, Hubs


@pytest.fixture(scope="module")
def hubs(tmp_path_factory):
    """Starts hubs for one file of tests."""
    hubs = Hubs(tmp_path_factory.mktemp("hubs"))
    yield hubs
    hubs.stop()


@pytest.fixture(scope="module")
def hub(hubs):
    """A hub with `setup_hub` and nothing else of note."""
    return hubs.start(
        SETUP,
        """
        c.HubInformation.name = "Test hub"
        c.HubInformation.contacts = [{"role": "community", "name": "Us", "email": "a@b.example"}]
        """,
    )


@pytest.fixture(scope="module")
def ada(hubs, hub):
    """A user of that hub, with a server."""
    person = hubs.log_in(hub, "ada")
    person.start_server()
    return person


@pytest.fixture(scope="module")
def boss(hubs, hub):
    """An administrator of that hub."""
    return hubs.log_in(hub, "boss")
