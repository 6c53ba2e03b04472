"""The recipes of docs/operators/deploy, read as what installs them reads them; and hubs to run them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from ..hub.conftest import hubs as hubs
from ..hub.store.conftest import postgresql as postgresql

PAGES = Path(__file__).parents[2] / "docs" / "operators" / "deploy"
RECIPES = PAGES / "recipes"


def documents(name: str) -> list[dict]:
    """The documents of one YAML file."""
    return list(yaml.safe_load_all((RECIPES / name).read_text("utf-8")))


def commands(page: str) -> list[list[str]]:
    """What a page tells to type; a backslash goes on in the next line."""
    text = (PAGES / page).read_text("utf-8").replace("\\\n", " ")
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [
        shlex.split(line.removeprefix("$ "))
        for block in blocks
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


@pytest.fixture(scope="session")
def objects() -> dict[tuple[str, str], dict]:
    """All Kubernetes objects of the recipes, by kind and name."""
    files = ("deployment/service.yaml", "deployment/postgresql.yaml")
    each = [document for name in files for document in documents(name)]
    found = {(one["kind"], one["metadata"]["name"]): one for one in each}
    assert len(found) == len(each)
    return found
