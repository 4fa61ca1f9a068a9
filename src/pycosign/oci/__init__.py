"""Registries and OCI layout directories behind one interface, and how signatures are attached to images there."""
