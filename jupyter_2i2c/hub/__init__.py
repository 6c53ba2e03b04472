"""Beside the hub: `setup_hub` in its configuration, and the service that it starts."""
