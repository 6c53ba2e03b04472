"""Beside the hub: what is set up unsafely or wrongly, why it matters, and the mend. Used by `jupyter 2i2c doctor` and the console."""
