"""`python -m jupyter_2i2c.hub`, the command of the managed service."""

from .app import main

main()
