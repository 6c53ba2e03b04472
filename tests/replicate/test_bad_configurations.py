"""Configurations that are none, or mean harm: one line says what and where, and nothing is written; a checkout's are in test_infrastructure.py, the sandbox is in test_hub.py."""

import os
from functools import partial

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.importers import config_file
from jupyter_2i2c.replicate.sandbox.start import execute

CODE = {
    "no Python": ("c = (\n", "jupyterhub_config.py"),
    "no text": (b"\xff\xfe\x00c = 1\n", "jupyterhub_config.py"),
    "an error": ("c = get_config()\n\n1 / 0\n", "{config}/jupyterhub_config.py:3: ZeroDivisionError"),
    "the network": (
        "import socket\nsocket.create_connection(('127.0.0.1', 9))\n",
        "{config}/jupyterhub_config.py:2: PermissionError",
    ),
    "a file elsewhere": (
        "open('{outside}/mine', 'w')\n", "{config}/jupyterhub_config.py:1: PermissionError",
    ),
    "no end": ("while True:\n    pass\n", "3 s"),
    "too deep": (
        "c = get_config()\nc.A.b = " + "[" * 80 + "]" * 80 + "\nc.A.c = " + "(" * 300 + ")" * 300,
        "jupyterhub_config.py",
    ),
}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").write_text("x")
    (tmp_path / "srv").mkdir()
    return tmp_path


def capture(place, capsys):
    status = main(["capture", "hub", "--config", str(place / "srv"), "-o", str(place / "bundle")])
    error = capsys.readouterr().err
    if status == 2 and "kernel" in error and not os.environ.get("CI"):
        pytest.skip(error)
    # whatever came of it
    assert [each.name for each in (place / "outside").iterdir()] == ["theirs"]
    return status, error


@pytest.mark.parametrize("kind", CODE)
def test_it_is_said_what_and_where_and_nothing_is_left(kind, place, capsys, monkeypatch):
    if kind.startswith("no end"):
        monkeypatch.setattr(config_file, "execute", partial(execute, seconds=3))
    code, why = CODE[kind]
    if isinstance(code, str):
        code = code.replace("{outside}", str(place / "outside")).encode()
    (place / "srv" / "jupyterhub_config.py").write_bytes(code)
    status, error = capture(place, capsys)
    assert status == 2, error
    assert why in error
    assert error.count("\n") == 1
    assert sorted(each.name for each in place.iterdir()) == ["outside", "srv"]


def test_a_configuration_of_fifty_megabytes(place, capsys):
    with (place / "srv" / "jupyterhub_config.py").open("wb") as file:
        file.truncate(100 << 20)
    status, error = capture(place, capsys)
    assert status == 2
    assert "MiB" in error
    assert not (place / "bundle").exists()


def test_links_and_pipes_beside_it_are_not_followed(place, capsys):
    srv = place / "srv"
    (srv / "jupyterhub_config.py").write_text(
        "c = get_config()\nc.Own.page = __file__ + '/../pages'\n"
    )
    (srv / "pages").symlink_to(place / "outside")
    (srv / "circle").symlink_to("circle")
    os.mkfifo(srv / "pipe.json")
    status, error = capture(place, capsys)
    assert status == 0, error
    kept = [each.name for each in (place / "bundle").rglob("*")]
    assert not {"theirs", "pipe.json", "circle"} & set(kept)
