"""The service's API: header tokens only, user-level only. Each user's server is who calls it."""
