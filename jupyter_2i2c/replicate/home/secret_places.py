"""Files in which programs keep credentials. Called by plan.py and volume.py.

A person's files are the person's own: what is found here is told, and taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

PLACES = frozenset(
    {
        ".Renviron",
        ".aws/credentials",
        ".azure/accessTokens.json",
        ".boto",
        ".cdsapirc",
        ".config/gh/hosts.yml",
        ".config/git/credentials",
        ".config/gcloud/application_default_credentials.json",
        ".config/pip/pip.conf",
        ".config/rclone/rclone.conf",
        ".docker/config.json",
        ".ecmwfapirc",
        ".git-credentials",
        ".huggingface/token",
        ".jupyter/jupyter_server_config.json",
        ".kaggle/kaggle.json",
        ".kube/config",
        ".my.cnf",
        ".netrc",
        ".pgpass",
        ".pip/pip.conf",
        ".pypirc",
        ".s3cfg",
        ".vault-token",
    }
)

NAMES = frozenset(
    {".env", ".netrc", "credentials.json", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"}
)

ENDS = (".pem", ".p12", ".pfx", ".key", ".kdbx")

LOOKS_SECRET = re.compile(r"token|secret|passw|api_?key|credential", re.IGNORECASE)
"""Names of environment variables whose values are looked for."""

SHORTEST = 8
"""Characters of a value that can be told from chance."""

MARKS = (b"PRIVATE KEY-----", b"aws_secret_access_key")

IN_ADDRESS = re.compile(rb"://[^\s/:@\"']+:[^\s/:@\"'$<{]{4,}@")


def keeps_secrets(path: str) -> bool:
    """Whether a file at `path`, below a home, usually holds credentials."""
    name = path.rpartition("/")[2]
    return path in PLACES or name in NAMES or name.endswith(ENDS)


def known_values(environment: Mapping[str, str] = os.environ) -> tuple[bytes, ...]:
    """What this process knows to be secret, by the names of its environment variables."""
    return tuple(
        {
            os.fsencode(value)
            for name, value in environment.items()
            if LOOKS_SECRET.search(name) and len(value) >= SHORTEST and "/" not in value
        }
    )


def holds_secrets(content: bytes, known: tuple[bytes, ...]) -> bool:
    """Whether a file's content holds a secret that is known, or something that looks like one."""
    for value in known:
        if value in content:
            return True
    for mark in MARKS:
        if mark in content:
            return True
    return b"://" in content and IN_ADDRESS.search(content) is not None
