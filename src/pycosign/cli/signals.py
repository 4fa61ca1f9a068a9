"""SIGTERM as Ctrl-C: what was begun is undone. Loaded only by commands that begin something."""

import signal

__all__ = ["end_on_sigterm"]


def end_on_sigterm() -> None:
    """Make SIGTERM raise KeyboardInterrupt in the main thread, as SIGINT does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
