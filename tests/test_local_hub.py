"""A hub on this machine whose ports somebody else takes between their choice and their use."""

import pytest

from jupyter_2i2c.demo.local_hub import LocalHub, LocalHubFailed


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Starts a hub, each time with one of these last words; the last try succeeds if they are used up."""

    def start(words, port=0):
        states = []

        def begin(hub, _config, _service):
            states.append(hub.state)
            if len(states) <= len(words):
                raise LocalHubFailed(
                    f"the hub stopped; its last words were:\n{words[len(states) - 1]}"
                )

        monkeypatch.setattr(LocalHub, "_start", begin)
        try:
            with LocalHub(tmp_path / "hub.py", port):
                pass
        finally:
            assert not any(each.exists() for each in states)
        return len(states)

    return start


@pytest.mark.parametrize(
    "words", ["OSError: [Errno 98] Address already in use", "Error: listen EADDRINUSE: 127.0.0.1"]
)
def test_it_is_started_with_other_ports(start, words):
    assert start([words]) == 2


def test_it_is_not_tried_for_ever(start):
    with pytest.raises(LocalHubFailed, match="in use"):
        start(["Address already in use"] * 3)


def test_a_port_that_was_asked_for_is_not_replaced(start, free_port):
    with pytest.raises(LocalHubFailed, match="in use"):
        start(["Address already in use"], free_port)


def test_another_failure_is_told_at_once(start):
    with pytest.raises(LocalHubFailed, match="no such option"):
        start(["no such option"])


@pytest.fixture
def free_port():
    from jupyter_2i2c.demo.local_hub import free_ports

    with free_ports(0, 1) as (port,):
        pass
    return port
