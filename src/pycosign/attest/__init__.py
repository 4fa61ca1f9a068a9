"""Statements and predicates: what an attestation says, and what it is called."""
