"""The certificate log: RFC 6962's API on the engine of stack/tlog."""
