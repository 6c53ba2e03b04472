"""Finds the mistakes that real configurations of hubs hold. Called by `jupyter 2i2c lint`.

Each rule is a function of its own that takes a hub and yields findings; none changes anything, executes
anything or asks anybody. An error breaks the hub or locks people out, a warning deserves a decision, and
a note is worth knowing when the hub is rebuilt.
"""
