"""Every command in the documentation is run here, or is run by the test that is named."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_2i2c.config import HubInformation, read
from jupyter_2i2c.hub.app import HubService
from jupyter_2i2c.hub.setup import setup_hub
from jupyter_2i2c.server.announcements import NewsReader
from jupyter_2i2c.server.home import HomeDirectory

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

# commands that take longer than a test should: which test runs what they run, or what is looked at instead
ELSEWHERE = {
    "make install": "every other target begins with it",
    "make demo": "tests/test_demo.py",
    "make lint": "test-all runs it",
    "make test": "it is what runs this",
    "make test-all": "it runs this, too",
    "make bench": "that the target is there",
    "make docs": "test_the_pages_build",
    "pip install jupyter_2i2c": "tests/test_packaging.py",
    "pip install 'jupyter_2i2c[hub]'": "tests/test_packaging.py",
    "jupyter 2i2c demo --check": "tests/test_demo.py",
    "jupyter 2i2c doctor": "tests/hub/doctor/test_hubs.py",
    ".venv/bin/jlpm watch": "that the script is there",
    ".venv/bin/jlpm test --watch": "that the script is there",
}

# pages whose commands need something to work on, and the test that runs every one of them in order;
# of those for a cluster or for systemd, it runs what they start, and looks for the names they use
TOLD_ELSEWHERE = {
    Path("docs/operators/deploy/deployment.md"): "tests/recipes/test_files.py",
    Path("docs/operators/deploy/tljh.md"): "tests/recipes/test_running.py",
    Path("docs/operators/deploy/z2jh.md"): "tests/recipes/test_files.py",
    Path("docs/operators/elsewhere.md"): "tests/replicate/test_elsewhere_story.py",
    Path("docs/operators/replicate.md"): "tests/replicate/test_operators_page.py",
    Path("docs/operators/repository.md"): "tests/replicate/test_repository_page.py",
    Path("docs/operators/store.md"): "tests/hub/store/test_command.py",
    Path("docs/administrators/export.md"): "tests/hub/test_export_story.py",
    Path("docs/administrators/news.md"): "tests/hub/news/test_command.py",
    Path("docs/users/leaving.md"): "tests/replicate/test_leaving.py",
}


def blocks(language):
    """Each fenced block of a language, with its page."""
    for page in PAGES:
        if "_build" not in page.parts:
            for block in re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.S):
                yield page.relative_to(ROOT), block


COMMANDS = sorted(
    {
        line.removeprefix("$ ")
        for page, block in blocks("console")
        if page not in TOLD_ELSEWHERE
        for line in block.splitlines()
        if line.startswith("$ ")
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_works(command, tmp_path):
    words = shlex.split(command)
    if words[0] == "make":
        dry = subprocess.run(
            ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert dry.returncode == 0, dry.stderr
    if "jlpm" in words[0]:
        assert words[1] in json.loads((ROOT / "package.json").read_text())["scripts"]
    if command in ELSEWHERE:
        return
    if "pytest" in words:
        words = [sys.executable, *words[1:], "--collect-only", "--quiet"]
    for name in ("common.values.yaml", "prod.values.yaml"):
        (tmp_path / name).write_text("jupyterhub: {custom: {jupyter2i2c: {name: A hub}}}")
    where = ROOT if "pytest" in words else tmp_path
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        cwd=where,
        env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_in_a_console_is_passed_over():
    for page, block in blocks("console"):
        whole = re.sub(r"\\\n", "", block)
        assert [line for line in whole.splitlines() if not line.startswith("$ ")] == [], page


def test_what_is_run_elsewhere_is():
    for where in ELSEWHERE.values():
        assert not where.startswith("tests/") or (ROOT / where).is_file(), where
    for page, where in TOLD_ELSEWHERE.items():
        assert (ROOT / page).is_file()
        beside = (ROOT / where).parent
        texts = [
            (ROOT / where).read_text("utf-8"),
            *(each.read_text("utf-8") for each in beside.glob("conftest.py")),
        ]
        assert any(page.name in text or '"deploy"' in text for text in texts), (page, where)


def test_every_example_of_a_configuration_holds():
    known = {each.__name__: each for each in (HubInformation, HubService, HomeDirectory)}
    for page, block in blocks("python"):
        c = Config()
        lines = [line for line in block.splitlines() if "setup_hub" not in line]
        exec(compile("\n".join(lines), str(page), "exec"), {"c": c})
        for section, traits in c.items():
            names = known[section].class_trait_names(config=True)
            assert set(traits) <= set(names), (page, section)
        assert not [
            problem for problem in read(c, "local", "x").problems if "logo" not in str(problem)
        ]


def test_every_setting_that_a_page_names_is_one():
    known = {
        each.__name__: set(each.class_trait_names(config=True))
        for each in (HubInformation, HubService, HomeDirectory, NewsReader)
    }
    for page in PAGES:
        for section, trait in re.findall(r"\b([A-Z]\w+)\.([a-z]\w*)", page.read_text("utf-8")):
            assert section not in known or trait in known[section], (page, section, trait)


def test_the_options_of_setup_hub_are_all_told():
    page = (ROOT / "docs" / "operators" / "index.md").read_text("utf-8")
    table = page.split("Options of `setup_hub`:")[1].split("\n\n")[1]
    told = re.findall(r"^\| `(\w+)`", table, re.M)
    assert sorted(told) == sorted(set(inspect.signature(setup_hub).parameters) - {"c"})


# what JupyterLab itself calls so
THEIRS = {"Do Not Disturb"}


def test_what_a_page_says_is_on_the_screen_is():
    sources = [
        *(each for each in (ROOT / "src").rglob("*.ts*") if "__tests__" not in each.parts),
        *(ROOT / "schema").glob("*.json"),
        *(ROOT / "jupyter_2i2c").rglob("*.html"),
        *(ROOT / "jupyter_2i2c").rglob("*.py"),
    ]
    shown = " ".join(" ".join(each.read_text("utf-8") for each in sources).split())
    shown = shown.replace("’", "'")
    for page in PAGES:
        if not {"users", "administrators"} & set(page.parts):
            continue
        words = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.S)
        for label in re.findall(r"(?<!\w)_([^_]+)_(?!\w)", words):
            label = " ".join(label.split()).rstrip(".…")
            assert label in shown or label in THEIRS, (page, label)


def test_the_pages_build(tmp_path):
    build = [sys.executable, "docs/build.py", "--no-pictures", f"--output={tmp_path}"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    reference = (tmp_path / "reference" / "configuration.html").read_text("utf-8")
    assert "c.HubInformation.contacts" in reference


def test_the_pictures_are_there():
    for page in PAGES:
        for picture in re.findall(
            r"\]\(([\w/.-]+\.png)\)|\{image\} ([\w/.-]+)", page.read_text("utf-8")
        ):
            name = next(each for each in picture if each)
            assert (page.parent / name).exists(), (page, name)


def test_every_link_between_pages_leads_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            assert target.exists(), (page, link)
            if anchor:
                assert anchor in anchors(target), (page, link)


def anchors(page):
    """What a link to a page may name: its headings, and places that it gives a name."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    made = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in titles}
    return made | set(re.findall(r"^\(([\w-]+)\)=$", text, re.M))
