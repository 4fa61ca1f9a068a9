"""Where the services keep what must survive: append-only logs in SQLite, keys and settings in files."""
