"""What is left out by a line of .2i2cignore is what git would leave out."""

from __future__ import annotations

import subprocess

import pytest

from jupyter_2i2c.replicate.home.rules import Rules

PATHS = [
    "a",
    "b.txt",
    "d/b.txt",
    "d/e/b.txt",
    "d/e/c",
    "build",
    "d/build",
    "a b",
    "#x",
    "x[1]",
    "éé",
]

PATTERNS = [
    "a", "*.txt", "/b.txt", "d/*.txt", "d/**/b.txt", "**/c", "d/**", "build/", "!b.txt",
    "[ab]*", "[!a]*.txt", "?", "\\#x", "x\\[1\\]", "a b", "a   ", "# only words", "", "d/e/", "*/c", "éé",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_git_means(tmp_path, pattern):
    for path in PATHS:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (tmp_path / ".gitignore").write_text(f"{pattern}\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run(
        ["git", "-c", "core.quotepath=off", "check-ignore", "--no-index", "--stdin"],
        input="\n".join(PATHS), cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    rules = Rules([pattern])

    def ours(path):
        parts = path.split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        return any(rules.why_not(each, each.rpartition("/")[2], True) for each in above) or bool(
            rules.why_not(path, parts[-1], False)
        )

    assert [path for path in PATHS if ours(path)] == done.stdout.splitlines()
