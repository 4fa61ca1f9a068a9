"""`python -m pycosign`, and the `pycosign` script: the process around `cli.main`."""

import gc
import os
import sys

from pycosign.cli.context import Context
from pycosign.cli.main import main

__all__ = ["run"]


def run() -> None:
    """Run the command line of this process and end it.

    Text goes out as UTF-8 with plain newlines whatever the locale. After the streams are flushed the process ends at
    once: tearing the interpreter down would cost 5 to 10 ms of each call. What is written to a stream that the process
    was started without goes nowhere.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    gc.set_threshold(100_000, 20, 20)  # importing makes many objects and no garbage; services still collect theirs
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "surrogateescape"),
        (sys.stderr, "backslashreplace"),
    ):
        if stream is not None:  # a process may be started without one
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")  # type: ignore[union-attr]
    status = _status()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _end_by_sigpipe()
        except OSError:  # of a full disk `main` has told
            if stream is sys.stdout:  # what is for people changes no answer
                status = status or 1
    os._exit(status)


def _end_by_sigpipe() -> None:
    """End as Go's programs and cat do when nobody reads any more: 141 in a shell, for 1 would say "refused"."""
    import signal

    if hasattr(signal, "SIGPIPE"):  # not on Windows
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(1)


def _status() -> int:
    words = sys.argv[1:]
    try:
        # os.environ is what `ambient.environment()` gives, without the 4 ms of its imports.
        return main(words, Context(os.environ, owns_process=True))
    except BrokenPipeError:
        _end_by_sigpipe()
        return 1
    except KeyboardInterrupt:  # in the moment before or after `main`
        return 130
    except Exception as problem:  # noqa: BLE001 (a defect of ours, at the outermost frame: one line, no traceback)
        sys.stderr.write(
            f"Error: internal error: {type(problem).__name__}: {problem}\n"
            "hint: this is a defect of pycosign; --verbose shows where\n"
        )
        if "--verbose" in words or "-d" in words:
            sys.excepthook(type(problem), problem, problem.__traceback__)
        return 1


if __name__ == "__main__":
    run()
