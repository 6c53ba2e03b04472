"""What a bundle says about itself, without executing anything of it. Called by `jupyter 2i2c inspect` and the panel."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .bundle import Bundle
from .evidence.bundled import of_bundle
from .evidence.layers import sheet_to_json
from .signature import SIGNATURE


def inspected(bundle: Bundle) -> dict[str, Any]:
    """All of it as JSON.

    Returns:
        ``kind``, ``created``, ``tool``, ``source``, ``layers`` (a list with ``id``, ``title`` and
        ``counts`` by status), ``items``, ``transforms``, ``secrets``, ``not_captured``, ``evidence``
        (what is open, tied or not known, as the API tells it), ``files``, ``bytes`` and ``signed``.

    Raises:
        ReplicateError: its manifest cannot be read.
    """
    manifest = bundle.manifest()
    counts = manifest.counts()
    names = bundle.names()
    return {
        "bundle": str(bundle.place),
        "kind": manifest.kind,
        "created": manifest.created,
        "tool": dict(manifest.tool),
        "source": dict(manifest.source),
        "layers": [
            {"id": layer, "title": title, "counts": counts.get(layer, {})}
            for layer, title in manifest.layers.items()
        ],
        "items": [asdict(each) for each in manifest.items],
        "transforms": [asdict(each) for each in manifest.transforms],
        "secrets": [asdict(each) for each in manifest.secrets],
        "not_captured": [asdict(each) for each in manifest.not_captured],
        "evidence": sheet_to_json(of_bundle(bundle, manifest.created)),
        "files": len(names),
        "bytes": sum(bundle.path(name).stat().st_size for name in names),
        "signed": (bundle.top / SIGNATURE).is_file(),
    }
