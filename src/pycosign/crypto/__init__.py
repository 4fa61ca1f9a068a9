"""Algorithms: keys, digests, Merkle trees, certificates and their paths at a moment, key boxes. No I/O, no clock."""
