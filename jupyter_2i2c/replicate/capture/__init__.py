"""What an environment is made of, one file for each layer. Called by environment.py."""
