"""The report of a verification, beside the bundle and never in it. Called by `jupyter 2i2c verify` and server/replicas.py."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from ..._version import __version__
from ..bundle import created_now
from ..errors import ReplicateError
from ..report_html import verification_page
from ..report_text import verification_text
from .ladder import Verification


def write(verification: Verification, bundle: Path) -> Path:
    """Write it as text, JSON and a page; an earlier one is replaced.

    Returns:
        The directory, ``BUNDLE.report``.

    Raises:
        ReplicateError: it cannot be written there.
    """
    directory = bundle.absolute().with_name(f"{bundle.absolute().name}.report")
    python = platform.python_version()
    made = {
        "at": created_now(),
        "by": f"jupyter_2i2c {__version__}",
        "on": f"Python {python}, {platform.system()}",
    }
    head = f"Verified {made['at']} by {made['by']} on {made['on']}\n"
    document = {**verification.to_json(), "made": made}
    texts = {
        "report.txt": f"{head}{verification_text(verification)}\n",
        "report.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "report.html": verification_page(verification),
    }
    try:
        directory.mkdir(exist_ok=True)
        for name, text in texts.items():
            partial = directory / f".{name}.partial"
            partial.write_text(text, "utf-8", "surrogateescape")
            partial.replace(directory / name)
    except OSError as error:
        raise ReplicateError(
            f"{directory} cannot be written: {error.strerror}; --no-report leaves it out"
        ) from error
    return directory
