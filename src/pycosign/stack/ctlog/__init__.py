"""The certificate log: RFC 6962's API on the engine of stack/tlog. Source: services.md, 1.11, 1.12."""
