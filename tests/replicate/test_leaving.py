"""Every command of docs/users/leaving.md, in order, by a person with a small environment."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "users" / "leaving.md"

# the hub is the environment that a fixture makes, whatever this runs in
JUPYTER = """\
#!/bin/bash
case "$1 $2 $3" in
"2i2c capture env") set -- "$@" --python {python} ;;
"2i2c diff "*) test $# -gt 3 || set -- "$@" --python {python} ;;
esac
exec {own} -m jupyter_2i2c "${{@:2}}"
"""

# another machine, which is this one
SSH = '#!/bin/sh\nshift\nexec sh -c "$*"\n'

# what it reads must be there; the image itself needs Docker
REPO2DOCKER = """\
#!/bin/sh
for last; do :; done
cd "$last/binder" && test -x postBuild && test -s runtime.txt && test -s requirements.txt
"""

# it is installed already: tests/test_packaging.py
INSTALLS = "pip install 'jupyter_2i2c[replicate]'"


def commands():
    """Each command of the page, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield line.removeprefix("$ ")


@pytest.fixture
def hub(made_once, index, tmp_path, monkeypatch):
    """A home to type the commands in, and the commands that are not ours."""
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    (home / "project" / "notes.txt").write_text("sea level\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    jupyter = JUPYTER.format(python=shlex.quote(made_once.python), own=shlex.quote(sys.executable))
    for name, text in (("jupyter", jupyter), ("ssh", SSH), ("jupyter-repo2docker", REPO2DOCKER)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    for name in [each for each in os.environ if each.startswith("JUPYTER")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return home


def test_every_command_works_as_it_is_written(hub):
    assert INSTALLS in commands()
    script = "set -eux\n" + "\n".join(each for each in commands() if each != INSTALLS)
    done = subprocess.run(
        ["bash", "-c", script], cwd=hub, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Highest rung: V5" in done.stdout
    (home,) = (hub / "unpacked").glob("home-*")
    assert (home / "data" / "project" / "notes.txt").read_text() == "sea level\n"
    assert (hub / "home-sent.tar.zst").stat().st_size > 0
    assert (hub / "volumes" / "bagit.txt").is_file()
    plain = [hub / "plain/bin/python", "-c", "import alpha, gamma; print(alpha.__doc__)"]
    assert subprocess.run(plain, capture_output=True, text=True, check=True).stdout == "alpha\n"
