"""News: what an announcement may say, how it looks, and who gets which. Used by the API, the console, the hub's page and `jupyter 2i2c announce`."""
