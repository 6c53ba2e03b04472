"""What a bundle can be built into, one file for each target. Called by `jupyter 2i2c build` and verify/."""
