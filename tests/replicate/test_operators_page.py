"""Every command of docs/operators/replicate.md, in order, beside a hub's record."""

import re
import subprocess
import sys
from pathlib import Path

from traitlets.config import Config

from jupyter_2i2c.hub import record

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "replicate.md"

# test_hub.py types it, and looks at all that it says
EXAMPLE = "jupyter 2i2c drill"


def commands():
    """Each command of the page, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield line.removeprefix("$ ")


def test_every_command_works_as_it_is_written(tmp_path):
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(
        "c = get_config()\nc.Authenticator.allowed_users = {'ada'}\nc.Spawner.mem_limit = '2G'\n"
    )
    c = Config()
    c.Authenticator.allowed_users = {"ada"}
    c.Spawner.mem_limit = "2G"
    record.write(tmp_path / "jupyter_2i2c.record.json", c, file, tmp_path)
    assert EXAMPLE in commands()
    lines = [each for each in commands() if each != EXAMPLE]
    own = f'jupyter() {{ "{sys.executable}" -m jupyter_2i2c "${{@:2}}"; }}\n'
    done = subprocess.run(
        ["bash", "-c", f"set -eux\n{own}" + "\n".join(lines)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("Highest rung: V4") == 2
    assert (tmp_path / "drills" / "latest.json").is_file()
    assert (tmp_path / "leaving.md").read_text().startswith("# Leaving with Our hub\n")
    assert (tmp_path / "for-tljh" / "config.yaml").read_text().count("2G") == 1
