"""The store beside the hub: intents, jobs and the audit log, in SQLite or PostgreSQL. Used by the service and by `jupyter 2i2c audit`."""
