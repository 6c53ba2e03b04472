"""The guide for a community that leaves, written for one hub from its bundle. Called by `jupyter 2i2c guide`."""

from __future__ import annotations

from ..bundle import Bundle
from ..checksums import of_file
from ..errors import ReplicateError
from ..targets import hub_local
from .text import text_of


def guide(bundle: Bundle) -> str:
    """The guide, as Markdown; the same bundle gives the same text. Nothing of it is executed.

    Raises:
        ReplicateError: the bundle holds no hub, or is not as it was written.
    """
    manifest = bundle.manifest()
    if manifest.kind != "hub":
        raise ReplicateError(
            f"{bundle.place} holds no hub but one person's {manifest.kind}; how to go on with that is"
            " said in the documentation under 'Leaving a hub'"
        )
    if hub_local.is_hub(bundle):
        from . import machine

        made = machine.guide_of(bundle)
    else:
        from . import kubernetes

        made = kubernetes.guide_of(bundle)
    return text_of(
        made, manifest, bundle.place.resolve().name, of_file(bundle.top / "manifest-sha256.txt")
    )
