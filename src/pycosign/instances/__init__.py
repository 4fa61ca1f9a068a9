"""Which Sigstore is meant: its trust root and its services, from a file, from TUF, or built in."""
