"""Writes YAML that Helm and kubectl read as it was meant. Used by targets/k8s and whatever else writes values.

PyYAML and the Go programs disagree on which bare words are numbers: `1234e5` and `08` are texts for
the one and numbers for the others, and image tags look just like that; `y` and `n` are truth values to
the others. What might be either is quoted.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MAYBE_NUMBER = re.compile(
    r"[-+]?\.?[0-9][0-9a-fA-FxXoO_.:eE+-]*|[-+]?\.?(inf|nan)|[yn]", re.IGNORECASE
)

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    style = None
    if "\n" in value:
        style = "|"
    elif MAYBE_NUMBER.fullmatch(value):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(value: Any, head: str = "") -> str:
    """A document, its keys in the order they have.

    Arguments:
        value: of mappings, lists and scalars.
        head: a comment for its top, without the ``#``.
    """
    above = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return above + text


def documents_text(values: list[Any], head: str = "") -> str:
    """Several documents in one file."""
    texts = [yaml_text(value) for value in values]
    above = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    return above + "---\n".join(texts)
