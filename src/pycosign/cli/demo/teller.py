"""How the story is told: headings and indented lines, coloured on a terminal, plain when piped."""

from collections.abc import Callable

__all__ = ["Teller"]

_BOLD, _GREEN, _RED, _RESET = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Teller:
    """Prints the story's lines, and counts the steps that did not behave."""

    def __init__(self, put: Callable[[str], None], *, color: bool) -> None:
        self._put, self._color = put, color
        self._step = 0
        self.misbehaved = 0

    def step(self, title: str) -> None:
        """A heading: the next step of the story."""
        self._step += 1
        self._put(f"\n{self._paint(_BOLD, f'{self._step}. {title}')}\n")

    def line(self, label: str, text: str) -> None:
        """A fact."""
        self._put(f"   {label:<12}{text}\n")

    def text(self, text: str) -> None:
        """Lines that something else wrote, indented."""
        for line in text.rstrip("\n").splitlines():
            self._put(f"   {line}\n")

    def verified(self, text: str) -> None:
        """What was expected to be accepted, was."""
        self._put(f"   {self._paint(_GREEN, 'verified')}    {text}\n")

    def refused(self, code: str, reason: str) -> None:
        """What was expected to be refused, was."""
        self._put(f"   {self._paint(_GREEN, 'refused')}     {code}\n")
        self.line("because", reason)

    def wrong(self, text: str) -> None:
        """Something did not behave."""
        self.misbehaved += 1
        self._put(f"   {self._paint(_RED, 'WRONG')}       {text}\n")

    def _paint(self, color: str, text: str) -> str:
        return f"{color}{text}{_RESET}" if self._color else text
