"""For tests, yours and ours: a whole Sigstore in this process, with a clock that you set."""

from pycosign.testing.sandbox import Sandbox

__all__ = ["Sandbox"]
