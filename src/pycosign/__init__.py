"""Cosign for Python people: sign and verify files and container images.

Importing this package is cheap; names are loaded when they are first used.
"""

from pycosign._version import __version__

__all__ = ["__version__"]
