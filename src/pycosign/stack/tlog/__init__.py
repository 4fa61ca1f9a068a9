"""Transparency logs: one Merkle engine under Rekor v1, Rekor v2 and the certificate log."""
