"""Encodings: strict and canonical JSON, Go's JSON, base64, PEM, DER, RFC 3339 times."""
