"""Rules for a text that somebody else wrote: exactly this one, or one that a pattern is found in."""

from typing import Any

from pycosign.errors import UsageError

__all__ = ["AnyText", "TextRule"]


class TextRule:
    """An exact text, an RE2 regexp, or both (then both must hold).

    The regexp is searched, not anchored, as Cosign does. `exact` may be empty text; None means not asked.
    """

    __slots__ = ("_compiled", "exact", "regexp")

    def __init__(self, exact: str | None = None, regexp: str | None = None) -> None:
        """Raises: UsageError: neither is given, the regexp is not RE2's, or RE2 is not installed here."""
        if exact is None and regexp is None:
            raise UsageError("an exact value or a regular expression is needed")
        self.exact = exact
        self.regexp = regexp
        self._compiled: Any = None if regexp is None else _compile(regexp)

    def accepts(self, text: str) -> bool:
        """True if the text equals `exact` (when given) and `regexp` is found in it (when given)."""
        if self.exact is not None and text != self.exact:
            return False
        return self._compiled is None or self._compiled.search(text) is not None

    def __str__(self) -> str:
        parts = [] if self.exact is None else [repr(self.exact)]
        if self.regexp is not None:
            parts.append(f"a match of {self.regexp!r}")
        return " and ".join(parts)


class AnyText(TextRule):
    """Accepts every text. Only for evidence that we made ourselves a moment ago, before it leaves the machine."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(exact="")

    def accepts(self, text: str) -> bool:
        """True."""
        return True


def _compile(pattern: str) -> Any:
    """An RE2 pattern (Go's syntax, linear time). Imported only here: few runs use it."""
    try:
        import re2
    except ImportError as exc:
        raise UsageError(
            "regular expressions need google-re2, which is not installed", hint="give the exact value"
        ) from exc
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError as exc:
        raise UsageError(f"not an RE2 regular expression: {pattern!r}: not UTF-8") from exc
    except re2.error as exc:
        reason = exc.args[0].decode("utf-8", "replace") if exc.args and isinstance(exc.args[0], bytes) else exc
        raise UsageError(f"not an RE2 regular expression: {pattern!r}: {reason}") from exc
