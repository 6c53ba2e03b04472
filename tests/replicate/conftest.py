"""A package index of its own, and an environment with something of everything, made from it."""

import base64
import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.capture.environment import capture_environment
from jupyter_2i2c.replicate.capture.lock import find_uv
from jupyter_2i2c.replicate.sandbox import start
from jupyter_2i2c.replicate.targets import local
from jupyter_2i2c.replicate.work import Work

SANDBOX = str(Path(start.__file__).parent)
CREATED = "2026-01-31T12:00:00Z"


CONFINED = """\
import sys
sys.path.insert(0, sys.argv[1])
from confine import CannotConfine, confine
try:
    confine([sys.argv[2]], sys.path, 60, 2 << 30)
except CannotConfine as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A machine on which a configuration can be executed apart from everything."""
    call = [sys.executable, "-I", "-c", CONFINED, SANDBOX, tmp_path_factory.mktemp("confined")]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("CI"):
        pytest.fail(f"nothing can be confined here: {done.stderr}")
    if done.returncode:
        pytest.skip(f"nothing can be confined here: {done.stderr.strip()}")


def wheel(directory, name, version, files, commands=(), tag="py3-none-any"):
    """Write a wheel by hand; `files` is path to content."""
    info = f"{name}-{version}.dist-info"
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if commands:
        lines = "".join(f"{command} = {name}:main\n" for command in commands)
        members[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    record = ""
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text.encode())}\n"
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as file:
        for each, text in members.items():
            file.writestr(each, text)
    return path


def module(name):
    return f"'''{name}'''\n\n\ndef main():\n    print('{name}')\n"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@dataclass
class Index:
    """A package index on loopback.

    Attributes:
        url: of its simple pages.
        directory: of its files.
    """

    url: str
    directory: Path

    def add(self, name, version, files=None, **options):
        """Publish a wheel."""
        files = files or {f"{name}.py": module(name)}
        path = wheel(self.directory / name, name, version, files, **options)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        page = self.directory / name / "index.html"
        before = page.read_text() if page.exists() else "<!doctype html>"
        page.write_text(f'{before}<a href="{path.name}#sha256={digest}">{path.name}</a>\n')
        return path


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """Publishes alpha (with a command and data) and beta."""
    directory = tmp_path_factory.mktemp("index")
    handler = functools.partial(Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        index = Index(f"http://127.0.0.1:{server.server_port}/", directory)
        index.add(
            "alpha",
            "1.0",
            {
                "alpha.py": module("alpha"),
                "alpha-1.0.data/data/share/alpha/table.csv": "a,b\n",
                "alpha-1.0.data/scripts/alpha-tool": "#!python\nprint('a tool')\n",
            },
            commands=["alpha"],
        )
        index.add("beta", "2.0", {"beta/__init__.py": module("beta"), "beta/data.txt": "beta\n"})
        yield index
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session", autouse=True)
def only_this_index(index, tmp_path_factory):
    """uv asks this index and no other, and caches nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [each for each in os.environ if each.startswith(("UV_", "PIP_"))]:
            patch.delenv(name)
        patch.setenv("UV_DEFAULT_INDEX", index.url)
        patch.setenv("UV_NO_CONFIG", "1")
        patch.setenv("UV_HTTP_RETRIES", "0")
        patch.setenv("UV_PYTHON_DOWNLOADS", "never")
        patch.setenv("UV_CACHE_DIR", str(tmp_path_factory.mktemp("uv-cache")))
        yield


def uv(*arguments):
    done = subprocess.run(
        [find_uv(), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def git(directory, *arguments):
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=directory, check=True, capture_output=True)


@dataclass
class Made:
    """An environment to capture.

    Attributes:
        prefix: its directory.
        home: the home of its person.
        source: the directory of its editable package.
        environ: its variables.
    """

    prefix: Path
    home: Path
    source: Path
    environ: dict

    @property
    def python(self):
        return str(self.prefix / "bin" / "python")

    @property
    def site(self):
        (path,) = self.prefix.glob("lib/python3*/site-packages")
        return path

    def capture(self, destination, **options):
        """Capture it, of nothing else than itself."""
        options = {"created": CREATED, "environ": self.environ, "root": self.home, **options}
        return capture_environment(destination, python=self.python, **options)


@pytest.fixture(scope="session")
def made_once(index, tmp_path_factory):
    """An environment with packages of an index, a local wheel, an edited and an editable package, a kernel, an extension, settings."""
    top = tmp_path_factory.mktemp("made")
    made = Made(top / "env", top / "home", top / "delta", {})
    made.home.mkdir()
    made.environ.update(HOME=str(made.home), LANG="C.UTF-8", PRIVATE_NAME="not a secret")
    uv("venv", made.prefix)
    uv("pip", "install", "--python", made.prefix, "alpha==1.0", "beta==2.0")
    own = wheel(top, "gamma", "3.0", {"gamma.py": module("gamma")}, commands=["gamma"])
    uv("pip", "install", "--python", made.prefix, own)
    # edited after it was installed; never through a link into the cache
    edited = made.site / "beta" / "data.txt"
    edited.unlink()
    edited.write_text("beta, edited\n")
    _editable(made)
    _by_hand(made)
    return made


def _editable(made):
    made.source.mkdir()
    (made.source / "delta.py").write_text(module("delta"))
    (made.source / ".gitignore").write_text("build/\n_version.py\nmine.py\n")
    git(made.source, "init", "--quiet", "--initial-branch=main")
    git(made.source, "add", ".")
    git(made.source, "commit", "--quiet", "-m", "first")
    (made.source / "delta.py").write_text(module("delta") + "CHANGED = True\n")
    (made.source / "new.py").write_text("NEW = True\n")
    (made.source / "_version.py").write_text("VERSION = '0.1'\n")
    (made.source / "mine.py").write_text("PASSED_ON = False\n")
    (made.source / "build").mkdir()
    (made.source / "build" / "_version.py").write_text("VERSION = '0.0'\n")
    (made.source / "notes.log").write_text("a log\n")
    info = made.site / "delta-0.1.dist-info"
    info.mkdir()
    (made.site / "__editable__.delta.pth").write_text(f"{made.source}\n")
    notes = {
        "METADATA": "Metadata-Version: 2.1\nName: delta\nVersion: 0.1\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "INSTALLER": "uv",
        "direct_url.json": json.dumps(
            {"url": made.source.as_uri(), "dir_info": {"editable": True}}
        ),
    }
    for name, text in notes.items():
        (info / name).write_text(text)
    listed = ["__editable__.delta.pth", *(f"{info.name}/{name}" for name in notes)]
    (info / "RECORD").write_text("".join(f"{each},,\n" for each in listed))


def _by_hand(made):
    kernel = made.prefix / "share" / "jupyter" / "kernels" / "own"
    kernel.mkdir(parents=True)
    spec = {
        "argv": [made.python, "-m", "own_kernel", "-f", "{connection_file}"],
        "display_name": "Own",
        "language": "own",
        "env": {"OWN_DATA": f"{made.prefix}/share/own", "OWN_SETTING": "private"},
    }
    (kernel / "kernel.json").write_text(json.dumps(spec))
    (kernel / "logo-64x64.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    other = made.home / ".local" / "share" / "jupyter" / "kernels" / "elsewhere"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["/opt/other/bin/python"], "display_name": "E"}')
    extension = made.prefix / "share" / "jupyter" / "labextensions" / "@own" / "extension"
    (extension / "static").mkdir(parents=True)
    (extension / "package.json").write_text('{"name": "@own/extension", "version": "1.2.3"}')
    (extension / "static" / "remote.js").write_text("var own;\n")
    config = made.prefix / "etc" / "jupyter"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "page_config.json").write_text(
        '{"disabledExtensions": {"@jupyterlab/git": true}}'
    )
    (config / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"jpserver_extensions": {"own_server": true}, "password": "argon2:own"}}'
    )
    (made.site / "stray.py").write_text("STRAY = True\n")
    settings = (
        made.home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    )
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text(
        '// my own\n{"theme": "JupyterLab Dark",}\n'
    )
    (made.home / ".jupyter" / "jupyter_server_config.py").write_text("c.ServerApp.token = 'mine'\n")


@pytest.fixture(scope="session")
def bundle_once(made_once, tmp_path_factory):
    """Its bundle; not to be changed."""
    return made_once.capture(tmp_path_factory.mktemp("bundle") / "replica")


@pytest.fixture
def bundle(bundle_once, tmp_path):
    """Its bundle, to be changed."""
    return Path(shutil.copytree(bundle_once.place, tmp_path / "replica"))


@pytest.fixture(scope="session")
def built_once(bundle_once, tmp_path_factory):
    """What is built of it; not to be changed."""
    with opened(bundle_once.place) as bundle:
        return local.build(bundle, tmp_path_factory.mktemp("built") / "replica", Work())


def rebag(top):
    """Write a bag's manifests anew, as somebody would who hides a change."""
    listed = ""
    for path in sorted((top / "data").rglob("*")):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            listed += f"{digest}  {path.relative_to(top).as_posix()}\n"
    (top / "manifest-sha256.txt").write_text(listed)
    files = [path for path in (top / "data").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    info = (top / "bag-info.txt").read_text().splitlines()
    info = [line for line in info if not line.startswith("Payload-Oxum")]
    (top / "bag-info.txt").write_text("\n".join([*info, f"Payload-Oxum: {size}.{len(files)}\n"]))
    tags = ""
    for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt"):
        tags += f"{hashlib.sha256((top / name).read_bytes()).hexdigest()}  {name}\n"
    (top / "tagmanifest-sha256.txt").write_text(tags)


def tree(top):
    """Every file below a directory, with its bytes."""
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }
