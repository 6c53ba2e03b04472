"""The facts that stand in Helm values, as operators of z2jh have them. Called by `jupyter 2i2c info --values` and hub/facts.py.

Only what the facts need is read here; capturing a whole hub is another matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from . import text
from .config import read_traits, shorten
from .homepage import from_template_vars
from .model import Culling, Problem, Provenance
from .sources import Stated, overlay

UMBRELLA = "basehub"
"""The key under which daskhub nests all that basehub has at the top."""

CHART = "jupyterhub"
"""The key under which an umbrella chart nests what is z2jh's own."""

PLAIN_KEYS = frozenset({"hub", "singleuser", "proxy", "cull", "custom"})
"""Keys by which values of the plain z2jh chart are told."""

CULL_DEFAULTS = {"enabled": True, "timeout": 3600, "maxAge": 0, "every": 600, "users": False}
"""What z2jh documents for `cull`, for values files that leave it out."""

MAX_FILE = 50_000_000
"""Bytes of a values file; no hub's come near."""


class UnreadableValues(Exception):
    """A values file that cannot be read; the message says which, where and what to do."""


def load(path: Path) -> dict[str, Any]:
    """Read one values file, nested as basehub nests it, whichever chart it is for.

    Raises:
        UnreadableValues: it is missing, too large, not UTF-8, not YAML or not a mapping.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise UnreadableValues(f"{path}: larger than {MAX_FILE // 10**6} MB, not a values file")
        document = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506, a safe loader
    except OSError as error:
        raise UnreadableValues(
            f"{path}: {error.strerror or error}; give a file of Helm values"
        ) from None
    except UnicodeDecodeError as error:
        raise UnreadableValues(
            f"{path}: byte {error.start} is not UTF-8; save it as UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" line {mark.line + 1}" if mark else ""
        raise UnreadableValues(f"{path}:{place} {error.problem or error}; mend the YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableValues(f"{path}: not YAML ({error}); mend it") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UnreadableValues(f"{path}: holds {shorten(document)}, expected a mapping of values")
    nested = document.get(UMBRELLA)
    if isinstance(nested, dict):
        return nested
    if CHART not in document and PLAIN_KEYS & document.keys():
        return {CHART: document}
    return document


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as Helm reads it, as far as the facts are concerned.

    Dates stay text, and a mapping's key may be of any scalar kind.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One values file over another by Helm's rule.

    Mappings merge, everything else replaces, and an empty value deletes what it lands on.
    """
    merged = dict(below)
    for key, value in above.items():
        if value is None and key in merged:
            del merged[key]
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def from_files(paths: Sequence[Path], layer: str = "local") -> Stated:
    """The facts in values files, merged in the order given.

    Raises:
        UnreadableValues: one of them cannot be read.
    """
    documents = [(path.name, load(path)) for path in paths]
    merged: dict[str, Any] = {}
    for _, document in documents:
        merged = merge(merged, document)

    def where(*keys: str) -> str:
        for name, document in reversed(documents):
            if _at(document, *keys) is not None:
                return f"{name} at /{'/'.join(keys)}"
        return f"/{'/'.join(keys)}"

    return from_values(merged, layer, where)


def from_values(values: Mapping[str, Any], layer: str, where: Any) -> Stated:
    """The facts in values that are merged already.

    Read are ``jupyterhub.custom.jupyter2i2c`` (the traits by name), the home page's variables, the
    culler's settings and the host of the ingress, in this order of precedence.
    """
    own = _at(values, CHART, "custom", "jupyter2i2c")
    homepage = _at(values, CHART, "custom", "homepage")
    variables = homepage.get("templateVars") if isinstance(homepage, Mapping) else None
    place = partial(where, CHART, "custom")
    sources = []
    if isinstance(own, Mapping):
        sources.append(read_traits(own, layer, partial(place, "jupyter2i2c")))
    elif own is not None:
        sources.append(_wrong(place("jupyter2i2c"), own, "a mapping of traits"))
    if isinstance(variables, Mapping):
        sources.append(
            from_template_vars(variables, layer, partial(place, "homepage", "templateVars"))
        )
    elif variables is not None:
        sources.append(_wrong(place("homepage", "templateVars"), variables, "a mapping"))
    sources.append(_culling(values, layer, where))
    sources.append(_ingress(values, layer, where))
    return overlay(*sources)


def _wrong(where: str, given: Any, expected: str) -> Stated:
    return Stated(problems=(Problem(where, shorten(given), expected),))


def _at(values: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    return values


def _culling(values: Mapping[str, Any], layer: str, where: Any) -> Stated:
    cull = _at(values, CHART, "cull")
    if not isinstance(cull, Mapping):
        return Stated()
    cull = {**CULL_DEFAULTS, **cull}
    culling = Culling()
    if cull["enabled"] is not False:
        seconds = {"timeout": "timeout", "max_age": "maxAge", "every": "every"}
        culling = Culling(
            **{name: cull[key] for name, key in seconds.items() if type(cull[key]) is int},
            users=cull["users"] is True,
        )
    return Stated({"culling": culling}, {"culling": Provenance(layer, where(CHART, "cull"))})


def _ingress(values: Mapping[str, Any], layer: str, where: Any) -> Stated:
    hosts = _at(values, CHART, "ingress", "hosts")
    host = hosts[0] if isinstance(hosts, list) and hosts else None
    try:
        address = text.web_address(f"https://{host}/") if isinstance(host, str) else ""
    except ValueError:
        address = ""
    if not address or not isinstance(host, str):
        return Stated()
    source = Provenance(layer, where(CHART, "ingress", "hosts"))
    return Stated({"url": address, "name": host}, {"url": source, "name": source})
