"""Evaluates one file of jsonnet, in a process that has little. Started by computed.py; not imported.

Takes JSON on its standard input (``file``, ``top``, ``variables``, ``seconds``, ``memory``) and prints
JSON: ``{"value": …}`` or ``{"error": …}``. Imports are read here, from below `top` only.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

LARGEST = 4_000_000
"""Bytes of a file that is imported."""

DEEPEST_STACK = 300


class Imports:
    """Answers what jsonnet imports, and notes what was refused.

    Arguments:
        top: the directory that imports must not lead out of.
    """

    def __init__(self, top: Path) -> None:
        self.top = top.resolve()
        self.refused = ""
        self.read: dict[str, bytes] = {}

    def __call__(self, directory: str, name: str) -> tuple[str, bytes]:
        """The path and text of what is imported as `name` by a file in `directory`."""
        path = Path(directory) / name
        try:
            resolved = path.resolve(strict=True)
            if not resolved.is_relative_to(self.top):
                return self._refuse(path, "it leads out of the checkout")
            if not resolved.is_file() or resolved.stat().st_size > LARGEST:
                return self._refuse(path, "it is no file of jsonnet")
            # the same bytes for the same path each time, which jsonnet relies on
            return str(path), self.read.setdefault(str(path), resolved.read_bytes())
        except (OSError, RuntimeError, ValueError) as error:
            return self._refuse(path, getattr(error, "strerror", None) or str(error))

    def _refuse(self, path: Path, why: str) -> tuple[str, bytes]:
        # an exception would not get through; this one does, and is told by `refused`
        self.refused = self.refused or f"the import of {path} is refused: {why}"
        return f"{path}#refused", b"error 'refused'"


def main() -> int:
    """Evaluate what the standard input asks for."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        import _gojsonnet
    except ImportError:
        json.dump({"error": "missing"}, sys.stdout)
        return 0
    imports = Imports(Path(asked["top"]))
    answer: dict[str, object]
    try:
        text = _gojsonnet.evaluate_snippet(
            asked["file"],
            Path(asked["file"]).read_text("utf-8"),
            ext_vars=asked["variables"],
            import_callback=imports,
            max_stack=DEEPEST_STACK,
        )
        answer = {"value": json.loads(text)}
    except (RuntimeError, OSError, ValueError, RecursionError) as error:
        answer = {"error": str(error)}
    if imports.refused:
        answer = {"error": imports.refused}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
