"""Many lines on all cores: in order, nothing lost, nothing read far ahead, no process left behind."""

import io
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.flows.in_order import Line, LineReader, map_lines

START = """
import os, sys, time
from pycosign.errors import UnavailableError
from pycosign.flows.in_order import Line, LineReader, map_lines
reader = LineReader(sys.stdin.buffer, max_bytes=1_000_000)
def told(line):
    return b"%d %d %d" % (line.number, os.getpid() != parent, -1 if line.content is None else len(line.content))
parent = os.getpid()
"""


def run(script: str, lines: bytes) -> str:
    """A process of its own: a fork is possible only where no other threads run."""
    ended = subprocess.run(
        [sys.executable, "-c", START + script], input=lines, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


class Pieces(io.RawIOBase):
    """A stream that gives its bytes in the given pieces, and has no descriptor."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def read(self, size: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def lines_of(pieces: list[bytes], max_bytes: int) -> list[Line]:
    reader, found = LineReader(Pieces(pieces), max_bytes=max_bytes), []  # type: ignore[arg-type]
    while (line := reader.wait()) is not None:
        found.append(line)
    return found


@given(st.lists(st.text("ab \n", max_size=12).map(str.encode), max_size=8))
def test_lines_are_the_same_in_whatever_pieces_they_arrive(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    wanted = [
        Line(number, line if len(line) <= 5 else None)
        for number, line in enumerate(whole.split(b"\n"), 1)
        if line.strip() or len(line) > 5
    ]
    assert lines_of(pieces, 5) == wanted


def test_a_line_without_end_is_not_kept_in_memory() -> None:
    class Endless(io.RawIOBase):
        left = 500

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return b"x" * 65536 if self.left > 0 else b"\nlast" if self.left == 0 else b""

    reader = LineReader(Endless(), max_bytes=1000)  # type: ignore[arg-type]
    assert reader.wait() == Line(1, None)
    assert reader.wait() == Line(2, b"last")
    assert reader.wait() is None


def test_without_a_descriptor_it_is_one_line_after_the_other() -> None:
    reader = LineReader(io.BytesIO(b"a\nb\n" * 50), max_bytes=10)
    assert list(map_lines(lambda line: b"%d" % line.number, reader, workers=8)) == [b"%d" % n for n in range(1, 101)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
class TestProcesses:
    def test_answers_come_in_the_order_of_the_lines_whoever_is_first(self) -> None:
        script = """
def slow(line):
    time.sleep(0.02 if line.number % 5 == 0 else 0)
    return told(line)
for answer in map_lines(slow, reader, workers=3):
    print(answer.decode())
"""
        said = run(script, b"".join(b"%d\n" % n for n in range(200))).split("\n")[:-1]
        assert [int(line.split()[0]) for line in said] == list(range(1, 201))
        assert [line.split()[1] for line in said] == ["0"] * 4 + ["1"] * 196

    def test_long_lines_and_long_answers_do_not_block(self) -> None:
        script = """
for answer in map_lines(lambda line: told(line) + b" " * 500_000, reader, workers=2):
    print(answer.decode().strip())
"""
        lines = [b"x" * 900_000, b"y" * 1_000_001, b"z"] * 8
        said = run(script, b"\n".join(lines)).split("\n")[:-1]
        assert [int(line.split()[2]) for line in said] == [900_000, -1, 1] * 8

    def test_no_process_is_left_when_nobody_wants_more(self) -> None:
        script = """
answers = map_lines(told, reader, workers=3)
for _ in range(10):
    next(answers)
answers.close()
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none left")
"""
        assert run(script, b"line\n" * 1000) == "none left\n"

    def test_a_process_that_is_gone_makes_the_rest_unavailable(self) -> None:
        script = """
def dies(line):
    if line.number == 20:
        os.kill(os.getpid(), 9)
    return told(line)
try:
    for answer in map_lines(dies, reader, workers=2):
        print(answer.decode())
except UnavailableError as exc:
    print(exc.code)
"""
        said = run(script, b"line\n" * 100).split("\n")[:-1]
        assert said[-1] == "batch.worker-lost"
        assert [int(line.split()[0]) for line in said[:-1]] == list(range(1, len(said)))
        assert len(said) <= 20

    def test_a_defect_in_a_process_is_raised_here(self) -> None:
        script = """
def breaks(line):
    return told(line) if line.number < 20 else [][0]
try:
    list(map_lines(breaks, reader, workers=2))
except RuntimeError as exc:
    print(exc)
"""
        assert run(script, b"line\n" * 100) == "IndexError: list index out of range\n"

    def test_other_threads_forbid_a_fork(self) -> None:
        script = """
import threading
threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
print({answer.decode().split()[1] for answer in map_lines(told, reader, workers=2)})
sys.stdout.flush()
os._exit(0)
"""
        assert run(script, b"line\n" * 100) == "{'0'}\n"
