"""Bytes to frozen values and back, strictly: every format that Sigstore writes. No cryptography, no I/O."""
