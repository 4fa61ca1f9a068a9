"""One function over many lines, on all cores: answers come in the order of the lines, as soon as that order allows.

Processes, not threads: much of a verification is Python, and a batch on two threads was slower than on one. Forked,
because then the compiled trust root and the imports are shared and starting costs a millisecond. Where a fork is not
possible (no such call, or other threads run in this process) it is one line after the other.

Memory does not grow with the number of lines: a process gets its next line when it gave its last answer, and nothing is
read further ahead than a few lines for each process.
"""

import io
import os
import select
import signal
import struct
import sys
from collections import deque
from collections.abc import Callable, Generator
from typing import BinaryIO, Final, NamedTuple, NoReturn

from pycosign.errors import UnavailableError

__all__ = ["Line", "LineReader", "map_lines", "usable_cores"]

_PIECE_BYTES: Final = 1 << 16
_ALONE: Final = 4  # so many are done before the first fork: short batches need none, and what they load is shared
_AHEAD: Final = 4  # answers that may wait for their turn, for each process
_LENGTH: Final = struct.Struct(">?I")  # of an answer: it is one (else a defect's description); its size in bytes


class Line(NamedTuple):
    """One line without its newline, counted from 1. content: None: it is longer than the reader allows."""

    number: int
    content: bytes | None


class LineReader:
    """Lines of a stream, as they arrive. Lines of white space alone are counted and left out."""

    def __init__(self, stream: BinaryIO, *, max_bytes: int) -> None:
        try:
            self.descriptor: int | None = stream.fileno()
        except io.UnsupportedOperation:  # a stream in memory
            self.descriptor = None
        self._stream = stream
        self._max_bytes = max_bytes
        self._lines: deque[Line] = deque()
        self._rest = b""  # the beginning of a line
        self._too_long = False  # that line has been given up; its end has not arrived
        self._count = 0
        self.is_at_end = False

    def arrived(self) -> Line | None:
        """The next line, if it is here."""
        return self._lines.popleft() if self._lines else None

    def wait(self) -> Line | None:
        """The next line; None at the end. Raises: UnavailableError: the stream cannot be read."""
        while not self._lines and not self.is_at_end:
            self.fill()
        return self.arrived()

    def fill(self) -> None:
        """Read what is there; waits only if nothing is."""
        try:
            if self.descriptor is None:
                piece = self._stream.read(_PIECE_BYTES)
            else:
                piece = os.read(self.descriptor, _PIECE_BYTES)
        except OSError as exc:
            raise UnavailableError(f"cannot read the batch: {exc.strerror or exc}", code="unavailable.file") from exc
        self.is_at_end = not piece
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._add(line)
        if self.is_at_end and (self._rest or self._too_long):
            self._add(self._rest)
        elif len(self._rest) > self._max_bytes:
            self._rest, self._too_long = b"", True

    def _add(self, content: bytes) -> None:
        self._count += 1
        if self._too_long or len(content) > self._max_bytes:
            self._lines.append(Line(self._count, None))
        elif content.strip():
            self._lines.append(Line(self._count, content))
        self._too_long = False


def usable_cores() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_lines(function: Callable[[Line], bytes], lines: LineReader, *, workers: int) -> Generator[bytes, None, None]:
    """`function` of each line, in order. Closing the iterator ends the processes.

    Args:   function: runs in other processes too; what it changes there is lost. workers: at most so many processes.
    Raises: UnavailableError: the lines cannot be read, or a process ended by itself (code "batch.worker-lost").
    """
    left_alone = _ALONE
    forks = workers > 1 and lines.descriptor is not None and _may_fork()
    while left_alone or not forks:
        line = lines.wait()
        if line is None:
            return
        yield function(line)
        left_alone -= 1
    yield from _in_processes(function, lines, workers)


def _may_fork() -> bool:
    """A fork copies one thread only: locks that others hold would stay locked for ever."""
    threading = sys.modules.get("threading")  # not imported: nobody has started a thread
    return hasattr(os, "fork") and (threading is None or threading.active_count() == 1)


def _in_processes(function: Callable[[Line], bytes], lines: LineReader, workers: int) -> Generator[bytes, None, None]:
    """Ask every idle child, tell what is next in the order, wait for whatever comes first: an answer or a line."""
    children: list[_Child] = []
    idle: list[_Child] = []
    busy: dict[int, tuple[_Child, int]] = {}  # by the descriptor of the answer: who works on which place in the order
    answers: dict[int, bytes] = {}  # that wait for their turn
    given = told = 0
    source = lines.descriptor
    assert source is not None
    try:
        while True:
            while told in answers:
                yield answers.pop(told)
                told += 1
            can_ask = (idle or len(children) < workers) and given - told < workers * _AHEAD
            line = lines.arrived() if can_ask else None
            if line is not None:
                if not idle:
                    children.append(_Child(function, children))
                    idle.append(children[-1])
                child = idle.pop()
                child.ask(line)
                busy[child.descriptor] = (child, given)
                given += 1
                continue
            awaited = [*busy, *([source] if can_ask and not lines.is_at_end else [])]
            if not awaited:
                return
            for ready in select.select(awaited, [], [])[0]:
                if ready == source:
                    lines.fill()
                else:
                    child, place = busy.pop(ready)
                    answers[place] = child.answer()
                    idle.append(child)
    finally:
        for child in children:
            child.end()


class _Child:
    """A copy of this process that answers one line after the other, until its input ends or it is killed."""

    def __init__(self, function: Callable[[Line], bytes], siblings: "list[_Child]") -> None:
        questions, ask = os.pipe()
        self.descriptor, answers = os.pipe()
        self._ends: tuple[int, int] = (ask, self.descriptor)
        self.pid = os.fork()
        if self.pid == 0:
            _serve(function, questions, answers, [ask, self.descriptor, *(end for s in siblings for end in s._ends)])
        os.close(questions)
        os.close(answers)
        self._ask = open(ask, "wb", buffering=0)  # noqa: SIM115 (until `end`)
        self._answers = open(self.descriptor, "rb")  # noqa: SIM115

    def ask(self, line: Line) -> None:
        """Give it a line; it has none, so it reads."""
        assert line.content is None or len(line.content) < 1 << 31
        has, content = line.content is not None, line.content or b""
        question = struct.pack(">Q?I", line.number, has, len(content)) + content
        try:
            while question:
                question = question[self._ask.write(question) or 0 :]
        except BrokenPipeError as exc:
            raise _lost() from exc

    def answer(self) -> bytes:
        """Its answer. Raises: UnavailableError: it is gone; RuntimeError: a defect of ours, as it told it."""
        header = self._answers.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            raise _lost()
        is_answer, size = _LENGTH.unpack(header)
        content = self._answers.read(size)
        if len(content) < size:
            raise _lost()
        if not is_answer:
            raise RuntimeError(content.decode(errors="replace"))
        return content

    def end(self) -> None:
        """It holds nothing that could be lost."""
        self._ask.close()
        self._answers.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _lost() -> UnavailableError:
    return UnavailableError("a process that verified for this batch ended by itself", code="batch.worker-lost")


def _serve(function: Callable[[Line], bytes], questions: int, answers: int, foreign: list[int]) -> NoReturn:
    """The life of a child. An interrupt is for the parent, which ends its children."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in foreign:
            os.close(descriptor)
        with open(questions, "rb") as source, open(answers, "wb") as sink:
            while len(header := source.read(13)) == 13:
                number, has, size = struct.unpack(">Q?I", header)
                content = source.read(size)
                try:
                    told, answer = True, function(Line(number, content if has else None))
                except Exception as problem:  # noqa: BLE001 (a defect of ours: the parent raises it)
                    told, answer = False, f"{type(problem).__name__}: {problem}".encode(errors="replace")
                sink.write(_LENGTH.pack(told, len(answer)) + answer)
                sink.flush()
    finally:
        os._exit(0)
