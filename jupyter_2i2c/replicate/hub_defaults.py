"""What a hub would be if nobody had set anything: defaults of charts and template, or of JupyterHub's own settings. Called by hub_diff.py.

Defaults are told only where they are known: of a chart from the bundle or the chart that was given, of
a setting from the very version of the package that the hub runs, if it is installed here. Nothing of
the bundle is executed.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from .hub_view import Fact, Key, flat
from .importers import hub_items
from .importers.source import CHART, HubSource
from .importers.source import Path as Place
from .verify.chart import chart_in, defaults_in


@dataclass
class Defaults:
    """What is the default.

    Attributes:
        facts: each default that is known.
        unknown: keys of the hub whose default is not known.
        notes: where the defaults are from, and why some are not known.
    """

    facts: dict[Key, Fact] = field(default_factory=dict)
    unknown: set[Key] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def defaults_of_values(source: HubSource, chart: Path | None = None) -> Defaults:
    """What the charts and the template say before the files of the hub and its cluster do.

    Arguments:
        source: the hub.
        chart: a directory with z2jh's chart, for where its defaults are not in the bundle.
    """
    made = Defaults()
    merged: Any = {}
    given: Any = {}
    if not any(each.name == "z2jh" for each in source.layers):
        if chart:
            merged = given = {CHART: dict(defaults_in(chart_in(chart)))}
            made.notes.append(f"defaults of z2jh's chart: {chart.name}, as it was given")
        else:
            made.notes.append(
                "z2jh's own defaults are not in the bundle, so what is set to a default is listed, too;"
                " give the chart with --chart DIR"
            )
    for layer in source.layers:
        # jsonnet that a hub lists is no template's
        if layer.kind == "default" or (layer.kind == "computed" and layer.shared is None):
            merged = _over(merged, layer.values)
            made.notes.append(f"defaults: {layer.path} ({layer.name})")
    if source.seen == "c":
        made.notes.append(
            "a running hub is told all of its values in one: which are its template's, or shared with other"
            " hubs, is in the repository that it is deployed from"
        )
    elif any(each.kind in ("public", "secret") and each.shared is None for each in source.layers):
        made.notes.append(
            "what other hubs of the cluster share is listed as this hub's own: the bundle is of an earlier"
            " version; capture it anew to tell them apart"
        )
    made.facts = {key: Fact(hub_items.layer_of(place), leaf, place)
                  for key, leaf, place in flat(merged) if place}  # fmt: skip
    if source.seen == "d":
        # a checkout that was read without the chart does not have its defaults among its values
        there = {key for key, _, _ in flat(source.values)}
        for key, _, _ in flat(given):
            if key not in there:
                made.facts.pop(key, None)
    return made


def shared_by(source: HubSource, place: Place) -> int:
    """How many other hubs of the cluster have from the same file what is, or was deleted, at a place."""
    for layer in reversed(source.layers):
        if _decides(layer.values, place):
            return layer.shared or 0
    return 0


def _decides(values: Any, place: Place) -> bool:
    """Whether a layer says what is at a place: by a value there, or by a null or something else around it."""
    for each in place:
        if isinstance(values, Mapping):
            if each not in values:
                return False
        elif not (isinstance(values, list) and isinstance(each, int) and each < len(values)):
            return True
        values = values[each]
    return True


def _over(below: Any, above: Any) -> Any:
    """One layer over another; null deletes what it lands on."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    merged = dict(below)
    for key, value in above.items():
        if value is None and key in merged:
            del merged[key]
        else:
            merged[key] = _over(merged.get(key), value) if key in merged else value
    return merged


SECTIONS = {
    "jupyterhub": ("jupyterhub.app", "jupyterhub.auth", "jupyterhub.crypto", "jupyterhub.proxy", "jupyterhub.spawner"),
    "jupyterhub-kubespawner": ("kubespawner",),
    "oauthenticator": tuple(f"oauthenticator.{each}" for each in (
        "oauth2", "auth0", "azuread", "bitbucket", "cilogon", "generic", "github", "gitlab", "globus", "google",
        "mediawiki", "okpy", "openshift")),
    "jupyterhub-nativeauthenticator": ("nativeauthenticator",),
    "jupyter_2i2c": ("jupyter_2i2c.config", "jupyter_2i2c.hub.app"),
}  # fmt: skip
"""Distribution to the modules whose classes have settings. Only these are ever imported."""


def defaults_of_settings(settings: Mapping[Key, Fact], versions: Mapping[str, str]) -> Defaults:
    """What the settings of a running hub are if nobody sets them.

    Arguments:
        settings: of the hub.
        versions: of what is installed beside it.
    """
    made = Defaults()
    classes, told = _classes(versions)
    made.notes += told
    wanted = sorted({key[:2] for key in settings})
    for path in wanted:
        section, trait = path[0][1:], path[1][1:]
        default = _default(classes.get(section), trait)
        if default is _NOT_KNOWN:
            made.unknown |= {key for key in settings if key[:2] == path}
        else:
            layer = next(fact.layer for key, fact in settings.items() if key[:2] == path)
            # an empty default is none, where members stand
            if path in settings or default not in (None, "", [], {}):
                made.facts |= {key: Fact(layer, leaf) for key, leaf, _ in flat(default, path)}
    return made


_NOT_KNOWN = object()


def _classes(versions: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Section to class, of what is installed here in the hub's own version; and what is not."""
    found: dict[str, Any] = {}
    notes = []
    named = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in versions.items()}
    for distribution, modules in SECTIONS.items():
        theirs = named.get(distribution.replace("_", "-"))
        try:
            here = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            here = ""
        if not theirs:
            continue
        if theirs != here:
            there = f"here is {here}" if here else "it is not installed here"
            notes.append(f"the defaults of {distribution} {theirs} are not known: {there}")
            continue
        notes.append(f"defaults of settings: {distribution} {here}, as installed here")
        for module in modules:
            try:
                loaded = importlib.import_module(module)
            except ImportError:
                continue
            for name, each in vars(loaded).items():
                if isinstance(each, type) and hasattr(each, "class_traits"):
                    found.setdefault(name, each)
    return found, notes


def _default(kind: Any, trait: str) -> Any:
    """The static default of a trait as JSON has it."""
    found = kind.class_traits(config=True).get(trait) if kind else None
    if found is None or _is_computed(kind, trait):
        return _NOT_KNOWN
    value = found.default()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value if _plain(value) else _NOT_KNOWN


def _is_computed(kind: Any, trait: str) -> bool:
    """Whether a method of the object makes the trait's default."""
    made = (vars(each).get("_trait_default_generators", {}) for each in kind.__mro__)
    return hasattr(kind, f"_{trait}_default") or any(trait in each for each in made)


def _plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _plain(each) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))
