"""What was started ends with who started it."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from jupyter_2i2c import tethered

# a hub as far as this goes: its server is in a session of its own
HUB = """\
import subprocess, sys, time
server = [sys.executable, "-c", "import time; time.sleep(600)"]
{before}
print(subprocess.Popen(server, start_new_session=True).pid, flush=True)
time.sleep(600)
"""

STARTS = """\
import os, sys
from pathlib import Path
from jupyter_2i2c import tethered
hub = tethered.start(
    [sys.executable, "-c", sys.argv[1]], cwd=Path.cwd(), env=os.environ, output=sys.stdout.buffer
)
print(hub.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def found(request):
    """Waits for processes by what is printed of them, and leaves none behind."""
    known = []

    def read(stream, number):
        known.extend(psutil.Process(int(stream.readline())) for _ in range(number))
        return known[-number:]

    yield read
    for each in known:
        if each.is_running():
            each.kill()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_all_of_it_ends_with_who_started_it(found, tmp_path, by):
    command = [sys.executable, "-c", STARTS, HUB.format(before="")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe) as starter:
        processes = found(starter.stdout, 2)
        starter.send_signal(by)
        assert not psutil.wait_procs(processes, timeout=60)[1]


@pytest.fixture
def started(tmp_path):
    processes = []

    def start(code):
        with (tmp_path / "said").open("wb") as said:
            process = tethered.start(
                [sys.executable, "-c", code], cwd=tmp_path, env={"WORD": "tide"}, output=said
            )
        processes.append(process)
        return process

    yield start
    for each in processes:
        each.kill()
        each.wait()
        tethered.let_go(each)


def said(tmp_path, process):
    process.wait(60)
    return (tmp_path / "said").read_text()


def test_it_is_the_child_of_who_started_it_and_its_end_is_told(started, tmp_path):
    process = started(
        "import os, sys; print(os.getpid(), os.environ['WORD'], os.getcwd());"
        " print(repr(sys.stdin.read())); sys.exit(3)"
    )
    assert said(tmp_path, process) == f"{process.pid} tide {tmp_path}\n''\n"
    assert process.returncode == 3


def test_what_it_starts_does_not_hold_its_pipes(started, tmp_path):
    process = started(
        "import os, subprocess, sys; subprocess.run([sys.executable, '-c',"
        " 'import os; print(sorted(os.listdir(\"/proc/self/fd\")))'])"
    )
    assert said(tmp_path, process) == "['0', '1', '2', '3']\n"  # 3 is the listing itself


def test_it_reads_what_it_is_given_and_says_what_is_wrong_elsewhere(tmp_path):
    (tmp_path / "given").write_text("ebb")
    code = "import os, sys; print(sys.stdin.read() * 2); print(len(os.listdir('/proc/self/fd')), file=sys.stderr)"
    with (
        (tmp_path / "said").open("wb") as output,
        (tmp_path / "wrong").open("wb") as errors,
        (tmp_path / "given").open("rb") as given,
    ):
        command = [sys.executable, "-c", code]
        program = tethered.start(
            command, cwd=tmp_path, env={}, output=output, errors=errors, given=given
        )
    assert said(tmp_path, program) == "ebbebb\n"
    # its own three, the listing, and by what its watcher sees that it has ended
    assert (tmp_path / "wrong").read_text() == "5\n"
    tethered.let_go(program)


def test_what_cannot_be_started_says_so(tmp_path):
    with (tmp_path / "said").open("wb") as output:
        process = tethered.start(["/no/such/thing"], cwd=tmp_path, env={}, output=output)
    assert (
        said(tmp_path, process)
        == "Error: /no/such/thing cannot be started: No such file or directory\n"
    )
    assert process.returncode == 1
    tethered.let_go(process)


def test_what_does_not_listen_is_ended_by_force_with_what_it_started(found, tmp_path):
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as output, os.fdopen(reading) as told:
        command = [sys.executable, "-c", HUB.format(before=deaf)]
        program = tethered.start(command, cwd=tmp_path, env={}, output=output)
        (server,) = found(told, 1)
        tethered.stop(program, grace=0.1)
    assert program.returncode == -signal.SIGKILL
    assert not psutil.wait_procs([server], timeout=60)[1]


@pytest.mark.parametrize("seen", [tethered.of_proc, tethered.of_ps])
def test_processes_are_told_with_their_parents_and_starts(seen):
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as one:
        first = seen()
        assert first[one.pid][0] == os.getpid()
        assert seen()[one.pid] == first[one.pid]
        one.communicate(b"\n")
    assert one.pid not in seen()
