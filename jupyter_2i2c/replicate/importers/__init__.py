"""What a hub is, read from where it is described, one file for each kind of place. Called by replicate/cli.py, lint and the drill."""
