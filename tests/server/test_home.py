"""How full the home directory is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from traitlets.config import Config
from traitlets.log import get_logger

from jupyter_2i2c.server import home_walk
from jupyter_2i2c.server.home import HomeDirectory

BLOCK = 64 * 1024


@pytest.fixture
def directory(tmp_path):
    """A home with files, links, and something that is everybody's."""
    (tmp_path / "a").write_bytes(b"x" * BLOCK)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "b").write_bytes(b"x" * BLOCK)
    os.link(tmp_path / "a", tmp_path / "same")
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "big").write_bytes(b"x" * BLOCK * 10)
    return tmp_path


def measured(home):
    """What `home` knows once it has measured."""
    deadline = time.monotonic() + 60
    while home.look().state == "measuring" and time.monotonic() < deadline:
        home._running.join(0.1)
    return home.look()


def test_it_counts_each_file_once_and_nothing_that_is_everybodys(directory):
    used = home_walk.count(str(directory), ["shared"])
    assert 2 * BLOCK <= used < 3 * BLOCK
    assert home_walk.count(str(directory), []) >= 12 * BLOCK


def test_it_counts_what_it_may_read_and_survives_the_rest(directory):
    bad = os.fsencode(directory) + b"/\xff\xfe"
    Path(os.fsdecode(bad)).write_bytes(b"x" * BLOCK)
    assert home_walk.count(str(directory), ["shared"]) >= 3 * BLOCK


def test_it_runs_in_a_process_of_the_lowest_priority():
    code = "import os, runpy, sys; sys.argv = ['x', '/dev']; runpy.run_path({!r}, run_name='__main__'); print(os.nice(0))"
    script = home_walk.__file__
    done = subprocess.run(
        [sys.executable, "-c", code.format(script)], check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[-1] == "19"


def test_a_home_is_measured_behind_the_answer(directory):
    home = HomeDirectory(path=str(directory), quota="1M")
    first = home.look()
    assert (first.state, first.used, first.limit) == ("measuring", None, 2**20)
    known = measured(home)
    assert known.state == "measured"
    assert 2 * BLOCK <= known.used < 3 * BLOCK
    assert known.limit == 2**20
    assert known.age == 0
    assert known.left_out == ("shared",)


def test_it_is_not_measured_again_within_the_hour(directory):
    home = HomeDirectory(path=str(directory))
    measured(home)
    thread = home._running
    home.look()
    assert home._running is thread


def test_an_operators_own_hook_is_asked(tmp_path):
    known = measured(HomeDirectory(path=str(tmp_path), usage_hook=lambda: (7, 10)))
    assert (known.used, known.limit) == (7, 10)


def test_a_hook_that_fails_leaves_it_not_known(tmp_path, caplog):
    def fail():
        raise RuntimeError("no such quota")

    assert measured(HomeDirectory(path=str(tmp_path), usage_hook=fail)).state == "unknown"
    assert "no such quota" in caplog.text


def test_the_file_system_is_asked_where_it_tells_the_truth(tmp_path):
    known = measured(HomeDirectory(path=str(tmp_path), source="filesystem"))
    assert 0 < known.used < known.limit


def test_a_home_that_is_not_there_is_not_known(tmp_path, capfd):
    assert measured(HomeDirectory(path=str(tmp_path / "none"))).state == "unknown"


def test_a_wrong_setting_leaves_the_defaults(caplog):
    config = Config({"HomeDirectory": {"quota": [1], "shared": ["x"]}})
    home = HomeDirectory.configured(config, get_logger())
    assert home.quota == 0
    assert "HomeDirectory is left at its defaults" in caplog.text


def test_the_quota_may_be_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_2I2C_HOME_QUOTA", "10G")
    assert (
        HomeDirectory(path=str(tmp_path), usage_hook=lambda: (1, None)).look().limit == 10 * 2**30
    )


def test_a_count_that_runs_is_ended_with_the_server(directory, monkeypatch, tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import signal; signal.pause()")
    monkeypatch.setattr("jupyter_2i2c.server.home.WALK", slow)
    home = HomeDirectory(path=str(directory))
    home.look()
    while home._walk is None:
        home._running.join(0.01)
    home.stop()
    home._running.join(10)
    assert not home._running.is_alive()
    assert home._walk.returncode != 0
