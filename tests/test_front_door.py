"""`import jupyter_2i2c` brings in neither side."""

import json
import subprocess
import sys

HEAVY = ("jupyter_server", "jupyterhub", "tornado", "sqlalchemy", "pydantic", "yaml", "traitlets")


def modules_after(*lines: str) -> set[str]:
    """The top-level modules of a fresh interpreter after it has run `lines`."""
    report = (
        "import json, sys; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    code = "\n".join((*lines, report))
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    return set(json.loads(output))


def test_importing_the_package_imports_nothing_heavy():
    assert modules_after("import jupyter_2i2c").isdisjoint(HEAVY)


def test_the_model_knows_neither_jupyter_nor_tornado():
    loaded = modules_after("import jupyter_2i2c.model, jupyter_2i2c.sources, jupyter_2i2c.defaults")
    assert loaded.isdisjoint(HEAVY)


def test_the_server_extension_loads_without_the_hub_and_without_the_model():
    loaded = modules_after(
        "import sys, jupyter_server.serverapp",
        "import jupyter_2i2c",
        "jupyter_2i2c._jupyter_server_extension_points()",
        "assert 'jupyter_2i2c.model' not in sys.modules",
        "assert 'jupyter_2i2c.config' not in sys.modules",
    )
    assert loaded.isdisjoint({"jupyterhub", "sqlalchemy", "pydantic", "httpx", "psutil"})


def test_the_hub_side_loads_without_the_server():
    loaded = modules_after(
        "import sys",
        "sys.modules['jupyter_server'] = None  # as in a hub's pod",
        "import jupyter_2i2c.hub.app, jupyter_2i2c.hub.setup",
    )
    assert "jupyterlab" not in loaded
