"""A hub whose values are known, as a bundle, and back. Called by importers/command.py, recorded.py, the drill, and every target and rung that needs the hub.

In ``hub/``: ``hub.json`` (what hub, charts, slots, findings), ``values.effective.yaml``,
``values.source/`` (each layer in order), ``extraConfig/`` (its Python, to be read), ``origins.json``
(file and line of each value), ``secrets.kubernetes.yaml`` and, beside it, ``secrets.template.env``;
where comments and names of people are kept, ``values.original/``, the public files as they were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..._version import __version__
from ..bundle import Bundle, Staging, created_now
from ..capture.environment import tool_hash
from ..errors import ReplicateError, SecretFound
from ..manifest import HUB_LAYERS, Item, Manifest, NotCaptured, Secret, Transform
from ..redact import suspicious
from ..work import Work
from ..yaml_text import yaml_text
from . import hub_items, people
from .secret_forms import tokens_in
from .source import (
    Code,
    Finding,
    Hub,
    HubSource,
    Layer,
    Origin,
    SecretSlot,
    at,
    pointer,
)
from .source import Path as Place
from .yaml_reading import parse

SCHEMA = 1
DESCRIPTION = "hub/hub.json"
EFFECTIVE = "hub/values.effective.yaml"
SOURCES = "hub/values.source"
ORIGINALS = "hub/values.original"
CODE = "hub/extraConfig"
ORIGINS = "hub/origins.json"
KUBERNETES = "hub/secrets.kubernetes.yaml"
TEMPLATE = "secrets.template.env"


@dataclass(frozen=True)
class Captured:
    """A bundle of a hub.

    Attributes:
        place: the bundle.
        manifest: of it.
        size: bytes of its payload.
        source: what is in it.
        no_lock: always empty; the report on environments has it.
    """

    place: Path
    manifest: Manifest
    size: int
    source: HubSource
    no_lock: str = ""

    def to_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "bundle": str(self.place),
            "created": self.manifest.created,
            "bytes": self.size,
            "hub": self.source.name,
            "cluster": self.source.cluster,
            "layers": self.manifest.counts(),
            "transforms": [vars(each) for each in self.manifest.transforms],
            "secrets": [vars(each) for each in self.manifest.secrets],
            "findings": [vars(each) for each in self.source.findings],
            "not_captured": [vars(each) for each in self.manifest.not_captured],
        }


def bundle_of(
    source: HubSource,
    destination: Path,
    *,
    with_people: bool = False,
    with_staff: bool = False,
    created: str | None = None,
    sign_with: Path | None = None,
    work: Work | None = None,
) -> Captured:
    """Write the bundle of a hub.

    Arguments:
        source: the hub.
        destination: a directory, or a file ``.tar.zst`` or ``.zip``, that is not there yet.
        with_people: whether to keep names of people: personal data, with their consent only.
        with_staff: whether to keep the old operator's staff access.
        created: as `created_now` takes it.
        sign_with: a private key.
        work: told how far it is.

    Raises:
        SecretFound: something in it has the form of a secret; nothing is written.
        ReplicateError: it cannot be written.
    """
    work = work or Work()
    work.step(0, 0, "writing the bundle")
    with Staging(destination, created_now(created)) as staging:
        done = put(staging, source, with_people=with_people, with_staff=with_staff)
        manifest = Manifest(
            kind="hub",
            created=staging.created,
            tool={"name": "jupyter_2i2c", "version": __version__, "sha256": tool_hash()},
            source=described(done.source),
            layers=HUB_LAYERS,
            items=done.items,
            transforms=done.transforms,
            secrets=done.secrets,
            not_captured=done.not_captured,
        )
        place = staging.finish(manifest, work, sign_with)
        return Captured(place, manifest, staging.payload_bytes, done.source)


@dataclass(frozen=True)
class Done:
    """What was written of a hub.

    Attributes:
        source: it, as it was written: without those who are left out.
        items, transforms, secrets, not_captured: for the manifest.
    """

    source: HubSource
    items: tuple[Item, ...]
    transforms: tuple[Transform, ...]
    secrets: tuple[Secret, ...]
    not_captured: tuple[NotCaptured, ...]


def put(
    staging: Staging, source: HubSource, *, with_people: bool = False, with_staff: bool = False
) -> Done:
    """Write a hub into a bundle that is made.

    Arguments:
        staging: the bundle.
        source: the hub.
        with_people: as `bundle_of` takes it.
        with_staff: the same.

    Raises:
        SecretFound: something in it has the form of a secret.
    """
    transforms: list[Transform] = []
    items: list[Item] = []
    if not with_staff:
        left = people.without_staff(source)
        items += [hub_items.staff(path, source) for path in left.removed]
        transforms += left.transforms
        source = left.source
    if not (with_people and with_staff):
        source = replace(source, originals={})  # nobody can take names out of a text for certain
    if not with_people:
        left = people.without_people(source)
        source = left.source
        items += [
            hub_items.person_list(path, count, source) for path, count in left.removed.items()
        ]
    writer = _Writer(staging, source)
    digests = writer.write()
    items += hub_items.items_of(source, digests, writer.snippets)
    staging.add(TEMPLATE, writer.safe(TEMPLATE, _template(source)))
    return Done(
        source,
        tuple(items),
        tuple(transforms),
        tuple(hub_items.secrets_of(source)),
        tuple(NotCaptured(*each) for each in source.not_captured.items()),
    )


def described(source: HubSource) -> dict[str, str]:
    """What the manifest says of where a hub was read from; what is not known is not there."""
    hub = source.hub
    known = {
        "hub": hub.name,
        "cluster": hub.cluster,
        "display_name": hub.display_name,
        "url": f"https://{hub.domain}" if hub.domain else "",
        "provider": hub.provider,
        "region": hub.region,
        "chart": source.chart.get("name", ""),
        "chart_version": source.chart.get("version", ""),
        "umbrella_chart": str(source.umbrella.get("name", "")),
        "git_commit": source.commit,
    }
    return {name: value for name, value in known.items() if value}


class _Writer:
    """Writes the files of one hub; each is looked at for forms of secrets before."""

    def __init__(self, staging: Staging, source: HubSource) -> None:
        self.staging = staging
        self.source = source
        self.snippets: dict[str, str] = {}

    def write(self) -> dict[str, str]:
        """All of ``hub/``.

        Returns:
            Name to SHA-256.
        """
        source = self.source
        texts = {EFFECTIVE: _effective_text(source.values)}
        files = []
        for number, layer in enumerate(source.layers):
            stem = _file_name(layer.name).removesuffix(".yaml")
            name = f"{SOURCES}/{number:02}-{stem}.yaml"
            texts[name] = yaml_text(layer.values, f"{layer.path} ({layer.kind})")
            files.append(name)
        snippets = {}
        for place, code in source.code.items():
            snippets[place] = name = self._code_name(code, texts)
            texts[name] = code.text if code.text.endswith("\n") else f"{code.text}\n"
        for path, text in source.originals.items():
            texts[f"{ORIGINALS}/{'/'.join(_file_name(each) for each in path.split('/'))}"] = text
        texts[ORIGINS] = _origins_text(source)
        texts[DESCRIPTION] = _json_text(_description(source, files, snippets))
        texts[KUBERNETES] = _kubernetes(source)
        self.snippets = snippets
        return {name: self.staging.add(name, self.safe(name, text)) for name, text in texts.items()}

    def _code_name(self, code: Code, taken: Mapping[str, str]) -> str:
        parts = [
            str(each) for each in code.path if each not in ("jupyterhub", "hub", "extraConfig")
        ]
        if parts[-1] == "stringData":
            del parts[-1]
        stem = "/".join(_file_name(each.removesuffix(".py")) for each in parts)
        name, number = f"{CODE}/{stem}.py", 2
        while name.casefold() in {each.casefold() for each in taken}:
            name, number = f"{CODE}/{stem}-{number}.py", number + 1
        return name

    def safe(self, name: str, text: str) -> str:
        """The text, unless something in it has the form of a secret."""
        for _, start in tokens_in(text):
            raise _refused(name, text.count("\n", 0, start) + 1)
        if suspicious(text.encode()):
            raise _refused(name, 0)
        return text


def _refused(name: str, line: int) -> SecretFound:
    where = f"line {line} of {name}" if line else name
    return SecretFound(
        f"{where} would hold what has the form of a token or a private key, and it could not be taken out"
        " for certain; nothing was written. Move it to an encrypted file, and withdraw it"
    )


def _effective_text(values: Any) -> str:
    text = yaml_text(values, "All layers merged, as Helm merges them.")
    if parse(text, EFFECTIVE).node.plain() != values:
        raise ReplicateError(
            f"{EFFECTIVE} would not be read back as it is; report this as a defect, with the hub's name"
        )
    return text


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII)[:100].strip("-.") or "unnamed"


def _origins_text(source: HubSource) -> str:
    """JSON, a line for each place: the number of its layer, and the line in that layer's file."""
    numbers = {layer.name: number for number, layer in enumerate(source.layers)}
    lines = (
        f"{json.dumps(pointer(path), ensure_ascii=False)}: [{numbers.get(origin.layer, -1)}, {origin.line}]"
        for path, origin in source.origins.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _description(
    source: HubSource, files: list[str], snippets: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "hub": vars(source.hub),
        "chart": dict(source.chart),
        "umbrella": dict(source.umbrella),
        "commit": source.commit,
        "seen": source.seen,
        "config_maps": dict(source.config_maps),
        "layers": [
            {"name": each.name, "kind": each.kind, "path": each.path, "file": file}
            | ({} if each.shared is None else {"shared": each.shared})
            for each, file in zip(source.layers, files, strict=True)
        ],
        "secrets": [vars(each) for each in source.secrets],
        "code": [
            {
                "path": each.path,
                "file": snippets[place],
                "own": each.own,
                "origin": vars(each.origin),
            }
            for place, each in source.code.items()
        ],
        "findings": [vars(each) for each in source.findings],
        "not_captured": dict(source.not_captured),
    }


def _template(source: HubSource) -> str:
    lines = [
        f"# Every secret that the hub {source.name} needs; no value of them is in the bundle.",
        "# Get new ones; those of the old hub stay with whoever runs it.",
    ]
    needed = {each.name: each for each in source.secrets if each.effective}
    for name, slot in sorted(needed.items()):
        lines += [
            "",
            f"# {slot.what}; it stood at {pointer(slot.path)}",
            f"# issued by: {slot.issued_by}. {slot.how}",
            f"{name}=",
        ]
    return "\n".join(lines) + "\n"


def _kubernetes(source: HubSource) -> str:
    needed = {each.name: "" for each in source.secrets if each.effective}
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "replica-secrets"},
        "type": "Opaque",
        "stringData": dict(sorted(needed.items())),
    }
    head = "Fill in each value and keep this file out of version control;\nsecrets.template.env says what each is."
    return yaml_text(manifest, head)


def source_of(bundle: Bundle) -> HubSource:
    """The hub of a bundle that `bundle_of` wrote. Nothing of it is executed.

    Raises:
        ReplicateError: the bundle holds no such hub, or is not as it was written.
    """
    if not bundle.path(DESCRIPTION).is_file():
        raise ReplicateError(
            f"{bundle.place} holds no hub whose values are known; capture one with --infrastructure, or"
            " with the --record of one on Kubernetes"
        )
    try:
        told = json.loads(bundle.text(DESCRIPTION))
        if told["schema"] > SCHEMA:
            raise ReplicateError(f"{bundle.place} is of a later version; update jupyter_2i2c")
        values = _read_values(bundle, EFFECTIVE)
        layers = tuple(
            Layer(
                each["name"],
                each["kind"],
                each["path"],
                _read_values(bundle, each["file"]),
                shared=each.get("shared"),
            )
            for each in told["layers"]
        )
        files = [(each.path, each.name) for each in layers]
        origins = {}
        for text, (number, line) in json.loads(bundle.text(ORIGINS)).items():
            file, name = files[number] if number >= 0 else ("", "")
            origins[_place(values, text)] = Origin(file, line, name)
        code = {}
        for each in told["code"]:
            path = tuple(each["path"])
            text = at(values, path)
            code[pointer(path)] = Code(path, text, Origin(**each["origin"]), each["own"])
        return HubSource(
            hub=Hub(**{**told["hub"], "value_files": tuple(told["hub"]["value_files"])}),
            values=values,
            layers=layers,
            origins=origins,
            secrets=tuple(
                SecretSlot(**{**each, "path": tuple(each["path"])}) for each in told["secrets"]
            ),
            chart=told["chart"],
            umbrella=told["umbrella"],
            code=code,
            findings=tuple(Finding(**each) for each in told["findings"]),
            not_captured=told["not_captured"],
            commit=told["commit"],
            # a bundle of an earlier version was read from files
            seen=told.get("seen", "d"),
            config_maps=told.get("config_maps", {}),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ReplicateError(
            f"{bundle.place} is not as it was written: {type(error).__name__} {error};"
            " take the bundle anew"
        ) from None


def _read_values(bundle: Bundle, name: str) -> dict[str, Any]:
    values: dict[str, Any] = parse(bundle.text(name), name).node.plain()
    return values


def _place(values: Any, text: str) -> Place:
    """The place of a pointer, numbers where there are lists."""
    path: list[str | int] = []
    for part in text.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        path.append(int(key) if isinstance(values, list) else key)
        values = at(values, (path[-1],))
    return tuple(path)
