"""What the layers put into a bundle; every byte goes through the redactor here. Called by the layers and environment.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..bundle import Staging
from ..errors import SecretFound
from ..manifest import Item, NotCaptured, Secret
from ..redact import NotSearchable, Redactor, suspicious
from ..work import Work

PROFILE = "env/default"
"""Where the environment is in ``data/``."""


class Collected:
    """What has been captured so far.

    Arguments:
        staging: the bundle that is made.
        redactor: knows the secrets.
        work: told how far it is.
    """

    def __init__(self, staging: Staging, redactor: Redactor, work: Work) -> None:
        self.staging = staging
        self.redactor = redactor
        self.work = work
        self.items: list[Item] = []
        self.not_captured: list[NotCaptured] = []
        self.secrets: dict[str, Secret] = {}

    def item(
        self,
        layer: str,
        name: str,
        status: str,
        evidence: str,
        *,
        path: str = "",
        sha256: str = "",
        reason: str = "",
        action: str = "",
    ) -> None:
        """Note one thing; see `Item`. Secrets in the words are taken out, too."""
        words = (self.clean(each) for each in (f"{layer}:{name}", evidence, reason, action))
        identifier, evidence, reason, action = words
        self.items.append(
            Item(identifier, layer, status, evidence, "a", sha256, path, reason, action)
        )

    def missing(self, what: str, reason: str) -> None:
        """Note a part that is not there, or is not captured as a whole."""
        self.not_captured.append(NotCaptured(self.clean(what), self.clean(reason)))

    def clean(self, words: str) -> str:
        """Words without secrets."""
        data, slots = self.redactor.remove(words.encode("utf-8", "backslashreplace"))
        self._note(slots)
        return data.decode("utf-8", "replace")

    def text(self, name: str, content: str | bytes) -> tuple[str, str, set[str]]:
        """Write a text into the environment's part of the bundle, without secrets.

        Returns:
            Its path in ``data/``, its SHA-256, the slots of what was taken out.
        """
        if isinstance(content, str):  # a name that is not UTF-8 is shown, not lost
            content = content.encode("utf-8", "backslashreplace")
        data, slots = self.redactor.remove(content)
        self._note(slots)
        path = f"{PROFILE}/{name}"
        return path, self.staging.add(path, data), slots

    def kept(
        self,
        layer: str,
        name: str,
        file: str,
        content: str | bytes,
        evidence: str,
        *,
        action: str = "",
    ) -> None:
        """Write a text and note it as an item: captured, or with a slot for each secret in it."""
        path, digest, slots = self.text(file, content)
        self.item(
            layer,
            name,
            "secret-slot" if slots else "captured",
            evidence,
            path=path,
            sha256=digest,
            reason=f"taken out: {', '.join(sorted(slots))}" if slots else "",
            action="put the values back" if slots else action,
        )

    def holds_secret(self, name: str, data: bytes, published: bool = False) -> str:
        """Why these bytes must not be carried; empty if nothing is known against it.

        Arguments:
            name: of the file.
            data: its bytes.
            published: whether they are as somebody published them; what has the form of a key there
                is an example, and nobody's secret here.
        """
        try:
            slots = self.redactor.slots_within(data, name, self.work.check)
        except NotSearchable as error:
            return f"nobody can tell what is in it: {error}"
        if slots:
            return f"it holds {', '.join(sorted(slots))}"
        if not published and suspicious(data):
            return "something in it has the form of a token or of a private key"
        return ""

    def slot(self, slot: str, where: str, how: str = "ask whoever gave it to you") -> None:
        """Note a secret that was left out by its place."""
        self.secrets.setdefault(slot, Secret(slot, self.clean(where), how))

    def sweep(self) -> None:
        """Look once more at everything that was written.

        Raises:
            SecretFound: a known value is in it; the bundle must not be finished.
        """
        payload = self.staging.payload()
        for done, (name, path) in enumerate(payload):
            self.work.step(done, len(payload), "looking for secrets")
            why = self._found(name, path)
            if why:
                raise SecretFound(
                    f"nothing was written, as {name} would have held a secret: {why}."
                    " Remove it where it comes from and capture again"
                )

    def _found(self, name: str, path: Path) -> str:
        try:
            return ", ".join(
                sorted(self.redactor.slots_within(path.read_bytes(), name, self.work.check))
            )
        except NotSearchable as error:
            return str(error)

    def _note(self, slots: set[str]) -> None:
        for slot in slots:
            where = next(
                (where for each, where in self.redactor.known.values.values() if each == slot), ""
            )
            self.secrets.setdefault(
                slot, Secret(slot, where or "a known secret", "ask whoever gave it to you")
            )


def file_name(name: str) -> str:
    """A name as a file's name on any system."""
    return re.sub(r"[^\w.@+-]", "_", name) or "_"


def some(names: Sequence[str]) -> str:
    """The first few of many names, in words."""
    shown = ", ".join(sorted(names)[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
