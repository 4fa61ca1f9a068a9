"""One deadline for a whole command, handed down through flows and net (`--timeout`)."""

import time

from pycosign.ambient import monotonic_seconds
from pycosign.errors import UnavailableError

__all__ = ["Deadline"]

_FOREVER = float("inf")


class Deadline:
    """A moment of the monotonic clock after which no work is begun. Immutable, and safe to share between threads."""

    __slots__ = ("_ends_at", "seconds")

    def __init__(self, seconds: float) -> None:
        """`seconds` from now; infinity means never."""
        self.seconds = seconds
        self._ends_at = monotonic_seconds() + seconds

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """A deadline that many seconds from now. Zero or less has passed already."""
        return cls(seconds)

    @classmethod
    def never(cls) -> "Deadline":
        """A deadline that does not come: for services, and for tests that bound time otherwise."""
        return cls(_FOREVER)

    def remaining(self) -> float:
        """Seconds left: 0.0 once it has passed, infinity for `never`."""
        return max(0.0, self._ends_at - monotonic_seconds())

    def check(self, what: str) -> None:
        """Raise UnavailableError (`net.timeout`) if it has passed; `what` says what was about to be done."""
        if self.remaining() <= 0:
            raise self.exceeded(what)

    def exceeded(self, what: str) -> UnavailableError:
        """The error that says this deadline passed while doing `what`."""
        return UnavailableError(f"{what}: timed out after {self.seconds:g} s", code="net.timeout")

    def sleep(self, seconds: float, what: str) -> None:
        """Wait, or raise at once if the wait would outlast the deadline."""
        if seconds >= self.remaining():
            raise self.exceeded(what)
        time.sleep(seconds)
