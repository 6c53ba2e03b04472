"""In each user's server: what the panel asks, with the user's own rights and no more."""
