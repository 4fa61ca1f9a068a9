"""pflag's rules, and what Cosign does around them: words -> values, with notices and complaints in Cosign's wording.

`--name value`, `--name=value`, `-n value`; a bool takes a value only after `=`. Before that, `repair` rewrites the old
spellings (`-key`, `--y`). Behaviour checked against cosign 3.1.2; source: its documentation and pflag's.
"""

from pycosign.cli.flag import ARRAY, BOOL, DURATION, ENUM, INT, SLICE, TEXT, Flag
from pycosign.cli.gotext import parse_bool, parse_duration, parse_int, quote, split_commas
from pycosign.errors import UsageError

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pycosign.cli.flag import Value

__all__ = ["Values", "parse", "repair"]

# Other names for a flag, known to every command.
_ALIASES = {
    "cert": "certificate",
    "cert-chain": "certificate-chain",
    "cert-email": "certificate-email",
    "cert-identity": "certificate-identity",
    "cert-oidc-issuer": "certificate-oidc-issuer",
    "output-cert": "output-certificate",
}


def repair(words: list[str]) -> tuple[list[str], list[str]]:
    """The words with old spellings of flags rewritten, and a warning for each.

    `-name` becomes `--name`, `--n` becomes `-n`, and `-version` the command `version`. Every word is looked at, also a
    flag's value. So letters cannot be combined: `-rf` is read as `--rf`.
    """
    repaired, warnings = [], []
    for word in words:
        new, kind = word, ""
        if word.startswith("--"):
            if len(word) == 3:
                new = word[1:]
                warnings.append(
                    f"the flag {word} is deprecated and will be removed in a future release. Please use the flag {new}."
                )
        elif word.startswith("-") and len(word) > 2:
            new, kind = ("version", "subcommand") if word == "-version" else (f"-{word}", "flag")
            warnings.append(
                f"the {word} flag is deprecated and will be removed in a future release. "
                f"Please use the {new} {kind} instead."
            )
        repaired.append(new)
    return repaired, warnings


class Values:
    """What the command line and the environment say: a value for every flag of the command, and the other words."""

    __slots__ = ("_given", "_values", "flags", "notices", "words")

    def __init__(self, flags: "Iterable[Flag]") -> None:
        self.flags = {flag.name: flag for flag in flags}
        self.words: list[str] = []
        self.notices: list[str] = []  # of deprecated flags, in the order of the words; shown if nothing was wrong
        self._values: dict[str, Value] = {name: flag.default for name, flag in self.flags.items()}
        self._given: set[str] = set()

    def given(self, name: str) -> bool:
        """Whether the flag was set, by a word or by the environment, even if to its default."""
        return name in self._given

    def switch(self, name: str) -> bool:
        """The value of a bool flag."""
        value = self._values[name]
        assert isinstance(value, bool)
        return value

    def text(self, name: str) -> str:
        """The value of a string or enum flag; "" when it has none."""
        value = self._values[name]
        assert isinstance(value, str)
        return value

    def number(self, name: str) -> int:
        """The value of an int flag."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def seconds(self, name: str) -> float:
        """The value of a duration flag."""
        value = self._values[name]
        assert isinstance(value, float)
        return value

    def items(self, name: str) -> tuple[str, ...]:
        """The values of a flag that may repeat."""
        value = self._values[name]
        assert isinstance(value, tuple)
        return value

    def is_default(self, name: str) -> bool:
        """Whether the value is the table's."""
        return self._values[name] == self.flags[name].default

    def assign(self, flag: Flag, written: str) -> None:
        """Set a flag from its text. Raises ValueError with the reason, in Go's words."""
        value: Value
        if flag.kind == BOOL:
            value = parse_bool(written)
        elif flag.kind == INT:
            value = parse_int(written)
        elif flag.kind == DURATION:
            value = parse_duration(written)
        elif flag.kind == SLICE:
            value = (*self._already(flag), *split_commas(written))
        elif flag.kind == ARRAY:
            value = (*self._already(flag), written)
        else:
            assert flag.kind in (TEXT, ENUM)
            is_closed = flag.kind == ENUM or (flag.own and flag.choices)
            if is_closed and written not in (*flag.choices, flag.default):
                raise ValueError("must be one of " + ", ".join(quote(choice) for choice in flag.choices))
            value = written
        self._values[flag.name] = value
        self._given.add(flag.name)

    def _already(self, flag: Flag) -> tuple[str, ...]:
        """What the earlier words gave; the first one replaces the default."""
        return self.items(flag.name) if flag.name in self._given else ()


def parse(words: list[str], flags: "Iterable[Flag]") -> Values:
    """The values of a command's words. Raises UsageError in Cosign's wording."""
    values = Values(flags)
    letters = {flag.shorthand: flag for flag in values.flags.values() if flag.shorthand}
    rest = iter(words)
    for word in rest:
        if word == "--":
            values.words.extend(rest)
        elif word.startswith("--"):
            flag, written = _long(word, values.flags)
            if written is None:
                written = _next_value(flag, rest, f"flag needs an argument: --{word[2:]}")
            _set(values, flag, written)
        elif word.startswith("-") and len(word) > 1:
            flag = _short(word, letters)
            written = _next_value(flag, rest, f"flag needs an argument: {word[1]!r} in {word}")
            _set(values, flag, written)
        else:
            values.words.append(word)
    return values


def _long(word: str, flags: "Mapping[str, Flag]") -> tuple[Flag, str | None]:
    """The flag that `--name` or `--name=value` names, and the value after `=`."""
    name, equals, written = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise UsageError(f"bad flag syntax: {word}")
    flag = flags.get(_ALIASES.get(name, name))
    if flag is None:
        raise UsageError(f"unknown flag: --{name}")
    return flag, written if equals else None


def _short(word: str, letters: "Mapping[str, Flag]") -> Flag:
    """The flag that `-x` names. Longer words were rewritten by `repair`, so one letter is all there is."""
    flag = letters.get(word[1:])
    if flag is None:
        raise UsageError(f"unknown shorthand flag: {word[1]!r} in {word}")
    return flag


def _next_value(flag: Flag, rest: "Iterator[str]", complaint: str) -> str:
    """The value of a flag without `=`: true for a bool, else the next word, whatever it looks like."""
    if flag.kind == BOOL:
        return "true"
    for word in rest:
        return word
    raise UsageError(complaint)


def _set(values: Values, flag: Flag, written: str) -> None:
    try:
        values.assign(flag, written)
    except ValueError as exc:
        raise UsageError(f'invalid argument {quote(written)} for "{flag.label}" flag: {exc}') from exc
    if flag.deprecated:
        values.notices.append(f"Flag --{flag.name} has been deprecated, {flag.deprecated}")
