"""Writing files so that nobody ever finds half of one: the way that the trust cache is written too."""

from pycosign.instances.files import write_atomically

__all__ = ["write_atomically"]
