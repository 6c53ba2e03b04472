"""`python -m jupyter_2i2c`, the same as `jupyter 2i2c`."""

import sys

from .cli import main

sys.exit(main())
