"""The timestamp authority (RFC 3161). Source: services.md, 4."""
