"""The only reader of the clock, of entropy and of the environment (docs/architecture.md).

Exceptions read their own, each where it is used and with a comment: `tuf` and `cryptography`.
"""

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

__all__ = ["Clock", "Entropy", "environment", "monotonic_seconds", "random_bytes", "utc_now"]

Clock = Callable[[], datetime]  # -> an aware datetime in UTC
Entropy = Callable[[int], bytes]  # number of bytes -> that many random ones


def utc_now() -> datetime:
    """The current moment: aware, UTC."""
    return datetime.now(UTC)


def monotonic_seconds() -> float:
    """A clock for measuring how long something takes: never set back, of no meaning as a date."""
    return time.monotonic()


def random_bytes(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return os.urandom(count)


def environment() -> Mapping[str, str]:
    """The process's environment variables, live."""
    return os.environ
