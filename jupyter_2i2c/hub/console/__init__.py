"""The console, where administrators decide: a browser login of its own, and pages that nothing else can drive.

Reached at ``/services/2i2c-console/``. Other rooms add their pages with `pages.Page`.
"""
