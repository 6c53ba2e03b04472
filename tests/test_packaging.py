"""The wheel and the npm tarball, installed as people install them, in environments of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import EVERYTHING

ROOT = Path(__file__).parents[1]
# as it is at the start: other tests point uv to an index of their own, and leave it so to their end
ENVIRON = dict(os.environ)


def run(*command, **options):
    """What a command prints; a failure shows all of it."""
    done = subprocess.run(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel():
    """The wheel that `make test` built."""
    wheels = list((ROOT / "dist").glob("*.whl"))
    if not wheels:
        pytest.skip("there is no wheel; `make test` builds one")
    return wheels[0]


@pytest.fixture
def environment(tmp_path):
    """A new virtual environment; call it to install something there."""
    path = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", path)

    def install(*requirements):
        run("uv", "pip", "install", "--quiet", "--python", path, *requirements, env=ENVIRON)
        return path / "bin"

    return install


def test_a_clean_lab_lists_both_halves_as_ok(wheel, environment):
    commands = environment(wheel, "jupyterlab")
    lab = run(commands / "jupyter-labextension", "list")
    assert "enabled" in (line := next(each for each in lab.splitlines() if "jupyter-2i2c" in each))
    assert "OK" in line
    server = run(commands / "jupyter-server", "extension", "list")
    assert "jupyter_2i2c" in server
    assert any("jupyter_2i2c 0" in each and "OK" in each for each in server.splitlines())
    assert run(commands / "jupyter-2i2c", "info").startswith("name")
    packages = run("uv", "pip", "list", "--python", commands.parent)
    assert "jupyterhub" not in packages


def test_a_hub_needs_neither_server_nor_lab(wheel, environment, tmp_path):
    commands = environment(f"{wheel}[hub]")
    packages = run("uv", "pip", "list", "--python", commands.parent)
    assert "jupyterlab" not in packages
    assert "jupyter-server" not in packages
    code = (
        "from traitlets.config import Config; from jupyter_2i2c import setup_hub; c = Config();"
        "setup_hub(c); import jupyter_2i2c.hub.app; print(c.JupyterHub.services[0]['name'])"
    )
    assert run(commands / "python", "-c", code, cwd=tmp_path).strip() == "2i2c"
    assert run(commands / "jupyter", "2i2c", "info").startswith("name")


@pytest.mark.skipif(not EVERYTHING, reason="rebuilds JupyterLab; `make test-all` does it")
def test_the_npm_tarball_is_installed_by_the_deprecated_way(environment, tmp_path, panel_of_lab):
    tarball = tmp_path / "panel.tgz"
    run("jlpm", "pack", "-o", tarball, cwd=ROOT)
    commands = environment("--requirements", ROOT / ".ci" / "source-extension.txt")
    inside = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
    app = tmp_path / "app"
    install = [commands / "jupyter", "labextension", "install", tarball, f"--app-dir={app}"]
    run(*install, "--minimize=False", "--dev-build=False", env=inside)
    text = panel_of_lab(commands / "jupyter", f"--app-dir={app}")
    # there is no server extension, and the panel says so
    assert "The server part of this panel is not there" in text


@pytest.fixture
def panel_of_lab(tmp_path):
    """Starts a Lab, opens the panel in a browser, and returns what it says."""
    from playwright.sync_api import sync_playwright

    from jupyter_2i2c.demo.local_hub import free_ports

    def panel(jupyter, *options):
        with free_ports(0, 1) as (port,):
            pass
        root = ["--allow-root"] if os.geteuid() == 0 else []
        lab = subprocess.Popen(
            [
                jupyter,
                "lab",
                "--no-browser",
                f"--port={port}",
                "--IdentityProvider.token=",
                *options,
                *root,
            ],
            env={**os.environ, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)},
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=os.environ["CHROMIUM"], chromium_sandbox=False
                )
                page = browser.new_page()
                page.set_default_timeout(60_000)
                page.goto("about:blank")
                while page.url == "about:blank":
                    try:
                        page.goto(f"http://127.0.0.1:{port}/lab")
                    except Exception:
                        assert lab.poll() is None
                page.locator('[data-id="jupyter-2i2c-panel"]').click()
                panel = page.locator("#jupyter-2i2c-panel")
                panel.get_by_role("button", name="Try again").first.wait_for()
                text = panel.inner_text()
                browser.close()
                return text
        finally:
            lab.terminate()
            lab.wait(30)

    return panel
