"""Planted canaries: not one byte of them is in a bundle."""

import base64
import gzip
import io
import json
import shutil
import zipfile
import zlib
from urllib.parse import quote

import pytest

from jupyter_2i2c.replicate.errors import SecretFound
from jupyter_2i2c.replicate.redact import Known, NotSearchable, Redactor, is_secret_name, suspicious

from .conftest import module, tree, uv, wheel

VALUE = 'k3y/with+odd=chars&"é'


def forms(value):
    """A value as files hold it."""
    raw = value.encode()
    return {
        "plain": raw,
        "base64": base64.b64encode(b"user:" + raw + b"\n"),
        "base64 shifted": base64.b64encode(b"us:" + raw),
        "base64 of addresses": base64.urlsafe_b64encode(b"u:" + raw),
        "URL": quote(value, safe="").encode(),
        "URL, small": quote(value, safe="").lower().encode(),
        "JSON": json.dumps({"a": value}).encode(),
        "JSON in JSON": json.dumps({"a": json.dumps(value)}).encode(),
        "JSON with Unicode": json.dumps({"a": value}, ensure_ascii=False).encode(),
    }


def packed(data):
    """Bytes as archives hold them."""
    zipped, nested = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", data)
    with zipfile.ZipFile(nested, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("b.zip", zipped.getvalue())
    return {
        "gzip": gzip.compress(data),
        "zip": zipped.getvalue(),
        "zip in zip": nested.getvalue(),
        "git": zlib.compress(b"blob %d\0" % len(data) + data),
    }


@pytest.fixture
def redactor():
    known = Known()
    known.add(VALUE, "SLOT", "a test")
    return Redactor(known)


@pytest.mark.parametrize("form", forms(VALUE))
def test_a_value_is_found_and_removed_in_every_form(redactor, form):
    data = b"before " + forms(VALUE)[form] + b" after"
    assert redactor.slots_in(data) == {"SLOT"}
    removed, slots = redactor.remove(data)
    assert slots == {"SLOT"}
    assert redactor.slots_in(removed) == set()
    assert removed.startswith(b"before ")


@pytest.mark.parametrize("form", packed(b""))
def test_a_value_is_found_in_what_is_packed(redactor, form):
    assert redactor.slots_within(packed(VALUE.encode())[form], form) == {"SLOT"}
    assert redactor.slots_within(packed(b"harmless")[form], form) == set()


def test_what_cannot_be_unpacked_is_not_taken_for_harmless(redactor):
    with pytest.raises(NotSearchable):
        redactor.slots_within(packed(VALUE.encode())["zip"][:-30] + b"x" * 30, "broken")


def test_short_values_are_not_searched_for():
    known = Known()
    known.add("short", "SLOT", "a test")
    assert Redactor(known).slots_in(b"a short text") == set()


@pytest.mark.parametrize(
    "name", ["JUPYTERHUB_API_TOKEN", "password", "apiKey", "client_secret", "DB_PWD"]
)
def test_names_of_secrets(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["token_url", "secretName", "PWD", "TOKEN_FILE", "keyboard", "theme"]
)
def test_names_that_only_look_like_it(name):
    assert not is_secret_name(name)


def test_the_second_net():
    assert suspicious(b"x = 'ghp_" + b"a1" * 18 + b"'")
    assert not suspicious(b"ghp_short and -----BEGIN PRIVATE KEY----- in a text")


@pytest.fixture
def canaries(made_once, tmp_path):
    """The environment with a secret wherever one may be; call it with what to do meanwhile."""
    planted = {}

    def canary(place):
        return planted.setdefault(place, f"canary-{len(planted)}-Zq8xV3mK7pL2")

    home = tmp_path / "home"
    shutil.copytree(made_once.home, home)
    environ = {
        **made_once.environ,
        "HOME": str(home),
        "JUPYTERHUB_API_TOKEN": canary("environment, from the hub"),
        "CATALOGUE_TOKEN": canary("environment"),
        "MY_SETTING": canary("environment, of an unremarkable name"),
        "PIP_INDEX_URL": f"https://me:{canary('address')}@index.example.org/simple",
    }
    (home / ".netrc").write_text(f"machine example.org login me password {canary('netrc')}\n")
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(
        f"[global]\nextra-index-url = https://me:{canary('pip.conf')}@example.org/simple\n"
    )
    (home / ".jupyter" / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"port": 1}, "GitHub": {"access_token": canary("configuration")}})
    )
    (home / ".jupyter" / "jupyter_lab_config.py").write_text(
        f"c.ServerApp.password = '{canary('code')}'\n"
    )
    settings = home / ".jupyter" / "lab" / "user-settings" / "ai"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text(
        json.dumps(
            {
                "apiKey": canary("settings"),
                "model": "m",
                "endpoint": f"https://store.example/a?sig={canary('settings, in an address')}",
            }
        )
    )
    kernel = home / ".local" / "share" / "jupyter" / "kernels" / "canary"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [made_once.python, f"--password={canary('argument of a kernel')}"],
                "display_name": "C",
                "env": {"K": canary("kernelspec")},
            }
        )
    )
    source = made_once.source
    config = source / ".git" / "config"
    before = config.read_text()
    config.write_text(
        f'{before}[remote "origin"]\n\turl = https://me:{canary("git remote")}@example.org/x.git\n'
    )
    planted_files = {
        "run.log": f"token={canary('log')}\n",
        "analysis.ipynb": json.dumps({"metadata": {"key": canary("notebook's metadata")}}),
        ".env": f"SECRET={canary('dotenv')}\n",
        # known from elsewhere, so found in any text and in any packing
        "settings.py": f"TOKEN = {canary('environment')!r}\n",
        "remote.txt": base64.b64encode(canary("git remote").encode()).decode(),
    }
    for name, text in planted_files.items():
        (source / name).write_text(text)
    (source / "archive.gz").write_bytes(gzip.compress(canary("netrc").encode()))
    yield environ, planted
    config.write_text(before)
    for name in (*planted_files, "archive.gz"):
        (source / name).unlink()


@pytest.mark.parametrize("kind", ["", ".zip"])
def test_no_canary_is_in_an_environment_bundle(canaries, made_once, tmp_path, kind):
    environ, planted = canaries
    captured = made_once.capture(tmp_path / f"b{kind}", environ=environ, make_lock=False)
    if kind:
        with zipfile.ZipFile(captured.place) as file:
            content = {name: file.read(name) for name in file.namelist()}
    else:
        content = tree(captured.place)
    everything = b"\0".join([*content.values(), "\n".join(content).encode()])
    assert len(planted) == 16
    for place, value in planted.items():
        known = Known()
        known.add(value, place, place)
        assert Redactor(known).slots_within(everything, "all") == set(), place
    slots = {secret.slot for secret in captured.manifest.secrets}
    assert "CATALOGUE_TOKEN" in slots
    # a hub gives each server its own, which nobody has to supply
    assert "JUPYTERHUB_API_TOKEN" not in slots
    assert "access_token" in " ".join(slots)
    sources = next(i for i in captured.manifest.items if i.id == "python:delta/source")
    assert "left out" in sources.reason


def test_a_wheel_with_a_secret_in_it_is_refused(made_once, tmp_path):
    value = "canary-in-a-wheel-9d8f7a"
    prefix = tmp_path / "env"
    uv("venv", prefix)
    path = wheel(tmp_path / "w", "leaky", "1", {"leaky.py": module(value)})
    uv("pip", "install", "--python", prefix, path)
    before, made_once.prefix = made_once.prefix, prefix
    try:
        captured = made_once.capture(
            tmp_path / "b", environ={**made_once.environ, "A_TOKEN": value}, make_lock=False
        )
    finally:
        made_once.prefix = before
    (item,) = (i for i in captured.manifest.items if i.id == "python:leaky")
    assert item.status == "not-captured"
    assert "A_TOKEN" in item.reason
    assert value.encode() not in b"".join(tree(captured.place).values())


def test_what_slips_through_stops_the_whole_export(made_once, tmp_path, monkeypatch):
    from jupyter_2i2c.replicate.capture.collected import Collected

    monkeypatch.setattr(Collected, "holds_secret", lambda *_: "")
    monkeypatch.setattr(Redactor, "remove", lambda self, data: (data, set()))
    environ = {**made_once.environ, "A_TOKEN": "CHANGED = True"}
    with pytest.raises(SecretFound, match="nothing was written"):
        made_once.capture(tmp_path / "b", environ=environ, make_lock=False)
    assert list(tmp_path.iterdir()) == []
