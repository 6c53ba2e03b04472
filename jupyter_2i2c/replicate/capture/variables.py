"""Environment variables: every name, and the value only of those on the list. Called by environment.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ..redact import is_secret_name
from .collected import Collected

ALLOWED = frozenset(
    {
        "CONDA_DEFAULT_ENV",
        "CUDA_VERSION",
        "DASK_GATEWAY__ADDRESS",
        "DEBIAN_FRONTEND",
        "GDAL_DATA",
        "GDAL_DRIVER_PATH",
        "JUPYTER_IMAGE",
        "JUPYTER_IMAGE_SPEC",
        "JULIA_NUM_THREADS",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_COLLATE",
        "LC_CTYPE",
        "LC_MESSAGES",
        "LC_MONETARY",
        "LC_NUMERIC",
        "LC_TIME",
        "MALLOC_ARENA_MAX",
        "MKL_NUM_THREADS",
        "MPLBACKEND",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_MAX_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NVIDIA_DRIVER_CAPABILITIES",
        "NVIDIA_VISIBLE_DEVICES",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PANGEO_ENV",
        "PROJ_DATA",
        "PROJ_LIB",
        "PYDEVD_USE_FRAME_EVAL",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONUNBUFFERED",
        "PYTHON_VERSION",
        "QT_QPA_PLATFORM",
        "REPO_DIR",
        "R_HOME",
        "R_VERSION",
        "SHELL",
        "TERM",
        "TZ",
        "XLA_PYTHON_CLIENT_PREALLOCATE",
    }
)
"""Variables whose values say how programs behave and are nobody's secret."""

OF_THE_HUB = frozenset(
    {"JPY_API_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED"}
)
"""Variables that JupyterHub gives each server anew, which nobody has to supply."""

IMAGE = ("JUPYTER_IMAGE_SPEC", "JUPYTER_IMAGE")


def capture(environ: Mapping[str, str], prefix: Path, collected: Collected) -> None:
    """Write the names, the allowed values, and a slot for each that holds a secret."""
    shown: dict[str, str | None] = {}
    for name in sorted(environ):
        if not re.fullmatch(r"\w+", name):
            continue
        shown[name] = None
        if name in ALLOWED:
            shown[name] = environ[name].replace(str(prefix), "{prefix}")
            collected.item("variables", name, "captured", "the environment")
        elif name in OF_THE_HUB:
            collected.item("variables", name, "policy-excluded", "the environment",
                           reason="a hub gives each server its own")  # fmt: skip
        elif is_secret_name(name):
            collected.slot(name, f"the environment variable {name}")
            collected.item("variables", name, "secret-slot", "the environment",
                           reason="its name says that it is a secret",
                           action="set it anew if something needs it")  # fmt: skip
        else:
            collected.item("variables", name, "policy-excluded", "the environment",
                           reason="only its name is taken: it is not on the list of values that"
                           " are nobody's secret")  # fmt: skip
    collected.text("variables.json", json.dumps(shown, indent=1) + "\n")


def capture_image(environ: Mapping[str, str], collected: Collected) -> str:
    """Note the image of the container.

    Returns:
        Its reference; empty if not known.
    """
    for name in IMAGE:
        if reference := environ.get(name, ""):
            digest = "@sha256:" in reference
            collected.item(
                "image",
                "reference",
                "captured" if digest else "not-captured",
                f"${name}: {reference}",
                reason=""
                if digest
                else "a tag may mean another image tomorrow, and from inside a"
                " container its digest cannot be seen",
                action="" if digest else "ask the hub's administrator for the digest",
            )
            return collected.clean(reference)
    collected.missing("the container's image", "no variable names one: this may be no container")
    return ""
