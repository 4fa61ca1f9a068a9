"""What is asked of a person: a password, or whether to go on. The questions and their rules are Cosign's."""

import os
import stat

from pycosign.errors import UsageError

TYPE_CHECKING = False  # `typing` is not needed for anything else here
if TYPE_CHECKING:
    from collections.abc import Callable

    from pycosign.cli.context import Context

__all__ = ["confirm", "new_password", "password_of"]

_HINT = "set COSIGN_PASSWORD, or pipe the password in"


def confirm(context: "Context") -> None:
    """Ask whether to go on, on standard error, and read one line of standard input; there is no check for a terminal.

    Raises: UsageError: the answer is no, empty (also when there is no input), or neither yes nor no.
    """
    context.ask("Are you sure you would like to continue? [y/N] ")
    answer = context.read_line()
    if answer.lower() == "y":
        return
    if answer.lower() in ("", "n"):
        raise UsageError("user declined the prompt", code="usage.declined")
    from pycosign.cli.gotext import quote

    raise UsageError(f"invalid input {quote(answer)} (allowed values y, n)", code="usage.declined")


def password_of(context: "Context") -> "Callable[[], bytes]":
    """What gives the password of an existing key.

    It is COSIGN_PASSWORD (also if empty), or what is typed at a terminal, or all of standard input. That is taken as
    it is: a newline at its end belongs to the password, as for Cosign.
    """
    return lambda: _password(context, again=False)


def new_password(context: "Context") -> "Callable[[], bytes]":
    """What gives the password of a new key: as `password_of`, but a terminal is asked twice."""
    return lambda: _password(context, again=True)


def _password(context: "Context", *, again: bool) -> bytes:
    given = context.environ.get("COSIGN_PASSWORD")
    if given is not None:
        return given.encode("utf-8", "surrogateescape")
    descriptor = _terminal(context)
    if descriptor is None:
        return context.read_all()
    password = _read_hidden(context, descriptor, "Enter password for private key: ")
    if again and _read_hidden(context, descriptor, "Enter password for private key again: ") != password:
        raise UsageError("passwords do not match")
    return password


def _terminal(context: "Context") -> int | None:
    """The descriptor of standard input if it is a character device, which a terminal is, and /dev/null too."""
    if context.stdin is None:
        context.ask("Enter password for private key: ")
        raise UsageError("inappropriate ioctl for device: standard input is closed", hint=_HINT)
    try:
        descriptor = context.stdin.fileno()
    except (OSError, ValueError, AttributeError):  # not backed by a file: a test's or another program's stream
        return None
    return descriptor if stat.S_ISCHR(os.fstat(descriptor).st_mode) else None


def _read_hidden(context: "Context", descriptor: int, question: str) -> bytes:
    """One line of a terminal with the echo off, without its newline. The echo comes back whatever happens."""
    try:
        import termios
    except ImportError:  # Windows
        from getpass import getpass

        return getpass(question).encode()
    try:
        before = termios.tcgetattr(descriptor)
    except termios.error:
        context.ask(question)
        raise UsageError("inappropriate ioctl for device: standard input is not a terminal", hint=_HINT) from None
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    typed = b""
    try:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)  # forgets what was typed before the question
        context.ask(question)
        while (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
            typed += byte
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        context.ask("\n")
    return typed.removesuffix(b"\r")
