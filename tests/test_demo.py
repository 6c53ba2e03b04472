"""The example hub, as a newcomer starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import psutil
import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.demo.local_hub import clean_environment

DEMO = [sys.executable, "-m", "jupyter_2i2c", "demo"]


@pytest.fixture
def marked(tmp_path):
    """An environment by which all that is started in it can be found again."""
    mark = f"MARK={tmp_path}"

    def running():
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("MARK") == str(tmp_path):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    name, _, value = mark.partition("=")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**clean_environment(), name: value, "TMPDIR": str(temporary)}
    yield environment, running, temporary
    for process in running():
        process.kill()


@pytest.mark.end_to_end
def test_check_proves_it_prints_json_and_leaves_nothing_running(marked):
    environment, running, temporary = marked
    done = subprocess.run(
        [*DEMO, "--check", "--port", "0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["facts"]["name"] == "Coastal Ocean Hub"
    assert facts["service"]["state"] == "ok"
    assert facts["facts"]["culling"]["timeout"] == 3600
    assert "Logging in as ada" in done.stderr
    assert running() == []
    assert list(temporary.glob("jupyter-2i2c-*")) == []


def started(environment):
    """The demo, and what it says until its hub is ready."""
    process = subprocess.Popen(
        [*DEMO, "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True
    )
    said = ""
    while "Stop it with" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return process, said


@pytest.mark.end_to_end
def test_it_prints_address_and_logins_and_stops_cleanly_on_ctrl_c(marked):
    environment, running, temporary = marked
    process, said = started(environment)
    url = re.search(r"The hub is ready:  (http://127\.0\.0\.1:\d+/)", said)[1]
    for name in ("admin", "ada", "grace", "katherine", "coast"):
        assert name in said
    # the console answers browsers only
    for path, status in (("", 200), ("services/2i2c/", 200), ("services/2i2c-console/", 403)):
        assert f" {url}{path}\n" in said
        got = httpx.get(f"{url}{path}", trust_env=False, follow_redirects=True)
        assert got.status_code == status
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert running() == []
    assert list(temporary.glob("jupyter-2i2c-*")) == []


def test_its_hub_proxy_and_service_end_with_it_however_it_is_killed(marked):
    environment, running, _ = marked
    process, _ = started(environment)
    with process:
        process.kill()
    assert not psutil.wait_procs(running(), timeout=60)[1]


def test_a_port_that_is_taken_is_said_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*DEMO, "--port", str(port)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert f"port {port} cannot be used" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_number_that_is_no_port_is_said_in_one_line(port):
    # in a process of its own, as pytest's workers choose ports in another way
    done = subprocess.run(
        [*DEMO, "--port", port], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"jupyter 2i2c demo: port {port} cannot be used (ports end at 65535); choose another with"
        " --port, or with `make demo PORT=…`\n"
    )


def test_a_missing_package_is_said_with_the_way_to_get_it(monkeypatch, capsys):
    for name in [each for each in sys.modules if each.startswith("jupyter_2i2c.demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == (
        "jupyter 2i2c demo: it needs httpx: pip install 'jupyter_2i2c[demo]'\n"
    )


def test_a_missing_proxy_is_said_with_the_way_to_get_it():
    done = subprocess.run(
        [*DEMO, "--check"],
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "npm install -g configurable-http-proxy" in done.stderr
