"""What a command may touch: the three streams, the environment, the deadline. Handed in, so tests hand in their own."""

import sys

from pycosign.errors import UsageError

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO, TextIO

    from pycosign.net.deadline import Deadline
    from pycosign.net.http import HttpClient
    from pycosign.net.tls import TlsOptions

__all__ = ["STEERING", "Context", "for_terminal", "in_one_paragraph", "on_one_line"]

# What others wrote (a registry's error, a name in a certificate) must not steer the terminal that it is shown on:
# control characters but tab and newline, those that turn the direction of writing, and the other ends of lines.
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
STEERING = {
    at: f"\\x{at:02x}" if at < 256 else f"\\u{at:04x}"
    for at in (*range(9), *range(11, 32), *range(127, 160), *_DIRECTIONS, 0x2028, 0x2029)
}


def for_terminal(text: str) -> str:
    """A text of others' with what could steer the terminal shown as an escape."""
    return text if text.isprintable() else text.translate(STEERING)


def on_one_line(text: str) -> str:
    """The same for a text that must not end its line."""
    return for_terminal(text).replace("\n", "\\n")


def in_one_paragraph(text: str) -> str:
    """A message whose lines after the first begin with a blank: none can be read as a line of ours (`code:`, say)."""
    first, *more = text.split("\n")
    return "\n".join((first, *(line if line[:1] in ("", " ", "\t") else f" {line}" for line in more)))


class Context:
    """The streams, the environment and the time left of one run of one command."""

    __slots__ = ("_deadline", "_http", "environ", "owns_process", "stderr", "stdin", "stdout", "timeout", "verbose")

    def __init__(
        self,
        environ: "Mapping[str, str]",
        *,
        stdin: "TextIO | None" = None,
        stdout: "TextIO | None" = None,
        stderr: "TextIO | None" = None,
        owns_process: bool = False,
    ) -> None:
        self.environ = environ
        self.stdin: TextIO | None = stdin or sys.stdin  # None when the process was started without one
        self.stdout: TextIO = stdout or sys.stdout
        self.stderr: TextIO = stderr or sys.stderr
        self.owns_process = owns_process  # signals and the like may be set; not so in tests
        self.verbose = False
        self.timeout = 180.0  # seconds
        self._deadline: Deadline | None = None
        self._http: HttpClient | None = None

    @property
    def deadline(self) -> "Deadline":
        """When everything that this command asks of others must be done: `--timeout` after it first asks for this.

        So the time that a person takes to type a password does not count.
        """
        if self._deadline is None:
            from pycosign.net.deadline import Deadline

            self._deadline = Deadline.after(self.timeout)
        return self._deadline

    def http(self) -> "HttpClient":
        """The client for everything but registries, under the deadline; made and imported when first asked for."""
        if self._http is None:
            self._http = self.new_http(None)
        return self._http

    def new_http(self, tls: "TlsOptions | None") -> "HttpClient":
        """A client with TLS options of its own."""
        from pycosign.net.http import HttpClient

        return HttpClient(self.deadline, tls=tls, trace=self.say if self.verbose else None)

    def put(self, data: str) -> None:
        """Data, for standard output or the file of `--output-file`; no newline is added."""
        self.stdout.write(data)

    def put_bytes(self, data: bytes) -> None:
        """Data that is not text."""
        self.stdout.flush()
        self.stdout.buffer.write(data)

    def say(self, message: str) -> None:
        """A line for people. What could steer their terminal is shown as an escape.

        On a full disk it goes nowhere, as when there is no stderr: the exit status still says the same.
        """
        try:
            self.stderr.write(for_terminal(message) + "\n")
            self.stderr.flush()
        except BrokenPipeError:
            raise  # nobody reads any more: that ends the command
        except OSError:
            pass

    def ask(self, question: str) -> None:
        """A question for people; the answer is typed on the same line."""
        self.stderr.write(question)
        self.stderr.flush()

    def warn(self, message: str) -> None:
        """A line for people that begins with WARNING."""
        self.say(f"WARNING: {in_one_paragraph(message)}")

    def read_line(self) -> str:
        """One line of standard input without its end; empty at the end of the input or without one."""
        return self.stdin.readline().rstrip("\r\n") if self.stdin is not None else ""

    def stdin_bytes(self) -> "BinaryIO":
        """Standard input as bytes; not to be closed. Raises UsageError if there is none."""
        if self.stdin is None:
            raise UsageError("standard input is closed")
        return self.stdin.buffer

    def read_all(self) -> bytes:
        """All of standard input. Raises UsageError if there is none."""
        return self.stdin_bytes().read()
