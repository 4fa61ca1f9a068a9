"""One deadline for all that a command does."""

import time

import pytest

from pycosign.errors import UnavailableError
from pycosign.net.deadline import Deadline


def test_it_counts_down_and_then_refuses_work() -> None:
    deadline = Deadline.after(0.05)
    assert 0 < deadline.remaining() <= 0.05
    deadline.check("anything")
    time.sleep(0.06)
    assert deadline.remaining() == 0.0
    with pytest.raises(UnavailableError, match=r"GET x: timed out after 0\.05 s") as caught:
        deadline.check("GET x")
    assert caught.value.code == "net.timeout"


def test_never_does_not_come() -> None:
    deadline = Deadline.never()
    deadline.check("anything")
    assert deadline.remaining() == float("inf")
    deadline.sleep(0, "anything")


def test_a_wait_that_would_outlast_it_is_not_begun() -> None:
    started = time.monotonic()
    with pytest.raises(UnavailableError):
        Deadline.after(0.5).sleep(60, "waiting")
    assert time.monotonic() - started < 0.3
