"""How Sphinx builds the documentation. Called by build.py."""

project = "jupyter_2i2c"
author = "The jupyter_2i2c contributors"
copyright = "2026, The jupyter_2i2c contributors"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "jupyter_2i2c"
suppress_warnings = ["myst.xref_missing"]
