"""The version, a constant: `importlib.metadata` costs 29 ms to ask."""

__version__ = "0.1.0"
