"""Take it with you, from the click to the report: taken in Lab on the example hub, rebuilt and verified outside of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_2i2c.demo.local_hub import clean_environment

TAKING = 240_000
ANSWERING = 60_000


@pytest.fixture
def right(lab):
    """The section *Right to Replicate*, with nothing taken yet."""
    lab.open_panel()
    section = lab.section("Right to Replicate")
    section.get_by_role("heading", name="Take it with you").scroll_into_view_if_needed()
    yield section
    while section.get_by_role("button", name="Remove from here").count():
        before = section.get_by_role("button", name="Remove from here").count()
        section.get_by_role("button", name="Remove from here").first.click()
        expect(section.get_by_role("button", name="Remove from here")).to_have_count(
            before - 1, timeout=ANSWERING
        )


def verify(*arguments: object) -> tuple[int, dict]:
    """One command, outside of the hub."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "verify", "--json", *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.timeout(900)
def test_an_environment_is_taken_in_lab_and_rebuilt_elsewhere(lab, right, tmp_path):
    right.get_by_role("button", name="Take my environment…").click()
    expect(right.get_by_text(re.compile(r"\d+ packages, .* installed"))).to_be_visible(
        timeout=ANSWERING
    )
    right.get_by_role("button", name="Take my environment", exact=True).click()
    taken = right.get_by_role("list", name="What you have taken")
    expect(taken.get_by_text("Environment")).to_be_visible(timeout=ANSWERING)
    lab.open("lab?reset")  # whoever closes the tab loses nothing
    lab.open_panel()
    expect(right.get_by_text(re.compile("Taken; verified up to V1"))).to_be_visible(timeout=TAKING)
    rungs = right.get_by_role("list", name="Verified").get_by_role("listitem")
    expect(rungs.filter(has_text="V0 whole")).to_contain_text("holds")
    expect(rungs.filter(has_text="V7")).to_contain_text("not run")
    with lab.page.expect_download() as download:
        right.get_by_role("link", name=re.compile("^Download it")).click()
    bundle = tmp_path / download.value.suggested_filename
    download.value.save_as(bundle)
    with lab.page.expect_popup() as popup:
        right.get_by_role("link", name="Read the report").click()
    expect(popup.value.get_by_text(re.compile("V0")).first).to_be_visible(timeout=ANSWERING)

    status, found = verify(bundle, "--target", "local")
    rungs = {name: (rung["status"], rung["why"]) for name, rung in found["rungs"].items()}
    assert status == 0, rungs
    assert rungs["V5"][0] == "pass", rungs
    assert rungs["V7"][0] == "pass", "a notebook runs in what was rebuilt"
    report = Path(f"{bundle}.report")
    assert "V7" in (report / "report.txt").read_text()
    assert (report / "report.html").exists()
    assert lab.errors == []


def test_files_are_taken_in_lab_and_whole_elsewhere(lab, right, tmp_path):
    home = lab.hub.state / "home/ada"
    (home / "project").mkdir(exist_ok=True)
    (home / "project/notes.txt").write_text("sea level\n")
    (home / "left").mkdir(exist_ok=True)
    (home / "left/behind.txt").write_text("not this\n")
    right.get_by_role("button", name="Take my data…").click()
    right.get_by_role("checkbox", name=re.compile("^left")).uncheck(timeout=ANSWERING)
    right.get_by_role("button", name=re.compile("Prepare the download")).click()
    link = right.get_by_role("link", name="Download it")
    expect(link).to_be_visible(timeout=ANSWERING)
    with lab.page.expect_download() as download:
        link.click()
    archive = tmp_path / download.value.suggested_filename
    download.value.save_as(archive)
    expect(right.get_by_text("Downloaded.")).to_be_visible(timeout=ANSWERING)
    status, found = verify(archive)
    assert status == 0
    assert found["rungs"]["V8"]["status"] == "pass"
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", tmp_path], check=True)
    bag = tmp_path / archive.name.removesuffix(".tar.zst")
    subprocess.run(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=bag, check=True)
    assert (bag / "data/project/notes.txt").read_text() == "sea level\n"
    assert not (bag / "data/left").exists()
    assert lab.errors == []


def test_axe_finds_no_fault_in_what_is_asked(lab, right, axe):
    right.get_by_role("button", name="Take my data…").click()
    expect(right.get_by_role("combobox", name="Format")).to_be_visible()
    expect(right.get_by_text(re.compile(r"iB in \d+ files?\."))).to_be_visible(timeout=ANSWERING)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        assert lab.faults(axe, "#jupyter-2i2c-panel") == [], theme
