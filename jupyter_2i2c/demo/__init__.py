"""The example hub: `jupyter 2i2c demo` starts a real JupyterHub on this machine. Called by the command line, `make demo` and the tests."""

from .runner import run

__all__ = ["run"]
