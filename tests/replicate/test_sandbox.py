"""What a configuration is executed with: the same order of sets each time, no variable of its own before it is confined, and what it can change of the machine: nothing."""

import os
import resource

import pytest

from jupyter_2i2c.replicate.sandbox.start import NotExecuted, NotHere, execute, understood
from jupyter_2i2c.replicate.work import Work

CODE = """\
import os
c = get_config()
c.A.order = [each for each in {"org:one", "org:two", "org:three", "org:four", "org:five"}]
c.A.seed = os.environ.get("PYTHONHASHSEED")
c.A.given = {name: os.environ.get(name) for name in ("LD_DEBUG", "PYTHONPATH", "OWN", "LANG")}
"""


@pytest.fixture
def executed(tmp_path):
    def run(code=CODE, **environment):
        (tmp_path / "hub").mkdir(exist_ok=True)
        (tmp_path / "hub" / "a.py").write_text(code)
        try:
            return execute(
                tmp_path / "hub" / "a.py", tmp_path, hub=tmp_path / "hub", environment=environment,
                known={}, places={}, work=Work(),
            ).config  # fmt: skip
        except NotHere as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return run


def test_a_set_comes_in_the_same_order_each_time(executed):
    first = executed()
    assert first["A.seed"] is None
    # a hub that asks for another seed says the same as one that does not
    second = executed(PYTHONHASHSEED="7")
    assert second["A.seed"] == "7"
    assert second["A.order"] == first["A.order"]


def test_variables_of_a_bundle_load_nothing_before_it_is_confined(executed, tmp_path):
    module = tmp_path / "elsewhere" / "confine.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit('taken over')\n")
    given = {"LD_DEBUG": "help", "PYTHONPATH": str(module.parent), "OWN": "x"}
    # the dynamic linker would say what LD_DEBUG means, and end
    assert executed(**given)["A.given"] == {**given, "LANG": None}


REACH = """\
import os, resource, shutil, threading
c = get_config()
def tried(what):
    try:
        what()
    except OSError as error:
        return error.strerror
    return "done"
mine = "own"
open(mine, "w").close()
c.A.others = [
    tried(lambda: os.chmod({file!r}, 0o777)),
    tried(lambda: os.utime({file!r}, (5, 5))),
    tried(lambda: os.setxattr({file!r}, "user.a", b"1")),
]
c.A.own = [tried(lambda: os.chmod(mine, 0o600)), tried(lambda: shutil.copy2(mine, "copy"))]
c.A.limits = tried(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (9, 9)))
c.A.priority = tried(lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19))
started = threading.Thread(target=lambda: c.A.update(thread="ran"))
started.start()
started.join()
child = os.fork()
if not child:
    os._exit(7)
c.A.child = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        return os.strerror(ctypes.get_errno())
c.A.calls = [call(*each) for each in {calls!r}]
"""

CALLS = [
    [200, 1, 0],  # tkill
    [234, 1, 1, 0],  # tgkill
    [272, 0x10000000],  # unshare: a namespace of its own, in which it has every right
    [56, 0x10000011, 0, 0, 0, 0],  # clone, the same
    [29, 4711, 100, 0o1600],  # shmget
    [250, 0, -3 & 0xFFFFFFFF, 1],  # keyctl
    [311, 1, 0, 0, 0, 0, 0],  # process_vm_writev
]


def test_nothing_of_others_is_changed_and_what_is_its_own_works(executed, tmp_path_factory):
    file = tmp_path_factory.mktemp("others") / "file"
    file.touch(0o600)
    before, limits = file.stat(), resource.getrlimit(resource.RLIMIT_NOFILE)
    calls = CALLS if os.uname().machine == "x86_64" else []
    told = executed(REACH.format(file=str(file), calls=calls))
    after = file.stat()
    assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime)
    assert os.listxattr(file) == []
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits
    assert told["A.limits"] == told["A.priority"] == "Permission denied"
    assert told["A.own"] == ["done", "done"]
    assert told["A.thread"] == "ran"
    assert told["A.child"] == 7
    assert set(told["A.calls"]) <= {"Permission denied"}


@pytest.mark.parametrize("answer", ["[" * 100_000, "[1]", '{"config": 1}', f'{{"config": {{"a": {"[" * 500 + "]" * 500}}}}}'])  # fmt: skip
def test_what_a_configuration_puts_in_the_place_of_the_answer_is_refused(answer):
    with pytest.raises(NotExecuted, match="answer"):
        understood(answer.encode(), "")
